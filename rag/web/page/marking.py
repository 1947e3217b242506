"""A stretch of a document as HTML, with what an address names marked in it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rag.types import Span
from rag.web.page.markup import Place, both, esc

# Characters on either side of what is marked.
_MARGIN = 4000


def marked(text: str, whole: Span, place: Place, margin: int = _MARGIN, bold: Sequence[Span] = ()) -> tuple[Span, str]:
    """What of ``whole`` is shown, and its text: ``place.around`` softly marked, ``place.exact`` strongly, and ``bold``.

    Of a longer one only ``margin`` characters on either side of what is marked.
    """
    soft, exact = _common(whole, place.around), _common(whole, place.exact)
    if exact.end > exact.start:
        focus = exact
    elif soft.end > soft.start:
        focus = soft
    else:
        focus = Span(whole.start, whole.start)
    shown = Span(max(whole.start, focus.start - margin), min(whole.end, focus.end + margin))
    soft = _common(shown, soft)
    strong = [one for one in (_common(shown, stretch) for stretch in bold) if one.end > one.start]
    cuts = sorted({*shown, *(p for span in (soft, exact, *strong) for p in span if span.end > span.start)})
    pieces = []
    for start, end in pairwise(cuts):
        piece = esc(text[start:end])
        if any(one.start <= start < one.end for one in strong):
            piece = f"<b>{piece}</b>"
        if exact.start <= start < exact.end:
            piece = f'<mark class="exact">{piece}</mark>'
        elif soft.start <= start < soft.end:
            piece = f'<mark class="soft">{piece}</mark>'
        pieces.append(piece)
    return shown, _cut(shown.start - whole.start) + "".join(pieces) + _cut(whole.end - shown.end)


def _common(a: Span, b: Span) -> Span:
    start = max(a.start, b.start)
    return Span(start, max(start, min(a.end, b.end)))


def _cut(count: int) -> str:
    words = both(f"…（略去 {count} 字）…", f"… ({count} characters left out) …")
    return f'<span class="cut">{words}</span>' if count else ""
