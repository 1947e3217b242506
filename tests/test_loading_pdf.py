"""A PDF gives its paragraphs in reading order, each with its page, and not what recurs on every page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import samples
from samples import line

from rag.errors import LoadError
from rag.loading.blocks import RawBlock
from rag.loading.pdf import parse_pdf
from rag.loading.pdf.legible import is_garbage
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
    expected.append((PARAGRAPH, "问源研究院 内部资料", ("页眉",)))
    assert [(b.kind, b.text, b.path) for b in parse_pdf(printed, NAME).blocks] == expected


def test_rare_characters_and_spaces_beside_latin_words_are_kept(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(f"<style>{STYLE}</style><p>姓𠮷的人用 GPT-4o 与 AI 模型；“引号”……（括号）《书名》！</p>")
    made = page.pdf()
    page.close()
    assert texts(made) == ["姓𠮷的人用 GPT-4o 与 AI 模型；“引号”……（括号）《书名》！"]


def test_each_block_names_the_page_on_which_it_begins(printed: bytes) -> None:
    pages = [block.page for block in parse_pdf(printed, NAME).blocks if block.path != ("页眉",)]
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
    assert texts(samples.pdf([content]))[:2] == ["Doubao | 60 million", "Doubao：Kimi；60 million：12 million"]


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


def test_what_recurs_at_the_edges_of_pages_is_said_once_without_its_number_and_the_text_goes_on() -> None:
    full = "this line is filled with words up to the right edge of the page"
    pages = [
        line(f"Annual report - {n}", 72, 770) + column([full] * 3, 72) + line(f"{n + 6}", 300, 40) for n in range(1, 4)
    ]
    assert parse_pdf(samples.pdf(pages), NAME).blocks == (
        RawBlock(PARAGRAPH, " ".join([full] * 9), page=1),
        RawBlock(PARAGRAPH, "Annual report -", page=1, path=("页眉",)),
    )


def test_what_a_browser_prints_around_one_page_is_no_text() -> None:
    stamp, address = line("11/30/26, 9:31 PM", 24, 770, 8), line("https://example.cn/notes/7 1/1", 24, 20, 8)
    title, said = line("Harbour notes", 300, 770, 8), line("The ferry leaves at 10:30.", 72, 700)
    assert texts(samples.pdf([stamp + title + said + address])) == ["The ferry leaves at 10:30."]
    assert texts(samples.pdf([stamp + said]))[0] == "11/30/26, 9:31 PM"


def test_a_footer_that_the_text_says_too_is_not_said_again_and_its_own_numbers_are_kept() -> None:
    pages = [
        line("Harbour rules", 72, 770) + column([said], 72) + line(f"Version 2.1 page {n}", 300, 40)
        for n, said in enumerate(("Harbour rules hold here.", "Moor at the east pier.", "Pay at the office."), start=1)
    ]
    blocks = parse_pdf(samples.pdf(pages), NAME).blocks
    assert [(b.text, b.path) for b in blocks if b.path] == [("Version 2.1 page", ("页脚",))]


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


def test_a_table_of_contents_whose_pages_stand_apart_from_its_dots_is_dropped() -> None:
    entries = (("Boarding", "1"), ("Lifeboats", "4"), ("Fire drills", "11"))
    content = b"".join(
        line(f"{title}{'.' * 40}", 72, 700 - 20 * n) + line(page, 500, 700 - 20 * n)
        for n, (title, page) in enumerate(entries)
    )
    assert texts(samples.pdf([content + line("Show your papers.", 72, 600)])) == ["Show your papers."]


def test_dots_that_lead_to_prices_are_lines_of_a_menu() -> None:
    content = line("Noodles......................22", 72, 700) + line("Tea...........................8", 72, 686)
    assert texts(samples.pdf([content])) == ["Noodles......................22", "Tea...........................8"]


def test_a_word_that_is_divided_goes_on_in_the_next_line_however_short_this_is() -> None:
    content = (
        line("the emergency tele-", 72, 700)
        + line("phone hangs at the main entrance of the hall and is tested", 72, 686)
        + line("every week.", 72, 672)
    )
    assert texts(samples.pdf([content])) == [
        "the emergency telephone hangs at the main entrance of the hall and is tested every week."
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


@pytest.mark.usefixtures("without_recognition")
def test_a_page_of_pictures_is_named_in_a_notice() -> None:
    picture = b"600 0 0 800 0 0 cm /I Do"
    parsed = parse_pdf(samples.pdf([picture, line("some text.", 72, 700), b"", picture]), NAME)
    assert [(b.text, b.page) for b in parsed.blocks] == [("some text.", 2)]
    assert [n.zh for n in parsed.notices] == [
        f"报告.pdf 有 2 页是图片，没有文字，没有读（第 1、4 页）。{samples.TO_READ}"
    ]


@pytest.mark.usefixtures("without_recognition")
def test_a_scan_without_any_text_is_an_error_that_says_what_to_do() -> None:
    picture = b"600 0 0 800 0 0 cm /I Do"
    with pytest.raises(LoadError, match=r"报告\.pdf 有 2 页是图片，没有文字，没有读（第 1、2 页）。要识别其中的文字"):
        parse_pdf(samples.pdf([picture, picture]), NAME)


def test_a_pdf_with_a_password_is_an_error_that_says_so() -> None:
    key = b"/Encrypt <</Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s>>> /ID [<00> <00>]" % (b"ab" * 32, b"cd" * 32)
    with pytest.raises(LoadError, match=r"报告\.pdf 加了密码，已跳过。请去掉密码"):
        parse_pdf(samples.pdf([line("text", 72, 700)], trailer=key), NAME)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_a_cut_pdf_is_an_error_that_names_it(printed: bytes, share: float) -> None:
    with pytest.raises(LoadError, match=r"报告\.pdf"):
        parse_pdf(printed[: int(share * len(printed))], NAME)


def notices(data: bytes) -> list[str]:
    return [notice.zh for notice in parse_pdf(data, NAME).notices]


def test_exponents_are_raised_and_the_marks_of_notes_are_no_part_of_numbers() -> None:
    number = line("3.1 x 10", 72, 700) + line("5", 115.4, 704.5, 7) + line("cells, 98.2%", 122, 700)
    water = line("in H", 72, 660) + line("2", 92.7, 657.5, 7) + line("O", 96.6, 660)
    assert texts(samples.pdf([number + line("2", 190.1, 704.5, 7) + water])) == ["3.1 x 10⁵ cells, 98.2%", "in H₂O"]


TABLE = [("Device", "Work to be done", "Every"), ("Pump", "check the seals,|rinse the nozzle", "half a|year")]
TABLE += [("Cutter", "change the oil", "month"), ("Mask", "", "week")]
ROWS = [
    "Device | Work to be done | Every",
    "Device：Pump；Work to be done：check the seals, rinse the nozzle；Every：half a year",
    "Device：Cutter；Work to be done：change the oil；Every：month",
    "Device：Mask；Every：week",
]


def table(*, across: bool, down: bool, rows: Sequence[tuple[str, ...]] = TABLE, top: float = 700) -> bytes:
    """A table with or without its lines; the lines of a cell are parted by a bar."""
    xs, content = (72, 172, 352, 452), b""
    for number, row in enumerate(rows):
        for x, cell in zip(xs, row, strict=False):
            for place, said in enumerate(cell.split("|")):
                content += line(said, x + 6, top - 14 - 40 * number - 14 * place)
    ys = [top - 40 * n for n in range(len(rows) + 1)]
    if across:
        content += b"".join(b"%d %d m %d %d l S\n" % (xs[0], y, xs[-1], y) for y in ys)
    if down:
        content += b"".join(b"%d %d m %d %d l S\n" % (x, ys[0], x, ys[-1]) for x in xs)
    return content


@pytest.mark.parametrize(("across", "down"), [(True, True), (True, False), (False, False)])
def test_a_table_is_read_by_its_lines_or_by_how_its_cells_stand(across: bool, down: bool) -> None:
    assert texts(samples.pdf([table(across=across, down=down)])) == ROWS


def test_a_short_row_below_one_of_several_lines_is_a_row_where_rows_stand_little_farther_apart() -> None:
    rows = [(700.0, ("Item", "Work", "When", "Who"))]
    rows += [(676, ("Winch", "check the rope and", "Monthly", "Crew A")), (659, ("", "grease it, then", "", ""))]
    rows += [(641.0, ("", "lift it three times", "", "")), (618.5, ("Console", "clean it", "Weekly", ""))]
    rows += [(594, ("Speaker", "measure it, tighten", "Yearly", "Crew B")), (577, ("", "its bolts", "", ""))]
    content = b"".join(
        line(text, x, y) for y, cells in rows for text, x in zip(cells, (72, 180, 320, 420), strict=True)
    )
    assert texts(samples.pdf([content]))[1:] == [
        "Item：Winch；Work：check the rope and grease it, then lift it three times；When：Monthly；Who：Crew A",
        "Item：Console；Work：clean it；When：Weekly",
        "Item：Speaker；Work：measure it, tighten its bolts；When：Yearly；Who：Crew B",
    ]


def test_rows_that_no_lines_part_are_rows() -> None:
    rows = [("Name", "Place", "Price"), ("Tea", "Linjiang", "86"), ("Oolong", "Anping", "98"), ("Pu", "Nan", "158")]
    places = [(c, x, 690 - 14 * n) for n, row in enumerate(rows) for x, c in zip((76, 200, 300), row, strict=True)]
    content = b"".join(line(*place) for place in places)
    box = b"72 640 300 66 re S 190 640 m 190 706 l S 290 640 m 290 706 l S\n"
    said = ["Name | Place | Price", "Name：Tea；Place：Linjiang；Price：86", "Name：Oolong；Place：Anping；Price：98"]
    assert texts(samples.pdf([content + box]))[:3] == said


def bordered_table(browser: Browser, rows: Sequence[Sequence[str]], align: str, around: str = "{}") -> bytes:
    """A table of 400 px with all its lines, printed by Chromium; ``align`` is where its cells stand in their rows."""
    font = "font: 16px 'Noto Serif CJK SC'"
    style = f"table {{ border-collapse: collapse; width: 400px; table-layout: fixed; {font} }}"
    style += f"td {{ border: 1px solid; padding: 4px; vertical-align: {align} }}"
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    page = browser.new_page()
    page.set_content(f"<style>{style}</style>" + around.format(f"<table>{cells}</table>"))
    made = page.pdf(format="A4")
    page.close()
    return bytes(made)


@pytest.mark.parametrize("align", ["middle", "top", "bottom"])
def test_the_lines_of_one_row_are_no_rows_wherever_its_shorter_cells_stand(browser: Browser, align: str) -> None:
    rows = [
        ("项目", "内容", "注意"),
        ("洗牙", "超声波洁治，包括龈上龈下的清洁和抛光", "两小时内不要进食，当天不要吸烟喝酒"),
        ("高空坠物和火灾波及邻居", "依法应由被保险人承担的赔偿责任和诉讼费", "每次300元"),
    ]
    said = ["；".join(f"{name}：{cell}" for name, cell in zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert texts(bordered_table(browser, rows, align)) == ["项目 | 内容 | 注意", *said]


def test_a_cell_beside_the_middle_of_others_that_break_their_lines_is_of_their_row(browser: Browser) -> None:
    menu = [
        ("日期", "午餐", "晚餐"),
        ("周一", "鸡块<br>豆腐", "排骨<br>白菜"),
        ("周二", "鱼<br>汤<br>饭", "面<br>蛋<br>茶"),
    ]
    assert texts(bordered_table(browser, menu, "middle")) == [
        "日期 | 午餐 | 晚餐",
        "日期：周一；午餐：鸡块豆腐；晚餐：排骨白菜",
        "日期：周二；午餐：鱼汤饭；晚餐：面蛋茶",
    ]


def test_cells_that_were_merged_say_the_same_in_each_of_their_rows() -> None:
    lines = b"72 700 300 -80 re S 172 700 m 172 620 l S 272 700 m 272 620 l S 72 673 m 372 673 l S\n"
    lines += b"172 646 m 372 646 l S\n"
    words = [("Area", 80, 684), ("Site", 180, 684), ("Floor", 280, 684), ("West", 80, 644), ("One", 180, 657)]
    words += [("Top", 280, 657), ("Two", 180, 630), ("Low", 280, 630)]
    content = lines + b"".join(line(*word) for word in words)
    assert texts(samples.pdf([content])) == [
        "Area | Site | Floor",
        "Area：West；Site：One；Floor：Top",
        "Area：West；Site：Two；Floor：Low",
    ]


def test_a_table_goes_on_over_the_page_and_text_around_it_keeps_its_order() -> None:
    before, after = line("This comes before the table.", 72, 740), line("This comes after it.", 72, 480)
    pages = [before + table(across=True, down=True), table(across=True, down=True) + after]
    blocks = parse_pdf(samples.pdf(pages), NAME).blocks
    assert [b.text for b in blocks] == ["This comes before the table.", *ROWS, *ROWS[1:], "This comes after it."]
    assert [b.page for b in blocks] == [1, 1, 1, 1, 1, 2, 2, 2, 2]


def test_a_single_row_on_the_next_page_is_one_of_the_table_before() -> None:
    row = ("Winch", "look at the rope", "day")
    below = table(across=True, down=True, rows=[row]) + line("This comes after it.", 72, 480)
    blocks = parse_pdf(samples.pdf([table(across=True, down=True), below]), NAME).blocks
    said = "Device：Winch；Work to be done：look at the rope；Every：day"
    assert [(b.text, b.page) for b in blocks[-3:]] == [(ROWS[-1], 1), (said, 2), ("This comes after it.", 2)]


def test_a_box_around_text_and_a_line_under_a_heading_are_no_tables() -> None:
    words = column(["Words in a box.", "And more of them."], 72, top=690)
    content = b"60 600 400 150 re S 72 700 m 300 700 l S\n" + words
    assert texts(samples.pdf([content])) == ["Words in a box. And more of them."]


CJK = (
    b"<</Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /%s /DescendantFonts [4 0 R]>>",
    b"<</Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /FontDescriptor 5 0 R /DW 1000 "
    b"/CIDSystemInfo <</Registry (Adobe) /Ordering (GB1) /Supplement 2>>>>",
    b"<</Type /FontDescriptor /FontName /STSong-Light /Flags 4 /Ascent 880 /Descent -120 /CapHeight 880 /ItalicAngle 0 "
    b"/StemV 93 /FontBBox [0 -120 1000 880]>>",
)


def chinese(words: Sequence[tuple[str, float, float]], encoding: bytes = b"UniGB-UCS2-H") -> bytes:
    """A PDF of one page with words at their places, in a font that need not be in the file."""
    shown = b"".join(
        b"BT /F 14 Tf 1 0 0 1 %f %f Tm <%s> Tj ET\n" % (x, y, text.encode("utf-16-be").hex().encode())
        for text, x, y in words
    )
    return samples.pdf_objects(
        [
            b"<</Type /Catalog /Pages 2 0 R>>",
            b"<</Type /Pages /Kids [6 0 R] /Count 1>>",
            CJK[0] % encoding,
            *CJK[1:],
            b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources <</Font <</F 3 0 R>>>> /Contents 7 0 R>>",
            b"<</Length %d>>\nstream\n%s\nendstream" % (len(shown), shown),
        ]
    )


def test_text_that_is_written_downwards_is_read_from_right_to_left() -> None:
    columns = ["青石渡在县城之南", "渡口之船辰时开", "守渡之老人姓柳"]
    alone = [(c, 500 - 28 * n, 700 - 17 * m) for n, text in enumerate(columns) for m, c in enumerate(text)]
    assert "".join(texts(chinese(alone))) == "".join(columns)
    vertical = [(text, 500 - 28 * n, 700) for n, text in enumerate(columns)]
    assert "".join(texts(chinese(vertical, b"UniGB-UCS2-V"))) == "".join(columns)


def test_a_word_that_is_set_wide_is_one_word() -> None:
    words = [("停", 180, 700), ("水", 240, 700), ("通", 300, 700), ("知", 360, 700), ("联", 60, 640)]
    words += [("系", 88, 640), ("人：柳青", 116, 640)]
    assert texts(chinese(words)) == ["停水通知", "联系人：柳青"]


@pytest.mark.usefixtures("without_recognition")
def test_text_that_does_not_say_its_characters_is_told_and_not_read() -> None:
    wide = "".join(chr(0x1E0 + 7 * n % 160) for n in range(60))
    assert is_garbage([wide])
    assert is_garbage(["\ue012\ue0a3" * 20])
    assert is_garbage(["龘靐齉麤爩鱻灪籱" * 5])
    assert not is_garbage(["停水时间：晚上十点到次日五点，请各户提前储水。"])
    assert not is_garbage(["Chúng tôi đã đến thành phố Hồ Chí Minh vào mùa hè năm ngoái"])
    data = chinese([(wide, 20, 700)], b"Identity-H").replace(b"/Ordering (GB1)", b"/Ordering (Identity)")
    with pytest.raises(LoadError, match="文字编码缺失"):
        parse_pdf(data, NAME)


def marked(*annotations: bytes, content: bytes) -> bytes:
    """A PDF of one page with text and annotations."""
    first = 6
    kids = b" ".join(b"%d 0 R" % (first + n) for n in range(len(annotations)))
    form = b"/AcroForm <</Fields [%s]>>" % kids
    return samples.pdf_objects(
        [
            b"<</Type /Catalog /Pages 2 0 R %s>>" % form,
            b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
            b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources <</Font <</F 4 0 R>>>> "
            b"/Annots [%s] /Contents 5 0 R>>" % kids,
            b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
            b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
            *annotations,
        ]
    )


def test_what_was_filled_in_stands_beside_its_label() -> None:
    widget = b"<</Type /Annot /Subtype /Widget /FT /%s /T (a%d) /V %s /Rect [150 %d 400 %d] %s>>"
    fields = [widget % (b"Tx", 1, b"(lin@example.com)", 696, 714, b"")]
    fields += [widget % (b"Btn", 2, b"/On", 656, 674, b"/AS /On /AP <</N <</On 5 0 R /Off 5 0 R>>>>")]
    data = marked(*fields, content=line("Mail:", 72, 700) + line("Agreed:", 72, 660))
    assert texts(data) == ["Mail: lin@example.com", "Agreed: ☑"]


def test_remarks_follow_their_page_and_say_what_they_are() -> None:
    note = b"<</Type /Annot /Subtype /Text /Contents (Hand in again) /T (Lin) /Rect [10 10 30 30]>>"
    free = b"<</Type /Annot /Subtype /FreeText /Contents (by September) /Rect [10 10 90 30]>>"
    data = marked(note, free, content=line("The slope is one to two.", 72, 700))
    assert texts(data) == ["The slope is one to two.", "批注（Lin）：Hand in again", "批注：by September"]


def test_text_is_no_heading_for_being_larger_than_the_small_print_of_its_page() -> None:
    small = b"".join(line(f"{n} vehicles a day, {n} per cent of them lorries", 72, 640 - 11 * n, 8) for n in range(30))
    rule = line("Article 7. The limit is forty, and thirty in the rain.", 72, 700)
    data = samples.pdf([rule + line("Article 8. Services lie fifty apart", 72, 670) + small])
    assert {b.kind for b in parse_pdf(data, NAME).blocks} <= {PARAGRAPH, ITEM}


@pytest.mark.usefixtures("without_recognition")
def test_a_picture_with_a_stamp_alone_is_a_scan_and_one_beside_text_is_told() -> None:
    scan = b"q 600 0 0 800 0 0 cm /I Do Q\n" + line("Page 1", 280, 400)
    text = line("Words that go on for more than a stamp would.", 72, 700)
    beside = text + b"q 300 0 0 300 100 100 cm /I Do Q\n"
    assert notices(samples.pdf([scan, beside])) == [
        f"报告.pdf 有 1 页是图片，没有文字，没有读（第 1 页）。{samples.TO_READ}",
        f"报告.pdf 里有 1 张图片没有读入（第 2 页）。{samples.TO_READ}",
    ]


def test_items_before_which_a_bullet_is_drawn_are_items() -> None:
    words = column(["Sign the form", "Bring a photograph of yourself", "Wait"], 90)
    dots = b"".join(b"78 %d 4 4 re f\n" % (642 - 14 * n) for n in range(3))
    assert [(b.kind, b.text) for b in parse_pdf(samples.pdf([words + dots]), NAME).blocks] == [
        (ITEM, "• Sign the form"),
        (ITEM, "• Bring a photograph of yourself"),
        (ITEM, "• Wait"),
    ]


def test_a_frame_around_cells_that_no_lines_part_is_a_table_apart_from_the_fields_above_it() -> None:
    lines = b"72 700 300 -60 re S 222 700 m 222 640 l S 72 640 300 -80 re S\n"
    fields = [("Buyer", 80, 685), ("Name: Chen", 80, 670), ("Code: 913", 80, 655)]
    fields += [("Seller", 230, 685), ("Name: Deli", 230, 670), ("Code: 914", 230, 655)]
    cells = [("Item", "Price", "Tax"), ("Paper", "115", "13"), ("Pens", "17", "2")]
    fields += [(c, x, 620 - 20 * n) for n, row in enumerate(cells) for c, x in zip(row, (80, 180, 280), strict=True)]
    assert texts(samples.pdf([lines + b"".join(line(*word) for word in fields)])) == [
        "Buyer Name: Chen Code: 913；Seller Name: Deli Code: 914",
        "Item | Price | Tax",
        "Item：Paper；Price：115；Tax：13",
        "Item：Pens；Price：17；Tax：2",
    ]


def test_a_heading_at_the_end_of_a_page_does_not_go_on_with_that_of_the_next() -> None:
    text = "Purchases above fifty thousand need three offers, and the offers are kept for at least ten years."
    first = line("Part one", 72, 700, 18) + line(text[:60], 72, 670) + line(text[60:], 72, 656)
    pages = [first + line("Part two", 72, 600, 18), line("Part three", 72, 740, 18) + line(text, 72, 700)]
    heads = [b.text for b in parse_pdf(samples.pdf(pages), NAME).blocks if b.kind is HEADING]
    assert heads == ["Part one", "Part two", "Part three"]


def test_spaces_between_chinese_words_and_beside_marks_are_kept_and_strokes_make_none(browser: Browser) -> None:
    page = browser.new_page()
    said = ["第一章 总则", "自2024年9月2日起另收 10% 服务费。", "浙江大学 统计学 本科 2015"]
    page.set_content(f"<style>{STYLE} p {{ text-indent: 0 }}</style>" + "".join(f"<p>{text}</p><br>" for text in said))
    made = page.pdf()
    page.close()
    assert texts(made) == said


def test_a_line_that_is_wider_than_all_others_begins_a_paragraph_after_the_end_of_a_sentence() -> None:
    items = [
        "应当履行职责：",
        "一是维护公共秩序；",
        "二是养护共用设施；",
        "三是每半月保养电梯一次；",
        "四是消防设施每月检查。",
    ]
    words = [*items, "不履行前款所说各项职责的，由主管部门处以罚款。"]
    assert texts(chinese([(text, 50.0, 700 - 28 * n) for n, text in enumerate(words)])) == words


@pytest.mark.parametrize(
    "numbers",
    [("4.3", "4.4", "4.4.1", "4.5"), ("第九条", "第十条", "第十一条", "第十二条")],
    ids=["decimal", "article"],
)
def test_each_clause_is_a_paragraph_though_the_one_before_fills_its_line(numbers: Sequence[str]) -> None:
    full = "限速器校验的周期不得超过两年，到期的应当停止使用。"
    lines = [f"{number} {full}" for number in numbers]
    assert texts(chinese([(text, 50.0, 700 - 20 * n) for n, text in enumerate(lines)])) == lines


def test_a_number_in_a_text_begins_no_clause() -> None:
    lines = ["3.1 今年的收入比去年同期增加了很多，达到", "3.2 亿元的水平，其中出口的部分占了一半还多。"]
    assert texts(chinese([(text, 50.0, 700 - 20 * n) for n, text in enumerate(lines)])) == ["".join(lines)]


def test_a_few_lines_of_different_lengths_are_not_one_paragraph() -> None:
    words = line("Next steps in the quarter", 72, 700, 18) + column(
        ["Launch signing", "Finish hiring by November", "Review"], 72
    )
    assert texts(samples.pdf([words]))[:2] == ["Next steps in the quarter", "Launch signing"]


def columns(
    rows: Sequence[Sequence[str]], xs: Sequence[float], *, top: float = 700, step: float = 20
) -> list[tuple[str, float, float]]:
    """The words of a table that has no lines; a blank cell has none."""
    return [(cell, x, top - step * n) for n, row in enumerate(rows) for x, cell in zip(xs, row, strict=True) if cell]


STAFF = (("姓名", "部门", "职务"), ("欧阳文静", "研发一部", "高级工程师"), ("张三", "财务部", "会计"))


def test_columns_that_stand_little_more_than_a_blank_apart_are_columns() -> None:
    said = [
        "姓名 | 部门 | 职务",
        "姓名：欧阳文静；部门：研发一部；职务：高级工程师",
        "姓名：张三；部门：财务部；职务：会计",
    ]
    # The longest cells end 10 points before the next ones, which is 0.7 of a character.
    assert texts(chinese(columns(STAFF, (72, 138, 204)))) == said


def test_columns_that_stand_closer_than_a_blank_are_columns_if_several_go_down_all_rows(browser: Browser) -> None:
    rows = (("航次", "始发", "到达", "余票"), ("K101", "东港", "南沙", "45"), ("K105", "西湾", "南沙", "118"))
    cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    page = browser.new_page()
    page.set_content(f"<style>td {{ padding: 1px 2.5px }} table {{ border-spacing: 0 }}</style><table>{cells}</table>")
    made = page.pdf()
    page.close()
    assert texts(made) == [
        "航次 | 始发 | 到达 | 余票",
        "航次：K101；始发：东港；到达：南沙；余票：45",
        "航次：K105；始发：西湾；到达：南沙；余票：118",
    ]


def test_blanks_in_names_and_in_lines_of_text_part_nothing() -> None:
    names = columns((("张", "三", "研发部"), ("李", "四", "财务部"), ("王", "五", "人事部")), (72, 100, 160))
    assert texts(chinese(names))[0] == "张三 | 研发部"
    lines = ("The tender is kept  sealed until the opening", "date, and whoever is  late will have it back.")
    assert texts(samples.pdf([column([*lines, "Nobody opens it  before that day has come."], 72)])) == [
        "The tender is kept sealed until the opening date, and whoever is late will have it back. "
        "Nobody opens it before that day has come."
    ]


def test_cells_of_two_lines_without_lines_between_the_rows_are_joined() -> None:
    rows = (
        ("设备", "保养内容", "周期"),
        ("切割机", "更换润滑油并", "每月"),
        ("", "检查皮带", ""),
        ("面罩", "擦拭镜片，", "每周"),
        ("", "更换滤芯", ""),
        ("起重机", "检查钢丝绳", "每半年"),
    )
    assert texts(chinese(columns(rows, (72, 180, 340), step=16))) == [
        "设备 | 保养内容 | 周期",
        "设备：切割机；保养内容：更换润滑油并检查皮带；周期：每月",
        "设备：面罩；保养内容：擦拭镜片，更换滤芯；周期：每周",
        "设备：起重机；保养内容：检查钢丝绳；周期：每半年",
    ]


PROSE = (
    "本项目位于江城市滨江新区，建设内容包括泵站一",
    "座、管道三公里以及配套的绿化工程，计划于明年",
    "三月开工，工期十个月，由市水务局组织实施，资",
    "金由市财政安排，监理单位经招标确定，施工期间",
    "须保证周边道路的通行，并按规定做好防汛准备工",
    "作，验收后移交运行单位管理，质保期为两年，期",
    "内由施工单位负责维修。",
)


@pytest.mark.parametrize("x", [420, 40])
def test_what_stands_beside_a_text_is_read_by_itself(x: float) -> None:
    """It is neither a part of its lines nor a column of a table."""
    left = 72 if x > 72 else 170
    text = [(words, left, 700 - 18 * n) for n, words in enumerate(PROSE)]
    note = [("联系方式", x, 700), ("电话：八八零一", x, 682), ("地址：滨河路", x, 664), ("联系人：周宁", x, 646)]
    assert sorted(texts(chinese([*text, *note]))) == sorted(
        ["".join(PROSE), "联系方式", "电话：八八零一", "地址：滨河路", "联系人：周宁"]
    )


def test_cells_of_several_lines_beside_labels_are_cells() -> None:
    rows = (("甲方", PROSE[0]), ("", PROSE[1]), ("乙方", PROSE[2]), ("", PROSE[3]), ("监理", PROSE[4]), ("", PROSE[5]))
    words = [
        (cell, x, y - 8 * (n // 2))
        for n, row in enumerate(rows)
        for cell, x, y in columns([row], (72, 150), top=700 - 18 * n)
    ]
    assert texts(chinese(words)) == [
        f"甲方：{PROSE[0]}{PROSE[1]}",
        f"乙方：{PROSE[2]}{PROSE[3]}",
        f"监理：{PROSE[4]}{PROSE[5]}",
    ]


def test_two_tables_whose_cells_stand_across_each_other_are_two() -> None:
    above = columns(
        (("客户", "云阶科技公司", "单号", "甲零七"), ("日期", "三月五日", "送货人", "周宁")), (72, 120, 300, 360)
    )
    rows = (("序号", "品名", "数量"), ("甲", "水泵", "四台"), ("乙", "阀门", "十只"))
    assert texts(chinese([*above, *columns(rows, (72, 130, 180), top=644)]))[-3:] == [
        "序号 | 品名 | 数量",
        "序号：甲；品名：水泵；数量：四台",
        "序号：乙；品名：阀门；数量：十只",
    ]


def test_text_below_a_table_is_no_row_of_it_and_a_list_has_what_leads_in_to_it() -> None:
    cells = [("Ground", "300"), ("Basement", "450"), ("Night", "160")]
    prices = b"".join(line(a, 72, 700 - 15 * n) + line(b, 400, 700 - 15 * n) for n, (a, b) in enumerate(cells))
    words = [("Bring these:", 72, 640), ("1. card", 72, 610), ("2. photo", 72, 580)]
    fields = [("Mail", "a@b.example", "Phone", "12345"), ("Open", "always", "Places", "286")]
    below = b"".join(
        line(text, x, 540 - 22 * n)
        for n, row in enumerate(fields)
        for text, x in zip(row, (72, 172, 272, 400), strict=True)
    )
    made = samples.pdf([prices + b"".join(line(*word) for word in words) + below])
    blocks = parse_pdf(made, NAME).blocks
    assert [(b.text, b.path) for b in blocks[:6]] == [
        ("Ground：300", ()),
        ("Basement：450", ()),
        ("Night：160", ()),
        ("Bring these:", ()),
        ("1. card", ("Bring these:",)),
        ("2. photo", ("Bring these:",)),
    ]


def test_a_date_that_closes_a_notice_stands_by_itself(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<p style='text-align: right'>临江城投停车管理有限公司<br>2024年1月1日</p>")
    made = page.pdf()
    page.close()
    assert texts(made) == ["临江城投停车管理有限公司", "2024年1月1日"]


def placed(*words: tuple[float, float, str]) -> list[str]:
    """The blocks of a page with words at these places."""
    return texts(samples.pdf([b"".join(line(text, x, y, 11) for x, y, text in words)]))


def test_values_of_several_lines_beside_labels_are_one_value_each_however_far_they_reach() -> None:
    long = "rebuild the filter and the pumps of the plant"
    words = [(72, 700, "Project"), (180, 700, "Harbour works"), (72, 676, "Owner"), (180, 676, "City water")]
    words += [
        (72, 652, "Content"),
        (180, 652, long),
        (180, 636, "and all of its switches in the hall,"),
        (180, 620, "too"),
    ]
    words += [(72, 596, "Total"), (180, 596, "86 million"), (72, 572, "Contact"), (180, 572, "Li Ming")]
    assert placed(*words) == [
        "Project：Harbour works",
        "Owner：City water",
        f"Content：{long} and all of its switches in the hall, too",
        "Total：86 million",
        "Contact：Li Ming",
    ]


@pytest.mark.parametrize("first", [712.0, 704.0, 696.0], ids=["top", "middle", "bottom"])
def test_names_of_columns_in_two_lines_are_one_row_wherever_a_shorter_one_stands(first: float) -> None:
    words = [(72.0, first, "Team")]
    for x, above, below in ((160.0, "2024", "income"), (260.0, "2025", "income"), (360.0, "yearly", "growth")):
        words += [(x, 712.0, above), (x, 696.0, below)]
    for n, row in enumerate((("North", "120", "150", "25%"), ("South", "80", "95", "19%"), ("West", "30", "31", "3%"))):
        words += [(x, 672.0 - 20 * n, text) for x, text in zip((72, 160, 260, 360), row, strict=True)]
    assert placed(*words)[:2] == [
        "Team | 2024 income | 2025 income | yearly growth",
        "Team：North；2024 income：120；2025 income：150；yearly growth：25%",
    ]
