"""A PDF gives its paragraphs in reading order, each with its page, and not what recurs on every page."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import samples
from samples import line

from rag.errors import LoadError
from rag.loading.blocks import RawBlock
from rag.loading.pdf import parse_pdf
from rag.types import BlockKind, Document

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HEADING, PARAGRAPH, ITEM = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM
NAME = Path("报告.pdf")
CHINESE = "大模型行业在2024年经历了残酷的竞争与淘汰，只有少数产品真正抵达了市场，其余的都留在了漏斗里面。"
ENGLISH = (
    "The market for large language models grew at an extraordinary pace through the year, and most of the early "
    "vendors went under within months of their first release."
)
SECTIONS = "一二三四五六七八"
STYLE = """
body { font-family: "Noto Serif CJK SC", serif; font-size: 11pt; line-height: 1.6; text-align: justify }
h1 { font-size: 22pt } h2 { font-size: 15pt } .two { columns: 2; column-gap: 8mm }
p { margin: 0; text-indent: 2em } .en { text-indent: 0; hyphens: manual; text-align: left }
"""


def texts(data: bytes) -> list[str]:
    return [block.text for block in parse_pdf(data, NAME).blocks]


def column(words: list[str], x: float, *, top: float = 640, size: float = 12) -> bytes:
    return b"".join(line(text, x, top - 14 * n, size) for n, text in enumerate(words))


@pytest.fixture(scope="module")
def printed(browser: Browser) -> bytes:
    """A report in two columns under a title, printed by Chromium with a running header and page numbers."""
    divided = ENGLISH.replace("extraordinary", "extraordi&shy;nary").replace("within", "with&shy;in")
    sections = "".join(
        f"<h2>第{n}节</h2><p>{n}甲：{CHINESE * 3}</p><p>{n}乙：{CHINESE * 4}</p><p class=en>{divided} {divided}</p>"
        for n in SECTIONS
    )
    page = browser.new_page()
    page.set_content(
        f"<style>{STYLE}</style><h1>年度行业报告</h1><p>摘要：{CHINESE * 2}</p><div class=two>{sections}</div>"
    )
    small = '<div style="font-size: 9px; width: 100%; text-align: center">'
    made = page.pdf(
        format="A4",
        display_header_footer=True,
        margin={"top": "25mm", "bottom": "25mm", "left": "20mm", "right": "20mm"},
        header_template=f"{small}问源研究院 内部资料</div>",
        footer_template=f"{small}第 <span class=pageNumber></span> 页 共 <span class=totalPages></span> 页</div>",
    )
    page.close()
    return made


def test_a_printed_report_in_two_columns_is_read_word_for_word_in_order(printed: bytes) -> None:
    expected: list[tuple[BlockKind, str, tuple[str, ...]]] = [
        (HEADING, "年度行业报告", ()),
        (PARAGRAPH, f"摘要：{CHINESE * 2}", ("年度行业报告",)),
    ]
    for n in SECTIONS:
        above = ("年度行业报告", f"第{n}节")
        expected += [
            (HEADING, f"第{n}节", above[:1]),
            (PARAGRAPH, f"{n}甲：{CHINESE * 3}", above),
            (PARAGRAPH, f"{n}乙：{CHINESE * 4}", above),
            (PARAGRAPH, f"{ENGLISH} {ENGLISH}", above),
        ]
    assert [(b.kind, b.text, b.path) for b in parse_pdf(printed, NAME).blocks] == expected


def test_rare_characters_and_spaces_beside_latin_words_are_kept(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(f"<style>{STYLE}</style><p>姓𠮷的人用 GPT-4o 与 AI 模型；“引号”……（括号）《书名》！</p>")
    made = page.pdf()
    page.close()
    assert texts(made) == ["姓𠮷的人用 GPT-4o 与 AI 模型；“引号”……（括号）《书名》！"]


def test_each_block_names_the_page_on_which_it_begins(printed: bytes) -> None:
    pages = [block.page for block in parse_pdf(printed, NAME).blocks]
    assert (pages[0], pages[-1]) == (1, 4)
    assert all(0 <= later - earlier <= 1 for earlier, later in pairwise(pages))


def test_a_document_has_exact_offsets_and_its_pages(printed: bytes) -> None:
    document: Document = samples.load_bytes(printed, "报告.pdf")
    raw = parse_pdf(printed, NAME).blocks
    assert document.title == "年度行业报告"
    assert [document.text[b.start : b.end] for b in document.blocks] == [b.text for b in raw]
    assert [(b.page, b.line) for b in document.blocks] == [(b.page, 0) for b in raw]


def test_columns_are_read_one_after_the_other_whatever_the_order_of_the_file() -> None:
    left = [f"left column line number {n} of it" for n in range(6)]
    right = [f"right column line number {n} of it" for n in range(6)]
    rows = zip(left, right, strict=True)
    interleaved = b"".join(line(a, 72, 700 - 14 * n) + line(b, 320, 700 - 14 * n) for n, (a, b) in enumerate(rows))
    title = line("A title that stands above both of the columns and crosses the gutter", 72, 740)
    assert texts(samples.pdf([title + interleaved])) == [
        "A title that stands above both of the columns and crosses the gutter",
        " ".join(left + right),
    ]


def test_rows_of_a_table_are_not_taken_for_columns() -> None:
    rows = [("Doubao", "60 million"), ("Kimi", "12 million"), ("Wenxin", "13 million"), ("Tongyi", "9 million")]
    content = b"".join(line(a, 72, 700 - 14 * n) + line(b, 320, 700 - 14 * n) for n, (a, b) in enumerate(rows * 2))
    assert texts(samples.pdf([content]))[:2] == ["Doubao 60 million", "Kimi 12 million"]


def test_a_paragraph_begins_after_a_gap_an_indent_and_a_short_line() -> None:
    full = "this line is filled with words up to the right edge of it"
    lines = [(72, 700, full), (72, 686, "short."), (72, 672, full), (72, 658, full), (72, 620, full), (90, 606, full)]
    content = b"".join(line(text, x, y) for x, y, text in lines)
    assert texts(samples.pdf([content])) == [f"{full} short.", f"{full} {full}", full, full]


def test_a_divided_word_is_joined_and_a_compound_keeps_its_hyphen() -> None:
    lines = ["the pace was extraordi-", "nary for self-made GPT-", "4 and for ByteDance-", "Douyin in all of it"]
    assert texts(samples.pdf([column(lines, 72)])) == [
        "the pace was extraordinary for self-made GPT- 4 and for ByteDance- Douyin in all of it"
    ]


def test_what_recurs_at_the_edges_of_pages_is_dropped_with_its_number_and_the_text_goes_on() -> None:
    full = "this line is filled with words up to the right edge of the page"
    pages = [
        line(f"Annual report - {n}", 72, 770) + column([full] * 3, 72) + line(f"{n + 6}", 300, 40) for n in range(1, 4)
    ]
    assert parse_pdf(samples.pdf(pages), NAME).blocks == (RawBlock(PARAGRAPH, " ".join([full] * 9), page=1),)


def test_what_stands_once_at_the_edge_of_a_page_is_text() -> None:
    pages = [line("A heading of one page only", 72, 770) + column(["some text here."], 72), column(["more."], 72)]
    assert texts(samples.pdf(pages)) == ["A heading of one page only", "some text here.", "more."]


def test_footnotes_do_not_divide_the_paragraph_that_goes_on_over_the_page() -> None:
    full = "this line is filled with words up to the right edge of the page"
    pages = [
        column([full] * 3, 72) + line("1 a footnote in small type, which is a paragraph of its own.", 72, 200, 8),
        column([full, "and its end."], 72),
    ]
    assert [(b.text, b.page) for b in parse_pdf(samples.pdf(pages), NAME).blocks] == [
        ("1 a footnote in small type, which is a paragraph of its own.", 1),
        (" ".join([*[full] * 4, "and its end."]), 1),
    ]


def test_large_type_makes_headings_with_levels_by_size_and_bullets_make_items() -> None:
    content = (
        line("Report", 72, 750, 24)
        + line("Part one", 72, 700, 16)
        + line("1. first item of the list", 72, 670)
        + line("2. second item of the list", 72, 656)
        + line("Part two", 72, 620, 16)
        + line("some text here, and more of it until the end.", 72, 590)
    )
    assert [(b.kind, b.text, b.path, b.level, b.item) for b in parse_pdf(samples.pdf([content]), NAME).blocks] == [
        (HEADING, "Report", (), 1, 0),
        (HEADING, "Part one", ("Report",), 2, 0),
        (ITEM, "1. first item of the list", ("Report", "Part one"), 1, 1),
        (ITEM, "2. second item of the list", ("Report", "Part one"), 1, 2),
        (HEADING, "Part two", ("Report",), 2, 0),
        (PARAGRAPH, "some text here, and more of it until the end.", ("Report", "Part two"), 0, 0),
    ]


def test_an_item_goes_on_beside_its_bullet_and_lines_of_a_table_of_contents_are_dropped() -> None:
    content = (
        line("Introduction . . . . . . . . . . . . . . . . 3", 72, 700)
        + line("Utilities............................... 12", 72, 686)
        + line("- an item that takes two lines of the page, of which the first", 72, 640)
        + line("goes on here.", 84, 626)
        + line("- another item.", 72, 612)
    )
    assert texts(samples.pdf([content])) == [
        "- an item that takes two lines of the page, of which the first goes on here.",
        "- another item.",
    ]


@pytest.mark.parametrize(
    ("matrix", "first", "step"),
    [(b"0 1 -1 0", (100, 100), (14, 0)), (b"0 -1 1 0", (500, 700), (-14, 0)), (b"-1 0 0 -1", (500, 100), (0, 14))],
    ids=["upwards", "downwards", "upside down"],
)
def test_a_page_that_lies_on_its_side_is_read_and_a_watermark_on_it_is_not(
    matrix: bytes, first: tuple[int, int], step: tuple[int, int]
) -> None:
    lines = b"".join(
        b"BT /F 12 Tf %s %d %d Tm (line number %d of the page) Tj ET\n"
        % (matrix, first[0] + n * step[0], first[1] + n * step[1], n)
        for n in range(4)
    )
    watermark = b"BT /F 40 Tf 0.7 0.7 -0.7 0.7 100 100 Tm (DRAFT) Tj ET"
    assert texts(samples.pdf([lines + watermark])) == [" ".join(f"line number {n} of the page" for n in range(4))]


def test_double_letters_are_two_and_a_character_printed_twice_is_one() -> None:
    twice = line("bold", 72, 700) + line("bold", 72.3, 700)
    assert texts(samples.pdf([line("All Hello illness", 72, 740) + twice])) == ["All Hello illness", "bold"]


def test_a_page_of_pictures_is_named_in_a_notice() -> None:
    picture = b"600 0 0 800 0 0 cm /I Do"
    parsed = parse_pdf(samples.pdf([picture, line("some text.", 72, 700), b"", picture]), NAME)
    assert [(b.text, b.page) for b in parsed.blocks] == [("some text.", 2)]
    assert [n.zh for n in parsed.notices] == [
        "报告.pdf 第 1、4 页是图片，没有文字，读不到。要索引这些页，请先做文字识别（OCR）。"
    ]


def test_a_scan_without_any_text_is_an_error_that_says_what_to_do() -> None:
    picture = b"600 0 0 800 0 0 cm /I Do"
    with pytest.raises(LoadError, match=r"报告\.pdf 是扫描件（2 页都没有文字，只有图片），已跳过。请先做文字识别"):
        parse_pdf(samples.pdf([picture, picture]), NAME)


def test_a_pdf_with_a_password_is_an_error_that_says_so() -> None:
    key = b"/Encrypt <</Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s>>> /ID [<00> <00>]" % (b"ab" * 32, b"cd" * 32)
    with pytest.raises(LoadError, match=r"报告\.pdf 加了密码，已跳过。请去掉密码"):
        parse_pdf(samples.pdf([line("text", 72, 700)], trailer=key), NAME)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_a_cut_pdf_is_an_error_that_names_it(printed: bytes, share: float) -> None:
    with pytest.raises(LoadError, match=r"报告\.pdf"):
        parse_pdf(printed[: int(share * len(printed))], NAME)
