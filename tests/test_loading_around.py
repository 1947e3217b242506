"""What stands around the text is read once or told: headers, footers, masters, watermarks, boxes, controls, charts."""

from __future__ import annotations

import io
import zipfile
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import openpyxl
import samples
from openpyxl.comments import Comment
from test_loading_docx import packed, paragraph
from test_loading_docx import texts as docx_texts
from test_loading_docx import told as docx_told
from test_loading_office import LETTER, MAIL, OFFICE, SPACES, odf, pptx, relations, said, shape, told
from test_loading_workbooks import XLSX, saved

from rag.loading.mail import parse_eml
from rag.loading.office.docx import parse_docx
from rag.loading.office.opendocument import parse_odf
from rag.loading.office.pptx import parse_pptx
from rag.loading.office.rtf import parse_rtf
from rag.loading.pdf.headers import _constant
from rag.loading.sheets.xlsx import parse_xlsx

SLIDES = Path("讲.pptx")
OLD = Path("旧.rtf")


def test_numbers_that_differ_from_page_to_page_are_left_out_of_a_header_also_beside_a_number_sign() -> None:
    assert _constant(["2026版 第1页", "2026版 第2页"]) == "2026版 第页"
    assert _constant(["房间 #", "房间 2", "房间 3"]) == "房间 #"
    assert _constant(["房间 2", "房间 #", "房间 3"]) == "房间"


def escaped(text: str) -> str:
    """``text`` as RTF has it."""
    return "".join(character if ord(character) < 128 else f"\\u{ord(character)}?" for character in text)


def rtf(body: str) -> bytes:
    return f"{{\\rtf1\\ansi {escaped(body)}}}".encode()


def added(data: bytes, part: str, content: str) -> bytes:
    """A zip file with one more part."""
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(part, content)
    return stream.getvalue()


def test_a_watermark_is_said_once_under_the_header() -> None:
    mark = '<w:r><w:pict><v:shape xmlns:v="v"><v:textpath string="草稿 勿外传"/></v:shape></w:pict></w:r>'
    body = samples.docx(paragraph("正文"), header=paragraph("", mark))
    assert [(b.text, b.path) for b in parse_docx(body, Path("报告.docx")).blocks] == [
        ("正文", ()),
        ("草稿 勿外传", ("页眉",)),
    ]


def test_hidden_text_is_left_out_and_told_in_every_format_that_has_it() -> None:
    body = paragraph("公开", "<w:r><w:rPr><w:vanish/></w:rPr><w:t>底价</w:t></w:r>")
    assert (docx_texts(body), docx_told(body)) == (["公开"], ["报告.docx 里有 1 处隐藏的文字没有读入。"])
    style = '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
    parsed = parse_odf(
        odf('<text:p>公开<text:span text:style-name="H">底价</text:span></text:p>', styles=style), LETTER
    )
    assert (said(parsed), told(parsed)) == (["公开"], ["报告.odt 里有 1 处隐藏的文字没有读入。"])
    parsed = parse_rtf(rtf(r"\pard 公开{\v 底价}\par"), OLD)
    assert (said(parsed), told(parsed)) == (["公开"], ["旧.rtf 里有 1 处隐藏的文字没有读入。"])


def test_footers_of_slides_and_the_text_of_their_masters_are_read_once() -> None:
    master = f"<p:sldMaster {SPACES}><p:spTree>{shape('严禁外传', place=None)}{shape('样', place='title')}"
    slide = shape("进展", place="title") + shape("V2.3 生效", place="ftr") + shape("甲")
    data = pptx(
        slide,
        slide,
        related={"l.xml": "slideLayout"},
        l=f"<p:sldLayout {SPACES}><p:spTree>{shape('研发部', place=None)}</p:spTree></p:sldLayout>",
        m=f"{master}</p:spTree></p:sldMaster>",
    )
    data = added(data, "ppt/_rels/l.xml.rels", relations({"m.xml": "slideMaster"}))
    assert [(b.text, b.path) for b in parse_pptx(data, SLIDES).blocks][-3:] == [
        ("V2.3 生效", ("页脚",)),
        ("研发部", ("母版",)),
        ("严禁外传", ("母版",)),
    ]


def test_a_footer_is_read_without_the_number_of_the_slide_and_a_hidden_master_is_not() -> None:
    footer = (
        shape("@", place="ftr")
        .replace("<a:t>@</a:t>", "<a:t>内部资料 V2.3 </a:t>")
        .replace("</a:p>", '<a:fld id="n" type="slidenum"><a:t>7</a:t></a:fld></a:p>')
    )
    data = pptx(
        shape("进展", place="title") + footer,
        related={"l.xml": "slideLayout"},
        l=f'<p:sldLayout showMasterSp="0" {SPACES}><p:spTree>{shape("研发部", place=None)}</p:spTree></p:sldLayout>',
        m=f"<p:sldMaster {SPACES}><p:spTree>{shape('草稿', place=None)}</p:spTree></p:sldMaster>",
    )
    data = added(data, "ppt/_rels/l.xml.rels", relations({"m.xml": "slideMaster"}))
    assert said(parse_pptx(data, SLIDES)) == ["进展", "内部资料 V2.3", "研发部"]


def test_a_group_is_one_thing_among_the_shapes_that_stand_below_each_other() -> None:
    def at(top: int, inner: str) -> str:
        return f'<p:spPr><a:xfrm><a:off x="0" y="{top}"/><a:ext cx="9" cy="5"/></a:xfrm></p:spPr>{inner}'

    low = f"<p:sp>{at(50, '<p:txBody><a:p><a:r><a:t>来源</a:t></a:r></a:p></p:txBody>')}</p:sp>"
    group = (
        f"<p:grpSp><p:grpSpPr>{at(10, '')}</p:grpSpPr>{shape('目标', place=None)}{shape('95%', place=None)}</p:grpSp>"
    )
    assert said(parse_pptx(pptx(low + group), SLIDES)) == ["目标", "95%", "来源"]


def chart(series: str, axes: str = "") -> bytes:
    """A DOCX with a chart."""
    ids = '<c:axId val="1"/><c:axId val="2"/></c:barChart>'
    data = f'<c:chartSpace xmlns:c="c" xmlns:a="a"><c:chart><c:barChart>{series}{ids}{axes}</c:chart></c:chartSpace>'
    run = '<w:r><w:drawing><c:chart xmlns:c="c" r:id="X"/></w:drawing></w:r>'
    return packed(paragraph("见图。", run), "chart", "c.xml", data)


def points(axis: str, kind: str, *values: str, code: str = "") -> str:
    inner = "".join(f'<c:pt idx="{n}"><c:v>{value}</c:v></c:pt>' for n, value in enumerate(values))
    return f"<c:{axis}><c:{kind}>{f'<c:formatCode>{code}</c:formatCode>' if code else ''}{inner}</c:{kind}></c:{axis}>"


def test_a_chart_names_its_axes_and_shows_dates_and_shares_by_their_formats() -> None:
    def axis(kind: str, id_: int, name: str) -> str:
        return f'<c:{kind}><c:axId val="{id_}"/><c:title><a:p><a:r><a:t>{name}</a:t></a:r></a:p></c:title></c:{kind}>'

    series = (
        f"<c:ser>{points('tx', 'strCache', '毛利')}{points('cat', 'numCache', '45658', '45689', code='yyyy-mm')}"
        f"{points('val', 'numCache', '0.312', '0.298', code='0.0%')}</c:ser>"
    )
    data = chart(series, axis("dateAx", 1, "月份") + axis("valAx", 2, "占收入"))
    assert said(parse_docx(data, Path("报告.docx"))) == [
        "见图。",
        "月份 | 毛利（占收入）",
        "月份：2025-01；毛利（占收入）：31.2%",
        "月份：2025-02；毛利（占收入）：29.8%",
    ]


def test_names_on_two_levels_of_a_chart_stand_from_the_outer_to_the_inner_one() -> None:
    def level(*names: str) -> str:
        points = "".join(f'<c:pt idx="{n}"><c:v>{name}</c:v></c:pt>' for n, name in enumerate(names) if name)
        return f"<c:lvl>{points}</c:lvl>"

    names = f"<c:cat><c:multiLvlStrCache>{level('北京', '天津', '上海')}{level('华北', '', '华东')}"
    series = f"<c:ser>{names}</c:multiLvlStrCache></c:cat>{points('val', 'numCache', '12', '8', '20')}</c:ser>"
    assert said(parse_docx(chart(series), Path("报告.docx")))[-3:] == ["华北 北京：12", "华北 天津：8", "华东 上海：20"]


def test_headers_and_footers_of_open_document_are_read_once_without_what_is_new_on_each_page() -> None:
    page = "第<text:page-number>1</text:page-number>页"
    styles = (
        f'<office:document-styles xmlns:office="{OFFICE}office:1.0" xmlns:text="{OFFICE}text:1.0" '
        f'xmlns:style="{OFFICE}style:1.0"><office:master-styles><style:master-page>'
        "<style:header><text:p>版本 B/2</text:p><text:p><text:sheet-name>表</text:sheet-name></text:p></style:header>"
        f'<style:footer><text:p>{page}</text:p></style:footer><style:header-left style:display="false">'
        "<text:p>旧</text:p></style:header-left></style:master-page></office:master-styles></office:document-styles>"
    )
    blocks = parse_odf(odf("<text:p>正文</text:p>", **{"styles.xml": styles}), LETTER).blocks
    assert [(b.text, b.path) for b in blocks] == [("正文", ()), ("版本 B/2", ("页眉",))]


def test_shapes_of_open_document_are_read_beside_the_sentence_in_which_they_are_anchored() -> None:
    drawn = "<draw:custom-shape><text:p>开始</text:p></draw:custom-shape>"
    assert said(parse_odf(odf(f"<text:p>流程{drawn}如下。</text:p>"), LETTER)) == ["流程如下。", "开始"]


def test_controls_of_open_document_show_what_was_filled_in_and_ticked() -> None:
    form = f'xmlns:form="{OFFICE}form:1.0"'
    forms = (
        f'<office:forms {form}><form:form><form:checkbox form:id="a" form:label="同意" form:current-state="checked"/>'
        '<form:text form:id="b" form:current-value="张伟"/><form:button form:id="c" form:label="提交"/>'
        "</form:form></office:forms>"
    )
    shown = "".join(
        f'<text:p>{label}<draw:control draw:control="{id_}"/></text:p>'
        for label, id_ in zip("甲乙丙", "abc", strict=True)
    )
    assert said(parse_odf(odf(forms + shown), LETTER)) == ["甲☑同意", "乙张伟", "丙"]


def cells(*texts: str) -> str:
    inner = "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in texts)
    return f"<table:table-row>{inner}</table:table-row>"


def test_charts_and_sheets_in_open_document_are_tables_and_other_objects_are_told() -> None:
    spaces = f'xmlns:office="{OFFICE}office:1.0" xmlns:table="{OFFICE}table:1.0" xmlns:text="{OFFICE}text:1.0"'
    rows = f"<table:table>{cells('', '2024年', '2025年')}{cells('原料', '320', '410')}</table:table>"
    drawn = f'<c:chart xmlns:c="c"><c:title><text:p>采购额</text:p></c:title>{rows}</c:chart>'
    body = "".join(
        f'<text:p>见<draw:frame><draw:{kind} xlink:href="./{name}"/><draw:image/></draw:frame></text:p>'
        for kind, name in (("object", "O1"), ("object-ole", "O2"))
    )
    body_of = f"<office:body><office:chart>{drawn}</office:chart></office:body>"
    chart_part = f"<office:document-content {spaces}>{body_of}</office:document-content>"
    parsed = parse_odf(odf(body, **{"O1/content.xml": chart_part}), LETTER)
    assert said(parsed) == ["见", "采购额", "2024年 | 2025年", "原料；2024年：320；2025年：410", "见"]
    assert told(parsed) == ["报告.odt 里有 1 个嵌入的文件没有读入。"]


def test_an_object_that_shows_itself_is_read_once_and_one_that_names_the_document_holds_what_it_holds() -> None:
    spaces = f'xmlns:office="{OFFICE}office:1.0" xmlns:table="{OFFICE}table:1.0" xmlns:text="{OFFICE}text:1.0"'
    own = '<draw:frame xmlns:draw="d" xmlns:xlink="x"><draw:object xlink:href="./O1"/></draw:frame>'
    cell = f"<table:table-cell><text:p>甲{own}</text:p></table:table-cell>"
    part = f"<table:table><table:table-row>{cell}</table:table-row></table:table>"
    part = f"<office:document-content {spaces}><office:body>{part}</office:body></office:document-content>"
    frames = "".join(
        f'<text:p>见<draw:frame><draw:object xlink:href="{href}"/></draw:frame></text:p>' for href in ("./O1", "./", "")
    )
    parsed = parse_odf(odf(frames, **{"O1/content.xml": part}), LETTER)
    assert said(parsed) == ["见", "甲", "见", "见"]
    assert told(parsed) == ["报告.odt 里有 3 个嵌入的文件没有读入。"]


def test_what_floats_on_a_sheet_of_open_document_stands_below_its_rows() -> None:
    box = "<table:shapes><draw:frame><draw:text-box><text:p>未审数</text:p></draw:text-box></draw:frame></table:shapes>"
    sheet = f'<table:table table:name="一月">{box}{cells("科目", "借方")}{cells("现金", "7")}</table:table>'
    blocks = parse_odf(odf(sheet, kind="spreadsheet"), Path("表.ods")).blocks
    assert [(b.text, b.path) for b in blocks][-1] == ("未审数", ("一月",))


def test_the_title_heads_its_slide_wherever_it_lies_in_the_file_and_footers_are_read() -> None:
    frame = '<draw:frame draw:class="{}"><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>'
    slide = f"<draw:page>{frame.format('', '说明')}{frame.format('title', '培训')}</draw:page>"
    blocks = parse_odf(
        odf(f"<draw:footer-decl>2026版</draw:footer-decl>{slide}", kind="presentation"), Path("讲.odp")
    ).blocks
    assert [(b.text, b.path) for b in blocks] == [("培训", ()), ("说明", ("培训",)), ("2026版", ("页脚",))]


def test_headers_footers_boxes_and_remarks_of_rtf_are_read_and_deleted_text_is_not() -> None:
    page = r"{\field{\*\fldinst PAGE}{\fldrslt 1}}"
    body = (
        rf"{{\header\pard 版本 1.2\par}}{{\footer\pard 第{page}页\par}}\pard 功率{{\*\atnauthor 王工}}\chatn"
        r"{\*\annotation\pard 请核对}为3kW\par{\shp{\*\shpinst{\sp{\sn a}{\sv 1}}{\shptxt\pard 高温\par 勿触\par}}"
        r"{\shprslt 高温}}\par 期限{\deleted 三}{\revised 六}个月\par"
    )
    blocks = parse_rtf(rtf(body), OLD).blocks
    assert [(b.text, b.path) for b in blocks] == [
        ("功率为3kW", ()),
        ("批注（王工）：请核对", ()),
        ("高温", ()),
        ("勿触", ()),
        ("期限六个月", ()),
        ("版本 1.2", ("页眉",)),
    ]


def test_a_table_or_a_box_in_a_header_of_rtf_stays_in_the_header() -> None:
    for header in (r"\trowd\cellx100\cellx200 公司\cell 版本1.2\cell\row", r"\pard 公司 版本1.2\par"):
        blocks = parse_rtf(rtf(rf"{{\header {header}}}\pard 正文\par"), OLD).blocks
        assert [(b.text, b.path) for b in blocks] == [("正文", ()), ("公司 版本1.2", ("页眉",))]
    box = r"{\shp{\*\shpinst{\shptxt 密级\par}}}"
    blocks = parse_rtf(rtf(rf"{{\header 公司{box} 版本1.2\par}}\pard 正文\par"), OLD).blocks
    assert sorted(b.text for b in blocks) == sorted(["正文", "密级", "公司", "版本1.2"])
    assert not any(ord(character) < 32 for b in blocks for character in b.text)


def test_boxes_of_rtf_are_ticked_or_not_and_a_note_in_a_table_ends_no_table() -> None:
    def box(state: int) -> str:
        form = rf"{{\*\formfield{{\fftype1\ffres{state}\ffdefres0}}}}"
        return rf"{{\field{{\*\fldinst FORMCHECKBOX {form}}}{{\fldrslt }}}}"

    rows = r"\trowd 项\cell 数\cell\row\trowd 泵{\footnote 备用}\cell 7\cell\row\trowd 阀\cell 9\cell\row\pard "
    body = rf"\pard {box(1)}合格{box(25)}返工\par{rows}"
    link = r'{\field{\*\fldinst HYPERLINK "x"}{\fldrslt 说明}}'
    assert said(parse_rtf(rtf(rf"\pard {link}{box(1)}合格\par"), OLD)) == ["说明☑合格"]
    assert said(parse_rtf(rtf(body), OLD)) == ["☑合格☐返工", "项 | 数", "项：泵；数：7", "项：阀；数：9", "备用"]


def test_headers_and_footers_of_sheets_are_read_without_their_codes() -> None:
    book = openpyxl.Workbook()
    book.active.append(("现金", 7))
    book.active.oddHeader.left.text = "编制单位：东方公司"
    book.active.oddHeader.right.text = "单位：万元"
    book.active.oddFooter.center.text = "第 &P 页"
    assert [(b.text, b.path) for b in parse_xlsx(saved(book), XLSX).blocks][-2:] == [
        ("编制单位：东方公司", ("页眉",)),
        ("单位：万元", ("页眉",)),
    ]


def test_the_copy_of_a_thread_is_read_without_what_it_tells_old_programs() -> None:
    book = openpyxl.Workbook()
    book.active.append(("现金", 7))
    book.active["B1"].comment = Comment("[线程批注]\n\n你的版本可读取此批注。\n\n注释:\n    请核实", "tc={1}")
    assert [b.text for b in parse_xlsx(saved(book), XLSX).blocks][-1] == "批注（B1）：注释:\n    请核实"


def test_a_sheet_that_is_a_chart_has_its_title() -> None:
    from openpyxl.chart import BarChart, Reference

    book = openpyxl.Workbook()
    book.active.append(("负债", 7))
    chart = BarChart()
    chart.title = "负债变动"
    chart.add_data(Reference(book.active, min_col=2, min_row=1, max_row=1))
    book.create_chartsheet("图").add_chart(chart)
    data = saved(book)
    assert [b.text for b in parse_xlsx(data, XLSX).blocks] == ["负债；7", "负债变动"]


def test_text_behind_a_file_on_a_mail_is_text_and_flowed_lines_go_on() -> None:
    message = MIMEMultipart()
    message["Subject"] = "方案"
    flowed = MIMEText("见附件，\u0020\n请周五前回复。\n", "plain", "utf-8")
    flowed.set_param("format", "flowed")
    message.attach(flowed)
    message.attach(MIMEText("预算上限20万元。", "plain", "utf-8"))
    message.attach(MIMEText("<p>工期90天</p>", "html", "utf-8"))
    parsed = parse_eml(message.as_bytes(), MAIL)
    assert said(parsed) == ["方案", "见附件，请周五前回复。", "预算上限20万元。", "工期90天"]
    assert told(parsed) == []
