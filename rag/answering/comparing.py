"""Saved answers against today's documents: whether each citation's words are still where they were."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from pathlib import Path
from typing import Literal

from rag.answering.saved import SavedAnswer, SavedCitation, read_answers
from rag.index.generations import open_generation
from rag.index.protocols import Documents
from rag.text.normalization import sentences
from rag.types import Document, Span

# Sentences with less in common are two sentences, not one that was changed.
_ALIKE = 0.5
Step = tuple[Literal["=", "-", "+"], str]
# Numbers and Latin words are whole, Chinese is taken character by character.
WORD = re.compile(r"\d+(?:[.,]\d+)*|[A-Za-z]+|\s+|.", re.DOTALL)


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
    return [
        ComparedAnswer(answer, tuple(compare(one, cited_document(one, store)) for one in answer.citations))
        for answer in answers
    ]


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
    """How ``before`` became ``after``: what stayed, went and came, in order; numbers and Latin words are kept whole."""
    old, new = WORD.findall(before), WORD.findall(after)
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
    """The sentences with most in common with those cited, if that is much; ties go to the nearest."""
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


def cited_document(citation: SavedCitation, store: Documents) -> Document | None:
    """The document that was cited, or else what its source holds now; None without either."""
    if document := store.document(citation.doc_id):
        return document
    records = store.records()
    # The same file may have been indexed by another way to write its path.
    parts = tuple(part for part in Path(citation.source).parts if part != "..")
    same = [record for record in records if any(file.source == citation.source for file in record.files)] or [
        record
        for record in records
        if parts and any(Path(file.path).parts[-len(parts) :] == parts for file in record.files)
    ]
    documents = [found for record in same if (found := store.document(record.doc_id))]
    return next((one for one in documents if citation.sentence in one.text), documents[0] if documents else None)
