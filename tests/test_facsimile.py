"""A page of a file is drawn as it looks, and a citation's words are found on it, or nothing is framed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import drawn
import pypdfium2
import pytest
import samples
from PIL import Image

from rag.errors import LoadError
from rag.loading.facsimile import Facsimile, PlacedLine
from rag.loading.facsimile.framing import Frame, framed
from rag.loading.images import recognition
from rag.loading.sandbox.apart import draw_apart
from rag.types import Document, Span

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAME = Path("制度.pdf")
FIRST = "员工每月迟到三次以内不扣款，超过三次的每次扣款五十元，由人事部在每月五日之前核算并公布在内网的考勤栏目里面。"
SECOND = "外勤人员每月迟到五次以内不扣款，超过五次的每次扣款五十元，由各部门自己核算。"
LONG = (
    "".join(f"第{n}种情形按照本制度附件里的第{n}号标准逐项核对，" for n in "甲乙丙丁戊己庚辛壬癸")
    + "最后由总经理签字。"
)
PRINTED = f"""<style>
  body {{ font: 12pt/1.7 "Noto Serif CJK SC", serif }} p {{ margin: 0 0 6pt }} sup {{ font-size: 7pt }}
  td, th {{ border: 1px solid #000; padding: 4px 12px }}
</style><h1>考勤制度</h1><p>{FIRST.replace("五十元，", "五十元<sup>[1]</sup>，")}</p><p>{SECOND}</p>
<table><tr><th>部门<th>补贴<th>上限<th>扣款</tr><tr><td>销售部<td>100元<td>10次<td>2010元</tr>
<tr><td>研发部<td>100元<td>8次<td>100元</tr></table><div style="height: 165mm"></div><p>{LONG}</p>"""

needs_networks = pytest.mark.skipif(
    find_spec("rapidocr") is None or drawn.FONT is None, reason="needs wenyuan[ocr] and Noto CJK"
)


def printed_by(browser: Browser) -> bytes:
    page = browser.new_page()
    page.set_content(PRINTED)
    made = page.pdf(format="A4", margin={"top": "20mm", "bottom": "20mm", "left": "20mm", "right": "20mm"})
    page.close()
    return made


@pytest.fixture(scope="module")
def printed(browser: Browser) -> bytes:
    """Two paragraphs that say almost the same, a table, and a paragraph that goes on on the second page."""
    return printed_by(browser)


@pytest.fixture(scope="module")
def rules(printed: bytes) -> Document:
    return samples.load_bytes(printed, NAME.name)


def frames(data: bytes, document: Document, words: str, name: Path = NAME, *, look: bool = False) -> list[Frame]:
    """The frames around the first place of ``words``."""
    start = document.text.index(words)
    return framed(
        document, Span(start, start + len(words)), lambda number: draw_apart(data, name, number, look=look).lines
    )


def inside(data: bytes, frame: Frame) -> str:
    """The text that pdfium itself finds in a frame."""
    page = pypdfium2.PdfDocument(data)[frame.page - 1]
    width, height = page.get_size()
    edges = (width * frame.left + 1, height * (1 - frame.bottom), width * frame.right - 1, height * (1 - frame.top))
    found = page.get_textpage().get_text_bounded(*edges)
    return "".join(found.split())


def picture(page: Facsimile) -> Image.Image:
    return Image.open(io.BytesIO(page.image)).convert("L")


def ink(image: Image.Image) -> tuple[float, float, float, float]:
    """Where anything stands in a picture, as shares of its sides."""
    left, top, right, bottom = image.point(lambda shade: 255 * (shade < 128)).getbbox() or (0, 0, 0, 0)
    return left / image.width, top / image.height, right / image.width, bottom / image.height


def test_each_line_of_a_citation_has_a_frame_around_its_words(printed: bytes, rules: Document) -> None:
    words = "超过三次的每次扣款五十元，由人事部在每月五日之前核算并公布在内网的考勤栏目里面"
    found = frames(printed, rules, words)
    assert len(found) == 2
    assert found[0].right > found[1].right
    assert found[0].bottom < found[1].bottom
    assert "".join(inside(printed, frame) for frame in found).replace("[1]", "") == words


def test_of_the_same_words_those_are_framed_that_are_cited(printed: bytes, rules: Document) -> None:
    first, second = frames(printed, rules, FIRST), frames(printed, rules, SECOND)
    start = rules.text.index(SECOND) + SECOND.index("每次扣款五十元")
    (found,) = framed(rules, Span(start, start + 7), lambda number: draw_apart(printed, NAME, number).lines)
    assert inside(printed, found) == "每次扣款五十元"
    assert first[-1].bottom <= second[0].top + 0.001 <= found.bottom <= second[-1].bottom


def test_a_cell_is_framed_in_its_own_row_and_column(printed: bytes, rules: Document) -> None:
    (row,) = [block for block in rules.blocks if rules.text[block.start : block.end].startswith("部门：研发部")]
    department, allowance, most, deduction = (
        framed(rules, Span(cell.start, cell.end), lambda number: draw_apart(printed, NAME, number).lines)
        for cell in row.cells
    )
    cells = [*department, *allowance, *most, *deduction]
    assert [inside(printed, cell) for cell in cells] == ["研发部", "100元", "8次", "100元"]
    assert {round(cell.top, 2) for cell in cells} == {round(department[0].top, 2)}
    assert [cell.left for cell in cells] == sorted(cell.left for cell in cells)
    whole = framed(rules, Span(row.start, row.end), lambda number: draw_apart(printed, NAME, number).lines)
    assert whole == cells


def test_a_value_is_not_found_inside_of_a_longer_one(printed: bytes, rules: Document) -> None:
    (row,) = [block for block in rules.blocks if rules.text[block.start : block.end].startswith("部门：销售部")]
    cell = row.cells[2]
    assert rules.text[cell.start : cell.end] == "10次"
    (found,) = framed(rules, Span(cell.start, cell.end), lambda number: draw_apart(printed, NAME, number).lines)
    assert inside(printed, found) == "10次"


def test_a_paragraph_that_goes_on_on_the_next_page_has_frames_on_both(printed: bytes, rules: Document) -> None:
    found = frames(printed, rules, LONG)
    assert {frame.page for frame in found} == {1, 2}
    assert "".join(inside(printed, frame) for frame in found) == LONG
    (last,) = frames(printed, rules, "最后由总经理签字")
    assert (last.page, inside(printed, last)) == (2, "最后由总经理签字")


def test_words_that_are_not_on_the_page_have_no_frame(printed: bytes, rules: Document) -> None:
    start = rules.text.index(FIRST)
    other = Document("d", "题", "a.pdf", "", rules.text.replace("人事部", "财务部"), rules.blocks)
    place = Span(start, start + len(FIRST))
    assert framed(rules, place, lambda _: ()) == []
    assert framed(other, place, lambda number: draw_apart(printed, NAME, number).lines) == []
    elsewhere = [PlacedLine("扣款", "扣款", (0.1,) * 8)]
    cited = Span(start + FIRST.index("扣款"), start + FIRST.index("扣款") + 2)
    assert framed(rules, cited, lambda _: elsewhere) == []


@pytest.mark.parametrize("quarters", [0, 90, 180, 270])
def test_a_frame_stands_where_the_words_are_seen_however_the_page_is_turned_and_cut(quarters: int) -> None:
    document = pypdfium2.PdfDocument(samples.pdf([samples.line("Words that are cited.", 100, 600, 20)]))
    document[0].set_rotation(quarters)
    document[0].set_cropbox(50, 100, 550, 700)
    stream = io.BytesIO()
    document.save(stream)
    page = draw_apart(stream.getvalue(), NAME, 1)
    (found,) = frames(stream.getvalue(), samples.load_bytes(stream.getvalue(), NAME.name), "Words that are cited")
    seen = ink(picture(page))
    assert all(abs(edge - of) < 0.03 for edge, of in zip(found[1:], seen, strict=True)), (found, seen)


def test_a_page_is_drawn_within_bounds_whatever_size_it_claims() -> None:
    for width, height in ((14_400, 14_400), (3, 14_400), (14_400, 3), (0, 0)):
        data = samples.pdf([b""]).replace(b"[0 0 600 800]", b"[0 0 %d %d]" % (width, height))
        shown = picture(draw_apart(data, NAME, 1))
        assert shown.width <= 2000
        assert shown.height <= 16_000
        assert shown.width * shown.height <= 8_100_000


def test_a_page_that_is_not_there_is_empty_and_a_damaged_file_an_error() -> None:
    data = samples.pdf([samples.line("One.", 72, 700), samples.line("Two.", 72, 700)])
    assert draw_apart(data, NAME, 3) == Facsimile(2)
    assert draw_apart(data, NAME, 2).lines[0].text == "Two."
    with pytest.raises(LoadError):
        draw_apart(b"%PDF-1.7", NAME, 1)
    with pytest.raises(LoadError):
        draw_apart(b"\x89PNG", Path("a.png"), 1)


def test_a_page_of_too_many_characters_is_shown_without_their_places() -> None:
    crowded = b"".join(samples.line("x" * 100, 10, 790 - n, 1) for n in range(250))
    page = draw_apart(samples.pdf([crowded]), NAME, 1)
    assert (page.lines, picture(page).size) == ((), (1250, 1667))


def test_of_a_picture_of_several_pages_each_is_drawn() -> None:
    data = drawn.file(Image.new("L", (300, 200), 255), "TIFF", [Image.new("L", (200, 300), 0)])
    assert [picture(draw_apart(data, Path("传真.tif"), n)).size for n in (1, 2)] == [(300, 200), (200, 300)]
    assert draw_apart(data, Path("传真.tif"), 3) == Facsimile(2)


@needs_networks
@pytest.mark.parametrize("turned", [0, 90, 270])
def test_what_was_recognised_in_a_picture_is_framed_there(turned: int) -> None:
    lines: Sequence[tuple[int, int, str]] = [
        (40, 40, "图书馆每逢周一闭馆，其余各日上午九点"),
        (40, 100, "开门，晚上九点关门。"),
        (40, 160, "押金为三百元。"),
    ]
    paper = drawn.page(lines).rotate(turned, expand=True)
    data, name = drawn.file(paper), Path("通知.png")
    document = samples.load_bytes(data, name.name)
    (found,) = frames(data, document, "押金为三百元", name, look=True)
    alone = ink(drawn.page(lines[2:]).rotate(turned, expand=True))
    assert all(abs(edge - of) < 0.05 for edge, of in zip(found[1:], alone, strict=True)), (found, alone)
    assert draw_apart(data, name, 1).lines == ()


@needs_networks
def test_a_line_that_was_read_upside_down_stands_where_it_was_before() -> None:
    paper = drawn.page([(40, 160, "押金为三百元。")])
    (line,) = recognition._turned(paper.convert("RGB").rotate(180), 2).lines
    right, bottom, left, top = ink(paper)
    seen = [edge / side for edge, side in zip(line.box, (640, 300, 640, 300), strict=True)]
    assert line.text == "押金为三百元。"
    assert seen == pytest.approx([1 - left, 1 - top, 1 - right, 1 - bottom], abs=0.05)


def test_a_short_value_that_stands_only_inside_of_others_is_framed_nowhere() -> None:
    data = samples.pdf([samples.line("In 2010 it cost 1003 yuan.", 72, 700)])
    table = samples.load_bytes("品名,数量\n甲,10\n".encode(), "a.csv")
    assert frames(data, table, "10") == []
