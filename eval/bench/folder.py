"""A folder of short Chinese documents in nine formats, the same each time it is made."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import islice
from pathlib import Path
from random import Random

FEWEST, MOST = 300, 900
_PER_FOLDER = 500
_LINE = 34
_CORPUS = Path(__file__).parents[2] / "corpus"
_ARTICLES = ("2024-ai-models-in-review.md", "2024-large-model-funnel.txt")
_SENTENCE = re.compile(r"[^。！？\n]+[。！？]?")
# What sets documents of the same sentences apart.
_FAMILY, _GIVEN = "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕", "明华建国文志伟丽芳敏静强磊洋勇艳杰娟涛超"
_PLACES = ("北京", "上海", "广州", "成都", "杭州", "西安", "武汉", "长沙", "沈阳", "昆明")


def make(folder: Path, files: int, news: Path | None = None) -> None:
    """Write ``files`` documents of ``FEWEST`` to ``MOST`` characters under ``folder``.

    Their text is that of the articles in the folder ``news``, one a line, as far as it goes; without, or then,
    sentences of the two articles with other names and numbers. Raises OSError.
    """
    for number, paragraphs in enumerate(islice(_texts(news), files)):
        name, write = _WRITERS[number % len(_WRITERS)]
        place = folder / f"{number // _PER_FOLDER:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:05d}{name}").write_bytes(write(f"第{number}号文件", paragraphs))


def _texts(news: Path | None) -> Iterator[list[str]]:
    """Documents as paragraphs, without end."""
    random = Random(0)
    for file in sorted(news.glob("part-*.txt")) if news else ():
        for line in file.read_text("utf-8").splitlines():
            text = line.partition("正文：")[2]
            if len(text) >= FEWEST:
                yield _paragraphs(_cut(_SENTENCE.findall(text), random.randint(FEWEST, MOST)))
    sentences = [s for name in _ARTICLES for s in _SENTENCE.findall((_CORPUS / name).read_text("utf-8")) if len(s) > 12]
    while True:
        person = random.choice(_FAMILY) + random.choice(_GIVEN) + random.choice(_GIVEN)
        began = (
            f"{person}{random.randint(1990, 2024)}年在{random.choice(_PLACES)}写下第{random.randint(1, 10**6)}份记录。"
        )
        chosen = [re.sub(r"\d+", lambda _: str(random.randint(1, 9999)), random.choice(sentences)) for _ in range(40)]
        yield _paragraphs(_cut([began, *chosen], random.randint(FEWEST, MOST)))


def _cut(sentences: Sequence[str], length: int) -> list[str]:
    """The first sentences, of no more than ``length`` characters, but at least one."""
    kept, total = [sentences[0][:MOST]], len(sentences[0])
    for one in sentences[1:]:
        total += len(one)
        if total > length:
            break
        kept.append(one)
    return kept


def _paragraphs(sentences: Sequence[str]) -> list[str]:
    return ["".join(one.strip() for one in sentences[at : at + 4]) for at in range(0, len(sentences), 4)]


def _markdown(title: str, paragraphs: Sequence[str]) -> bytes:
    return "\n\n".join([f"# {title}", *paragraphs]).encode()


def _plain(encoding: str) -> Callable[[str, Sequence[str]], bytes]:
    return lambda title, paragraphs: "\n".join([title, *paragraphs]).encode(encoding, "replace")


def _html(title: str, paragraphs: Sequence[str]) -> bytes:
    body = "".join(f"<p>{escape(one)}</p>" for one in paragraphs)
    head = f'<meta charset="utf-8"><title>{title}</title>'
    return f"<!doctype html><html><head>{head}</head><body><h1>{title}</h1>{body}</body></html>".encode()


def _docx(title: str, paragraphs: Sequence[str]) -> bytes:
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    body = "".join(f"<w:p><w:r><w:t>{escape(one)}</w:t></w:r></w:p>" for one in (title, *paragraphs))
    head = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    main = f'<Relationship Id="r" Type="{kinds}/officeDocument" Target="word/document.xml"/>'
    document = f"<w:document {w}><w:body>{body}</w:body></w:document>"
    return _archive({"_rels/.rels": f"{head}{main}</Relationships>", "word/document.xml": document})


def _epub(title: str, paragraphs: Sequence[str]) -> bytes:
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        f'<dc:title>{title}</dc:title></metadata><manifest><item id="a" href="a.xhtml" '
        'media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>'
    )
    body = "".join(f"<p>{escape(one)}</p>" for one in paragraphs)
    chapter = f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{body}</body></html>'
    parts = {"META-INF/container.xml": container, "content.opf": package, "a.xhtml": chapter}
    return _archive({"mimetype": "application/epub+zip", **parts})


def _xlsx(title: str, paragraphs: Sequence[str]) -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packaged = "http://schemas.openxmlformats.org/package/2006"
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    cells = [("编号", "内容"), *((str(number), one) for number, one in enumerate(paragraphs, start=1))]
    rows = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{column}{number}" t="inlineStr"><is><t>{escape(one)}</t></is></c>'
            for column, one in zip("AB", row, strict=True)
        )
        + "</row>"
        for number, row in enumerate(cells, start=1)
    )
    relation = f'<Relationships xmlns="{packaged}/relationships"><Relationship Id="r" Type="{kinds}/'
    return _archive(
        {
            "[Content_Types].xml": f'<Types xmlns="{packaged}/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
            f'ContentType="{media}.sheet.main+xml"/><Override PartName="/xl/a.xml" '
            f'ContentType="{media}.worksheet+xml"/></Types>',
            "_rels/.rels": f'{relation}officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{kinds}"><sheets><sheet name="{title}" sheetId="1" '
            'r:id="r"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'{relation}worksheet" Target="a.xml"/></Relationships>',
            "xl/a.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
        }
    )


def _csv(title: str, paragraphs: Sequence[str]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows([("文件", "内容"), *((title, one) for one in paragraphs)])
    return stream.getvalue().encode()


def _jsonl(title: str, paragraphs: Sequence[str]) -> bytes:
    return "\n".join(json.dumps({"title": title, "text": one}, ensure_ascii=False) for one in paragraphs).encode()


def _pdf(title: str, paragraphs: Sequence[str]) -> bytes:
    """One page, in a font that every reader knows and none need embed."""
    lines = [title, *(one[at : at + _LINE] for one in paragraphs for at in range(0, len(one), _LINE))]
    text = (
        "BT /F 12 Tf 16 TL 60 800 Td " + " ".join(f"<{one.encode('utf-16-be').hex()}> Tj T*" for one in lines) + " ET"
    )
    packed = zlib.compress(text.encode())
    font = b"<</Type /Font /Subtype /%s /BaseFont /STSong-Light %s>>"
    system = b"/CIDSystemInfo <</Registry (Adobe) /Ordering (GB1) /Supplement 4>>"
    page = b"/MediaBox [0 0 595 842] /Resources <</Font <</F 5 0 R>>>> /Contents 4 0 R"
    objects = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R %s>>" % page,
        b"<</Length %d /Filter /FlateDecode>>\nstream\n%s\nendstream" % (len(packed), packed),
        font % (b"Type0", b"/Encoding /UniGB-UTF16-H /DescendantFonts [6 0 R]"),
        font % (b"CIDFontType0", system + b" /DW 1000"),
    ]
    made, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<</Size 7 /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(made)
    return made + b"xref\n0 7\n0000000000 65535 f \n" + table + end


def _archive(parts: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            # With no date of today in it.
            made.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


# The endings of file names, and what writes such files.
_WRITERS: tuple[tuple[str, Callable[[str, Sequence[str]], bytes]], ...] = (
    (".md", _markdown),
    (".txt", _plain("utf-8")),
    (".gb.txt", _plain("gb18030")),
    (".html", _html),
    (".docx", _docx),
    (".pdf", _pdf),
    (".epub", _epub),
    (".xlsx", _xlsx),
    (".csv", _csv),
    (".jsonl", _jsonl),
)
