"""A library from one file: put in force as a new generation, once all of it has been verified."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
from filelock import FileLock

from rag.disk import sync_folder, sync_tree
from rag.errors import IndexMismatchError, StorageError, WenyuanError
from rag.index import store
from rag.index.generations import GENERATIONS, STORE, UPLOADS, writing
from rag.index.manifest import (
    FORMAT_VERSION,
    OLDEST_FORMAT,
    Manifest,
    check_settings,
    file_digest,
    other_format,
    parse_manifest,
    record_file,
    write_manifest,
)
from rag.index.switching import CURRENT, discard, name_in_force, new_name, sweep, switch
from rag.index.transfer.archive import GENERATION, MADE, unpack
from rag.index.transfer.verification import verify
from rag.settings import Settings, load_settings

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
        _make_ready(folder, force=force)
        moved: list[Path] = []
        try:
            sweep(folder)
            inventory = unpack(file, staging)
            verify(file, staging)
            places = _places(staging, folder)
            if not force and (other := _in_the_way(staging, folder, places)):
                raise _occupied(folder, other)
            manifest = _adopt(staging / GENERATION, name, places)
            _put_in_force(staging, folder, name, places, moved)
        except BaseException:
            if name_in_force(folder) != name:
                discard(folder, name)
                for path in (*moved, *(_pending(folder, made, name) for made in MADE)):
                    path.unlink(missing_ok=True)
            raise
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        kept, notices = _settled(folder, name)
    uploads = sum(member.startswith(f"{UPLOADS}/") for member in inventory.files)
    try:
        if manifest.format_version != FORMAT_VERSION:
            raise other_format(manifest.format_version)
        check_settings(manifest, settings)
    except IndexMismatchError as error:
        notices.append(error)
    return Imported(name, manifest.documents, manifest.passages, uploads, tuple(kept), tuple(notices))


def _make_ready(folder: Path, *, force: bool) -> None:
    """Finish what an import that was killed has left. Raises StorageError for an index that is there, without force."""
    if (folder / CURRENT).exists() and not force:
        raise _occupied(folder, CURRENT)
    if (folder / UPLOADS).is_symlink():
        raise _occupied(folder, UPLOADS)
    for made in MADE:
        _settle(folder, made, name_in_force(folder))
        for waiting in folder.glob(_pending(folder, made, "*-*").name):
            waiting.unlink()


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
    for made in MADE:
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


def _put_in_force(staging: Path, index: Path, name: str, places: dict[Path, Path], moved: list[Path]) -> None:
    """Put all that is in ``staging`` in its place and switch to it; ``moved`` gets the uploads that are new there."""
    sync_tree(staging)
    (staging / GENERATION).rename(index / GENERATIONS / name)
    sync_folder(index / GENERATIONS)
    _move(places, moved)
    for made in MADE:
        if (staging / made).exists():
            (staging / made).rename(_pending(index, made, name))
    switch(index, name)


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


def _settled(index: Path, name: str) -> tuple[list[Path], list[WenyuanError]]:
    """Put all that waits for ``name`` in place: where that which was there is now, and what could not be written."""
    kept, unwritten = list[Path](), list[WenyuanError]()
    for made in MADE:
        try:
            kept += _settle(index, made, name)
        except OSError as error:
            unwritten.append(_waits(index, made, name, error))
    return kept, unwritten


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
