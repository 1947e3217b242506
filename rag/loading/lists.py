"""Lists in a text that marks them by characters alone: their items, how deep they are, and what leads in to them."""

from __future__ import annotations

from rag.loading.blocks import RawBlock, path_name
from rag.text.markers import Marker, marker
from rag.text.normalization import sentences
from rag.types import BlockKind

# What an item says before others below it, if short, is a caption of them.
_CAPTION_LENGTH = 40
_LEAD_END = ("：", ":")
_LONGEST_LEAD = 120
_DEEPEST = 8


class Lists:
    """Follows a text from its beginning to its end."""

    def __init__(self) -> None:
        self._lead = ""
        self._above: list[tuple[str, int, str]] = []
        self._after = ""
        self._interrupted = False

    def block(self, text: str, path: tuple[str, ...], *, line: int = 0, page: int = 0, apart: bool = False) -> RawBlock:
        """A list item under what leads in to its list, or a paragraph. ``apart``: a blank line stands above it."""
        found = marker(text)
        if found is None or found.end == len(text):
            self._interrupted, self._after = True, _lead(text)
            return RawBlock(BlockKind.PARAGRAPH, text, line, path, page=page)
        number = self._open(found, apart=apart)
        above = (self._lead, *(caption for _, _, caption in self._above))
        caption = text if len(text) <= _CAPTION_LENGTH or text.endswith(_LEAD_END) else ""
        self._above.append((found.kind, number, path_name(caption)))
        path = (*path, *filter(None, above))
        return RawBlock(BlockKind.LIST_ITEM, text, line, path, len(self._above), number, page)

    def end(self) -> None:
        """A heading stands here: no list goes on."""
        self._above, self._lead, self._after, self._interrupted = [], "", "", False

    def _open(self, mark: Marker, *, apart: bool) -> int:
        """Leave what does not stand above an item; its place in its list."""
        known = {kind: (place, number) for place, (kind, number, _) in enumerate(self._above)}
        place, before = known.get(mark.kind, (len(self._above) - (mark.number > 1), 0))
        goes_on = mark.kind in known and mark.number == before + 1
        fresh = apart and not mark.number and mark.kind not in known
        if fresh or (self._interrupted and not goes_on):
            place, before, self._lead = 0, 0, self._after
        self._after, self._interrupted = "", False
        del self._above[max(0, min(place, _DEEPEST - 1)) :]
        return mark.number or before + 1


def _lead(text: str) -> str:
    """The last sentence of a paragraph, if a list may follow it."""
    last = text[sentences(text)[-1].start :] if text.endswith(_LEAD_END) else ""
    return last if len(last) <= _LONGEST_LEAD else ""
