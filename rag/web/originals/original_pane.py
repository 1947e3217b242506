"""In the source pane: the switch between a document's text and its file's pages, the page, and the file to save."""

from __future__ import annotations

from rag.loading.facsimile import has_pages
from rag.types import Document
from rag.web.page.markup import both


def original_tools(source: Document) -> str:
    """The switch, where the file has pages, and the button that saves the file."""
    save = f'<button type="button" data-original>{both("下载原件", "Download the file")}</button>'
    said = '<span class="said" role="status"></span>'
    if not has_pages(source.source):
        return f'<div class="original">{save}{said}</div>'
    text = f'<button type="button" data-look="text">{both("文字", "Text")}</button>'
    page = f'<button type="button" data-look="page">{both("原页", "Page")}</button>'
    switch = f'<span role="group" class="look" aria-label="看文字还是原页 Text or page">{text}{page}</span>'
    return f'<div class="original">{switch}{save}{said}</div>'


def facsimile(source: Document, number: int) -> str:
    """Where the page of block ``number`` is drawn by the page's program; nothing for a file without pages."""
    if not has_pages(source.source) or not source.blocks:
        return ""
    page = source.blocks[number - 1].page or 1
    turn = "".join(
        f'<button type="button" data-leaf="{by}" aria-label="{said}">{sign}</button>'
        for by, said, sign in ((-1, "上一页 Previous page", "‹"), (1, "下一页 Next page", "›"))
    )
    large = f'<button type="button" data-large aria-pressed="false">{both("放大", "Enlarge")}</button>'
    bar = f'<div class="leaves">{turn}<span class="leaf-now" aria-live="polite"></span>{large}</div>'
    sheet = (
        '<div class="scroll" tabindex="-1"><div class="sheet"><img alt=""><div aria-hidden="true"></div></div></div>'
    )
    return f'<figure class="facsimile" data-page="{page}">{bar}<p class="note" role="status"></p>{sheet}</figure>'
