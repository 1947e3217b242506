"""Gold questions: what is asked, what may be answered, and where the documents say so.

One JSON object a line::

    {"id": "r-001", "question": "…", "type": "how_many", "style": "plain", "answers": ["近6000万", "6000万"],
     "evidence": [[{"document": "article.md", "start": 85, "end": 97, "quote": "…"}]]}

``evidence`` lists the facts that an answer needs; a fact lists the places that state it, any of which will do.
Places are spans of the document, so that splitting documents otherwise never invalidates them; or, where the file gives
no positions, the quote is looked for in what is loaded, inside ``near`` if that is given: a longer quote around it, or
the first cell of its table row. ``parts`` are what a whole answer of several items holds: of each, its wordings.
``kind`` is the set's own word for what a question is like, ``confirmed`` the date on which a user of the page found the
answer right (see `rag.answering.confirmed`). Questions that the
documents do not answer have no answers and no evidence. Sets without spans name the documents that answer instead:
``"documents": {"article.md": 1}``, with a grade each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import msgspec

from rag.errors import EvaluationError
from rag.question.kinds import Kind

T = TypeVar("T")

_PACKED = Path(__file__).parent / "data"
# Where they are in a wheel, or else in the checkout.
_DATA = _PACKED if _PACKED.is_dir() else Path(__file__).parents[2] / "eval" / "data"
GOLD = _DATA / "gold.jsonl"
HELD_OUT = _DATA / "gold-held-out.jsonl"

Style = Literal[
    "plain", "paraphrase", "typo", "traditional", "english", "width", "keywords", "multi", "list_spread", "conflict"
]


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A span of a document: ``document`` is its file's name. Without positions, see the head of this module."""

    document: str
    start: int = -1
    end: int = -1
    quote: str = ""
    near: str = ""


class Located(NamedTuple):
    """A span ``[start, end)`` of a document, by the document's file name."""

    document: str
    start: int
    end: int


class GoldQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a gold file."""

    id: str
    question: str
    answers: tuple[str, ...] = ()
    evidence: tuple[tuple[Place, ...], ...] = ()
    documents: dict[str, int] = {}
    parts: tuple[tuple[str, ...], ...] = ()
    kind: str = ""
    type: Kind | None = None
    style: Style = "plain"
    confirmed: str = ""

    @property
    def answerable(self) -> bool:
        return bool(self.evidence or self.documents)

    @property
    def places(self) -> list[Place]:
        """The places of all facts."""
        return [place for fact in self.evidence for place in fact]


def holds(span: Located, place: Place) -> bool:
    """Whether ``span`` contains the whole place."""
    return span.document == place.document and span.start <= place.start and place.end <= span.end


def overlaps(span: Located, place: Place) -> bool:
    """Whether ``span`` and the place have a character in common."""
    return span.document == place.document and span.start < place.end and place.start < span.end


def load_gold(file: Path) -> list[GoldQuestion]:
    """Read a gold file. Raises EvaluationError, naming the line, for anything malformed, and for an empty file."""
    questions = []
    seen: dict[str, int] = {}
    for number, question in read_lines(file, GoldQuestion):
        if question.id in seen:
            raise wrong_line(
                file,
                number,
                f"编号 {question.id} 在第 {seen[question.id]} 行已用过。",
                f"the id {question.id} was used on line {seen[question.id]}.",
            )
        if not _is_sound(question):
            raise wrong_line(
                file,
                number,
                "有答案就要有证据，有证据就要有答案，证据的每一项至少要有一处。",
                "answers need evidence and evidence needs answers, and each fact needs a place.",
            )
        seen[question.id] = number
        questions.append(question)
    return questions


def _is_sound(question: GoldQuestion) -> bool:
    """Whether answers and evidence come together (or answers and whole documents), and each fact has a place."""
    if question.evidence and not question.answers:
        return False
    return all(question.evidence) and (question.answerable or not question.answers)


def read_lines(file: Path, kind: type[T]) -> list[tuple[int, T]]:
    """The JSON values of a file's lines with their line numbers.

    Raises EvaluationError, naming the line, for anything malformed, and for a file that is missing or empty.
    """
    decoder = msgspec.json.Decoder(kind)
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise EvaluationError(
            f"无法读取 {file}：{error.strerror}。", f"Can't read {file}: {error.strerror}."
        ) from error
    values = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                values.append((number, decoder.decode(line)))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise wrong_line(file, number, f"{error}。", f"{error}.") from error
    if not values:
        raise EvaluationError(f"{file} 是空的。", f"{file} is empty.")
    return values


def wrong_line(file: Path, line: int, zh: str, en: str) -> EvaluationError:
    """The error for a line of a file."""
    return EvaluationError(f"{file} 第 {line} 行有误：{zh}", f"{file}, line {line}: {en}")
