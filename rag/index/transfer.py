"""Taking a library elsewhere: written to one file, and put in force from there once all of it has been verified."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import numpy as np
from filelock import FileLock

from rag.disk import sync_file, sync_folder, sync_tree
from rag.errors import ArchiveError, IndexMismatchError, StorageError, WenyuanError
from rag.index import store
from rag.index.archive import pack, unpack
from rag.index.dense import CODES, learn, write_codes
from rag.index.generations import (
    COLLECTIONS,
    GENERATIONS,
    GOLD,
    OWNERS,
    STORE,
    UPLOADS,
    VERSIONS,
    open_generation,
    vectors_file,
    writing,
)
from rag.index.inspection import inspect
from rag.index.manifest import (
    FORMAT_VERSION,
    MANIFEST,
    OLDEST_FORMAT,
    Manifest,
    check_settings,
    damaged,
    differing,
    file_digest,
    other_format,
    parse_manifest,
    record_file,
    write_manifest,
)
from rag.index.switching import CURRENT, discard, name_in_force, new_name, sweep, switch
from rag.index.vectors import VectorFile, VectorFiles
from rag.settings import Settings, load_settings

_GENERATION = "generation"
# What users have made beside the index.
_MADE = (GOLD, COLLECTIONS, VERSIONS)
_WAIT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Imported:
    """What came into force. ``notices`` say what must still be done before it can be asked.

    ``kept`` are what was there of the users' gold pairs, collections and versions, and is another thing now.
    """

    generation: str
    documents: int
    passages: int
    uploads: int
    kept: tuple[Path, ...]
    notices: tuple[WenyuanError, ...]


def export_library(file: Path, index: Path | str = "index", *, force: bool = False) -> int:
    """Write the generation in force, the uploads, and the users' gold pairs, collections and versions to ``file``.

    Returns its size in bytes. Every file is verified. ``file`` is complete or not there; an existing one is replaced
    only by ``force``. Raises IndexMissingError, IndexDamagedError, IndexMismatchError, ArchiveError, StorageError.
    """
    folder = Path(index)
    if file.exists() and not force:
        raise StorageError(
            f"{file} 已存在。换个文件名，或加 --force 覆盖。",
            f"{file} exists. Choose another name, or replace it with --force.",
        )
    manifest = open_generation(folder).manifest
    generation = folder / GENERATIONS / manifest.generation
    for name, reason in differing(manifest, generation):
        raise damaged(generation / name, reason)
    members = {f"{_GENERATION}/{name}": generation / name for name in (MANIFEST, *manifest.files)}
    uploads = folder / UPLOADS
    for path in uploads.iterdir() if uploads.is_dir() and not uploads.is_symlink() else ():
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            members[f"{UPLOADS}/{path.name}"] = path
    members |= {name: folder / name for name in _MADE if (folder / name).is_file()}
    draft = file.with_name(f".{file.name}.{uuid4().hex[:6]}")
    try:
        size = pack(draft, manifest.generation, members)
        sync_file(draft)
        draft.replace(file)
        return size
    except OSError as error:
        raise StorageError(
            f"无法写入 {file}：{error.strerror}。请检查磁盘空间和写权限。",
            f"Can't write {file}: {error.strerror}. Check disk space and permissions.",
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def import_library(
    file: Path, index: Path | str = "index", settings: Settings | None = None, *, force: bool = False
) -> Imported:
    """Put the library in ``file`` in force in the folder ``index``, as a new generation.

    All of it is verified first. An index that is there is only replaced by ``force``; its generations and uploads
    stay, and its gold pairs, collections and versions under other names. Raises ArchiveError, StorageError.
    """
    folder, settings = Path(index), settings or load_settings()
    name = new_name()
    staging = folder / GENERATIONS / f".{name}"
    with writing(folder):
        if (folder / CURRENT).exists() and not force:
            raise _occupied(folder, CURRENT)
        if (folder / UPLOADS).is_symlink():
            raise _occupied(folder, UPLOADS)
        moved: list[Path] = []
        for made in _MADE:
            _settle(folder, made, name_in_force(folder))
            for waiting in folder.glob(_pending(folder, made, "*-*").name):
                waiting.unlink()
        try:
            sweep(folder)
            inventory = unpack(file, staging)
            generation = staging / _GENERATION
            _renew_codes(file, generation)
            _verify(file, generation)
            _verify_gold(file, staging / GOLD)
            _verify_rows(file, staging / COLLECTIONS, list[_Named])
            _verify_rows(file, staging / VERSIONS, list[_Versions])
            places = _places(staging, folder)
            if not force and (other := _in_the_way(staging, folder, places)):
                raise _occupied(folder, other)
            manifest = _adopt(generation, name, places)
            sync_tree(staging)
            generation.rename(folder / GENERATIONS / name)
            sync_folder(folder / GENERATIONS)
            _move(places, moved)
            for made in _MADE:
                if (staging / made).exists():
                    (staging / made).rename(_pending(folder, made, name))
            switch(folder, name)
        except BaseException:
            if name_in_force(folder) != name:
                discard(folder, name)
                for path in (*moved, *(_pending(folder, made, name) for made in _MADE)):
                    path.unlink(missing_ok=True)
            raise
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        kept, notices = list[Path](), list[WenyuanError]()
        for made in _MADE:
            try:
                kept += _settle(folder, made, name)
            except OSError as error:
                notices.append(_waits(folder, made, name, error))
    uploads = sum(member.startswith(f"{UPLOADS}/") for member in inventory.files)
    try:
        if manifest.format_version != FORMAT_VERSION:
            raise other_format(manifest.format_version)
        check_settings(manifest, settings)
    except IndexMismatchError as error:
        notices.append(error)
    return Imported(name, manifest.documents, manifest.passages, uploads, tuple(kept), tuple(notices))


def _renew_codes(file: Path, generation: Path) -> None:
    """Make the codes of a large index from its vectors, in place of those in the archive, which FAISS would trust."""
    try:
        manifest, learnt = parse_manifest(generation, oldest=OLDEST_FORMAT), None
        files = dict(manifest.files)
        folders = manifest.folders(generation)
        for folder in folders:
            names = [(folder / name).relative_to(generation).as_posix() for name in CODES]
            if not files.keys().isdisjoint(names):
                learnt = learnt or learn(VectorFiles([VectorFile(vectors_file(one)) for one in folders]))
                write_codes(VectorFile(vectors_file(folder)), np.load(folder / OWNERS), folder, learnt)
                files |= {name: record_file(generation / name) for name in names}
        write_manifest(msgspec.structs.replace(manifest, files=files), generation)
    except WenyuanError as error:
        raise _unsound(file, error.zh, error.en) from error
    except (ValueError, IndexError, RuntimeError) as error:
        raise _unsound(file, f"向量无法使用（{error}）", f"its vectors are of no use ({error})") from error


def _verify(file: Path, generation: Path) -> None:
    """Raise ArchiveError unless ``generation`` is sound and holds nothing else."""
    there = {path.relative_to(generation).as_posix() for path in generation.rglob("*") if path.is_file()}
    try:
        # What the manifest lists is only looked at once that is known to be inside.
        listed = {MANIFEST, *parse_manifest(generation, oldest=OLDEST_FORMAT).files}
    except WenyuanError as error:
        raise _unsound(file, error.zh, error.en) from error
    if different := sorted(there ^ listed):
        raise _unsound(file, f"清单与文件不符：{different[0]}", f"its manifest does not list its files: {different[0]}")
    for problem in inspect(generation).problems:
        raise _unsound(file, f"{problem.place}：{problem.zh}", f"{problem.place}: {problem.en}")


class _Pair(msgspec.Struct):
    """What every line of a file of gold pairs has."""

    id: str
    question: str


def _verify_gold(file: Path, gold: Path) -> None:
    """Raise ArchiveError unless each line of ``gold`` is a gold pair, as far as the file is there."""
    for number, line in enumerate(gold.read_bytes().splitlines() if gold.exists() else [], start=1):
        try:
            if line.strip():
                msgspec.json.decode(line, type=_Pair)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            zh, en = f"{GOLD} 第 {number} 行不是问答", f"line {number} of its {GOLD} is no gold pair"
            raise _unsound(file, zh, en) from error


class _Named(msgspec.Struct):
    """What every collection has."""

    name: str
    members: list[dict[str, str]]


class _Versions(msgspec.Struct):
    """What is kept of all versions of a document."""

    of_one: list[dict[str, str]]


def _verify_rows(file: Path, made: Path, kind: type[Any]) -> None:
    """Raise ArchiveError unless ``made`` holds what its ``kind`` does, as far as the file is there."""
    try:
        if made.exists():
            msgspec.json.decode(made.read_bytes(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unsound(file, f"{made.name} 读不出来（{error}）", f"its {made.name} can't be read ({error})") from error


def _unsound(file: Path, zh: str, en: str) -> ArchiveError:
    return ArchiveError(f"{file} 不是完好的导出文件：{zh}。", f"{file} is no sound export: {en}.")


def _places(staging: Path, index: Path) -> dict[Path, Path]:
    """Where each upload goes: under its name, or beside another file of that name; the same file stays where it is."""
    files = sorted((staging / UPLOADS).iterdir()) if (staging / UPLOADS).is_dir() else []
    taken = {file.name for file in files}
    places = {}
    for file in files:
        target, number = index.resolve() / UPLOADS / file.name, 1
        while target.exists() and file_digest(target) != file_digest(file):
            number += 1
            candidate = f"{file.stem} ({number}){file.suffix}"
            if candidate not in taken:
                target = target.with_name(candidate)
        taken.add(target.name)
        places[file] = target
    return places


def _in_the_way(staging: Path, index: Path, places: dict[Path, Path]) -> str | None:
    for file, target in places.items():
        if file.name != target.name:
            return f"{UPLOADS}/{file.name}"
    for made in _MADE:
        there, new = index / made, staging / made
        if there.exists() and new.exists() and there.read_bytes() != new.read_bytes():
            return made
    return None


def _adopt(generation: Path, name: str, places: dict[Path, Path]) -> Manifest:
    """Give the generation its new name, and its uploaded documents the places of their files."""
    moved = {file_digest(file): target for file, target in places.items()}
    store.relocate(generation / STORE, moved)
    written, file = parse_manifest(generation, oldest=OLDEST_FORMAT), generation / STORE
    manifest = msgspec.structs.replace(
        written,
        generation=name,
        corpus={record.source: record.sha256 for record in store.Store(file).records()},
        files={**written.files, STORE: record_file(file)},
    )
    write_manifest(manifest, generation)
    return manifest


def _move(places: dict[Path, Path], moved: list[Path]) -> None:
    for file, target in places.items():
        target.parent.mkdir(exist_ok=True)
        if not target.exists():
            file.rename(target)
            moved.append(target)
    for folder in {target.parent for target in places.values()}:
        sync_folder(folder)


def _pending(index: Path, made: str, name: str) -> Path:
    """Where what users have ``made`` waits until generation ``name`` is in force."""
    return index / f".{made}.{name}"


def _settle(index: Path, made: str, name: str) -> list[Path]:
    """Put what waits for ``name`` in place; returns where that which was there is now, if there was something else.

    If an import is killed before this, the next one finishes it.
    """
    there, new, kept = index / made, _pending(index, made, name), list[Path]()
    if not new.exists():
        return kept
    # The lock of those who change it.
    with FileLock(index / f".{made}.lock", timeout=_WAIT_SECONDS):
        if there.exists() and there.read_bytes() != new.read_bytes():
            kept.append(index / f"{there.stem}-before-{name}{there.suffix}")
            shutil.copy2(there, kept[0])
        new.replace(there)
    return kept


def _waits(index: Path, made: str, name: str, error: OSError) -> StorageError:
    waiting, reason = _pending(index, made, name), error.strerror or str(error)
    return StorageError(
        f"资料库已导入，但 {index / made} 没能写入（{reason}）。它在 {waiting}，请手动改名。",
        f"The library is imported, but {index / made} could not be written ({reason}). It is in {waiting}: rename "
        "that.",
    )


def _occupied(index: Path, name: str) -> StorageError:
    return StorageError(
        f"{index} 里已有内容（{name}）。请换一个空文件夹，或加 --force：导入为新版本，原有版本保留。",
        f"{index} is not empty ({name}). Choose an empty folder, or use --force: it becomes a new generation, "
        "and those that are there stay.",
    )
