"""Saved answers against the documents of today: whether each citation's words still stand where they stood."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import msgspec

from rag.errors import SavedAnswerError
from rag.generations import open_generation
from rag.loading.decoding import decode
from rag.store import DocumentRecord, Store
from rag.text import sentences
from rag.types import Document, Span

# Sentences that have less in common are two sentences, not one that was changed.
_ALIKE = 0.5
Step = tuple[Literal["=", "-", "+"], str]
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[A-Za-z]+|\s+|.", re.DOTALL)


class SavedCitation(msgspec.Struct, frozen=True):
    """A citation as it was saved; see `rag.contract.citation_json`. ``paragraph`` 0 is unknown."""

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


class State(StrEnum):
    """What has become of cited words."""

    UNCHANGED = "unchanged"
    MOVED = "moved"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Compared:
    """A saved citation and what stands in its document now.

    ``document`` is None if it is gone, ``sentence`` if nothing like the cited one is in it. ``quote`` is where the
    quoted words are in ``sentence``, None if they are not.
    """

    citation: SavedCitation
    state: State
    document: Document | None = None
    sentence: Span | None = None
    quote: Span | None = None

    @property
    def paragraph(self) -> int:
        """The paragraph of the sentence now; 0 without one."""
        return self.document.block_at(self.sentence.start).number if self.document and self.sentence else 0

    @property
    def text(self) -> str:
        """The sentence as it is now; empty without one."""
        return self.document.text[slice(*self.sentence)] if self.document and self.sentence else ""

    @property
    def difference(self) -> list[Step]:
        """How the cited sentence has changed; empty unless it has."""
        return difference(self.citation.sentence, self.text) if self.state is State.CHANGED else []


@dataclass(frozen=True, slots=True)
class ComparedAnswer:
    """A saved answer with what has become of its citations."""

    answer: SavedAnswer
    citations: tuple[Compared, ...]

    @property
    def holds(self) -> bool:
        """Whether all that it cites is still said."""
        return all(one.state in (State.UNCHANGED, State.MOVED) for one in self.citations)


def check_answers(file: Path, index: Path | str = "index") -> list[ComparedAnswer]:
    """Compare the citations of all answers in ``file`` with the documents in the index.

    Raises SavedAnswerError if the file holds anything else, LoadError if it is no text, IndexMissingError,
    IndexDamagedError.
    """
    answers = read_answers(file)
    store = open_generation(Path(index)).store
    records = list(store.records())
    return [
        ComparedAnswer(answer, tuple(compare(one, _document(one, store, records)) for one in answer.citations))
        for answer in answers
    ]


def read_answers(file: Path) -> list[SavedAnswer]:
    """The answers in a file: one as JSON, an array, a line each, a batch of the HTTP API's, or a file of gold pairs.

    Questions that got an error instead of an answer are left out. Raises SavedAnswerError and LoadError.
    """
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


def compare(citation: SavedCitation, document: Document | None) -> Compared:
    """What has become of a citation in ``document``, which is its own, or what its source holds now."""
    if document is None:
        return Compared(citation, State.GONE)
    quote = Span(citation.start, citation.end)
    said = document.text[slice(*quote)] == citation.quote
    starts = [at.start() for at in re.finditer(f"(?={re.escape(citation.sentence)})", document.text)]
    found = [Span(start, start + len(citation.sentence)) for start in starts]
    around = [span for span in found if said and span.start <= quote.start and quote.end <= span.end]
    if around or (said and document.doc_id == citation.doc_id):
        return Compared(citation, State.UNCHANGED, document, around[0] if around else quote, quote)
    if found:
        near = min(found, key=lambda span: abs(span.start - quote.start))
        return Compared(citation, State.MOVED, document, near, _within(near, citation.quote, document))
    alike = _closest(citation, document)
    kept = _within(alike, citation.quote, document) if alike else None
    return Compared(citation, State.CHANGED, document, alike, kept)


def difference(before: str, after: str) -> list[Step]:
    """How to make ``after`` of ``before``: what stays, goes and comes, in order; numbers and Latin words stay whole."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    steps: list[Step] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            steps.append(("=", "".join(old[i:j])))
            continue
        if i < j:
            steps.append(("-", "".join(old[i:j])))
        if k < m:
            steps.append(("+", "".join(new[k:m])))
    return steps


def _within(sentence: Span, quote: str, document: Document) -> Span | None:
    at = document.text.find(quote, *sentence)
    return Span(at, at + len(quote)) if at >= 0 else None


def _closest(citation: SavedCitation, document: Document) -> Span | None:
    """The sentences that have most in common with those cited, if it is much; of equals the nearest to their place."""
    spans = [span for block in document.blocks for span in sentences(document.text, block.start, block.end)]
    count = min(len(sentences(citation.sentence)), len(spans))
    matcher = SequenceMatcher(None, b=citation.sentence, autojunk=False)
    found, alike, far = None, _ALIKE, len(document.text)
    for first, last in zip(spans, spans[count - 1 :], strict=False):
        run, distance = Span(first.start, last.end), abs(first.start - citation.start)
        matcher.set_seq1(document.text[slice(*run)])
        # The first two are quick to tell and never too small.
        if matcher.real_quick_ratio() < alike or matcher.quick_ratio() < alike:
            continue
        ratio = matcher.ratio()
        if (ratio, -distance) > (alike, -far):
            found, alike, far = run, ratio, distance
    return found


def _document(citation: SavedCitation, store: Store, records: Sequence[DocumentRecord]) -> Document | None:
    """The document that was cited, or else what its source holds now; None without either."""
    if document := store.document(citation.doc_id):
        return document
    # The same file may have been indexed by another way to write its path.
    parts = tuple(part for part in Path(citation.source).parts if part != "..")
    same = [record for record in records if record.source == citation.source] or [
        record for record in records if parts and record.path.parts[-len(parts) :] == parts
    ]
    documents = [found for record in same if (found := store.document(record.doc_id))]
    return next((one for one in documents if citation.sentence in one.text), documents[0] if documents else None)


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
                # Of a file that is one value over many lines, its own error says more.
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
