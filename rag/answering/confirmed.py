"""Answers that the user has found right: the same question is answered from them, as long as their text stands.

They are those gold pairs beside the index (`rag.web.evaluation.gold_file` writes them) that have the date of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from rag.answering.comparing import Compared, State, cited_document, compare
from rag.answering.saved import SavedCitation
from rag.index.generations import GOLD
from rag.index.protocols import Documents
from rag.question.courtesy import bare
from rag.question.kinds import kinds_of
from rag.question.mentions import dates
from rag.reading import Evidence, Reading
from rag.retrieval.collections import Scope
from rag.text.normalization import folded, normalise, statements
from rag.text.tokenization import STOPWORDS, cut_words
from rag.types import Document, Span

NAME: Final = GOLD
"""Of the file in the index folder."""
PARAPHRASE: Final = 0.95
"""The cosine that two wordings of one question have at least."""

# Words of grammar that one wording may have and another not; any other word tells two questions apart.
_FREE: Final = (
    STOPWORDS
    - set("和与及或而且但为于以对从到把被向由将让使给跟同又再更最其中上下内外前后")
    - {"其中", "to", "from", "by", "for"}
)
_DENIES: Final = frozenset("不没无非未否别勿")


class _Place(msgspec.Struct, frozen=True):
    document: str
    start: int = -1
    end: int = -1
    quote: str = ""
    near: str = ""


class Confirmation(msgspec.Struct, frozen=True):
    """A question, its answers in the documents' words, the places that state them, and the date of the user's word."""

    question: str
    answers: tuple[str, ...] = ()
    evidence: tuple[tuple[_Place, ...], ...] = ()
    confirmed: str = ""
    id: str = ""

    @property
    def citations(self) -> Iterator[SavedCitation]:
        for n, (at, *_) in enumerate(self.evidence, start=1):
            around = at.near if at.quote in at.near else at.quote
            yield SavedCitation(n, at.document, at.document, at.document, 0, at.start, at.end, at.quote, around)


@dataclass(frozen=True, slots=True)
class Told:
    """What the user has said of a question: a confirmed answer and its date, or that of one whose text has changed."""

    reading: Reading | None = None
    confirmed: str = ""
    outdated: str = ""


def confirmations(index: Path) -> tuple[Confirmation, ...]:
    """All in the index folder, newest first; a line that is none is left to those who read the file as gold pairs."""
    file = index / NAME
    try:
        state = file.stat()
    except OSError:
        return ()
    return _read(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _read(file: Path, _changed: int, _size: int) -> tuple[Confirmation, ...]:
    found = []
    for line in file.read_bytes().splitlines():
        try:
            one = msgspec.json.decode(line, type=Confirmation)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        if one.confirmed and one.answers and all(one.evidence):
            found.append(one)
    return tuple(reversed(found))


def matching(
    question: str, known: Sequence[Confirmation], cosine: Callable[[str, str], float] | None, dictionary: Path | None
) -> Confirmation | None:
    """The one of ``known`` that was asked the same: in the same words, or in others that leave no doubt.

    That is: the same kinds and words, but for those of grammar, in the same order, but for numbers and dates, and a
    ``cosine`` from PARAPHRASE on; without it only the same words will do.
    """
    form = folded(bare(question))
    if same := next((one for one in known if folded(bare(one.question)) == form), None):
        return same
    if cosine is None:
        return None
    told = _told(question, dictionary)
    return next(
        (
            one
            for one in known
            if _told(one.question, dictionary) == told and cosine(question, one.question) >= PARAPHRASE
        ),
        None,
    )


@lru_cache(maxsize=1024)
def _told(question: str, dictionary: Path | None) -> tuple[object, ...]:
    """What two wordings of a question have in common: kinds, words in order, dates and numbers, how often it denies."""
    text = normalise(bare(question)).text
    undated, when = text, Counter[str]()
    for span in reversed(dates(text)):
        when[text[slice(*span)].replace(" ", "")] += 1
        undated = f"{undated[: span.start]} {undated[span.end :]}"
    words = [word.term for word in cut_words(undated, dictionary) if word.text not in _FREE]
    numbers = Counter(word for word in words if any(map(str.isdigit, word)))
    order = tuple(word for word in words if word not in numbers)
    denied = sum(text.count(character) for character in _DENIES)
    return kinds_of(text), order, frozenset((when + numbers).items()), denied


def standing(one: Confirmation, store: Documents) -> list[Compared]:
    """What has become of each place of a confirmation."""
    return [compare(citation, cited_document(citation, store)) for citation in one.citations]


def told(one: Confirmation, store: Documents, asked: Scope | None = None) -> Told:
    """A confirmation as an answer while all of its text stands; nothing where only other documents are asked."""
    found = standing(one, store)
    if asked is not None and any(now.document is None or now.document.doc_id not in asked for now in found):
        # Where all is asked, what stands in an older version is out of date.
        return Told(outdated=one.confirmed if asked.others else "")
    if not found or not all(map(stands, found)):
        return Told(outdated=one.confirmed)
    evidence = (_evidence(now.document, now.quote, one.answers) for now in found if now.document and now.quote)
    return Told(Reading(tuple(evidence), 1.0), one.confirmed)


def stands(now: Compared) -> bool:
    """Whether the quote is still what its sentence says."""
    return now.state in (State.UNCHANGED, State.MOVED) and now.quote is not None


def _evidence(document: Document, quote: Span, answers: Sequence[str]) -> Evidence:
    """A quote with the sentences around it; the answers that stand in it, one after the other, are its items."""
    block = document.block_at(quote.start)
    around = [span for span in statements(document, block) if span.overlaps(quote)]
    sentence = Span(min([quote, *around]).start, max(span.end for span in (quote, *around)))
    spans, at = [], quote.start
    for answer in answers:
        start = document.text.find(answer, at, quote.end)
        if start >= 0:
            at = start + len(answer)
            spans.append(Span(start, at))
    whole = spans and spans[0].start == quote.start and spans[-1].end == quote.end
    return Evidence(document, tuple(spans) if whole else (quote,), sentence, 1.0)
