"""The source pane: the list of documents, or one document with a passage marked in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.loading.unread import Lost
from rag.retrieval.collections import Collection, names_by_document
from rag.retrieval.versions import Older, Standing
from rag.types import Block, BlockKind, Document, Omission, Span
from rag.web.originals.original_pane import facsimile, original_tools
from rag.web.page.cells import table
from rag.web.page.choosing import boxes, document_box
from rag.web.page.elsewhere import also_in, edition_mark
from rag.web.page.marking import marked
from rag.web.page.markup import Place, both, esc, opener, shown_source
from rag.web.suggestions.key_facts import KeyFact, Sort

if TYPE_CHECKING:
    from rag.index.store import DocumentRecord

# A longer document is shown in windows of this many blocks, the marked one a third from the top.
WINDOW = 200
_ALONE = Standing()
_LISTED = 200
# As many headings are worth an outline, each of which shows this many characters.
_OUTLINE = 3
_TITLE = 80
# Of a clause as much is shown on either side of a figure.
_AROUND = 30
_SORTS = {Sort.FIGURE: both("数字", "Figures"), Sort.DATE: both("日期", "Dates"), Sort.NAME: both("名称", "Names")}


def documents(
    records: Sequence[DocumentRecord], collections: Sequence[Collection] = (), versions: Standing = _ALONE
) -> str:
    """All documents, older versions last, each to be opened, or chosen to be asked alone, as the collections are."""
    names, older = names_by_document(collections), versions.older
    ordered = sorted(records, key=lambda one: one.doc_id in older)
    rows = "".join(
        f"<li>{_record(one, names.get(one.doc_id, ()), older.get(one.doc_id))}</li>" for one in ordered[:_LISTED]
    )
    more = len(records) - _LISTED
    rest = f'<p class="note">{both(f"还有 {more} 篇未列出。", f"{more} more are not listed.")}</p>' if more > 0 else ""
    count = both(f"资料（{len(records)} 篇）", f"Documents ({len(records)})")
    hint = both(
        "提问之后，答案的出处会在这里打开。也可以先点开一篇读，或勾选几篇，只问它们。",
        "Once you ask, the source of the answer opens here. Or open one to read, or choose some to ask only these.",
    )
    listed = f'{boxes(collections)}<ul class="documents">{rows}</ul>{rest}'
    return f'<div class="pane"><h2>{count}</h2><p class="note">{hint}</p>{listed}</div>'


def nothing() -> str:
    """The pane where no index can be opened."""
    note = both("打不开索引。", "The index can’t be opened.")
    return f'<div class="pane"><h2>{both("资料", "Documents")}</h2><p class="note">{note}</p></div>'


def document(source: Document, place: Place, versions: str = "") -> str:
    """``source`` with ``place`` marked: all of it, or the window of blocks around the place if it is long.

    ``versions`` is the line that leads to others.
    """
    target = min(place.block, len(source.blocks)) or _target(source, place)
    first = max(0, min(target - 1 - WINDOW // 3, len(source.blocks) - WINDOW))
    shown = source.blocks[first : first + WINDOW]
    before = after = ""
    if first:
        before = _leaf(source, place, max(1, first - WINDOW // 3), f"前面还有 {first} 段", f"{first} earlier")
    left = len(source.blocks) - first - len(shown)
    if left:
        after = _leaf(source, place, shown[-1].number + WINDOW // 3, f"后面还有 {left} 段", f"{left} more")
    lacking = source.lacking()
    marks = _lacking(lacking.get(0, ())) if not first else ""
    body = marks + "".join(
        _page(source, group[0])
        + _group(source, group, place, target)
        + _lacking([one for block in group for one in lacking.get(block.number, ())])
        for group in source.grouped(shown)
    )
    line = f'<div class="line">{_tools(_contents(source))}<h2>{esc(source.title)}</h2></div>'
    head = f'<header>{line}<p class="note">{esc(shown_source(source.source))}</p>{versions}'
    head += f"{also_in(source.also_in, source.doc_id)}{_lacking(source.omitted)}{original_tools(source)}</header>"
    key = esc(str(place))
    return (
        f'<div class="pane" data-key="{key}" data-doc="{esc(source.doc_id)}">{head}{_overview(source, place)}'
        f'{facsimile(source, target)}<div class="text">{before}{body}{after}</div></div>'
    )


def _lacking(omitted: Sequence[Omission]) -> str:
    """A line that says what of the file was not read."""
    said = [Lost.said(one) for one in omitted]
    zh, en = "、".join(zh for zh, _ in said), ", ".join(en for _, en in said)
    return f'<p class="lacking">{both(f"没有读入：{zh}", f"Not read: {en}")}</p>' if said else ""


def _tools(contents: str) -> str:
    back = f'<button type="button" data-home>← {both("全部资料", "All documents")}</button>'
    up = f'<button type="button" class="up" data-up>↑ {both("回答", "Answer")}</button>'
    earlier = '<button type="button" data-step="-1" aria-label="上一处 Previous citation" title="Alt+↑">↑</button>'
    later = '<button type="button" data-step="1" aria-label="下一处 Next citation" title="Alt+↓">↓</button>'
    step = f'<span class="steps" hidden>{earlier}<span class="at"></span>{later}</span>'
    link = f'<button type="button" data-link>{both("复制链接", "Copy link")}</button>'
    find = f'<button type="button" data-find>{both("查找", "Find")}</button>'
    # On a phone, where all but the first line of the head goes out of view with the text.
    more = '<details class="more"><summary aria-label="更多 More">⋯</summary></details>'
    return f"<nav>{back}{up}{step}{contents}{find}{link}{more}</nav>"


def facts(source: Document, found: Sequence[KeyFact]) -> str:
    """What stands out in ``source``: figures and dates in their clauses, and names, each to be opened."""
    shown = ""
    for sort, title in _SORTS.items():
        rows = "".join(f"<li>{_fact(source, fact)}</li>" for fact in found if fact.sort is sort)
        shown += f'<h3>{title}</h3><ul class="{sort}">{rows}</ul>' if rows else ""
    return shown


def _fact(source: Document, fact: KeyFact) -> str:
    text, (start, end) = source.text, fact.span
    there = Place(source.doc_id, fact.span, fact.sentence)
    words = f"<b>{esc(_on_one_line(text[start:end]))}</b>"
    if fact.sort is Sort.NAME:
        return opener(there, words, "fact")
    before = text[max(fact.clause.start, start - _AROUND) : start]
    after = text[end : min(fact.clause.end, end + _AROUND)]
    return opener(there, f"{esc(before)}{words}{esc(after)}", "fact")


def _overview(source: Document, place: Place) -> str:
    """What there is to see in a document, closed at first; the page fetches the `facts` when it is opened."""
    return (
        f'<details class="outline" data-facts="{esc(source.doc_id)}"><summary>{both("概览", "Overview")}</summary>'
        f'{_outline(source, place)}<div class="facts"></div></details>'
    )


def _outline(source: Document, place: Place) -> str:
    """The headings, to go to; nothing if there are too few to need it."""
    headings = _headings(source)
    if len(headings) < _OUTLINE:
        return ""
    rows = ""
    for block in headings[:_LISTED]:
        there = Place(place.doc_id, place.exact, place.around, block.number)
        title = esc(source.text[block.start : block.end][:_TITLE])
        rows += f"<li>{opener(there, title, f'jump l{min(block.level, 4)}', jump=block.number)}</li>"
    left = len(headings) - _LISTED
    rest = f'<p class="note">{both(f"还有 {left} 个标题未列出。", f"{left} more headings.")}</p>' if left > 0 else ""
    return f"<h3>{both('目录', 'Contents')}</h3><ol>{rows}</ol>{rest}"


def _headings(source: Document) -> list[Block]:
    return [block for block in source.blocks if block.kind is BlockKind.HEADING]


def _contents(source: Document) -> str:
    """Where the outline is at hand when it is out of view; the page fills it, see contents.js."""
    if len(_headings(source)) < _OUTLINE:
        return ""
    return f'<details class="contents"><summary>{both("目录", "Contents")}</summary><ol></ol></details>'


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _record(record: DocumentRecord, collections: Sequence[str], older: Older | None) -> str:
    size = both(
        f"{record.paragraphs} 段 · {record.characters:,} 字",
        f"{record.paragraphs} paragraphs · {record.characters:,} characters",
    )
    file = esc(shown_source(record.source))
    mark = edition_mark(older.edition) if older else ""
    words = f'<span class="title">{esc(record.title)}</span><span class="size">{mark}{file} · {size}</span>'
    box = document_box(record.doc_id, f"{record.title} {older.edition}" if older else record.title, collections)
    return box + opener(Place(record.doc_id), words, "document")


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


def _group(source: Document, blocks: Sequence[Block], place: Place, target: int) -> str:
    """One block, or several rows of a table."""
    if source.row(blocks[0]):
        return table(source, blocks, place, target) + _recognised(blocks)
    return "".join(_block(source.text, block, place, target) for block in blocks)


def _block(text: str, block: Block, place: Place, target: int) -> str:
    tag = f"h{min(6, 2 + max(1, block.level))}" if block.kind is BlockKind.HEADING else "p"
    indent = f" l{min(block.level, 4)}" if block.kind is BlockKind.LIST_ITEM else ""
    here = " here" if block.number == target else ""
    number = f'<span class="number" aria-hidden="true">{block.number}</span>'
    shown, words = marked(text, Span(block.start, block.end), place, bold=block.stretches)
    # It is no part of the text: what is selected, counted and found begins after it.
    marker = f' data-marker="{esc(block.marker)}"' if block.marker and shown.start == block.start else ""
    return (
        f'<div class="block {block.kind}{indent}{here}" data-number="{block.number}">{number}'
        f'<{tag} data-start="{shown.start}"{marker}>{words}</{tag}>{_recognised([block])}</div>'
    )


def _recognised(blocks: Sequence[Block]) -> str:
    """A mark on what was recognised in a picture, and how sure the least sure of it is."""
    sure = min(block.ocr for block in blocks)
    if not sure:
        return ""
    said = both(f"文字识别 · 把握 {sure:.0%}", f"OCR · {sure:.0%} sure")
    return f'<p class="recognised">{said}</p>'
