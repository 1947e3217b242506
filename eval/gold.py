"""Gold questions: what is asked, what may be answered, and where the documents say so.

One JSON object a line::

    {"id": "r-001", "question": "…", "type": "how_many", "style": "plain", "answers": ["近6000万", "6000万"],
     "evidence": [[{"document": "article.md", "start": 85, "end": 97, "quote": "…"}]]}

``evidence`` lists the facts that an answer needs; a fact lists the places that state it, any of which will do.
Places are spans of the document, so that splitting documents otherwise never invalidates them. Questions that the
documents do not answer have no answers and no evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from rag.errors import EvaluationError
from rag.reading.questions import Kind
from rag.types import Document

GOLD = Path(__file__).parent / "data" / "gold.jsonl"
HELD_OUT = Path(__file__).parent / "data" / "gold-held-out.jsonl"

Style = Literal[
    "plain", "paraphrase", "typo", "traditional", "english", "width", "keywords", "multi", "list_spread", "conflict"
]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A span of a document: ``document`` is its file's name."""

    document: str
    start: int
    end: int
    quote: str


class GoldQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a gold file."""

    id: str
    question: str
    type: Kind
    style: Style
    answers: tuple[str, ...]
    evidence: tuple[tuple[Place, ...], ...]

    @property
    def answerable(self) -> bool:
        return bool(self.answers)


def load_gold(file: Path) -> list[GoldQuestion]:
    """Read a gold file. Raises EvaluationError, naming the line, for anything malformed, and for an empty file."""
    decoder = msgspec.json.Decoder(GoldQuestion)
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"无法读取 {file}：{error}", f"Can't read {file}: {error}") from error
    questions: list[GoldQuestion] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise _wrong(file, number, str(error)) from error
        if question.id in seen:
            raise _wrong(file, number, f"id {question.id!r} = line {seen[question.id]}")
        if bool(question.answers) != bool(question.evidence) or not all(question.evidence):
            raise _wrong(file, number, "answers ⇔ evidence")
        seen[question.id] = number
        questions.append(question)
    if not questions:
        raise EvaluationError(f"{file} 里没有问题。", f"{file} holds no questions.")
    return questions


def check_places(questions: Sequence[GoldQuestion], documents: Mapping[str, Document]) -> None:
    """Raise EvaluationError unless each quote is its document's text at its span. ``documents`` are by file name."""
    for question in questions:
        for place in (place for fact in question.evidence for place in fact):
            document = documents.get(place.document)
            if document is None:
                raise EvaluationError(
                    f"问题 {question.id} 引用的文档 {place.document} 不在索引里。请先索引它：wenyuan index 文件夹",
                    f"Question {question.id} cites {place.document}, which is not in the index. Index it first.",
                )
            if document.text[place.start : place.end] != place.quote:
                raise EvaluationError(
                    f"问题 {question.id} 的证据与原文不符：{place.document} [{place.start}, {place.end})。",
                    f"Question {question.id}: the quote is not the text of {place.document} "
                    f"[{place.start}, {place.end}).",
                )


def _wrong(file: Path, line: int, reason: str) -> EvaluationError:
    return EvaluationError(f"{file} 第 {line} 行有误：{reason}", f"{file}, line {line}: {reason}")
