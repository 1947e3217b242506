"""PDF to blocks: paragraphs in reading order with the pages on which they begin.

A PDF holds characters and their places, no paragraphs; these are rebuilt. Pages that are pictures are recognised.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.loading.blocks import Notice, Parsed, RawBlock, gather
from rag.loading.images.recognition import MOST_SIDE, RECOGNISER, how_to_read
from rag.loading.numbered import structured
from rag.loading.office.page_edges import FOOTER, HEADER, Edges
from rag.loading.pdf.bullets import with_bullets
from rag.loading.pdf.fields import marks
from rag.loading.pdf.glyphs import Line, page_text
from rag.loading.pdf.grids import Grid, with_tables
from rag.loading.pdf.headers import without_running
from rag.loading.pdf.legible import is_garbage
from rag.loading.pdf.reflow import recognised, reflowed
from rag.loading.unread import Lost, Unread
from rag.types import BlockKind

_NAMED_PAGES = 20
# A page is a scan if a picture fills this share of it and no more characters stand on it; smaller pictures than
# the other share are ornaments.
_FILLS = 0.6
_LARGE = 0.03
_STAMP = 30
_MOST_PICTURES = 500
_MOST_ODD = 0.3
# Dots a point: 150 an inch.
_DOTS = 150 / 72


def parse_pdf(data: bytes, name: Path) -> Parsed:
    """The text of a PDF with its tables, filled fields and remarks, and its running headers and footers once.

    Raises LoadError.
    """
    read = _Pages(name)
    read.open(data)
    if not any(pieces for pieces, _ in read.pages) and not any(read.remarks):
        raise read.no_text()
    parted = without_running(read.pages)
    blocks = structured(gather(reflowed(parted.pages, read.tables, read.remarks), name, read.unread))
    return Parsed((*blocks, *gather(_edges(parted.running, blocks), name)), notices=read.notices())


def _edges(running: Sequence[tuple[str, int, str]], blocks: Sequence[RawBlock]) -> Iterator[RawBlock]:
    """What stands at the edges of pages and nowhere in the text, at the page that has it first."""
    said = "\n".join("".join(block.text.split()) for block in blocks) if running else ""
    for edge, page, text in running:
        if "".join(text.split()) not in said:
            block = RawBlock(BlockKind.PARAGRAPH, text, page=page)
            yield from Edges().once(HEADER if edge == "top" else FOOTER, [block])


class _Pages:
    """The pages of a PDF: their lines and heights, tables and remarks, and what can't be read of them."""

    def __init__(self, name: Path) -> None:
        self.name = name
        self.pages: list[tuple[list[Line], float]] = []
        self.tables: list[Grid] = []
        self.remarks: list[list[str]] = []
        self.pictured: set[int] = set()
        self.scanned: list[int] = []
        self.garbled: list[int] = []
        self.unread = Unread()

    def open(self, data: bytes) -> None:
        import pypdfium2

        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            raise _unreadable(self.name, error) from error
        document.init_forms()
        form = document.formenv
        for index in range(len(document)):
            try:
                page = document[index]
            except pypdfium2.PdfiumError as error:
                raise LoadError(
                    f"无法读取 {self.name}：第 {index + 1} 页已损坏，已跳过。请重新导出后再索引。",
                    f"Can't read {self.name}: page {index + 1} is damaged; it was skipped. Export it again.",
                ) from error
            self.read(page, form, index + 1)
            page.close()
        for number in self.pictures():
            page = document[number - 1]
            self.recognise(page, number)
            page.close()
        document.close()

    def read(self, page: Any, form: Any, number: int) -> None:
        said = page_text(page)
        pieces = said.pieces
        if said.odd > _MOST_ODD or is_garbage(p.text for p in pieces) or (not pieces and _has(page, "TEXT")):
            self.garbled.append(number)
            pieces = []
        else:
            self.unread.add(Lost.UNNAMED, said.unnamed, page=number)
            self.unread.add(Lost.TURNED, said.turned, page=number)
        top = page.get_cropbox()[3]
        found = marks(page, form.raw if form else None, top)
        self.remarks.append(found.remarks)
        pieces = with_bullets(pieces, said.rulings.dots)
        before = self.pages[-1][0] if self.pages else []
        self.pages.append((with_tables([*pieces, *found.fields], said.rulings, self.tables, before), said.height))
        self.look(page, number)

    def look(self, page: Any, number: int) -> None:
        """Note the pictures on a page, and whether one fills it."""
        width, height = page.get_size()
        for share in _pictures(page, width * height):
            if share >= _FILLS:
                self.pictured.add(number)
            elif share >= _LARGE:
                self.unread.add(Lost.PICTURE, page=number)

    def pictures(self) -> list[int]:
        """The pages of which all but a stamp or a page's number is a picture, and those whose text is none."""
        for number, pieces in enumerate(without_running(self.pages).pages, start=1):
            if number in self.pictured and number not in self.garbled:
                if sum(len(piece.text) for piece in pieces) < _STAMP:
                    self.scanned.append(number)
                else:
                    self.unread.add(Lost.PICTURE, page=number)
        return sorted({*self.scanned, *self.garbled})

    def recognise(self, page: Any, number: int) -> None:
        """Take for the page's text what is seen on it, if that can be."""
        width, height = page.get_size()
        scale = min(_DOTS, MOST_SIDE / max(1.0, width, height))
        looked = RECOGNISER.page(lambda: page.render(scale=scale).to_pil())
        if looked is None or not (looked.lines or number in self.scanned):
            return
        (self.scanned if number in self.scanned else self.garbled).remove(number)
        self.unread.add(Lost.LINE, looked.unsure, page=number)
        if looked.lines:
            self.pages[number - 1] = (recognised(looked, 1 / scale, self.tables), looked.height / scale)
        else:
            self.unread.add(Lost.PICTURE, page=number)

    def no_text(self) -> LoadError:
        if self.garbled or self.scanned:
            kind = _garbled if self.garbled else _scanned
            said = kind(self.name, self.garbled or self.scanned)
            return LoadError(f"{said.zh}没有别的文字，已跳过。", f"{said.en} There is no other text; it was skipped.")
        return LoadError(f"{self.name} 里没有文字，已跳过。", f"{self.name} holds no text; it was skipped.")

    def notices(self) -> tuple[Notice, ...]:
        told = []
        for pages, said, kind in ((self.scanned, _scanned, Lost.SCAN), (self.garbled, _garbled, Lost.GARBLED)):
            if pages:
                told.append(replace(said(self.name, pages), omitted=self.unread.on_pages(kind, pages)))
        return (*told, *self.unread.notices(self.name))


def _has(page: Any, kind: str) -> bool:
    import pypdfium2.raw as pdfium

    kinds = [getattr(pdfium, f"FPDF_PAGEOBJ_{kind}")]
    return next(page.get_objects(filter=kinds, max_depth=3), None) is not None


def _pictures(page: Any, area: float) -> Iterator[float]:
    """The shares of the page that its pictures fill."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    for picture in islice(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3), _MOST_PICTURES):
        try:
            left, bottom, right, top = picture.get_bounds()
        except pypdfium2.PdfiumError:
            continue
        yield abs((right - left) * (top - bottom)) / max(1.0, area)


def _unreadable(name: Path, error: Any) -> LoadError:
    import pypdfium2.raw as pdfium

    if error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
        return LoadError(
            f"{name} 加了密码，已跳过。请去掉密码后再索引。",
            f"{name} has a password and was skipped. Remove the password.",
        )
    return LoadError(
        f"无法读取 {name}：文件已损坏，或不是 .pdf 格式。请重新导出后再索引。",
        f"Can't read {name}: damaged, or not a .pdf file. Export it again.",
    )


def _scanned(name: Path, pages: Sequence[int]) -> Notice:
    zh, en = _numbers(pages)
    how_zh, how_en = how_to_read()
    return Notice(
        f"{name} 有 {len(pages)} 页是图片，没有文字，没有读（第 {zh} 页）。{how_zh}",
        f"{name}: {len(pages)} pages are pictures without text and were not read ({en}). {how_en}",
    )


def _garbled(name: Path, pages: Sequence[int]) -> Notice:
    zh, en = _numbers(pages)
    how_zh, how_en = how_to_read()
    return Notice(
        f"{name} 有 {len(pages)} 页的文字编码缺失（字体没有注明字符），没有读（第 {zh} 页）。{how_zh}",
        f"{name}: {len(pages)} pages do not say which characters their fonts show and were not read ({en}). {how_en}",
    )


def _numbers(pages: Sequence[int]) -> tuple[str, str]:
    more = len(pages) - _NAMED_PAGES
    numbers = [str(page) for page in pages[:_NAMED_PAGES]]
    zh = "、".join(numbers) + (f" 等 {len(pages)}" if more > 0 else "")
    return zh, ", ".join(numbers) + (f" and {more} more" if more > 0 else "")
