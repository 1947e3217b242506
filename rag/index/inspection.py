"""Whether a generation is what was written, and whether what it says of documents and passages is true."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rag.errors import WenyuanError
from rag.index.dense import CODES, all_rows, digest_of, former_digest_of, read_codes, row_count
from rag.index.generations import KEYS, OWNERS, STORE, TERMS, TEXTS, vectors_file
from rag.index.manifest import MANIFEST, OLDEST_FORMAT, Manifest, Segment, differing, parse_manifest
from rag.index.segments.texts import Texts
from rag.index.sparse import SparseIndex
from rag.index.store import DocumentRecord, Store
from rag.index.vectors import VectorFile, chunks
from rag.types import Document, Passage, Row

# How far from 1 the length of a vector may be: that of float32, and of models in half precision.
_NORM_TOLERANCE = 1e-2


class Problem(NamedTuple):
    """What is wrong, and with what: a file of the generation, or a document in it."""

    place: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in the generation in ``folder``; whatever is readable and sound may serve to repair the rest.

    ``vectors`` are the segments, by their places, whose vectors are sound.
    """

    problems: tuple[Problem, ...]
    folder: Path
    manifest: Manifest | None = None
    store: Store | None = None
    vectors: tuple[int, ...] = ()

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
    bad = [folder / problem.place for problem in problems]
    folders = _segments(folder, manifest)
    texts = [segment / TEXTS for segment in folders if segment != folder]
    store: Store | None = None
    owners: list[list[int]] = []
    if not any(file in bad for file in (folder / STORE, *texts)):
        store, owners, of_store = _inspect_store(folder / STORE, texts, manifest)
        problems += of_store
    sound: list[int] = []
    for slot, segment in enumerate(folders if manifest else ()):
        # Without the manifest nothing says that the vectors are those of these texts.
        whole = not any(segment / name in bad for name in (vectors_file(segment).name, KEYS))
        if store and manifest and whole and not any(segment / name in bad for name in (OWNERS, *CODES)):
            expected = _Expected(manifest.dimension, owners[slot], store.texts[slot])
            wrong = [*_inspect_vectors(segment, expected)]
            problems += [Problem(_place(segment / place, folder), zh, en) for place, zh, en in wrong]
            whole = not wrong
        else:
            # With the digests of their texts vectors are of use by themselves.
            whole = whole and (segment / KEYS).exists()
        sound += [slot] if whole else []
    if manifest and not any(folder / TERMS in file.parents for file in bad):
        problems += _inspect_terms(folder / TERMS, manifest)
    return Inspection(tuple(problems), folder, manifest, store, tuple(sound))


def _segments(folder: Path, manifest: Manifest | None) -> list[Path]:
    """The folders of all segments, in order, even if nothing but their names says so."""
    if manifest:
        return manifest.folders(folder)
    folders = sorted(folder.glob(Segment.name_of("*")), key=lambda one: (len(one.name), one.name))
    return folders or [folder]


def _place(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()


def _inspect_store(
    file: Path, texts: Sequence[Path], manifest: Manifest | None
) -> tuple[Store | None, list[list[int]], list[Problem]]:
    """The store if it is sound, the passages that each segment's rows of vectors belong to, and what is wrong."""
    problems: list[Problem] = []
    expected: dict[str, str] = {}
    places: list[int] = []
    try:
        store = Store(file, texts)
        store.check()
        owners: list[list[int]] = [[] for _ in store.texts]
        for segment, (record, document, passages) in zip(
            store.placement.segments.tolist(), store.contents(), strict=True
        ):
            problems += [Problem(f"{STORE}: {record.source}", *said) for said in _faults(record, document, passages)]
            if record.passages.start != (passages[0].ordinal if passages else -1) or len(passages) != len(
                record.passages
            ):
                problems.append(_differ(f"{STORE}: {record.source}", "检索单元", "passages", len(passages), record))
            _, local = store.placement.of(np.array([passage.ordinal for passage in passages], np.int64))
            rows = [row_count(passage) for passage in passages]
            owners[segment] += np.repeat(local, rows).tolist()
            places += [passage.ordinal for passage in passages]
            expected[record.source] = record.sha256
        count = store.count()
    except (sqlite3.Error, ValueError, LookupError, TypeError, AssertionError, OSError) as error:
        return None, [], [Problem(STORE, f"无法读取：{error}", f"can't be read: {error}")]
    if places != list(range(count)):
        problems.append(_differ(STORE, "检索单元", "passages", len(set(places)), count))
    if manifest:
        if count != manifest.passages:
            problems.append(_differ(STORE, "检索单元", "passages", count, manifest.passages))
        if expected != manifest.corpus or len(expected) != manifest.documents:
            problems.append(_differ(STORE, "文档", "documents", len(expected), manifest.documents))
    return (None if problems else store), owners, problems


def _faults(record: DocumentRecord, document: Document, passages: Sequence[Passage]) -> Iterator[tuple[str, str]]:
    """What a document or its passages say that is not true."""
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


def _digests(texts: Texts, of: Callable[[Row], bytes]) -> bytes:
    return b"".join(of(row) for _, row in all_rows(texts))


class _Expected(NamedTuple):
    """What the vectors of a segment should be: of which dimension, of which passages, and of which texts."""

    dimension: int
    owners: list[int]
    texts: Texts


def _inspect_vectors(folder: Path, expected: _Expected) -> Iterator[Problem]:
    """What is wrong with the vectors in the folder of a segment."""
    file = vectors_file(folder)
    shape = f"{len(expected.owners)}x{expected.dimension}"
    try:
        owners = np.load(folder / OWNERS)
        rows = VectorFile(file)
        if (len(rows), rows.dimension) != (len(expected.owners), expected.dimension):
            raise ValueError(f"{len(rows)}x{rows.dimension}")
        keys = np.load(folder / KEYS).tobytes() if (folder / KEYS).exists() else None
    except (OSError, ValueError) as error:
        yield Problem(file.name, f"不是 {shape} 的向量文件：{error}", f"is no file of {shape} vectors: {error}")
        return
    if owners.tolist() != expected.owners:
        yield _differ(OWNERS, "向量", "vectors", len(owners), len(expected.owners))
    if keys is not None and all(keys != _digests(expected.texts, of) for of in (digest_of, former_digest_of)):
        yield Problem(KEYS, "不是这些文字的", "is not of these texts")
    norms = np.concatenate([np.linalg.norm(some, axis=1) for some in chunks(rows)])
    # A norm that is no number is not near 1 either.
    wrong = np.flatnonzero(~(np.abs(norms - 1) <= _NORM_TOLERANCE))
    if len(wrong):
        zh = f"{len(wrong)} 个向量的长度不是 1（如第 {wrong[0]} 个：{norms[wrong[0]]:.3f}）"
        en = f"{len(wrong)} vectors are not of length 1 (such as number {wrong[0]}: {norms[wrong[0]]:.3f})"
        yield Problem(file.name, zh, en)
    try:
        for name in CODES:
            if (folder / name).exists():
                read_codes(folder / name)
    except RuntimeError as error:
        yield Problem(CODES[0], f"无法读取：{error}", f"can't be read: {error}")


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
