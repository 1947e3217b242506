"""Sets of documents and questions to measure on: our own gold questions, SQuAD-style files, BEIR folders.

A set of others' is written out as one text file a paragraph (or BEIR document), named by its id, so that it is
indexed exactly as a user's folder is.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import msgspec
from tqdm import tqdm

from rag.errors import EvaluationError, LoadError
from rag.evaluation.gold import HELD_OUT, GoldQuestion, load_gold
from rag.loading import parse
from rag.question import styles
from rag.question.styles import Style
from rag.text.normalization import to_traditional
from rag.types import Document

SUFFIX = ".txt"
Unit = Literal["passage", "document"]
# File systems take 255 bytes.
_LONGEST_NAME = 250


@dataclass(frozen=True, slots=True)
class Dataset:
    """Questions, and the folder of the documents that they are asked of (None: the index at hand).

    ``unit`` says what is relevant or not: a ``passage`` that holds the evidence, or a whole ``document``.
    ``notices`` say, in Chinese and English, what of the source could not be used.
    """

    name: str
    questions: tuple[GoldQuestion, ...]
    unit: Unit
    folder: Path | None = None
    notices: tuple[tuple[str, str], ...] = ()

    @property
    def has_answers(self) -> bool:
        """Whether anything is known of answers; BEIR sets know relevant documents only."""
        return any(question.answers for question in self.questions)

    @property
    def is_secret(self) -> bool:
        """Whether nobody may read the questions."""
        return self.name == HELD_OUT.stem


def gold(file: Path) -> Dataset:
    """Gold questions about the index at hand, or about the folder ``documents`` beside them. Raises EvaluationError."""
    documents = file.parent / "documents"
    if documents.is_dir():
        return Dataset(file.parent.name, tuple(load_gold(file)), "passage", documents)
    return Dataset(file.stem, tuple(load_gold(file)), "passage")


def sample(dataset: Dataset, size: int | None) -> Dataset:
    """``size`` of the questions (None: all), always the same ones, in their order; the documents stay all."""
    if size is None or size >= len(dataset.questions):
        return dataset
    chosen = sorted(random.Random(0).sample(range(len(dataset.questions)), size))
    return replace(dataset, questions=tuple(dataset.questions[i] for i in chosen))


def file_name(document_id: str) -> str:
    """The name of the file for a document of another's set. Raises EvaluationError for an id that is too long."""
    name = quote(document_id, safe="") + SUFFIX
    if len(name) > _LONGEST_NAME:
        raise EvaluationError(
            f"文档编号太长，不能用作文件名：{document_id[:60]}…", f"A document id is too long: {document_id[:60]}…"
        )
    return name


def restyled(dataset: Dataset, style: str) -> Dataset:
    """The same questions, each written in ``style``, a key of STYLES. Raises EvaluationError if it is none."""
    if style not in STYLES:
        known = ", ".join(STYLES)
        raise EvaluationError(f"没有这种写法：{style}。可用：{known}。", f"No such style: {style}. There are: {known}.")
    write = STYLES[style]
    questions = (msgspec.structs.replace(q, question=write(q.question, random.Random(q.id))) for q in dataset.questions)
    return replace(dataset, name=f"{dataset.name}-{style}", questions=tuple(questions))


def _wide(text: str, _rng: random.Random) -> str:
    return text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})


STYLES: Mapping[str, Style] = {
    **{style.__name__: style for style, _ in styles.STYLES},
    "traditional": lambda text, _rng: to_traditional(text),
    "wide": _wide,
}
"""How else people type a question: every style that the reader is trained with, and those that it normalises away."""


def write_documents(folder: Path, texts: Mapping[str, str], *, progress: bool) -> dict[str, Document]:
    """Make ``folder`` anew with each text as a file; return the documents by id, as they will be indexed.

    Several ids of one text get the same document, which bears the first one's name; ids of blank texts are left out.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    by_id: dict[str, Document] = {}
    first: dict[str, Document] = {}
    for document_id, text in tqdm(texts.items(), desc="准备 prepare", unit="doc", disable=not progress, delay=2):
        name = file_name(document_id)
        data = text.encode()
        try:
            document = parse(data, source=name, name=Path(name))
        except LoadError:
            continue
        if document.doc_id not in first:
            (folder / name).write_bytes(data)
        by_id[document_id] = first.setdefault(document.doc_id, document)
    return by_id


def occurrences(text: str, wanted: Sequence[str]) -> list[tuple[int, int]]:
    """Every place ``[start, end)`` where one of ``wanted`` stands in ``text``, in order, each once."""
    places = set()
    for one in wanted:
        start = text.find(one) if one else -1
        while start >= 0:
            places.add((start, start + len(one)))
            start = text.find(one, start + 1)
    return sorted(places)


__all__ = ["STYLES", "Dataset", "file_name", "gold", "occurrences", "restyled", "sample", "write_documents"]
