"""Slides, OpenDocument, RTF and mails give their text in order, and tell what they can't give."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest
import samples

from rag.errors import LoadError
from rag.loading import PARSERS
from rag.loading.blocks import Parsed
from rag.loading.formats import OLD, PARSED_BY
from rag.loading.mail import parse_eml, parse_mht, quoting, written
from rag.loading.mail.outlook import parse_msg
from rag.loading.office.opendocument import parse_odf
from rag.loading.office.pptx import parse_pptx
from rag.loading.office.rtf import parse_rtf
from rag.loading.sandbox.apart import parse_apart
from rag.loading.unread import Unread
from rag.types import Omission

RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
SPACES = 'xmlns:p="p" xmlns:a="a" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def said(parsed: Parsed) -> list[str]:
    return [block.text for block in parsed.blocks]


def told(parsed: Parsed) -> list[str]:
    return [notice.zh for notice in parsed.notices]


def relations(found: Mapping[str, str]) -> str:
    """Relations by target, of the given kind, with the target as their id."""
    return (
        RELATIONS
        + "".join(f'<Relationship Id="{target}" Type="x/{kind}" Target="{target}"/>' for target, kind in found.items())
        + "</Relationships>"
    )


def pptx(*slides: str, related: Mapping[str, str] | None = None, **parts: str) -> bytes:
    """A presentation of ``slides``, the first of which refers to ``parts``."""
    names = [f"slide{n}.xml" for n in range(1, len(slides) + 1)]
    ids = "".join(f'<p:sldId r:id="{name}"/>' for name in names)
    made = {
        "ppt/presentation.xml": f"<p:presentation {SPACES}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(dict.fromkeys(names, "slide")),
        "ppt/_rels/slide1.xml.rels": relations(related or {}),
        **{f"ppt/{name}.xml": content for name, content in parts.items()},
    }
    for name, shapes in zip(names, slides, strict=True):
        made[f"ppt/{name}"] = f"<p:sld {SPACES}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
    return samples.archive(made)


def shape(*paragraphs: str, place: str | None = "body") -> str:
    holder = "" if place is None else f'<p:ph type="{place}"/>'
    inner = "".join(p if p.startswith("<") else f"<a:p><a:r><a:t>{p}</a:t></a:r></a:p>" for p in paragraphs)
    return f"<p:sp><p:nvSpPr><p:nvPr>{holder}</p:nvPr></p:nvSpPr><p:txBody>{inner}</p:txBody></p:sp>"


SLIDES = Path("汇报.pptx")


def test_slides_give_titles_items_and_text_with_the_number_of_the_slide() -> None:
    deeper = '<a:p><a:pPr lvl="1"/><a:r><a:t>乙</a:t></a:r></a:p>'
    data = pptx(
        shape("年度汇报", place="ctrTitle") + shape("3", place="sldNum"),
        shape("进展", place="title") + shape("甲", deeper, "丙") + shape("框内文字", place=None),
    )
    blocks = parse_pptx(data, SLIDES).blocks
    assert [(b.kind.value, b.text, b.level, b.item, b.page, b.path) for b in blocks] == [
        ("heading", "年度汇报", 1, 0, 1, ()),
        ("heading", "进展", 2, 0, 2, ("年度汇报",)),
        ("list_item", "甲", 1, 1, 2, ("年度汇报", "进展")),
        ("list_item", "乙", 2, 1, 2, ("年度汇报", "进展", "甲")),
        ("list_item", "丙", 1, 2, 2, ("年度汇报", "进展")),
        ("paragraph", "框内文字", 0, 0, 2, ("年度汇报", "进展")),
    ]


@pytest.mark.usefixtures("without_recognition")
def test_tables_notes_diagrams_exponents_and_pictures_of_a_slide() -> None:
    def row(*cells: str) -> str:
        inner = "".join(f"<a:tc><a:txBody><a:p><a:r><a:t>{c}</a:t></a:r></a:p></a:txBody></a:tc>" for c in cells)
        return f"<a:tr>{inner}</a:tr>"

    rows = row("产品", "单价") + row("云雾茶", "128 元") + row("白茶", "")
    grid = f"<p:graphicFrame><a:tbl>{rows}</a:tbl></p:graphicFrame>"
    power = '<a:p><a:r><a:t>10</a:t></a:r><a:r><a:rPr baseline="30000"/><a:t>6</a:t></a:r></a:p>'
    drawn = '<p:graphicFrame><dgm:relIds xmlns:dgm="d" r:dm="d.xml"/></p:graphicFrame>'
    points = '<dgm:pt xmlns:dgm="d" xmlns:a="a" modelId="1"><a:p><a:r><a:t>站长</a:t></a:r></a:p></dgm:pt>'
    spoken = shape("强调安全") + shape("1", place="sldNum")
    notes = f"<p:notes {SPACES}><p:cSld><p:spTree>{spoken}</p:spTree></p:cSld></p:notes>"
    data = pptx(
        grid + shape(power, place=None) + drawn + "<p:pic/>",
        related={"d.xml": "diagramData", "n.xml": "notesSlide"},
        d=f'<m xmlns="m">{points}</m>',
        n=notes,
    )
    parsed = parse_pptx(data, SLIDES)
    assert said(parsed) == ["产品 | 单价", "产品：云雾茶；单价：128 元", "产品：白茶", "10⁶", "站长", "备注：强调安全"]
    assert {block.page for block in parsed.blocks} == {1}
    assert told(parsed) == [f"汇报.pptx 里有 1 张图片没有读入（第 1 页）。{samples.TO_READ}"]


def test_a_slide_without_a_title_does_not_stand_under_that_of_the_one_before() -> None:
    data = pptx(shape("汇报", place="ctrTitle"), shape("进展", place="title") + shape("甲"), shape("乙", place=None))
    assert [(b.text, b.path) for b in parse_pptx(data, SLIDES).blocks] == [
        ("汇报", ()),
        ("进展", ("汇报",)),
        ("甲", ("汇报", "进展")),
        ("乙", ("汇报",)),
    ]


def test_shapes_that_stand_below_each_other_are_read_from_top_to_bottom() -> None:
    def at(top: int, text: str) -> str:
        frame = f'<p:spPr><a:xfrm><a:off x="0" y="{top}"/><a:ext cx="9" cy="90"/></a:xfrm></p:spPr>'
        return shape(text, place=None).replace("<p:txBody>", f"{frame}<p:txBody>")

    slide = shape("三步", place="title") + at(300, "验收") + at(100, "立项") + at(200, "实施")
    assert said(parse_pptx(pptx(slide), SLIDES)) == ["三步", "立项", "实施", "验收"]
    # Beside each other they are read as they lie in the file.
    assert said(parse_pptx(pptx(at(100, "二") + at(150, "一")), SLIDES)) == ["二", "一"]


def test_automatic_numbers_of_a_slide_stand_before_its_items() -> None:
    def counted(text: str, kind: str, level: int = 0, start: str = "") -> str:
        properties = f'<a:pPr lvl="{level}"><a:buAutoNum type="{kind}"{start}/></a:pPr>'
        return f"<a:p>{properties}<a:r><a:t>{text}</a:t></a:r></a:p>"

    third = ' startAt="3"'
    listed = shape(
        counted("甲", "arabicPeriod"),
        counted("乙", "alphaLcParenR", 1),
        counted("丙", "alphaLcParenR", 1),
        counted("丁", "arabicPeriod"),
        "戊",
        counted("己", "arabicPeriod"),
    )
    boxed = shape(
        *(counted(t, "circleNumDbPlain", start=third) for t in "庚辛"), counted("壬", "ea1ChsPeriod"), place=None
    )
    blocks = parse_pptx(pptx(listed + boxed), SLIDES).blocks
    assert [(b.marker, b.text) for b in blocks] == [
        ("1.", "甲"),
        ("a)", "乙"),
        ("b)", "丙"),
        ("2.", "丁"),
        ("", "戊"),
        ("1.", "己"),
        ("③", "庚"),
        ("④", "辛"),
        ("一.", "壬"),
    ]
    assert {b.kind.value for b in blocks} == {"list_item"}


@pytest.mark.parametrize("suffix", [".pptm", ".ppsx", ".potx"])
def test_a_presentation_with_macros_or_a_template_is_read_as_others_are(suffix: str) -> None:
    data = pptx(shape("进展", place="title") + shape("甲"))
    assert samples.load_bytes(data, f"汇报{suffix}").text == samples.load_bytes(data, "汇报.pptx").text == "进展\n甲"


OFFICE = "urn:oasis:names:tc:opendocument:xmlns:"


def odf(body: str, *, kind: str = "text", styles: str = "", **parts: str) -> bytes:
    spaces = "".join(
        f' xmlns:{short}="{OFFICE}{name}:1.0"'
        for short, name in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"))
    )
    spaces += f' xmlns:style="{OFFICE}style:1.0" xmlns:xlink="x" xmlns:dc="dc"'
    content = (
        f"<office:document-content{spaces}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    return samples.archive({"content.xml": content, **parts})


LETTER = Path("报告.odt")


def test_an_open_document_gives_headings_lists_tables_notes_and_remarks() -> None:
    def row(*cells: str) -> str:
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    def cell(text: str, **said: int) -> str:
        spans = "".join(f' table:number-{name}-spanned="{n}"' for name, n in said.items())
        return f"<table:table-cell{spans}><text:p>{text}</text:p></table:table-cell>"

    grid = (
        row(cell("区"), cell("站"), cell("层"))
        + row(cell("西", rows=2), cell("一号"), cell("7"))
        + row("<table:covered-table-cell/>", cell("二号"), cell(""))
    )
    body = (
        '<text:tracked-changes><text:p>删</text:p></text:tracked-changes><text:h text:outline-level="1">章</text:h>'
        '<text:p>月活<text:s text:c="2"/>近<text:span text:style-name="T1">6</text:span>'
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>据年报。</text:p></text:note-body>"
        "</text:note>。<office:annotation><dc:creator>林溪</dc:creator><text:p>核对</text:p></office:annotation></text:p>"
        "<text:list><text:list-item><text:p>甲</text:p><text:list><text:list-item><text:p>乙</text:p></text:list-item>"
        f"</text:list></text:list-item></text:list><table:table>{grid}</table:table>"
    )
    style = '<style:style style:name="T1"><style:text-properties style:text-position="super 58%"/></style:style>'
    blocks = parse_odf(odf(body, styles=style), LETTER).blocks
    assert [(b.text, b.path, b.level) for b in blocks] == [
        ("章", (), 1),
        ("月活  近⁶。", ("章",), 0),
        ("据年报。", ("章",), 0),
        ("批注（林溪）：核对", ("章",), 0),
        ("甲", ("章",), 1),
        ("乙", ("章", "甲"), 2),
        ("区 | 站 | 层", ("章",), 0),
        ("区：西；站：一号；层：7", ("章",), 0),
        ("区：西；站：二号", ("章",), 0),
    ]


def test_lists_and_headings_of_an_open_document_have_their_numbers() -> None:
    def level(number: int, form: str, before: str = "", after: str = "", more: str = "") -> str:
        around = f'style:num-prefix="{before}" style:num-suffix="{after}"'
        return f'<text:list-level-style-number text:level="{number}" style:num-format="{form}" {around} {more}/>'

    def item(*inside: str) -> str:
        parts = "".join(part if part.startswith("<") else f"<text:p>{part}</text:p>" for part in inside)
        return f"<text:list-item>{parts}</text:list-item>"

    def listed(*items: str, said: str = 'text:style-name="L1"') -> str:
        return f"<text:list {said}>{''.join(items)}</text:list>"

    first = level(1, "一, 二, 三, ...", "第", "条") + level(2, "1", "（", "）")
    second = level(1, "1", after=".", more='text:start-value="3"') + level(2, "1", more='text:display-levels="2"')
    styles = f'<text:list-style style:name="L1">{first}</text:list-style>'
    styles += f'<text:list-style style:name="L2">{second}</text:list-style>'
    outline = level(1, "一, 二, 三, ...", "第", "章").replace("list-level-style-number", "outline-level-style")
    spaces = f'xmlns:text="{OFFICE}text:1.0" xmlns:style="{OFFICE}style:1.0"'
    body = (
        '<text:h text:outline-level="1">总则</text:h>'
        + listed(item("甲"), item("乙", listed(item("丙"), item("丁"), said="")))
        + "<text:p>间</text:p>"
        + listed(item("戊"), said='text:style-name="L1" text:continue-numbering="true"')
        + listed(item("己"))
        + listed(item("庚", listed(item("辛"), said="")), said='text:style-name="L2"')
    )
    part = (
        f'<x {spaces} xmlns:office="o"><office:styles>'
        f"<text:outline-style>{outline}</text:outline-style></office:styles></x>"
    )
    assert said(parse_odf(odf(body, styles=styles, **{"styles.xml": part}), LETTER)) == [
        "第一章 总则",
        "第一条 甲",
        "第二条 乙",
        "（1）丙",
        "（2）丁",
        "间",
        "第三条 戊",
        "第一条 己",
        "3. 庚",
        "3.1 辛",
    ]


def test_the_title_of_a_slide_is_a_heading() -> None:
    frame = "<draw:frame{}><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    title = frame.format(' xmlns:presentation="p" presentation:class="title"', "防汛")
    page = f"<draw:page>{title}{frame.format('', '南闸')}</draw:page>"
    blocks = parse_odf(odf(page, kind="presentation"), Path("页.odp")).blocks
    assert [(b.kind.value, b.text, b.path, b.page) for b in blocks] == [
        ("heading", "防汛", (), 1),
        ("paragraph", "南闸", ("防汛",), 1),
    ]


@pytest.mark.usefixtures("without_recognition")
def test_formulas_boxes_struck_text_and_pictures_of_an_open_document() -> None:
    math = '<math xmlns="m"><mfrac><mi>L</mi><mi>d</mi></mfrac></math>'
    body = (
        '<text:p>设<draw:frame><draw:object xlink:href="./O1"/></draw:frame>。'
        '<text:span text:style-name="S">旧</text:span>'
        "<draw:frame><draw:text-box><text:p>框内</text:p></draw:text-box></draw:frame>"
        "<draw:frame><draw:image/></draw:frame></text:p>"
    )
    style = '<style:style style:name="S"><style:text-properties style:text-line-through-style="solid"/></style:style>'
    parsed = parse_odf(odf(body, styles=style, **{"O1/content.xml": math}), LETTER)
    assert said(parsed) == ["设L/d。", "框内"]
    assert told(parsed) == [
        "报告.odt 里有 1 处划掉的文字没有读入。",
        f"报告.odt 里有 1 张图片没有读入。{samples.TO_READ}",
    ]


def test_a_workbook_and_slides_of_open_document() -> None:
    def cells(*texts: str, rows: int = 1) -> str:
        inner = "".join(f"<table:table-cell><text:p>{t}</text:p></table:table-cell>" for t in texts)
        blank = '<table:table-cell table:number-columns-repeated="16000"/>'
        return f'<table:table-row table:number-rows-repeated="{rows}">{inner}{blank}</table:table-row>'

    sheet = f'<table:table table:name="库存">{cells("品", "数")}{cells("泵", "7")}{cells(rows=1_000_000)}</table:table>'
    blocks = parse_odf(odf(sheet, kind="spreadsheet"), Path("表.ods")).blocks
    assert [(b.text, b.path) for b in blocks] == [("库存", ()), ("品 | 数", ("库存",)), ("品：泵；数：7", ("库存",))]
    frame = "<draw:frame><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    slides = "".join(f"<draw:page>{frame.format(text)}</draw:page>" for text in "甲乙")
    blocks = parse_odf(odf(slides, kind="presentation"), Path("讲.odp")).blocks
    assert [(b.text, b.page) for b in blocks] == [("甲", 1), ("乙", 2)]


def test_a_remark_on_a_cell_of_open_document_is_no_part_of_its_value() -> None:
    remark = "<office:annotation><dc:creator>林溪</dc:creator><text:p>待复估</text:p></office:annotation>"
    rows = "".join(
        f"<table:table-row>{''.join(f'<table:table-cell>{cell}</table:table-cell>' for cell in row)}</table:table-row>"
        for row in (
            ("<text:p>展品</text:p>", "<text:p>估价</text:p>"),
            ("<text:p>木雕</text:p>", f"{remark}<text:p>¥1,500</text:p>"),
        )
    )
    sheet = f'<table:table table:name="展品">{rows}</table:table>'
    parsed = parse_odf(odf(sheet, kind="spreadsheet"), Path("表.ods"))
    assert said(parsed) == ["展品", "展品 | 估价", "展品：木雕；估价：¥1,500", "批注（林溪）：待复估"]


def test_a_paragraph_in_the_style_of_titles_is_the_title_of_an_open_document() -> None:
    style = '<style:style style:name="P1" style:parent-style-name="Title"/>'
    for name in ("Title", "P1"):
        body = f'<text:p text:style-name="{name}">渡口手册</text:p><text:h text:outline-level="2">班次</text:h>'
        blocks = parse_odf(odf(body, styles=style), LETTER).blocks
        assert [(b.text, b.level, b.path) for b in blocks] == [("渡口手册", 1, ()), ("班次", 2, ("渡口手册",))]


def test_items_in_a_cell_of_open_document_keep_their_numbers() -> None:
    level = '<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
    items = "".join(f"<text:list-item><text:p>{text}</text:p></text:list-item>" for text in ("巡逻", "登记"))
    listed = f'<text:list text:style-name="L">{items}</text:list>'
    cells = "".join(
        f"<table:table-row>{''.join(f'<table:table-cell>{c}</table:table-cell>' for c in row)}</table:table-row>"
        for row in (("<text:p>岗位</text:p>", "<text:p>职责</text:p>"), ("<text:p>保安</text:p>", listed))
    )
    style = f'<text:list-style style:name="L">{level}</text:list-style>'
    parsed = parse_odf(odf(f"<table:table>{cells}</table:table>", styles=style), LETTER)
    assert said(parsed) == ["岗位 | 职责", "岗位：保安；职责：1. 巡逻 2. 登记"]


def test_a_hidden_sheet_of_open_document_is_told_and_a_table_in_a_cell_is_read_after_the_one_around_it() -> None:
    def row(*cells: str) -> str:
        inner = "".join(f"<table:table-cell>{c}</table:table-cell>" for c in cells)
        return f"<table:table-row>{inner}</table:table-row>"

    p = "<text:p>{}</text:p>".format
    hidden = '<style:style style:name="t2"><style:table-properties table:display="false"/></style:style>'
    sheets = "".join(
        f'<table:table table:name="{name}" table:style-name="{style}">{row(p(name))}</table:table>'
        for name, style in (("电费", "t1"), ("废", "t2"))
    )
    parsed = parse_odf(odf(sheets, kind="spreadsheet", styles=hidden), Path("账.ods"))
    assert said(parsed) == ["电费", "电费"]
    assert told(parsed) == ["账.ods 里有 1 张隐藏的工作表没有读入（“废”之下）。"]
    inner = f"<table:table>{row(p('班'), p('时间'))}{row(p('早班'), p('6点'))}</table:table>"
    outer = f"<table:table>{row(p('项目'), p('内容'))}{row(p('班次'), p('见下') + inner)}</table:table>"
    blocks = parse_odf(odf(outer), LETTER).blocks
    assert [(b.text, b.path) for b in blocks] == [
        ("项目 | 内容", ()),
        ("项目：班次；内容：见下", ()),
        ("班 | 时间", ("班次",)),
        ("班：早班；时间：6点", ("班次",)),
    ]


@pytest.mark.usefixtures("without_recognition")
def test_rtf_gives_paragraphs_and_rows_and_tells_pictures() -> None:
    text = "".join(f"\\u{ord(c)}?" for c in "押金")
    cells = "\\trowd A\\cell B\\cell\\row\\trowd 1\\cell\\cell\\row\\pard"
    data = f"{{\\rtf1\\ansi {text} 2800\\par {cells} end\\par{{\\pict 00}}}}".encode()
    parsed = parse_rtf(data, Path("旧.rtf"))
    assert said(parsed) == ["押金 2800", "A | B", "A：1", "end"]
    assert told(parsed) == [f"旧.rtf 里有 1 张图片没有读入。{samples.TO_READ}"]
    with pytest.raises(LoadError, match=r"不是 \.rtf 格式"):
        parse_rtf(b"plain", Path("旧.rtf"))


def test_rtf_is_read_as_it_looks_with_notes_and_numbers() -> None:
    body = (
        r"10{\super 6} H{\sub 2}O\super 2\nosupersub m{\strike old}{\b new}\par "
        r"{\pntext\f0 1.\tab}item{\super\chftn}{\*\footnote\pard\plain a note\par}\par "
        r"\trowd A|B\cell{\pard C\par D\par}\cell\row\trowd 1\cell 2\cell\row\pard end\par"
    )
    parsed = parse_rtf(rf"{{\rtf1\ansi {body}}}".encode(), Path("旧.rtf"))
    assert said(parsed) == ["10⁶ H₂O²mnew", "1.\titem", "a note", "A|B | C D", "A|B：1；C D：2", "end"]
    assert told(parsed) == ["旧.rtf 里有 1 处划掉的文字没有读入。"]


CELL = r"\cell "


def test_paragraphs_of_rtf_with_a_level_of_the_outline_are_headings() -> None:
    styles = r"{\stylesheet{\s1\outlinelevel0 heading 1;}}"
    heads = (
        r"\pard\outlinelevel0 One {\b two}\par\pard a\par\pard\outlinelevel1 m\super 2\nosupersub\par\par\pard b\par"
    )
    rest = r"\trowd\cellx9\cellx99 c\cell d\cell\row\pard\outlinelevel9 e\par\pard\outlinelevel0 End\par"
    parsed = parse_rtf(rf"{{\rtf1\ansi {styles}{heads}{rest}}}".encode(), Path("旧.rtf"))
    assert [(b.kind.value, b.text, b.level, b.path[:2]) for b in parsed.blocks] == [
        ("heading", "One two", 1, ()),
        ("paragraph", "a", 0, ("One two",)),
        ("heading", "m²", 2, ("One two",)),
        ("paragraph", "b", 0, ("One two", "m²")),
        ("row", "c | d", 0, ("One two", "m²")),
        ("paragraph", "e", 0, ("One two", "m²")),
        ("heading", "End", 1, ()),
    ]


def test_cells_of_rtf_are_merged_by_what_is_said_or_by_where_they_end() -> None:
    def row(*cells: tuple[str, str]) -> str:
        places, texts = (
            "".join(part) for part in zip(*((place, f"{text}{CELL}") for place, text in cells), strict=True)
        )
        return rf"\trowd{places} {texts}\row"

    rows = (
        row((r"\cellx1000", "kind"), (r"\cellx2000", "name"), (r"\cellx3000", "count")),
        row((r"\clvmgf\cellx1000", "paper"), (r"\cellx2000", "A"), (r"\cellx3010", "50")),
        row((r"\clvmrg\cellx1000", ""), (r"\cellx2000", "B"), (r"\cellx3000", "30")),
        row((r"\clmgf\cellx1000", "sum"), (r"\clmrg\cellx2000", ""), (r"\cellx3000", "80")),
        row((r"\cellx2000", "all"), (r"\cellx3000", "80")),
    )
    assert said(parse_rtf(rf"{{\rtf1\ansi {''.join(rows)}\pard}}".encode(), Path("旧.rtf"))) == [
        "kind | name | count",
        "kind：paper；name：A；count：50",
        "kind：paper；name：B；count：30",
        "sum；count：80",
        "all；count：80",
    ]


MAIL = Path("信.eml")


def mail(body: str, **headers: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in headers.items():
        message[name] = value
    message.set_content(body)
    return message


def test_a_mail_gives_its_headers_text_and_what_it_forwards_and_tells_attachments() -> None:
    outer = mail("请看附件。\n明天答复。\n", Subject="停水通知", From="林溪 <lin@example.com>", To="zhou@example.com")
    outer.add_attachment(mail("晚上十点停水。\n", Subject="原信"))
    outer.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="附.pdf")
    parsed = parse_eml(outer.as_bytes(), MAIL)
    assert parsed.title == "停水通知"
    assert said(parsed) == [
        "停水通知",
        "发件人：林溪 <lin@example.com>\n收件人：zhou@example.com",
        "请看附件。",
        "明天答复。",
        "原信",
        "晚上十点停水。",
    ]
    assert told(parsed) == ["信.eml 里有 1 个附件没有读入（“附.pdf”之下）。"]


def test_a_mail_with_a_table_is_read_by_its_page() -> None:
    message = mail("品 数 泵 7", Subject="库存")
    rows = "<tr><th>品</th><th>数</th></tr><tr><td>泵</td><td>7</td></tr>"
    message.add_alternative(f"<table>{rows}</table>", subtype="html")
    assert said(parse_eml(message.as_bytes(), MAIL)) == ["库存", "品 | 数", "品：泵；数：7"]


def test_the_page_of_a_mail_is_read_however_it_is_packed_and_where_it_says_more() -> None:
    page = "<table><tr><th>商品<th>金额<tr><td>电热毯<td>258</table>"
    for html, text in (
        (page, ["商品 | 金额", "商品：电热毯；金额：258"]),
        ("<p>" + "很长的正文。" * 9, ["很长的正文。" * 9]),
    ):
        made = mail("请见网页版。", Subject="订单")
        made.add_alternative(html, subtype="html", charset="utf-8")
        assert said(parse_eml(made.as_bytes(), MAIL))[-len(text) :] == text


def test_the_page_of_a_mail_is_read_where_it_shows_pictures_that_lie_in_the_mail() -> None:
    seen: list[str] = []

    def picture(address: str) -> bytes:
        seen.append(address)
        return b""

    (block,) = written("见图", "<p>见图</p><img alt='' src='cid:a'>", MAIL, Unread(), picture)
    assert (block.text, seen) == ("见图", ["cid:a"])
    made = mail("见图", Subject="截图")
    made.add_alternative("<p>见图</p><img src='cid:a'>", subtype="html")
    page = made.get_body(("html",))
    assert page
    page.add_related(b"no picture", "image", "png", cid="<a>")
    assert [notice.omitted for notice in parse_eml(made.as_bytes(), MAIL).notices] == [Omission("picture", (1,))]


def test_a_mail_that_is_forwarded_as_a_file_is_read_as_one() -> None:
    outer = mail("见附件。", Subject="转发")
    inner = mail("晚上十点停水。", Subject="原信").as_bytes()
    outer.add_attachment(inner, maintype="application", subtype="octet-stream", filename="原信.eml")
    assert said(parse_eml(outer.as_bytes(), MAIL)) == ["转发", "见附件。", "原信", "晚上十点停水。"]


def test_what_a_mail_quotes_is_a_quote() -> None:
    blocks = parse_eml(mail("同意。\n\n> 几点？\n>> 早先\n", Subject="回复").as_bytes(), MAIL).blocks
    assert [(b.kind.value, b.text) for b in blocks[-3:]] == [
        ("paragraph", "同意。"),
        ("quote", "几点？"),
        ("quote", "早先"),
    ]


def test_an_invitation_says_when_and_where() -> None:
    entry = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;TZID=Asia/Shanghai:20250310T140000\r\nDTEND:20250310T073000Z\r\n"
        "SUMMARY:安全\r\n 例会\r\nLOCATION:二号楼\\, 305\r\nDESCRIPTION:议题\\n台账\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    made = mail("会议邀请。", Subject="例会")
    made.add_alternative(entry.encode(), maintype="text", subtype="calendar")
    parsed = parse_eml(made.as_bytes(), MAIL)
    assert said(parsed)[-1] == (
        "主题：安全例会；开始：2025-03-10 14:00；结束：2025-03-10 07:30 UTC；地点：二号楼, 305；说明：议题 台账"
    )
    assert told(parsed) == []


def test_a_mail_of_outlook_is_read_as_other_mails_are() -> None:
    values = {0x37: "停水通知", 0x0C1A: "林溪", 0x0C1F: "lin@example.com", 0x0E04: "周舟"}
    data = samples.msg({**values, 0x1000: "请看附件。\r\n明天答复。"}, {"附.pdf": b"%PDF"})
    parsed = parse_msg(data, Path("信.msg"))
    assert parsed.title == "停水通知"
    head = '发件人："林溪" <lin@example.com>\n收件人：周舟'
    assert said(parsed) == ["停水通知", head, "请看附件。", "明天答复。"]
    assert told(parsed) == ["信.msg 里有 1 个附件没有读入（“附.pdf”之下）。"]
    with pytest.raises(LoadError, match=r"无法读取 信\.msg：文件已损坏"):
        parse_msg(data[:1000], Path("信.msg"))


def test_files_on_a_mail_are_read_under_their_names_and_those_that_are_not_are_told() -> None:
    outer = mail("请看附件。\n", Subject="报价")
    page = "<h1>价目</h1><p>阀门 120 元。</p>"
    files = {
        "a/价目.html": page.encode(),
        "说明.txt": "八点开门。".encode(),
        "包.zip": b"PK",
        "坏.docx": b"PK",
        "无": b"",
    }
    for file, data in files.items():
        outer.add_attachment(data, maintype="application", subtype="octet-stream", filename=file)
    parsed = parse_eml(outer.as_bytes(), MAIL)
    assert [(b.kind.value, b.text, b.level, b.path[1:]) for b in parsed.blocks if b.path[1:] or b.level == 2] == [
        ("heading", "价目.html", 2, ()),
        ("heading", "价目", 3, ("价目.html",)),
        ("paragraph", "阀门 120 元。", 0, ("价目.html", "价目")),
        ("heading", "说明.txt", 2, ()),
        ("paragraph", "八点开门。", 0, ("说明.txt",)),
    ]
    assert told(parsed) == ["信.eml 里有 3 个附件没有读入（“包.zip”之下、“坏.docx”之下、“无”之下）。"]
    same = parse_msg(samples.msg({0x37: "报价"}, files), Path("信.msg"))
    assert said(same)[1:] == said(parsed)[2:]


def test_what_a_file_on_a_mail_lacks_is_told_at_its_place_in_the_mail() -> None:
    outer = mail("请看。\n", Subject="图")
    data = b"{\\rtf1 a\\par {\\strike b}\\par c}"
    outer.add_attachment(data, maintype="application", subtype="rtf", filename="a.rtf")
    (alone,), (inside,) = parse_rtf(data, Path("a.rtf")).notices, parse_eml(outer.as_bytes(), MAIL).notices
    assert inside.zh == alone.zh.replace("a.rtf", "信.eml/a.rtf")
    assert (alone.omitted, inside.omitted) == (Omission("struck", (0,)), Omission("struck", (3,)))


def test_mails_in_mails_end_and_other_bytes_are_refused() -> None:
    message = mail("底")
    for n in range(8):
        outer = mail(f"层{n}")
        outer.add_attachment(message)
        message = outer
    assert len(parse_eml(message.as_bytes(), MAIL).blocks) == 4
    with pytest.raises(LoadError, match=r"不是 \.eml 格式"):
        parse_eml(b"\0\1\2", MAIL)


def test_a_web_archive_is_read_by_its_page() -> None:
    data = (
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html; charset=gbk\n"
        b"Content-Transfer-Encoding: 8bit\n\n" + "<h1>须知</h1><p>押金 3100 元。</p>".encode("gbk") + b"\n--b--\n"
    )
    assert said(parse_mht(data, Path("页.mht"))) == ["须知", "押金 3100 元。"]


def test_no_format_is_taken_apart_in_this_process() -> None:
    assert dict.fromkeys((*PARSED_BY, *OLD), parse_apart) == PARSERS


def test_lines_that_a_mail_wraps_are_joined_in_its_quotes_too() -> None:
    said = "学校定于四月十九日组织一年级学生前往植物园春游现将有关事项通知如下请在四月十二日前确认是否参加"
    wrapped = "\n".join(said[i : i + 20] for i in range(0, len(said), 20))
    quoted = f"各班：\n{said[:20]}\n{said[20:30]}。"
    text = f"{wrapped}。\n\n" + "\n".join(f"> {line}" for line in quoted.split("\n"))
    assert [b.text for b in quoting(text)] == [f"{said}。", "各班：", f"{said[:30]}。"]
