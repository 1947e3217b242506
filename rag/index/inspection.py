"""Whether one generation is what was written, and whether what it says of documents and passages is so."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rag.errors import WenyuanError
from rag.index.dense import CODES, DenseIndex, row_count
from rag.index.generations import OWNERS, STORE, TERMS, open_dense, vectors_file
from rag.index.manifest import MANIFEST, OLDEST_FORMAT, Manifest, differing, parse_manifest
from rag.index.sparse import SparseIndex
from rag.index.store import DocumentRecord, Store
from rag.index.vectors import VectorFile
from rag.types import Document, Passage

# How far from 1 the length of a vector may be: that of float32, and of models in half precision.
_NORM_TOLERANCE = 1e-2


class Problem(NamedTuple):
    """What is wrong, and with what: a file of the generation, or a document in it."""

    place: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found of a generation; what can be read and is sound may serve to repair the rest."""

    problems: tuple[Problem, ...]
    manifest: Manifest | None = None
    store: Store | None = None
    dense: DenseIndex | None = None

    @property
    def sound(self) -> bool:
        return not self.problems


def inspect(folder: Path) -> Inspection:
    """Verify every file of the generation in ``folder``, and that its parts agree with each other."""
    manifest, problems = None, []
    try:
        manifest = parse_manifest(folder, oldest=OLDEST_FORMAT)
        problems += [Problem(name, reason, reason) for name, reason in differing(manifest, folder)]
    except WenyuanError as error:
        problems.append(Problem(MANIFEST, error.zh, error.en))
    bad = {problem.place.partition("/")[0] for problem in problems}
    found = store = dense = None
    if STORE not in bad:
        store, owners, found = _inspect_store(folder / STORE, manifest)
        problems += found
        # Without the manifest nothing says that the vectors are those of these texts.
        if manifest and store and not bad & {vectors_file(folder).name, OWNERS, *CODES}:
            dense, found = _inspect_vectors(folder, manifest, owners)
            problems += found
    if manifest and TERMS not in bad:
        problems += _inspect_terms(folder / TERMS, manifest)
    return Inspection(tuple(problems), manifest, store, dense)


def _inspect_store(file: Path, manifest: Manifest | None) -> tuple[Store | None, list[int], list[Problem]]:
    """The store if it is sound, the passage that each row of vectors should belong to, and what is wrong."""
    owners: list[int] = []
    problems: list[Problem] = []
    expected: dict[str, str] = {}
    try:
        store = Store(file)
        store.check()
        for record, document, passages in store.contents():
            problems += [Problem(f"{STORE}: {record.source}", *said) for said in _faults(record, document, passages)]
            if record.passages.start != (passages[0].ordinal if passages else -1) or len(passages) != len(
                record.passages
            ):
                problems.append(_differ(f"{STORE}: {record.source}", "检索单元", "passages", len(passages), record))
            owners += [passage.ordinal for passage in passages for _ in range(row_count(passage))]
            expected[record.source] = record.sha256
        count = store.count()
    except (sqlite3.Error, ValueError, LookupError, TypeError, AssertionError, OSError) as error:
        return None, [], [Problem(STORE, f"无法读取：{error}", f"can't be read: {error}")]
    if sorted(set(owners)) != list(range(count)):
        problems.append(_differ(STORE, "检索单元", "passages", len(set(owners)), count))
    if manifest:
        if count != manifest.passages:
            problems.append(_differ(STORE, "检索单元", "passages", count, manifest.passages))
        if expected != manifest.corpus or len(expected) != manifest.documents:
            problems.append(_differ(STORE, "文档", "documents", len(expected), manifest.documents))
    return (None if problems else store), owners, problems


def _faults(record: DocumentRecord, document: Document, passages: Sequence[Passage]) -> Iterator[tuple[str, str]]:
    """What one document or its passages say that is not so."""
    length = len(document.text)
    if not record.sha256.startswith(record.doc_id):
        yield "编号不是 SHA-256 的开头", "the id is not the beginning of the SHA-256"
    end = 0
    for number, block in enumerate(document.blocks, start=1):
        if block.number != number or not end <= block.start < block.end <= length:
            yield f"第 {number} 段的位置有误", f"paragraph {number} is misplaced"
            return
        end = block.end
    end = 0
    for passage in passages:
        place = f"[{passage.start}, {passage.end})"
        [*named] = document.blocks[passage.paragraph - 1 : passage.paragraph] if passage.paragraph > 0 else ()
        if passage.doc_id != document.doc_id or not end <= passage.start < passage.end <= length:
            yield f"检索单元 {passage.ordinal} 的位置 {place} 有误", f"passage {passage.ordinal} is misplaced: {place}"
            return
        if not any(block.start < passage.end and passage.start < block.end for block in named):
            yield (
                f"检索单元 {passage.ordinal} 的段落编号有误",
                f"passage {passage.ordinal} has a wrong paragraph number",
            )
        begin = passage.start
        for span in passage.sentences:
            if not begin <= span.start < span.end <= passage.end:
                yield f"检索单元 {passage.ordinal} 里句子的位置有误", f"passage {passage.ordinal}: a misplaced sentence"
                break
            begin = span.end
        end = passage.end


def _inspect_vectors(
    folder: Path, manifest: Manifest, expected: Sequence[int]
) -> tuple[DenseIndex | None, list[Problem]]:
    file = vectors_file(folder)
    try:
        owners = np.load(folder / OWNERS)
        rows = VectorFile(file)
        if (len(rows), rows.dimension) != (manifest.vectors, manifest.dimension):
            raise ValueError(f"{len(rows)}x{rows.dimension}")
    except (OSError, ValueError) as error:
        shape = f"{manifest.vectors}x{manifest.dimension}"
        zh, en = f"不是 {shape} 的向量文件：{error}", f"is no file of {shape} vectors: {error}"
        return None, [Problem(file.name, zh, en)]
    problems = []
    if owners.tolist() != list(expected) or len(owners) != len(rows):
        problems.append(_differ(OWNERS, "向量", "vectors", len(owners), len(expected)))
    norms = np.concatenate([np.linalg.norm(some, axis=1) for some in rows.chunks()])
    # A norm that is no number is not near 1 either.
    wrong = np.flatnonzero(~(np.abs(norms - 1) <= _NORM_TOLERANCE))
    if len(wrong):
        zh = f"{len(wrong)} 个向量的长度不是 1（如第 {wrong[0]} 个：{norms[wrong[0]]:.3f}）"
        en = f"{len(wrong)} vectors are not of length 1 (such as number {wrong[0]}: {norms[wrong[0]]:.3f})"
        problems.append(Problem(file.name, zh, en))
    if problems:
        return None, problems
    try:
        return open_dense(folder), []
    except (OSError, ValueError, RuntimeError) as error:
        return None, [Problem(CODES[0], f"无法读取：{error}", f"can't be read: {error}")]


def _inspect_terms(folder: Path, manifest: Manifest) -> list[Problem]:
    try:
        count = len(SparseIndex(folder))
    except (OSError, ValueError) as error:
        return [Problem(TERMS, f"无法读取：{error}", f"can't be read: {error}")]
    return [] if count == manifest.passages else [_differ(TERMS, "检索单元", "passages", count, manifest.passages)]


def _differ(place: str, zh: str, en: str, found: object, expected: object) -> Problem:
    if isinstance(expected, DocumentRecord):
        expected = len(expected.passages)
    return Problem(
        place, f"{zh}数量或归属不符：{found}，应为 {expected}", f"{en} do not agree: {found}, not {expected}"
    )
