"""Small files of formats that no library here writes: zip archives as one wants them, EPUB, and PDF by hand."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import openpyxl

from rag.loading import parse
from rag.loading.blocks import RawBlock
from rag.types import Document

_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


# What is said of pictures where ``wenyuan[ocr]`` is not installed.
TO_READ = '要识别其中的文字，请运行 pip install "wenyuan[ocr]"，再索引一次。'


def load_bytes(data: bytes, name: str) -> Document:
    """The document that a file with these bytes is."""
    return parse(data, source=name, name=Path(name))


def bare(blocks: Sequence[RawBlock]) -> tuple[RawBlock, ...]:
    """``blocks`` without the places of cells, for tests of other things."""
    return tuple(replace(block, grid=(), heads=False, headed=False) for block in blocks)


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip file of ``parts``, by name."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return stream.getvalue()


def docx(body: str, **parts: str) -> bytes:
    """A DOCX with the XML ``body``, and parts of the names ``word/NAME.xml``."""
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = "".join(f'<Relationship Id="{n}" Type="{types}/{n}" Target="{n}.xml"/>' for n in parts)
    head = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    main = f'<Relationship Id="r" Type="{types}/officeDocument" Target="word/document.xml"/>'
    return archive(
        {
            "_rels/.rels": f"{head}{main}</Relationships>",
            "word/document.xml": f"<w:document {w}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": f"{head}{relations}</Relationships>",
            **{f"word/{name}.xml": f"<w:{name} {w}>{content}</w:{name}>" for name, content in parts.items()},
        }
    )


def epub(chapters: Mapping[str, str], *, title: str = "书名", order: Sequence[str] = (), **parts: str) -> bytes:
    """An EPUB of ``chapters`` by file name, read in ``order`` if given."""
    items = "".join(
        f'<item id="{name}" href="{name}" media-type="application/xhtml+xml" properties="{name.split(".")[0]}"/>'
        for name in chapters
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in order or chapters)
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": _CONTAINER,
            "OEBPS/content.opf": (
                '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
                f"<dc:title>{title}</dc:title></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
            ),
            **{f"OEBPS/{name}": content for name, content in chapters.items()},
            **parts,
        }
    )


def workbook(parts: Mapping[str, str | bytes]) -> bytes:
    """An XLSX with one empty sheet, of which ``parts`` replace those of the same name."""
    return archive({**_empty_workbook(), **parts})


@cache
def _empty_workbook() -> dict[str, bytes]:
    stream = io.BytesIO()
    openpyxl.Workbook().save(stream)
    with zipfile.ZipFile(stream) as made:
        return {name: made.read(name) for name in made.namelist()}


def chapter(body: str) -> str:
    """A chapter in XHTML."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>'
        f"<body>{body}</body></html>"
    )


def pdf_objects(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of ``objects``, numbered from 1, of which the first is the catalog."""
    made, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"trailer\n<</Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, len(made))
    return made + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + end


def pdf(contents: Sequence[bytes], *, trailer: bytes = b"") -> bytes:
    """A PDF with a page for each of ``contents``; they may use the font /F and the picture /I."""
    font = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"
    pixel = (
        b"<</Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1>>"
    )
    resources = b"<</Font <</F 3 0 R>> /XObject <</I 4 0 R>>>>"
    kids = b" ".join(b"%d 0 R" % (5 + 2 * n) for n in range(len(contents)))
    objects = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [%s] /Count %d>>" % (kids, len(contents)),
        font,
        pixel + b"\nstream\n\x80\nendstream",
    ]
    for n, content in enumerate(contents):
        page = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources %s /Contents %d 0 R>>"
        packed = zlib.compress(content)
        objects.append(page % (resources, 6 + 2 * n))
        objects.append(b"<</Length %d /Filter /FlateDecode>>\nstream\n%s\nendstream" % (len(packed), packed))
    return pdf_objects(objects, trailer)


def line(text: str, x: float, y: float, size: float = 12) -> bytes:
    """What writes a line of Latin text on a page, ``y`` from the bottom."""
    return b"BT /F %f Tf 1 0 0 1 %f %f Tm (%s) Tj ET\n" % (size, x, y, text.encode("cp1252"))


def compound(streams: Mapping[str, bytes]) -> bytes:
    """An OLE file of small streams (none empty, 4,095 bytes at most each), by path."""
    free, end = 0xFFFFFFFF, 0xFFFFFFFE
    folders = {path.rpartition("/")[0] for path in streams} - {""}
    paths = ["", *sorted({*folders, *streams})]
    small, chain, begins = b"", list[int](), dict[str, int]()
    for path, data in streams.items():
        begins[path], count = len(chain), -(-len(data) // 64)
        chain += [*range(len(chain) + 1, len(chain) + count), end]
        small += data.ljust(64 * count, b"\0")
    below: dict[str, list[str]] = {}
    for path in paths[1:]:
        below.setdefault(path.rpartition("/")[0], []).append(path)
    after = {one: two for inside in below.values() for one, two in pairwise(inside)}
    table = struct.pack(f"<{len(chain)}I", *chain)
    lengths = [-(-len(part) // 512) for part in (b"\0" * 128 * len(paths), table, small)]
    starts = [sum(lengths[:n]) for n in range(4)]
    directory = b""
    for path in paths:
        name = (path.rpartition("/")[2] or "Root Entry").encode("utf-16-le") + b"\0\0"
        kind = 5 if not path else 2 if path in streams else 1
        start, size = (starts[2], len(small)) if not path else (begins.get(path, 0), len(streams.get(path, b"")))
        right, child = (paths.index(one) if one else free for one in (after.get(path), below.get(path, [""])[0]))
        directory += struct.pack("<64sHBBIII36xIQ", name, len(name), kind, 1, free, right, child, start, size)
    sectors = [n + 1 for n in range(starts[3])]
    for n, length in enumerate(lengths):
        sectors[starts[n] + length - 1] = end
    fat = struct.pack("<128I", *[*sectors, 0xFFFFFFFD, *[free] * (127 - len(sectors))])
    head = struct.pack("<8s16xHHHHH6xIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), 62, 3, 0xFFFE, 9, 6, 0, 1, 0, 0,
                       4096, starts[1], lengths[1], end, 0)  # fmt: skip
    head += struct.pack("<109I", starts[3], *[free] * 108)
    parts = (directory, table.ljust(512 * lengths[1], b"\xff"), small)
    return head + b"".join(part.ljust(512 * n, b"\0") for part, n in zip(parts, lengths, strict=True)) + fat


def msg(values: Mapping[int, str], attached: Mapping[str, bytes]) -> bytes:
    """A mail of Outlook: its properties by number, and files."""

    def properties(path: str, head: bytes, kept: Mapping[int, str | bytes]) -> dict[str, bytes]:
        made, listed = {}, head
        for number, value in kept.items():
            kind, data = (0x1F, value.encode("utf-16-le")) if isinstance(value, str) else (0x102, value)
            made[f"{path}__substg1.0_{number:04X}{kind:04X}"] = data
            listed += struct.pack("<HHIII", kind, number, 6, len(data), 0)
        return {f"{path}__properties_version1.0": listed, **made}

    streams = properties("", struct.pack("<8xIIII8x", 0, len(attached), 0, len(attached)), values)
    for number, (name, data) in enumerate(attached.items()):
        streams |= properties(f"__attach_version1.0_#{number:08X}/", bytes(8), {0x3707: name, 0x3701: data})
    return compound(streams)
