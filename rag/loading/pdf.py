"""PDF to blocks: paragraphs in reading order with the pages on which they begin.

A PDF holds characters and their places, no paragraphs; these are rebuilt. Large type makes a heading.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.loading.blocks import Notice, Outline, Parsed, RawBlock, gather
from rag.loading.columns import reading_order
from rag.loading.glyphs import Line, page_lines
from rag.loading.paragraphs import Paragraph, paragraphs
from rag.loading.plain import ordinal_of
from rag.loading.running import without_running
from rag.types import BlockKind

# A heading's type is so much larger than the text's, and its words are few.
_LARGER = 1.12
_LONGEST_HEADING = 80
_MOST_LINES = 3
_LEVELS = 6
_NO_HEADING = tuple("。，；;,")
_NAMED_PAGES = 20


def parse_pdf(data: bytes, name: Path) -> Parsed:
    """The text of a PDF without running headers, footers and page numbers. Raises LoadError."""
    pages, scanned = _pages(data, name)
    if not any(pieces for pieces, _ in pages):
        raise _no_text(name, len(pages), scanned)
    columns = [reading_order(pieces) for pieces in without_running(pages)]
    notices = [_scanned(name, scanned)] if scanned else []
    return Parsed(gather(_blocks(paragraphs(columns)), name), notices=tuple(notices))


def _pages(data: bytes, name: Path) -> tuple[list[tuple[list[Line], float]], list[int]]:
    """The pieces of lines and the height of each page; the numbers of those that are a picture without text."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise _unreadable(name, error) from error
    pages: list[tuple[list[Line], float]] = []
    scanned: list[int] = []
    for index in range(len(document)):
        try:
            page = document[index]
        except pypdfium2.PdfiumError as error:
            raise LoadError(
                f"无法读取 {name}：第 {index + 1} 页已损坏，已跳过。请重新导出后再索引。",
                f"Can't read {name}: page {index + 1} is damaged; it was skipped. Export it again.",
            ) from error
        pieces, height = page_lines(page)
        if not pieces and _has_picture(page):
            scanned.append(index + 1)
        pages.append((pieces, height))
        page.close()
    document.close()
    return pages, scanned


def _has_picture(page: Any) -> bool:
    import pypdfium2.raw as pdfium

    return next(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None


def _blocks(found: Sequence[Paragraph]) -> Iterator[RawBlock]:
    sizes: Counter[float] = Counter()
    for paragraph in found:
        sizes[_rounded(paragraph.size)] += len(paragraph.text)
    text_size = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = {_rounded(p.size) for p in found if _is_heading(p, text_size)}
    levels = {size: min(rank, _LEVELS) for rank, size in enumerate(sorted(larger, reverse=True), start=1)}
    outline = Outline()
    for p in found:
        number = ordinal_of(p.text)
        if _is_heading(p, text_size):
            yield outline.heading(p.text, levels[_rounded(p.size)], page=p.page)
        elif number is not None:
            yield RawBlock(BlockKind.LIST_ITEM, p.text, path=outline.path, level=1, item=number, page=p.page)
        else:
            yield RawBlock(BlockKind.PARAGRAPH, p.text, path=outline.path, page=p.page)


def _is_heading(paragraph: Paragraph, text_size: float) -> bool:
    return (
        paragraph.size >= _LARGER * text_size
        and len(paragraph.text) <= _LONGEST_HEADING
        and paragraph.lines <= _MOST_LINES
        and not paragraph.text.endswith(_NO_HEADING)
    )


def _rounded(size: float) -> float:
    return round(size * 2) / 2


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


def _no_text(name: Path, pages: int, scanned: Sequence[int]) -> LoadError:
    if scanned:
        return LoadError(
            f"{name} 是扫描件（{pages} 页都没有文字，只有图片），已跳过。请先做文字识别（OCR）。",
            f"{name} is a scan ({pages} pages of pictures, no text) and was skipped. Run text recognition (OCR) first.",
        )
    return LoadError(f"{name} 里没有文字，已跳过。", f"{name} holds no text; it was skipped.")


def _scanned(name: Path, pages: Sequence[int]) -> Notice:
    more = len(pages) - _NAMED_PAGES
    numbers = [str(page) for page in pages[:_NAMED_PAGES]]
    zh = "、".join(numbers) + (f" 等 {len(pages)}" if more > 0 else "")
    en = ", ".join(numbers) + (f" and {more} more" if more > 0 else "")
    return Notice(
        f"{name} 第 {zh} 页是图片，没有文字，读不到。要索引这些页，请先做文字识别（OCR）。",
        f"{name}: pages {en} are pictures without text. To index them, run text recognition (OCR) first.",
    )
