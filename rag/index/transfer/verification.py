"""Whether what was unpacked is a library: every file listed and sound, and nothing trusted that can be made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from rag.errors import WenyuanError
from rag.index.dense import CODES, learn, write_codes
from rag.index.generations import COLLECTIONS, GOLD, OWNERS, VERSIONS, vectors_file
from rag.index.inspection import inspect
from rag.index.manifest import MANIFEST, OLDEST_FORMAT, parse_manifest, record_file, write_manifest
from rag.index.transfer.archive import GENERATION, unsound
from rag.index.vectors import VectorFile, VectorFiles


def verify(file: Path, staging: Path) -> None:
    """Raise ArchiveError unless all that was unpacked from ``file`` is sound; codes are made anew."""
    _renew_codes(file, staging / GENERATION)
    _verify_generation(file, staging / GENERATION)
    _verify_gold(file, staging / GOLD)
    _verify_rows(file, staging / COLLECTIONS, list[_Named])
    _verify_rows(file, staging / VERSIONS, list[_Versions])


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
        raise unsound(file, error.zh, error.en) from error
    except (ValueError, IndexError, RuntimeError) as error:
        raise unsound(file, f"向量无法使用（{error}）", f"its vectors are of no use ({error})") from error


def _verify_generation(file: Path, generation: Path) -> None:
    """Raise ArchiveError unless ``generation`` is sound and holds nothing else."""
    there = {path.relative_to(generation).as_posix() for path in generation.rglob("*") if path.is_file()}
    try:
        # What the manifest lists is only looked at once that is known to be inside.
        listed = {MANIFEST, *parse_manifest(generation, oldest=OLDEST_FORMAT).files}
    except WenyuanError as error:
        raise unsound(file, error.zh, error.en) from error
    if different := sorted(there ^ listed):
        raise unsound(file, f"清单与文件不符：{different[0]}", f"its manifest does not list its files: {different[0]}")
    for problem in inspect(generation).problems:
        raise unsound(file, f"{problem.place}：{problem.zh}", f"{problem.place}: {problem.en}")


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
            raise unsound(file, zh, en) from error


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
        raise unsound(file, f"{made.name} 读不出来（{error}）", f"its {made.name} can't be read ({error})") from error
