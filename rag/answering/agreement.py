"""Which evidence is a source of its own: a statement is no surer for lying in the library twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rag.reading import Evidence
from rag.text.normalization import folded
from rag.types import Elsewhere, Hit, Role

# From so many characters on a text says something by itself: "是的" in two documents is two statements.
_STATEMENT = 10


class Source(NamedTuple):
    """Evidence to cite, and where its document, or one almost the same, says it again."""

    evidence: Evidence
    also_in: tuple[Elsewhere, ...]


def sources(evidence: Sequence[Evidence], hits: Sequence[Hit]) -> list[Source]:
    """``evidence`` in order, without what only repeats it in the same words or in a document that is almost the same.

    A different answer is kept, whichever document gives it. ``hits`` say which passages also stand elsewhere.
    """
    apart: list[tuple[Evidence, dict[Elsewhere, None]]] = []
    for answer in evidence:
        document = answer.document
        also_in = dict.fromkeys(
            (*document.also_in, *(other for hit in hits if _holds(hit, answer) for other in hit.also_in))
        )
        first = next((place for place, (kept, _) in enumerate(apart) if _repeats(answer, kept)), None)
        if first is None:
            apart.append((answer, also_in))
        elif answer.document.doc_id != apart[first][0].document.doc_id:
            apart[first][1].update(
                dict.fromkeys((Elsewhere(document.doc_id, document.title, document.source), *also_in))
            )
    return [Source(answer, tuple(names)) for answer, names in apart]


def _repeats(one: Evidence, kept: Evidence) -> bool:
    if one.role is not Role.REPEAT or kept.role is Role.DIFFERENT:
        return False
    elsewhere = one.document.doc_id != kept.document.doc_id
    alike = one.document.alike and one.document.alike == kept.document.alike
    return (bool(alike) and elsewhere) or _same_words(one, kept)


def _same_words(one: Evidence, other: Evidence) -> bool:
    """Whether the sentences are the same, or one stands in the other."""
    shorter, longer = sorted((folded(e.document.text[slice(*e.sentence)]) for e in (one, other)), key=len)
    return len(shorter) >= _STATEMENT and shorter in longer


def _holds(hit: Hit, one: Evidence) -> bool:
    passage = hit.passage
    return passage.doc_id == one.document.doc_id and passage.start <= one.spans[0].start < passage.end
