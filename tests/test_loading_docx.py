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
from rag.loading.docx import parse_docx
from rag.types import BlockKind

HEADING, PARAGRAPH, ITEM, QUOTE = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.QUOTE
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
    assert parse_docx(saved(made), NAME).blocks == (
        RawBlock(HEADING, "年度报告", level=1),
        RawBlock(HEADING, "概况", path=above[:1], level=2),
        RawBlock(PARAGRAPH, "豆包2024年11月的月活跃用户近6000万。", path=above),
        RawBlock(ITEM, "甲", path=above, level=1, item=1),
        RawBlock(ITEM, "乙", path=above, level=1, item=2),
        RawBlock(ITEM, "壹", path=above, level=1, item=1),
        RawBlock(QUOTE, "引文", path=above),
        RawBlock(PARAGRAPH, "模型 | 月活", path=above),
        RawBlock(PARAGRAPH, "豆包 | 6000万", path=(*above, "模型 | 月活")),
        RawBlock(HEADING, "小节", path=above, level=3),
        RawBlock(PARAGRAPH, "完。", path=(*above, "小节")),
    )


def test_a_document_has_exact_offsets_and_the_title_that_it_begins_with() -> None:
    made = docx.Document()
    made.add_heading("年度报告", 0)
    made.add_paragraph("甲。")
    document = samples.load_bytes(saved(made), "a.docx")
    assert (document.title, document.text) == ("年度报告", "年度报告\n甲。")
    assert [document.text[b.start : b.end] for b in document.blocks] == ["年度报告", "甲。"]
    assert {(b.line, b.page) for b in document.blocks} == {(0, 0)}


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


def test_a_cell_that_continues_the_one_above_it_stands_above_its_row() -> None:
    def row(*cells: tuple[str, str]) -> str:
        inner = "".join(f"<w:tc><w:tcPr>{merge}</w:tcPr>{paragraph(text)}</w:tc>" for text, merge in cells)
        return f"<w:tr>{inner}</w:tr>"

    begins, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    body = row(("模型", ""), ("版本", "")) + row(("豆包", begins), ("国内", "")) + row(("", goes_on), ("国际", ""))
    assert [(b.text, b.path) for b in parse_docx(samples.docx(f"<w:tbl>{body}</w:tbl>"), NAME).blocks] == [
        ("模型 | 版本", ()),
        ("豆包 | 国内", ("模型 | 版本",)),
        ("国际", ("模型 | 版本", "豆包")),
    ]


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
