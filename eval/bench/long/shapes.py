"""Long documents of one shape each, in every format: lists, tables, paragraphs, headings, notes, pictures."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping

SENTENCE = "第{0}号设备应当在每月第{0}日前完成检修，并由值班人员记录结果。"
_TITLE, _ITEM, _VALUE = "第{0}节 设备检修", "第{0}项：检查阀门", "阀门{0}"
_LINES = 40
_MOST_DEEP = 5

Shape = Callable[[int], str]
"""The body of a document of so many units."""


def _each(unit: str, begin: str = "", end: str = "") -> Shape:
    """``unit`` over and over: {0} is its number, {1} a depth from 1 to five."""
    return lambda n: begin + "".join(unit.format(i, 1 + i % _MOST_DEEP) for i in range(n)) + end


def _wide(cell: str, row: str, rows: int = 6) -> Shape:
    """A table of few rows with ``n`` columns."""
    return lambda n: "".join(row.format("".join(cell.format(f"{r}-{c}") for c in range(n))) for r in range(rows))


def _archive(parts: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return stream.getvalue()


_KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_RELATION = '<Relationship Id="{}" Type="' + _KINDS + '/{}" Target="{}"/>'
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_A, _P = (f"http://schemas.openxmlformats.org/{name}/2006/main" for name in ("drawingml", "presentationml"))
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_ODF = "urn:oasis:names:tc:opendocument:xmlns:{0}:1.0"


def _docx(body: str) -> bytes:
    pictures = "".join(_RELATION.format(f"p{i}", "image", f"{i}.png") for i in range(body.count("<w:drawing")))
    abstract = "".join(f'<w:abstractNum w:abstractNumId="{i}"/>' for i in range(body.count("<w:numId")))
    styled = '<w:styleLink w:val="x"/><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
    lists = f'<w:abstractNum w:abstractNumId="x">{styled}</w:abstractNum>'
    linked = '<w:abstractNum w:abstractNumId="y"><w:numStyleLink w:val="x"/></w:abstractNum>'
    number = '<w:num w:numId="1"><w:abstractNumId w:val="y"/></w:num>'
    return _archive(
        {
            "_rels/.rels": _RELATIONS.format(_RELATION.format("r", "officeDocument", "word/document.xml")),
            "word/document.xml": f'<w:document xmlns:w="{_W}" xmlns:r="{_KINDS}"><w:body>{body}</w:body></w:document>',
            "word/_rels/document.xml.rels": _RELATIONS.format(
                _RELATION.format("n", "numbering", "numbering.xml") + pictures
            ),
            "word/numbering.xml": f'<w:numbering xmlns:w="{_W}">{linked}{abstract}{lists}{number}</w:numbering>',
        }
    )


def _pptx(body: str) -> bytes:
    slide = f'<p:sld xmlns:p="{_P}" xmlns:a="{_A}"><p:cSld><p:spTree>{body}</p:spTree></p:cSld></p:sld>'
    main = f'<p:presentation xmlns:p="{_P}" xmlns:r="{_KINDS}"><p:sldIdLst><p:sldId r:id="s"/></p:sldIdLst>'
    return _archive(
        {
            "_rels/.rels": _RELATIONS.format(_RELATION.format("r", "officeDocument", "ppt/presentation.xml")),
            "ppt/presentation.xml": f"{main}</p:presentation>",
            "ppt/_rels/presentation.xml.rels": _RELATIONS.format(_RELATION.format("s", "slide", "slide.xml")),
            "ppt/slide.xml": slide,
        }
    )


def _xlsx(body: str) -> bytes:
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    kinds = "".join(
        f'<Override PartName="/xl/{name}.xml" ContentType="{media}.{kind}+xml"/>'
        for name, kind in (("workbook", "sheet.main"), ("s", "worksheet"))
    )
    default = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    book = f'<workbook xmlns="{_S}" xmlns:r="{_KINDS}"><sheets><sheet name="表" sheetId="1" r:id="s"/></sheets>'
    return _archive(
        {
            "[Content_Types].xml": f'<Types xmlns="{types}">{default}{kinds}</Types>',
            "_rels/.rels": _RELATIONS.format(_RELATION.format("r", "officeDocument", "xl/workbook.xml")),
            "xl/workbook.xml": f"{book}</workbook>",
            "xl/_rels/workbook.xml.rels": _RELATIONS.format(_RELATION.format("s", "worksheet", "s.xml")),
            "xl/s.xml": f'<worksheet xmlns="{_S}">{body}</worksheet>',
        }
    )


def _odt(body: str) -> bytes:
    names = " ".join(f'xmlns:{name}="{_ODF.format(name)}"' for name in ("office", "text", "table", "style"))
    content = f"<office:body><office:text>{body}</office:text></office:body>"
    return _archive({"content.xml": f"<office:document-content {names}>{content}</office:document-content>"})


def _html(body: str) -> bytes:
    return f"<!doctype html><meta charset=utf-8><body>{body}</body>".encode()


def _epub(body: str) -> bytes:
    container = '<container><rootfiles><rootfile full-path="c.opf"/></rootfiles></container>'
    item = '<manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
    package = f'<package>{item}<spine><itemref idref="a"/></spine></package>'
    parts = {"META-INF/container.xml": container, "c.opf": package, "a.xhtml": f"<html><body>{body}</body></html>"}
    return _archive(parts)


def _rtf(body: str) -> bytes:
    return ("{\\rtf1\\ansi " + "".join(c if c < "\x80" else f"\\u{ord(c)}?" for c in body) + "}").encode()


def _eml(body: str) -> bytes:
    head = "From: a@b.cn\r\nSubject: t\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    return f"{head}Content-Transfer-Encoding: 8bit\r\n\r\n{body}".encode()


def _pdf(body: str) -> bytes:
    """Pages of lines in Song; cells of a row are parted by tabs. A body that begins with a form feed is one page."""
    lines, high = body.removeprefix("\f").split("\n"), _LINES if body[0] != "\f" else 1 << 30
    pages = [lines[at : at + high] for at in range(0, len(lines), high)]
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    cid = (
        "/DescendantFonts [<</Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 "
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (GB1) /Supplement 2>>>>]"
    )
    objects = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        f"<</Type /Pages /Kids [{kids}] /Count {len(pages)}>>".encode(),
        f"<</Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H {cid}>>".encode(),
    ]
    for number, page in enumerate(pages):
        top = 60 + 18 * len(page)
        drawn = zlib.compress("".join(_drawn(line, top - 18 * (n + 2)) for n, line in enumerate(page)).encode())
        box = f"/MediaBox [0 0 600 {top}] /Resources <</Font <</F 3 0 R>>>>"
        objects.append(f"<</Type /Page /Parent 2 0 R {box} /Contents {5 + 2 * number} 0 R>>".encode())
        objects.append(b"<</Length %d /Filter /FlateDecode>>\nstream\n%s\nendstream" % (len(drawn), drawn))
    made, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(made))
    return made + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table) + trailer


def _drawn(line: str, y: int) -> str:
    cells = enumerate(c.encode("utf-16-be").hex() for c in line.split("\t"))
    return "".join(f"BT /F 12 Tf 1 0 0 1 {50 + 150 * n} {y} Tm <{cell}> Tj ET\n" for n, cell in cells)


def _text(body: str) -> bytes:
    return body.encode()


_MARKED = {
    "list": _each(f"<li>{_ITEM}</li>", "<ol>", "</ol>"),
    "table": _each(f"<tr><td>{_VALUE}</td><td>{{0}}</td><td>合格</td></tr>", "<table>", "</table>"),
    "wide table": lambda n: f"<table>{_wide('<td>甲{0}</td>', '<tr>{0}</tr>')(n // 2)}</table>",
    "merged table": _each(
        f'<tr><td rowspan="3">{_VALUE}</td><td colspan="2">{{0}}</td></tr><tr><td>一</td></tr>', "<table>", "</table>"
    ),
    "tables": _each(f"<table><tr><td>项目</td><td>值</td></tr><tr><td>{_VALUE}</td><td>{{0}}</td></tr></table>"),
    "table in a cell": _each(
        "<table><tr><td>项目</td><td>值</td></tr><tr><td>a</td><td>{0}</td></tr></table>",
        "<table><tr><td>甲</td><td>",
        "</td></tr></table>",
    ),
    "paragraphs": _each(f"<p>{SENTENCE}</p>"),
    "long paragraph": _each(SENTENCE, "<p>", "</p>"),
    "breaks": _each(f"{SENTENCE}<br/><span> </span><br/>", "<p>", "</p>"),
    "headings": _each(f"<h{{1}}>{_TITLE}</h{{1}}><p>{SENTENCE}</p>"),
    "bold": _each("<b>阀门</b>、<i>第{0}号</i>", "<p>", "</p>"),
    "raised": _each("面积 {0} m <sup>2</sup>", "<p>", "</p>"),
    "links": _each(f'<a href="#{{0}}">链接{{0}}</a>{SENTENCE}', "<p>", "</p>"),
    "navigation between": _each(f"<nav>目录</nav>{SENTENCE}", "<div>", "</div>"),
    "hidden panels": _each(f'<button>第{{0}}个问题是什么？</button><div style="display:none">{SENTENCE}</div>'),
    "definitions": _each("<dt>阀门{0}</dt><dd>用来开关的部件。</dd>", "<dl>", "</dl>"),
}
_PARAGRAPH, _CELL = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>", "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
_NUMBERED = '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>'
_FIELD = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
_INNER_ROWS = (f"<w:tr>{_CELL.format(a)}{_CELL.format(b)}</w:tr>" for a, b in (("项目", "{0}"), ("a", "b")))
_INNER = f"<w:tbl>{''.join(_INNER_ROWS)}</w:tbl>"
_DRAWING = '<w:p><w:r><w:drawing><pic><blip r:embed="p{0}"/></pic></w:drawing></w:r></w:p>'
_DOCX = {
    "list": _each(f"{_NUMBERED}<w:r><w:t>{_ITEM}</w:t></w:r></w:p>"),
    "table": _each(f"<w:tr>{_CELL.format(_VALUE)}{_CELL.format('{0}')}</w:tr>", "<w:tbl>", "</w:tbl>"),
    "tables": _each(_INNER + _PARAGRAPH.format(SENTENCE)),
    "tables in a cell": _each(_INNER, f"<w:tbl><w:tr>{_CELL.format('甲')}<w:tc>", "</w:tc></w:tr></w:tbl>"),
    "paragraphs": _each(_PARAGRAPH.format(SENTENCE)),
    "long paragraph": _each(f"<w:r><w:t>{SENTENCE}</w:t></w:r>", "<w:p>", "</w:p>"),
    "raised": _each(
        '<w:r><w:t>面积 {0} </w:t></w:r><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>2</w:t></w:r>',
        "<w:p>",
        "</w:p>",
    ),
    "deleted ends": _each(f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>{SENTENCE}</w:t></w:r></w:p>"),
    "fields": _each(
        f"{_FIELD.format('begin')}<w:r><w:instrText> REF a{{0}} </w:instrText></w:r><w:r><w:t>阀门{{0}}</w:t></w:r>",
        "<w:p>",
        "</w:p>",
    ),
    "pictures": _each(_DRAWING),
}
_RUN = "<a:p>{}<a:r><a:t>{}</a:t></a:r></a:p>"
_BODY = '<p:sp><p:nvSpPr><p:nvPr><p:ph type="{}"/></p:nvPr></p:nvSpPr><p:txBody>'
_SHAPE_END = "</p:txBody></p:sp>"
_TC = "<a:tc><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
_PPTX = {
    "list": _each(_RUN.format('<a:pPr lvl="{1}"/>', _ITEM), _BODY.format("body"), _SHAPE_END),
    "shapes": _each(f"<p:sp><p:txBody>{_RUN.format('', SENTENCE)}</p:txBody></p:sp>"),
    "titles": _each(_BODY.format("title") + _RUN.format("", _TITLE) + _SHAPE_END),
    "table": _each(
        f"<a:tr>{_TC.format(_VALUE)}{_TC.format('{0}')}</a:tr>",
        "<p:graphicFrame><a:graphic><a:graphicData><a:tbl>",
        "</a:tbl></a:graphicData></a:graphic></p:graphicFrame>",
    ),
}
_TEXT_P, _TABLE_CELL = "<text:p>{}</text:p>", "<table:table-cell><text:p>{}</text:p></table:table-cell>"
_ODT = {
    "list": _each(f"<text:list-item>{_TEXT_P.format(_ITEM)}</text:list-item>", "<text:list>", "</text:list>"),
    "table": _each(
        f"<table:table-row>{_TABLE_CELL.format(_VALUE)}{_TABLE_CELL.format('{0}')}</table:table-row>",
        "<table:table>",
        "</table:table>",
    ),
    "tables in a cell": _each(
        f"<table:table><table:table-row>{_TABLE_CELL.format('a')}{_TABLE_CELL.format('{0}')}</table:table-row></table:table>",
        f"<table:table><table:table-row>{_TABLE_CELL.format('甲')}<table:table-cell>",
        "</table:table-cell></table:table-row></table:table>",
    ),
    "paragraphs": _each(_TEXT_P.format(SENTENCE)),
    "long paragraph": _each(f"<text:span>{SENTENCE}</text:span>", "<text:p>", "</text:p>"),
    "headings": _each(f'<text:h text:outline-level="{{1}}">{_TITLE}</text:h>'),
}
_XC = '<c t="inlineStr"><is><t>{}</t></is></c>'
_XLSX = {
    "table": _each(f"<row>{_XC.format(_VALUE)}<c><v>{{0}}</v></c></row>", "<sheetData>", "</sheetData>"),
    "wide table": lambda n: f"<sheetData>{_wide(_XC.format('甲{0}'), '<row>{0}</row>')(n // 2)}</sheetData>",
    "parts": _each(f'<row r="{{0}}5">{_XC.format(_VALUE)}<c><v>{{0}}</v></c></row>', "<sheetData>", "</sheetData>"),
    "merged": lambda n: (
        _each(f"<row>{_XC.format(_VALUE)}<c><v>{{0}}</v></c></row>", "<sheetData>", "</sheetData>")(3 * n)
        + "<mergeCells>"
        + "".join(f'<mergeCell ref="A{3 * i + 1}:A{3 * i + 3}"/>' for i in range(n))
        + "</mergeCells>"
    ),
}
_PLAIN = {
    "list": _each(f"{{0}}. {_ITEM}\n"),
    "items": _each("（一）检查阀门\n  1. 看\n  2. 听\n"),
    "hanging": _each(f"  {SENTENCE[:-1]}，\n"),
    "hanging deeper": lambda n: "".join(f"{' ' * (i % 300)}阀门{i}，\n" for i in range(n)),
    "drawn table": _each("| 阀门{0} | {0} |\n", "| 名称 | 值 |\n|---|---|\n"),
    "aligned table": _each("阀门{0}   {0}   合格\n", "名称   值   结果\n"),
    "paragraphs": _each(f"{SENTENCE}\n"),
    "wrapped": _each("第{0:06d}号设备应当在每月规定的日期之前完成检修并由值班的人员\n"),
    "long paragraph": _each(SENTENCE),
    "one line of Latin": _each("Valve {0} is to be checked (see 3.2) "),
    "headings": _each(f"第{{0}}章 设备检修\n{SENTENCE}\n"),
    "numbered headings": _each("{0}.1 设备检修\n说明。\n"),
    "chat": _each("王磊 2024-06-03 09:12\n好的，第{0}号。\n"),
    "blank lines": _each("\n"),
    "open quotes": _each("“第{0}号《设备"),
}
_MD = {
    "list": _each("- " + _ITEM + "\n"),
    "nested list": _each("- 甲{0}\n  - 乙\n    - 丙\n"),
    "table": _each("| 阀门{0} | {0} |\n", "| 名称 | 值 |\n|---|---|\n"),
    "tables": _each("| 名称 | 值 |\n|---|---|\n| 阀门{0} | {0} |\n\n"),
    "paragraphs": _each(f"{SENTENCE}\n\n"),
    "long paragraph": _each(SENTENCE),
    "lines of a paragraph": _each(f"{SENTENCE}\n"),
    "headings": _each(f"## {_TITLE}\n\n{SENTENCE}\n\n"),
    "bold": _each("**阀门{0}**、"),
    "open brackets": _each("[阀门"),
    "links": _each("[阀门{0}](#{0})、"),
    "notes": lambda n: _each("阀门{0}[^{0}]\n\n")(n) + _each("[^{0}]: 见附件{0}\n\n")(n),
    "fences": _each("```\n阀门{0}\n```\n\n"),
    "pieces of HTML": _each("<div>阀门{0}</div>\n\n"),
    "open tables": _each("<table>\n阀门{0}\n\n"),
    "folds": _each("<details><summary>问{0}</summary>\n\n答。\n\n</details>\n\n"),
    "containers": _each(":::tip 说明{0}\n阀门\n:::\n\n"),
}
_ROW = "\\trowd\\cellx1000\\cellx2000 \\intbl 阀门{0}\\cell {0}\\cell\\row\n"
_RTF = {
    "paragraphs": lambda n: "".join(f"{SENTENCE.format(i)}\\par\n" for i in range(n)),
    "long paragraph": _each(SENTENCE),
    "table": lambda n: "".join(_ROW.format(i) for i in range(n)),
    "notes": lambda n: "".join(f"阀门{i}{{\\footnote 见附件{i}}}\\par\n" for i in range(n)),
}
_CSV = {
    "table": _each("阀门{0},{0},合格\n", "名称,值,结果\n"),
    "wide table": lambda n: _wide("甲{0},", "{0}\n")(n // 2),
    "wide numbers": lambda n: _wide("{0},", "{0}\n")(n // 2),
    "wide form": lambda n: _wide("甲{0}：,", "{0}\n")(n // 2),
    "wide dates": lambda n: _wide("2024-01-{0},", "名称,{0}\n")(n // 4),
    "stray quotes": _each('阀门{0},"合格,{0}\n', "名称,值,结果\n"),
    "parts": _each("名称,值\n阀门{0},{0}\n\n"),
}
_PDF = {
    "long paragraph": _each("第{0:06d}号设备应当在每月规定的日期之前完成检修并由值班的人员\n"),
    "Latin": _each("valves are to be checked every month by those on duty\n"),
    "list": _each(f"{{0}}. {_ITEM}\n"),
    "rows": _each("阀门{0}\t合格\t{0}\n"),
    "tables": lambda n: "".join(f"说明第{i}号：\n" if i % 6 == 0 else f"阀门{i}\t合格\t{i}\n" for i in range(n)),
    "one page": lambda n: "\f" + _each(f"{_ITEM}\n")(n),
    "dots": lambda n: "目录" + "." * n + "完",
}
_JSONL = {
    "records": lambda n: "".join(json.dumps({"城市": f"昆明{i}", "店长": "吴丹"}) + "\n" for i in range(n)),
    "one record": lambda n: json.dumps({f"城市{i}": f"昆明{i}" for i in range(n)}),
    "questions": lambda n: "".join(
        json.dumps({"question": f"第{i}号是什么？", "answer": "阀门"}) + "\n" for i in range(n)
    ),
    "turns": lambda n: json.dumps({"messages": [{"role": "user", "content": f"问{i}"} for i in range(n)]}),
}
_JSON = {
    "list": lambda n: json.dumps([{"城市": f"昆明{i}", "店长": "吴丹"} for i in range(n)]),
    "object": lambda n: json.dumps({f"城市{i}": {"店长": {"姓名": f"吴丹{i}"}} for i in range(n)}),
}
_SRT = {
    "cues": lambda n: "".join(
        f"{i}\n00:{i // 60 % 60:02d}:{i % 60:02d},000 --> 00:{i // 60 % 60:02d}:{i % 60:02d},900\n阀门{i}\n\n"
        for i in range(n)
    ),
    "voices": lambda n: "1\n00:00:01,000 --> 00:00:02,000\n" + "<v" + " " * n + "\n",
}
SHAPES: Mapping[str, tuple[Callable[[str], bytes], Mapping[str, Shape]]] = {
    "txt": (_text, _PLAIN),
    "md": (_text, _MD),
    "html": (_html, _MARKED),
    "epub": (_epub, _MARKED),
    "docx": (_docx, _DOCX),
    "pptx": (_pptx, _PPTX),
    "xlsx": (_xlsx, _XLSX),
    "odt": (_odt, _ODT),
    "rtf": (_rtf, _RTF),
    "pdf": (_pdf, _PDF),
    "csv": (_text, _CSV),
    "json": (_text, _JSON),
    "jsonl": (_text, _JSONL),
    "eml": (_eml, _PLAIN),
    "srt": (_text, _SRT),
}
"""By suffix: how a file is made of a body, and the bodies by the name of their shape."""
