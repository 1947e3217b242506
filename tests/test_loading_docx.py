"""A Word document gives its headings, paragraphs, lists, tables and notes in the order of the document."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import pytest
import samples
from docx.enum.style import WD_STYLE_TYPE

from rag.errors import LoadError
from rag.loading.blocks import RawBlock
from rag.loading.office.docx import parse_docx
from rag.types import BlockKind

HEADING, PARAGRAPH, ITEM, QUOTE = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.QUOTE
ROW = BlockKind.ROW
NAME = Path("报告.docx")


def saved(document: docx.document.Document) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def texts(body: str, **parts: str) -> list[str]:
    return [block.text for block in parse_docx(samples.docx(body, **parts), NAME).blocks]


def paragraph(*runs: str, properties: str = "") -> str:
    said = "".join(run if run.startswith("<") else f"<w:r><w:t>{run}</w:t></w:r>" for run in runs)
    return f"<w:p><w:pPr>{properties}</w:pPr>{said}</w:p>"


def test_a_document_made_by_python_docx_is_read_in_order() -> None:
    made = docx.Document()
    made.add_heading("年度报告", 0)
    made.add_heading("概况", 1)
    made.add_paragraph("豆包2024年11月的月活跃用户近6000万。")
    for text, style in (("甲", "List Bullet"), ("乙", "List Bullet"), ("壹", "List Number"), ("引文", "Quote")):
        made.add_paragraph(text, style=style)
    table = made.add_table(2, 2)
    for cell, text in zip(
        (c for row in table.rows for c in row.cells), ("模型", "月活", "豆包", "6000万"), strict=True
    ):
        cell.text = text
    made.add_heading("小节", 2)
    made.add_paragraph("完。")
    made.sections[0].header.paragraphs[0].text = "页眉"
    made.sections[0].footer.paragraphs[0].text = "页脚"
    above = ("年度报告", "概况")
    assert samples.bare(parse_docx(saved(made), NAME).blocks) == (
        RawBlock(HEADING, "年度报告", level=1),
        RawBlock(HEADING, "概况", path=above[:1], level=2),
        RawBlock(PARAGRAPH, "豆包2024年11月的月活跃用户近6000万。", path=above),
        RawBlock(ITEM, "甲", path=above, level=1, item=1, marker="•"),
        RawBlock(ITEM, "乙", path=above, level=1, item=2, marker="•"),
        RawBlock(ITEM, "1. 壹", path=above, level=1, item=1),
        RawBlock(QUOTE, "引文", path=above),
        RawBlock(ROW, "模型 | 月活", path=above),
        RawBlock(ROW, "模型：豆包；月活：6000万", path=above),
        RawBlock(HEADING, "小节", path=above, level=3),
        RawBlock(PARAGRAPH, "完。", path=(*above, "小节")),
        RawBlock(PARAGRAPH, "页眉", path=("页眉",)),
        RawBlock(PARAGRAPH, "页脚", path=("页脚",)),
    )


def test_a_document_has_exact_offsets_and_the_title_that_it_begins_with() -> None:
    made = docx.Document()
    made.add_heading("年度报告", 0)
    made.add_paragraph("甲。")
    document = samples.load_bytes(saved(made), "a.docx")
    assert (document.title, document.text) == ("年度报告", "年度报告\n甲。")
    assert [document.text[b.start : b.end] for b in document.blocks] == ["年度报告", "甲。"]
    assert {(b.line, b.page) for b in document.blocks} == {(0, 0)}


def test_bold_words_keep_their_places_behind_the_number_of_their_item() -> None:
    made = docx.Document()
    said = made.add_paragraph(style="List Number")
    said.add_run(" 须附")
    said.add_run("医院证明").bold = True
    said.add_run("，三日内交。")
    (block,) = parse_docx(saved(made), NAME).blocks
    assert (block.text, [block.text[slice(*block.bold)]]) == ("1. 须附医院证明，三日内交。", ["医院证明"])


def test_a_style_is_a_heading_by_the_style_that_it_is_based_on() -> None:
    made = docx.Document()
    own = made.styles.add_style("我的章名", WD_STYLE_TYPE.PARAGRAPH)
    own.base_style = made.styles["Heading 2"]
    made.add_paragraph("章", style=own)
    assert parse_docx(saved(made), NAME).blocks == (RawBlock(HEADING, "章", level=2),)


def test_styles_that_are_based_on_each_other_end() -> None:
    styles = "".join(
        f'<w:style w:styleId="{a}"><w:name w:val="{a}"/><w:basedOn w:val="{b}"/></w:style>' for a, b in ("AB", "BA")
    )
    assert texts(paragraph("文", properties='<w:pStyle w:val="A"/>'), styles=styles) == ["文"]


def test_nested_lists_count_by_level() -> None:
    def item(text: str, depth: int) -> str:
        level = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="5"/></w:numPr>'
        return paragraph(text, properties=level)

    body = "".join(item(*one) for one in (("甲", 0), ("甲一", 1), ("甲二", 1), ("乙", 0), ("乙一", 1)))
    blocks = parse_docx(samples.docx(body), NAME).blocks
    assert [(b.text, b.level, b.item) for b in blocks] == [
        ("甲", 1, 1),
        ("甲一", 2, 1),
        ("甲二", 2, 2),
        ("乙", 1, 2),
        ("乙一", 2, 1),
    ]


def test_a_note_stands_after_the_paragraph_that_refers_to_it_and_its_mark_is_no_text() -> None:
    body = paragraph("月活近6000万", '<w:r><w:footnoteReference w:id="2"/></w:r>', "。") + paragraph("后文。")
    notes = (
        f'<w:footnote w:id="0" w:type="separator">{paragraph("线")}</w:footnote>'
        f'<w:footnote w:id="2">{paragraph("数据来自")}{paragraph("年报。")}</w:footnote>'
    )
    assert texts(body, footnotes=notes) == ["月活近6000万。", "数据来自\n年报。", "后文。"]


def test_what_was_inserted_is_text_and_what_was_deleted_moved_away_or_hidden_is_not() -> None:
    body = paragraph(
        "甲",
        "<w:ins><w:r><w:t>增</w:t></w:r></w:ins>",
        "<w:del><w:r><w:delText>删</w:delText></w:r></w:del>",
        "<w:moveFrom><w:r><w:t>移</w:t></w:r></w:moveFrom>",
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>藏</w:t></w:r>",
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>显</w:t></w:r>',
        "<w:hyperlink><w:r><w:t>链</w:t></w:r></w:hyperlink>",
        "<w:r><w:instrText>PAGE</w:instrText></w:r>",
        "<w:r><w:tab/><w:t>乙</w:t><w:br/><w:t>丙</w:t><w:noBreakHyphen/><w:t>丁</w:t></w:r>",
    )
    assert texts(body) == ["甲增显链\t乙\n丙-丁"]


def test_what_stands_in_content_controls_is_text_but_for_the_table_of_contents() -> None:
    inner = "<w:sdt><w:sdtContent><w:r><w:t>乙</w:t></w:r></w:sdtContent></w:sdt>"
    contents = '<w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
    body = (
        f"<w:sdt>{contents}<w:sdtContent>{paragraph('第一章……3')}</w:sdtContent></w:sdt>"
        f"<w:sdt><w:sdtContent>{paragraph('甲', inner)}</w:sdtContent></w:sdt>"
    )
    assert texts(body) == ["甲乙"]
    toc = '<w:style w:styleId="T1"><w:name w:val="toc 1"/></w:style>'
    assert texts(paragraph("第一章 3", properties='<w:pStyle w:val="T1"/>') + paragraph("文"), styles=toc) == ["文"]


def test_a_text_box_is_read_once_after_the_paragraph_that_holds_it() -> None:
    box = f"<w:txbxContent>{paragraph('框内')}</w:txbxContent>"
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    run = f"<w:r><mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    assert texts(paragraph("段", f"{run}</mc:AlternateContent></w:r>") + paragraph("后")) == ["段", "框内", "后"]


def test_headings_in_a_text_box_head_nothing_after_it() -> None:
    style = '<w:style w:type="paragraph" w:styleId="H"><w:name w:val="heading 2"/></w:style>'
    heading = '<w:pStyle w:val="H"/>'
    box = f"<w:r><w:txbxContent>{paragraph('联系', properties=heading)}{paragraph('电话：8801')}</w:txbxContent></w:r>"
    body = paragraph("租赁", properties=heading) + paragraph("租期三个月。", box) + paragraph("押金一个月。")
    blocks = parse_docx(samples.docx(body, styles=style), NAME).blocks
    assert [(block.text, block.path) for block in blocks] == [
        ("租赁", ()),
        ("租期三个月。", ("租赁",)),
        ("联系", ()),
        ("电话：8801", ("联系",)),
        ("押金一个月。", ("租赁",)),
    ]


def test_where_nothing_was_filled_in_the_prompt_of_word_is_no_value_and_one_of_the_author_is_text() -> None:
    def control(said: str, properties: str) -> str:
        run = f"<w:r><w:t>{said}</w:t></w:r>"
        return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{run}</w:sdtContent></w:sdt>"

    prompt = "<w:showingPlcHdr/>"
    word = '<w:placeholder><w:docPart w:val="DefaultPlaceholder_-1854013440"/></w:placeholder>'
    own = '<w:placeholder><w:docPart w:val="0A1B"/></w:placeholder>'
    body = (
        paragraph("姓名：", control("单击此处输入文字。", word + prompt))
        + paragraph("房型：", control("选择一项。", f"<w:dropDownList/>{prompt}"))
        + paragraph("单位：", control("与公章一致", own + prompt))
        + paragraph("入住：", control("5月1日", "<w:date/>"))
    )
    assert texts(body) == ["姓名：", "房型：", "单位：与公章一致", "入住：5月1日"]


def test_a_cell_that_continues_the_one_above_it_says_the_same() -> None:
    def row(*cells: tuple[str, str]) -> str:
        inner = "".join(f"<w:tc><w:tcPr>{merge}</w:tcPr>{paragraph(text)}</w:tc>" for text, merge in cells)
        return f"<w:tr>{inner}</w:tr>"

    begins, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    body = row(("模型", ""), ("版本", "")) + row(("豆包", begins), ("国内", "")) + row(("", goes_on), ("国际", ""))
    assert [(b.text, b.path) for b in parse_docx(samples.docx(f"<w:tbl>{body}</w:tbl>"), NAME).blocks] == [
        ("模型 | 版本", ()),
        ("模型：豆包；版本：国内", ()),
        ("模型：豆包；版本：国际", ()),
    ]


def grid(*rows: str) -> str:
    """A table of rows, whose cells are parted by bars."""
    cells = ("".join(f"<w:tc>{cell}</w:tc>" for cell in row.split("|")) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def test_cells_in_bold_are_labels_where_every_other_one_is() -> None:
    def cell(text: str, *, bold: bool) -> str:
        look = "<w:rPr><w:b/></w:rPr>" if bold else ""
        return f"<w:tc><w:p><w:r>{look}<w:t>{text}</w:t></w:r></w:p></w:tc>"

    rows = [("名称", "绿道", "地点", "江城"), ("负责人", "沈舟", "监理", "何田")]
    body = "".join(f"<w:tr>{''.join(cell(t, bold=n % 2 == 0) for n, t in enumerate(row))}</w:tr>" for row in rows)
    assert texts(f"<w:tbl>{body}</w:tbl>") == ["名称：绿道；地点：江城", "负责人：沈舟；监理：何田"]


def test_a_large_first_letter_is_the_first_of_the_paragraph_below_it() -> None:
    large = '<w:framePr w:dropCap="drop" w:lines="3"/>'
    assert texts(paragraph("本", properties=large) + paragraph("合同自签字之日起生效。")) == [
        "本合同自签字之日起生效。"
    ]


def test_a_table_in_a_cell_is_read_after_the_one_around_it_under_its_label() -> None:
    p = paragraph
    inner = grid(f"{p('起止')}|{p('单位')}", f"{p('2019')}|{p('蓝鲸')}")
    body = grid(f"{p('电话')}|{p('138')}", f"{p('经历')}|{inner}")
    assert [(b.text, b.path) for b in parse_docx(samples.docx(body), NAME).blocks] == [
        ("电话：138", ()),
        ("经历", ()),
        ("起止 | 单位", ("经历",)),
        ("起止：2019；单位：蓝鲸", ("经历",)),
    ]


def test_cells_that_only_place_text_are_paragraphs() -> None:
    p = paragraph
    assert texts(grid(p("注意") + p("先断电"))) == ["注意", "先断电"]
    assert texts(grid(f"{p('甲方：沈')}{p('电话：1')}|{p('乙方：高')}{p('电话：2')}")) == [
        "甲方：沈 电话：1",
        "乙方：高 电话：2",
    ]


def told(body: str, **parts: str) -> list[str]:
    return [notice.zh for notice in parse_docx(samples.docx(body, **parts), NAME).notices]


def math(inner: str) -> str:
    space = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    return f"<m:oMath {space}>{inner}</m:oMath>"


def m(name: str, *parts: str) -> str:
    """An element of a formula; a part that is no element is its text."""
    inner = "".join(part if part.startswith("<") else f"<m:r><m:t>{part}</m:t></m:r>" for part in parts)
    return f"<m:{name}>{inner}</m:{name}>"


SQUARE = m("sSup", m("e", "v"), m("sup", "2"))
CHARACTER = '<m:naryPr><m:chr m:val="∑"/></m:naryPr>'


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (m("r", "<m:t>Q=45 m</m:t>") + m("sSup", m("e", ""), m("sup", "3")) + m("r", "<m:t>/h</m:t>"), "Q=45 m³/h"),
        (m("f", m("num", "λL", SQUARE), m("den", "d")), "λLv²/d"),
        (m("f", m("num", "a+b"), m("den", "2c")), "(a+b)/(2c)"),
        (m("sSup", m("e", m("f", m("num", "x-c"), m("den", "v"))), m("sup", "2")), "((x-c)/v)²"),
        (m("rad", m("deg", "3"), m("e", "x+1")), "³√(x+1)"),
        (m("rad", m("deg"), m("e", "x")), "√x"),
        (m("nary", CHARACTER, m("sub", "i=1"), m("sup", "n"), m("e", "x")), "∑ᵢ₌₁ⁿ x"),
        (m("d", '<m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr>', m("e", "a"), m("e", "b")), "[a|b]"),
        (m("func", m("fName", "sin\u2061"), m("e", "θ")), "sin θ"),
        (m("limLow", m("e", "lim"), m("lim", "x→0")), "lim_(x→0)"),
        (m("m", m("mr", m("e", "a"), m("e", "b")), m("mr", m("e", "c"), m("e", "d"))), "[a b; c d]"),
        (m("sSup", m("e", "45.0"), m("sup", "∘")), "45.0°"),
    ],
)
def test_a_formula_stands_in_its_sentence_as_one_writes_it_in_a_line(formula: str, shown: str) -> None:
    assert texts(paragraph("设", math(formula), "。")) == [f"设{shown}。"]


def script(text: str, place: str) -> str:
    return f'<w:r><w:rPr><w:vertAlign w:val="{place}script"/></w:rPr><w:t>{text}</w:t></w:r>'


def test_exponents_and_indices_are_told_from_figures_beside_them() -> None:
    assert texts(paragraph("每10", script("6", "super"), "个；4×10", script("-2", "super"), script("1", "super"))) == [
        "每10⁶个；4×10⁻²¹"
    ]
    assert texts(paragraph("H", script("2", "sub"), "O，x", script("α+1", "super"))) == ["H₂O，x^(α+1)"]
    style = '<w:style w:type="character" w:styleId="S"><w:rPr><w:vertAlign w:val="superscript"/></w:rPr></w:style>'
    assert texts(paragraph("m", '<w:r><w:rPr><w:rStyle w:val="S"/></w:rPr><w:t>3</w:t></w:r>'), styles=style) == ["m³"]


@pytest.mark.parametrize(
    ("position", "size", "shown"), [(6, 16, "10⁶个"), (-6, 24, "10₆个"), (2, 21, "106个"), (6, 44, "106个")]
)
def test_text_that_is_moved_far_for_its_size_is_an_exponent_or_index(position: int, size: int, shown: str) -> None:
    looks = f'<w:rPr><w:position w:val="{position}"/><w:sz w:val="{size}"/></w:rPr>'
    moved = f"<w:r>{looks}<w:t>6</w:t></w:r>"
    assert texts(paragraph("10", moved, "个")) == [shown]
    assert texts(paragraph(moved, moved)) == ["66"]


def test_a_raised_number_of_a_note_is_no_part_of_the_number_before_it() -> None:
    assert texts(paragraph("合格率98.2%", script("2", "super"), "，共1280", script("[3]", "super"), "份")) == [
        "合格率98.2%，共1280份"
    ]


def test_boxes_are_ticked_or_not_whatever_makes_them() -> None:
    w14 = 'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"'

    def control(state: int) -> str:
        box = f'<w14:checkbox {w14}><w14:checked w14:val="{state}"/></w14:checkbox>'
        return f"<w:sdt><w:sdtPr>{box}</w:sdtPr><w:sdtContent><w:r><w:t>☒</w:t></w:r></w:sdtContent></w:sdt>"

    def old(state: int) -> str:
        box = f'<w:ffData><w:checkBox><w:default w:val="{state}"/></w:checkBox></w:ffData>'
        begin = f'<w:fldChar w:fldCharType="begin">{box}</w:fldChar><w:instrText> FORMCHECKBOX </w:instrText>'
        return f'<w:r>{begin}<w:fldChar w:fldCharType="end"/></w:r>'

    font = '<w:rPr><w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/></w:rPr>'

    def sign(font: str, code: str) -> str:
        return f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'

    made = {
        "☑同意☐不": (sign("Wingdings 2", "F052"), "同意", sign("Wingdings 2", "F0A3"), "不"),
        "☑年付☐月付": (control(1), "年付", control(0), "月付"),
        "☑甲☐乙": (old(1), "甲", old(0), "乙"),
        "☑壹": (f"<w:r>{font}<w:t>\uf0fe</w:t></w:r>", "壹"),
        "≥5±β": (sign("Symbol", "F0B3"), "5", sign("Symbol", "F0B1"), sign("Symbol", "F062")),
    }
    for shown, runs in made.items():
        assert texts(paragraph(*runs)) == [shown]


def test_a_symbol_that_nobody_knows_is_told() -> None:
    body = paragraph("甲", '<w:r><w:sym w:font="家徽" w:char="F041"/></w:r>')
    assert (texts(body), told(body)) == (["甲"], ["报告.docx 里有 1 个符号没有读入。"])


def levels(*forms: tuple[str, str], extra: str = "") -> str:
    """A numbering part with one list, whose levels have these forms and texts."""
    inner = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for n, (form, text) in enumerate(forms)
    )
    kind = f'<w:abstractNum w:abstractNumId="7">{inner}</w:abstractNum>'
    return f'{kind}<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>{extra}'


def numbered(text: str, depth: int = 0, number: int = 1) -> str:
    return paragraph(text, properties=f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>')


def test_automatic_numbers_are_text_as_they_are_shown() -> None:
    chapters = levels(("chineseCounting", "第%1条"), ("chineseCounting", "（%2）"), ("decimal", "%3."))
    body = (
        numbered("甲") + numbered("乙", 1) + numbered("丙", 1) + numbered("丁", 2) + numbered("戊") + numbered("己", 1)
    )
    assert texts(body, numbering=chapters) == ["第一条 甲", "（一）乙", "（二）丙", "1. 丁", "第二条 戊", "（一）己"]
    figures = levels(("upperLetter", "%1"), ("decimal", "%1.%2"), ("lowerRoman", "%1.%2.%3"))
    body = numbered("甲") + numbered("乙", 1) + numbered("丙", 2) + numbered("丁", 2) + numbered("戊", 1)
    assert texts(body, numbering=figures) == ["A 甲", "A.1 乙", "A.1.i 丙", "A.1.ii 丁", "A.2 戊"]


def test_a_heading_has_its_automatic_number_and_bullets_are_none() -> None:
    properties = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    style = f'<w:style w:styleId="H"><w:name w:val="heading 1"/>{properties}</w:style>'
    body = paragraph("总则", properties='<w:pStyle w:val="H"/>') + paragraph("文")
    parts = {"styles": style, "numbering": levels(("chineseCounting", "第%1章"))}
    blocks = parse_docx(samples.docx(body, **parts), NAME).blocks
    assert [(b.text, b.path) for b in blocks] == [("第一章 总则", ()), ("文", ("第一章 总则",))]
    assert texts(numbered("甲"), numbering=levels(("bullet", "\uf0b7"))) == ["甲"]
    assert texts(numbered("甲"), numbering=levels(("bullet", "☒"))) == ["☒ 甲"]


def test_lists_of_one_kind_go_on_counting_unless_one_begins_anew() -> None:
    other = '<w:num w:numId="2"><w:abstractNumId w:val="7"/></w:num>'
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    anew = f'<w:num w:numId="3"><w:abstractNumId w:val="7"/>{again}</w:num>'
    body = numbered("甲") + numbered("乙", number=2) + numbered("丙", number=3) + numbered("丁", number=3)
    assert texts(body, numbering=levels(("decimal", "%1)"), extra=other + anew)) == ["1) 甲", "2) 乙", "1) 丙", "2) 丁"]


def test_articles_go_on_counting_over_chapters_where_their_level_says_so() -> None:
    chapters = levels(("chineseCounting", "第%1章"), ("chineseCounting", "第%2条"), ("decimal", "%3."))
    on = chapters.replace('<w:lvlText w:val="第%2条"/>', '<w:lvlRestart w:val="0"/><w:lvlText w:val="第%2条"/>')
    body = "".join(
        numbered(text, depth) for text, depth in (("甲", 0), ("乙", 1), ("丙", 2), ("丁", 0), ("戊", 1), ("己", 2))
    )
    assert texts(body, numbering=chapters)[4] == "第一条 戊"
    assert texts(body, numbering=on) == ["第一章 甲", "第一条 乙", "1. 丙", "第二章 丁", "第二条 戊", "1. 己"]


def test_a_paragraph_without_a_text_has_its_number_all_the_same() -> None:
    body = numbered("甲") + numbered("") + numbered("乙")
    assert texts(body, numbering=levels(("decimal", "%1."))) == ["1. 甲", "3. 乙"]
    cells = [f"<w:tr><w:tc>{numbered('')}</w:tc><w:tc>{paragraph(text)}</w:tc></w:tr>" for text in ("灭火器", "应急灯")]
    grid = f"<w:tbl>{''.join(cells)}</w:tbl>"
    assert texts(grid, numbering=levels(("decimal", "%1"))) == ["1；灭火器", "2；应急灯"]


def packed(body: str, kind: str, target: str, content: str | bytes) -> bytes:
    """A DOCX whose main part refers to another one as X."""
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    r = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    head = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    relation = f'<Relationship Id="X" Type="a/{kind}" Target="{target}"/>'
    return samples.archive(
        {
            "word/document.xml": f"<w:document {w} {r}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": f"{head}{relation}</Relationships>",
            f"word/{target}": content,
        }
    )


def test_what_was_put_in_as_a_whole_is_read_in_its_place() -> None:
    body = paragraph("前") + '<w:altChunk r:id="X"/>' + paragraph("后")
    page = "<html><body><h1>须知</h1><p>押金 2800 元。</p></body></html>"
    rich = r"{\rtf1\ansi\u25276?\u37329? 2800 \u20803?\u12290?\par}"
    for target, content in (("c.html", page), ("c.rtf", rich), ("c.docx", samples.docx(paragraph("押金 2800 元。")))):
        said = [b.text for b in parse_docx(packed(body, "aFChunk", target, content), NAME).blocks]
        assert said[0] == "前"
        assert said[-2:] == ["押金 2800 元。", "后"]
    lost = parse_docx(packed(body, "aFChunk", "c.bin", page), NAME)
    assert [n.zh for n in lost.notices] == ["报告.docx 里有 1 个读不了的部分没有读入。"]


def test_what_was_put_in_as_a_whole_ends_no_heading_around_it() -> None:
    body = "".join(map(paragraph, ("第一章 总则", "适用全馆。"))) + '<w:altChunk r:id="X"/>'
    page = "<p>一、停车</p><p>收费。</p><p>二、电梯</p><p>停运。</p>"
    made = packed(body + paragraph("第二章 附则") + paragraph("即日施行。"), "aFChunk", "c.html", page)
    assert [(b.text, b.level, b.path) for b in parse_docx(made, NAME).blocks] == [
        ("第一章 总则", 2, ()),
        ("适用全馆。", 0, ("第一章 总则",)),
        ("一、停车", 3, ("第一章 总则",)),
        ("收费。", 0, ("第一章 总则", "一、停车")),
        ("二、电梯", 3, ("第一章 总则",)),
        ("停运。", 0, ("第一章 总则", "二、电梯")),
        ("第二章 附则", 2, ()),
        ("即日施行。", 0, ("第二章 附则",)),
    ]


def test_a_heading_that_is_called_as_the_edge_of_a_page_ends_no_structure() -> None:
    body = paragraph("页眉", properties='<w:outlineLvl w:val="0"/>') + "".join(
        map(paragraph, ("一、字号", "五号。", "二、字体", "楷体。"))
    )
    assert [(b.text, b.path) for b in parse_docx(samples.docx(body), NAME).blocks] == [
        ("页眉", ()),
        ("一、字号", ("页眉",)),
        ("五号。", ("页眉", "一、字号")),
        ("二、字体", ("页眉",)),
        ("楷体。", ("页眉", "二、字体")),
    ]


def test_documents_put_into_each_other_end() -> None:
    made = samples.docx(paragraph("底"))
    for _ in range(6):
        made = packed('<w:altChunk r:id="X"/>' + paragraph("层"), "aFChunk", "c.docx", made)
    parsed = parse_docx(made, NAME)
    assert len(parsed.blocks) == 4
    assert len(parsed.notices) == 1


def test_a_diagram_is_a_list_of_its_shapes_each_under_its_own() -> None:
    dgm = 'xmlns:dgm="d" xmlns:a="a"'
    points = "".join(
        f'<dgm:pt modelId="{n}"><dgm:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t></dgm:pt>'
        for n, text in enumerate(("站长", "机电班", "通信班"))
    )
    lines = '<dgm:cxn srcId="0" destId="2" srcOrd="1"/><dgm:cxn srcId="0" destId="1" srcOrd="0"/>'
    data = f"<dgm:dataModel {dgm}><dgm:ptLst>{points}</dgm:ptLst><dgm:cxnLst>{lines}</dgm:cxnLst></dgm:dataModel>"
    run = '<w:r><w:drawing><d:relIds xmlns:d="d" r:dm="X"/></w:drawing></w:r>'
    blocks = parse_docx(packed(paragraph("见图。", run), "diagramData", "data.xml", data), NAME).blocks
    assert [(b.text, b.path, b.level, b.item) for b in blocks[1:]] == [
        ("站长", (), 1, 1),
        ("机电班", ("站长",), 2, 1),
        ("通信班", ("站长",), 2, 2),
    ]


def test_a_chart_is_a_table_of_its_series() -> None:
    def axis(name: str, *values: str) -> str:
        points = "".join(f'<c:pt idx="{n}"><c:v>{value}</c:v></c:pt>' for n, value in enumerate(values))
        return f"<c:{name}><c:cache>{points}</c:cache></c:{name}>"

    series = (
        f"<c:ser>{axis('tx', '产量')}{axis('cat', '一季度', '二季度')}{axis('val', '4.4000000000000004', '7')}</c:ser>"
    )
    data = f'<c:chartSpace xmlns:c="c">{series}</c:chartSpace>'
    run = '<w:r><w:drawing><c:chart xmlns:c="c" r:id="X"/></w:drawing></w:r>'
    said = " ".join(b.text for b in parse_docx(packed(paragraph("见图。", run), "chart", "c.xml", data), NAME).blocks)
    assert all(word in said for word in ("产量", "一季度", "4.4", "二季度", "7"))
    assert "4.40" not in said


def test_a_comment_follows_its_paragraph_and_says_what_it_is() -> None:
    body = paragraph("坡比一比二。", '<w:r><w:commentReference w:id="0"/></w:r>') + paragraph("后")
    comment = f'<w:comment w:id="0" w:author="林溪">{paragraph("九月三十日前重报。")}</w:comment>'
    assert texts(body, comments=comment) == ["坡比一比二。", "批注（林溪）：九月三十日前重报。", "后"]


def test_a_paragraph_whose_end_was_deleted_goes_on_and_a_deleted_row_is_gone() -> None:
    end = "<w:rPr><w:del/></w:rPr>"
    assert texts(paragraph("甲", properties=end) + paragraph("乙")) == ["甲乙"]
    gone = f"<w:tr><w:trPr><w:del/></w:trPr><w:tc>{paragraph('删')}</w:tc></w:tr>"
    assert texts(f"<w:tbl>{gone}<w:tr><w:tc>{paragraph('留')}</w:tc></w:tr></w:tbl>") == ["留"]


def test_struck_text_is_left_out_and_told() -> None:
    body = paragraph("售价", "<w:r><w:rPr><w:strike/></w:rPr><w:t>3299 元</w:t></w:r>", "2699 元")
    assert (texts(body), told(body)) == (["售价2699 元"], ["报告.docx 里有 1 处划掉的文字没有读入。"])


def test_headers_are_read_once_without_numbers_of_pages() -> None:
    page = '<w:fldSimple w:instr=" PAGE "><w:r><w:t>3</w:t></w:r></w:fldSimple>'
    header = paragraph("内部资料") + paragraph("第", page, "页") + paragraph("正文")
    assert texts(paragraph("正文"), header=header) == ["正文", "内部资料"]


@pytest.mark.usefixtures("without_recognition")
def test_pictures_and_formulas_that_are_pictures_are_told_with_their_place() -> None:
    picture = '<w:r><w:drawing><pic:pic xmlns:pic="p"/></w:drawing></w:r>'
    formula = (
        '<w:r><w:object><v:imagedata xmlns:v="v"/><o:OLEObject xmlns:o="o" ProgID="Equation.DSMT4"/></w:object></w:r>'
    )
    heading = paragraph("安装", properties='<w:outlineLvl w:val="0"/>')
    assert told(heading + paragraph("见图", picture, picture, formula)) == [
        "报告.docx 里有 1 个公式没有读入（“安装”之下）。",
        f"报告.docx 里有 2 张图片没有读入（“安装”之下）。{samples.TO_READ}",
    ]


def test_a_text_box_in_a_cell_is_read_after_the_table() -> None:
    box = f"<w:r><w:txbxContent>{paragraph('框内')}</w:txbxContent></w:r>"
    assert texts(f"<w:tbl><w:tr><w:tc>{paragraph('格', box)}</w:tc></w:tr></w:tbl>") == ["格", "框内"]


def test_the_strict_variant_of_the_format_is_read_too() -> None:
    parts = {
        "word/document.xml": '<w:document xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"><w:body>'
        "<w:p><w:r><w:t>严格</w:t></w:r></w:p></w:body></w:document>"
    }
    assert [b.text for b in parse_docx(samples.archive(parts), NAME).blocks] == ["严格"]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_file_is_an_error_that_names_it(share: float) -> None:
    made = saved(docx.Document())
    with pytest.raises(LoadError, match=r"无法读取 报告\.docx：文件已损坏，或不是 \.docx 格式"):
        parse_docx(made[: int(share * len(made))], NAME)


def test_a_file_with_a_password_or_of_old_word_is_an_error_that_says_so() -> None:
    with pytest.raises(LoadError, match=r"报告\.docx 加了密码，或是旧版 Office 格式"):
        parse_docx(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), NAME)


def test_chapters_and_items_that_were_typed_without_a_style_are_headings_and_items() -> None:
    body = "".join(map(paragraph, ("第一章 总则", "本办法适用于：", "（一）员工；", "（二）实习生。")))
    assert [(b.kind, b.text, b.path) for b in parse_docx(samples.docx(body), NAME).blocks] == [
        (HEADING, "第一章 总则", ()),
        (PARAGRAPH, "本办法适用于：", ("第一章 总则",)),
        (ITEM, "（一）员工；", ("第一章 总则", "本办法适用于：")),
        (ITEM, "（二）实习生。", ("第一章 总则", "本办法适用于：")),
    ]


def test_what_stands_at_the_edges_of_pages_is_under_no_typed_heading() -> None:
    made = docx.Document()
    made.add_paragraph("第一章 总则")
    made.add_paragraph("适用于员工。")
    made.sections[0].header.paragraphs[0].text = "内部资料"
    made.save(data := io.BytesIO())
    assert [(b.text, b.path) for b in parse_docx(data.getvalue(), NAME).blocks] == [
        ("第一章 总则", ()),
        ("适用于员工。", ("第一章 总则",)),
        ("内部资料", ("页眉",)),
    ]
