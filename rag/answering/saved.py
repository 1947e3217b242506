"""Answers that people have saved, read from the forms in which Wenyuan gives them out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from rag.errors import SavedAnswerError


class SavedCitation(msgspec.Struct, frozen=True):
    """A citation as it was saved; see `rag.types.Citation`. ``paragraph`` 0 is unknown."""

    n: int
    doc_id: str
    title: str
    source: str
    paragraph: int
    start: int
    end: int
    quote: str
    sentence: str

    def __post_init__(self) -> None:
        if not self.quote.strip() or self.quote not in self.sentence:
            raise ValueError("the sentence does not hold the quote")
        if self.start < 0 or self.end - self.start != len(self.quote):
            raise ValueError("the quote is not as long as its span")


class SavedAnswer(msgspec.Struct, frozen=True):
    """An answer as it was saved, or a gold pair."""

    question: str
    citations: tuple[SavedCitation, ...]
    id: str | None = None


class _Place(msgspec.Struct, frozen=True):
    document: str
    start: int
    end: int
    quote: str


class _Pair(msgspec.Struct, frozen=True):
    question: str
    evidence: tuple[tuple[_Place, ...], ...]
    id: str | None = None


def read_answers(file: Path) -> list[SavedAnswer]:
    """The answers in a file: one as JSON, an array, a line each, a batch of the HTTP API's, or a file of gold pairs.

    Questions that got an error instead of an answer are left out. Raises SavedAnswerError and LoadError.
    """
    from rag.loading.encodings import decode

    try:
        text = decode(file.read_bytes(), file)
    except OSError as error:
        raise SavedAnswerError(
            f"无法读取 {file}：{error.strerror}。", f"Can't read {file}: {error.strerror}."
        ) from error
    values = enumerate(_values(text, file), start=1)
    answers = [answer for number, value in values for answer in _answers(value, number, file)]
    if not answers:
        raise SavedAnswerError(f"{file} 里没有回答。", f"There is no answer in {file}.")
    return answers


def _values(text: str, file: Path) -> Iterator[Any]:
    """The JSON values of a file: one, those of an array, or one a line."""
    try:
        whole = msgspec.json.decode(text)
    except msgspec.DecodeError as whole_error:
        for number, line in enumerate(text.split("\n"), start=1):
            try:
                if line.strip():
                    yield msgspec.json.decode(line)
            except msgspec.DecodeError as error:
                # For a file that is one value over many lines, its own error says more.
                where, said = (("", whole_error), (f" 第 {number} 行", error))[number > 1]
                en = f", line {number}" if where else ""
                raise SavedAnswerError(
                    f"{file}{where}不是 JSON：{said}。请用 wenyuan ask --json 的输出。",
                    f"{file}{en}: no JSON: {said}. Give what wenyuan ask --json printed.",
                ) from error
        return
    yield from whole if isinstance(whole, list) else [whole]


def _answers(value: Any, number: int, file: Path) -> Iterator[SavedAnswer]:
    """The answers in one JSON value."""
    match value:
        case {"results": [*results]}:
            for result in results:
                yield from _answers(result, number, file)
        case {"answer": None, "problem": _} | {"status": "error"}:
            return
        case {"answer": dict(answer), "problem": _}:
            yield from _answers(answer, number, file)
        case {"evidence": _}:
            yield _converted(value, number, file, _Pair)
        case {"question": _} if "citations" not in value:
            # A pair of a question that nothing answers.
            return
        case _:
            yield _converted(value, number, file, SavedAnswer)


def _of_pair(pair: _Pair) -> SavedAnswer:
    """A gold pair as an answer: its places name documents by their files, and do not know the sentence around them."""
    places = [place for fact in pair.evidence for place in fact]
    citations = (
        SavedCitation(n, at.document, at.document, at.document, 0, at.start, at.end, at.quote, at.quote)
        for n, at in enumerate(places, start=1)
    )
    return SavedAnswer(pair.question, tuple(citations), pair.id)


def _converted(value: Any, number: int, file: Path, kind: type[SavedAnswer | _Pair]) -> SavedAnswer:
    try:
        converted = msgspec.convert(value, kind)
        return _of_pair(converted) if isinstance(converted, _Pair) else converted
    except (msgspec.ValidationError, ValueError) as error:
        raise SavedAnswerError(
            f"{file} 里的第 {number} 个不是 wenyuan ask --json 那样的回答：{error}。",
            f"{file}: number {number} is no answer as wenyuan ask --json prints it: {error}.",
        ) from error
