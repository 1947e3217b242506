"""The source pane: the list of documents, or one document with a passage marked in it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.types import Block, BlockKind, Document, Span
from rag.web.elsewhere import also_in
from rag.web.markup import Place, both, esc, opener

if TYPE_CHECKING:
    from rag.store import DocumentRecord

# A longer document is shown in windows of this many blocks, the marked one a third from the top.
WINDOW = 200
# Of a longer block only this many characters on either side of what is marked.
_BLOCK_MARGIN = 4000
_LISTED = 200
# As many headings are worth an outline, each of which shows this many characters.
_OUTLINE = 3
_TITLE = 80


def documents(records: Sequence[DocumentRecord]) -> str:
    """All documents, each to be opened."""
    rows = "".join(f"<li>{_record(record)}</li>" for record in records[:_LISTED])
    more = len(records) - _LISTED
    rest = f'<p class="note">{both(f"还有 {more} 篇未列出。", f"{more} more are not listed.")}</p>' if more > 0 else ""
    count = both(f"资料（{len(records)} 篇）", f"Documents ({len(records)})")
    hint = both(
        "提问之后，答案的出处会在这里打开。也可以先点开一篇读。",
        "Once you ask, the source of the answer opens here. Or open one to read.",
    )
    return f'<div class="pane"><h2>{count}</h2><p class="note">{hint}</p><ul class="documents">{rows}</ul>{rest}</div>'


def nothing() -> str:
    """The pane where no index can be opened."""
    note = both("打不开索引。", "The index can’t be opened.")
    return f'<div class="pane"><h2>{both("资料", "Documents")}</h2><p class="note">{note}</p></div>'


def document(source: Document, place: Place) -> str:
    """``source`` with ``place`` marked: all of it, or the window of blocks around the place if it is long."""
    target = min(place.block, len(source.blocks)) or _target(source, place)
    first = max(0, min(target - 1 - WINDOW // 3, len(source.blocks) - WINDOW))
    shown = source.blocks[first : first + WINDOW]
    before = after = ""
    if first:
        before = _leaf(source, place, max(1, first - WINDOW // 3), f"前面还有 {first} 段", f"{first} earlier")
    left = len(source.blocks) - first - len(shown)
    if left:
        after = _leaf(source, place, shown[-1].number + WINDOW // 3, f"后面还有 {left} 段", f"{left} more")
    body = "".join(_page(source, block) + _block(source.text, block, place, target) for block in shown)
    head = f'<header>{_tools()}<h2>{esc(source.title)}</h2><p class="note">{esc(source.source)}</p>'
    head += f"{also_in(source.also_in, source.doc_id)}</header>"
    key = esc(str(place))
    return (
        f'<div class="pane" data-key="{key}" data-doc="{esc(source.doc_id)}">{head}{_outline(source, place)}'
        f'<div class="text">{before}{body}{after}</div></div>'
    )


def _tools() -> str:
    back = f'<button type="button" data-home>← {both("全部资料", "All documents")}</button>'
    up = f'<button type="button" class="up" data-up>↑ {both("回到回答", "Back to the answer")}</button>'
    earlier = '<button type="button" data-step="-1" aria-label="上一处 Previous citation" title="Alt+↑">↑</button>'
    later = '<button type="button" data-step="1" aria-label="下一处 Next citation" title="Alt+↓">↓</button>'
    step = f'<span class="steps" hidden>{earlier}<span class="at"></span>{later}</span>'
    link = f'<button type="button" data-link>{both("复制链接", "Copy link")}</button>'
    return f"<nav>{back}{up}{step}{link}</nav>"


def _outline(source: Document, place: Place) -> str:
    """The headings, to go to; nothing if there are too few to need it."""
    headings = [block for block in source.blocks if block.kind is BlockKind.HEADING]
    if len(headings) < _OUTLINE:
        return ""
    rows = ""
    for block in headings[:_LISTED]:
        there = Place(place.doc_id, place.exact, place.around, block.number)
        title = esc(source.text[block.start : block.end][:_TITLE])
        rows += f"<li>{opener(there, title, f'jump l{min(block.level, 4)}', jump=block.number)}</li>"
    return f'<details class="outline"><summary>{both("目录", "Contents")}</summary><ol>{rows}</ol></details>'


def _record(record: DocumentRecord) -> str:
    size = both(
        f"{record.paragraphs} 段 · {record.characters:,} 字",
        f"{record.paragraphs} paragraphs · {record.characters:,} characters",
    )
    words = f'<span class="title">{esc(record.title)}</span><span class="size">{esc(record.source)} · {size}</span>'
    return opener(Place(record.doc_id), words, "document")


def _target(source: Document, place: Place) -> int:
    """The number of the block to bring into view."""
    start = place.exact.start if place.exact.end > place.exact.start else place.around.start
    return source.block_at(start).number if source.blocks else 1


def _leaf(source: Document, place: Place, block: int, zh: str, en: str) -> str:
    there = Place(place.doc_id, place.exact, place.around, min(block, len(source.blocks)))
    return opener(there, both(zh, en), "leaf")


def _page(source: Document, block: Block) -> str:
    """A mark where a page begins, if the format has pages."""
    if not block.page or (block.number > 1 and source.blocks[block.number - 2].page == block.page):
        return ""
    return f'<p class="page-mark">{both(f"第 {block.page} 页", f"Page {block.page}")}</p>'


def _block(text: str, block: Block, place: Place, target: int) -> str:
    tag = f"h{min(6, 2 + max(1, block.level))}" if block.kind is BlockKind.HEADING else "p"
    indent = f" l{min(block.level, 4)}" if block.kind is BlockKind.LIST_ITEM else ""
    here = " here" if block.number == target else ""
    number = f'<span class="number" aria-hidden="true">{block.number}</span>'
    shown, marked = _marked(text, block, place)
    words = f'<{tag} data-start="{shown.start}">{marked}</{tag}>'
    return f'<div class="block {block.kind}{indent}{here}" data-number="{block.number}">{number}{words}</div>'


def _marked(text: str, block: Block, place: Place) -> tuple[Span, str]:
    """What of the block is shown, and its text: ``place.around`` softly marked, ``place.exact`` strongly."""
    whole, soft, exact = Span(block.start, block.end), place.around, place.exact
    soft = _common(whole, soft)
    exact = _common(whole, exact)
    if exact.end > exact.start:
        focus = exact
    elif soft.end > soft.start:
        focus = soft
    else:
        focus = Span(block.start, block.start)
    shown = Span(max(block.start, focus.start - _BLOCK_MARGIN), min(block.end, focus.end + _BLOCK_MARGIN))
    soft = _common(shown, soft)
    cuts = sorted({*shown, *(p for span in (soft, exact) for p in span if span.end > span.start)})
    pieces = []
    for start, end in pairwise(cuts):
        piece = esc(text[start:end])
        if exact.start <= start < exact.end:
            piece = f'<mark class="exact">{piece}</mark>'
        elif soft.start <= start < soft.end:
            piece = f'<mark class="soft">{piece}</mark>'
        pieces.append(piece)
    return shown, _cut(shown.start - block.start) + "".join(pieces) + _cut(block.end - shown.end)


def _common(a: Span, b: Span) -> Span:
    start = max(a.start, b.start)
    return Span(start, max(start, min(a.end, b.end)))


def _cut(count: int) -> str:
    words = both(f"…（略去 {count} 字）…", f"… ({count} characters left out) …")
    return f'<span class="cut">{words}</span>' if count else ""
