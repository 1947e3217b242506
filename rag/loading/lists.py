"""Lists in a text that marks them by characters alone: their items, how deep they are, and what leads in to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from rag.loading.blocks import RawBlock, moved, path_name
from rag.text.markers import Marker, marker
from rag.text.normalization import sentences
from rag.types import BlockKind

# What an item says before others below it, if short, is a caption of them.
_CAPTION_LENGTH = 40
_LEAD_END = ("：", ":")
_LONGEST_LEAD = 120
_DEEPEST = 8


# A block and the path where it stands by now.
Placed = tuple[RawBlock, tuple[str, ...]]


def with_items(blocks: Iterable[Placed], apart: Collection[int] = ()) -> Iterator[RawBlock]:
    """The blocks in their places, with the paragraphs that begin like list items as such.

    Blank lines stand above the lines ``apart``.
    """
    lists = _Lists()
    last: tuple[str, ...] = ()
    for block, path in blocks:
        paragraph = block.kind is BlockKind.PARAGRAPH
        if block.kind is BlockKind.HEADING or (paragraph and path != last):
            lists, last = _Lists(), path
        item = lists.item(block, path, apart=block.line in apart) if paragraph else None
        yield item or (block if path is block.path or path == block.path else moved(block, path))


class _Lists:
    """Follows a text from its beginning to its end."""

    def __init__(self) -> None:
        self._lead = ""
        self._above: list[tuple[str, int, str]] = []
        self._after = ""
        self._interrupted = False

    def item(self, block: RawBlock, path: tuple[str, ...], *, apart: bool) -> RawBlock | None:
        """A paragraph as list item under what leads in to its list, if it is one. ``apart``: below a blank line."""
        found = marker(block.text)
        if found is None or found.end == len(block.text):
            self._interrupted, self._after = True, _lead(block.text)
            return None
        number = self._open(found, apart=apart)
        above = (self._lead, *(caption for _, _, caption in self._above))
        caption = block.text if len(block.text) <= _CAPTION_LENGTH or block.text.endswith(_LEAD_END) else ""
        self._above.append((found.kind, number, path_name(caption)))
        return moved(block, (*path, *filter(None, above)), BlockKind.LIST_ITEM, len(self._above), number)

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
