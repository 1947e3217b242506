"""Files that are made to do harm, each with what must become of it: `CASES`. README.md lists them.

They are made here, and not kept, because many of them could not be checked out, unpacked or scanned everywhere.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import samples

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "哈哈哈哈哈哈哈哈哈哈">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)
_OUTSIDE = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>'
SCRIPTS = "<script>window.pwned=1</script><img src=x onerror=window.pwned=2><svg onload=window.pwned=3>"
TURNED = "甲\u202e乙丙\u2066丁\u2069\u200b\u200f戊。"


@dataclass(frozen=True)
class Case:
    """A file: what it is, and the beginning of the message that it gets, or a part of the text that is read of it.

    ``inside`` is the file in it, an archive, that gets the message.
    """

    name: str
    what: str
    data: bytes | Callable[[Path], None]
    refused: str = ""
    read: str = ""
    inside: str = ""

    @property
    def place(self) -> str:
        """Its path in the folder, or that of the file in it."""
        return f"{self.name}/{self.inside}" if self.inside else self.name


def make(folder: Path) -> None:
    """All of them in ``folder``."""
    for case in CASES:
        path = folder / case.name
        if callable(case.data):
            case.data(path)
        else:
            path.write_bytes(case.data)


def table() -> str:
    """The table of README.md."""
    rows = [f"| `{_shown(c.place)}` | {c.what} | {_becomes(c)} |" for c in CASES]
    return "\n".join(["| file | what it is | what must happen |", "|---|---|---|", *rows])


def _shown(name: str) -> str:
    short = name if len(name) < 60 else f"{name[:4]}…"
    return short.encode("unicode_escape").decode() if not short.isprintable() else short


def _becomes(case: Case) -> str:
    if case.refused:
        return f"refused: “{case.refused}”"
    return f"read: “{_shown(case.read)}”"


def _overlapping() -> bytes:
    """Very many entries that all stand for the same bytes of the file."""
    one = samples.archive({"xl/workbook.xml": bytes(1_000_000)})
    begin = one.index(b"PK\x01\x02")
    entry, end = one[begin : one.index(b"PK\x05\x06")], bytearray(one[one.index(b"PK\x05\x06") :])
    count = 2_000
    struct.pack_into("<HHI", end, 8, count, count, count * len(entry))
    return one[:begin] + entry * count + bytes(end)


def _packed_link(name: str, target: str) -> bytes:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr(entry, target)
    return stream.getvalue()


def _mail(attachment: bytes) -> bytes:
    message = EmailMessage()
    message["Subject"] = "附件"
    message.set_content("信很短。")
    message.add_attachment(attachment, maintype="application", subtype="zip", filename="../../escaped.zip")
    return message.as_bytes()


def _linked(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def _encrypted() -> bytes:
    rights = b"/Encrypt <</Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s>>> /ID [<00> <00>]" % (
        b"41" * 32,
        b"42" * 32,
    )
    return samples.pdf([samples.line("locked", 50, 700)], trailer=rights)


def _pages(tree: bytes, page: bytes = b"", catalog: bytes = b"") -> bytes:
    font = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"
    content = samples.line("harmless page", 50, 700)
    objects = [
        b"<</Type /Catalog /Pages 2 0 R %s>>" % catalog,
        tree,
        b"<</Type /Page /Parent 2 0 R /Contents 4 0 R /Resources <</Font <</F 5 0 R>>>> %s>>"
        % (page or b"/MediaBox [0 0 600 800]"),
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
        font,
    ]
    return samples.pdf_objects(objects)


def _one_page(page: bytes = b"", catalog: bytes = b"") -> bytes:
    return _pages(b"<</Type /Pages /Kids [3 0 R] /Count 1>>", page, catalog)


def _docx(inside: str) -> bytes:
    return samples.docx(f"<w:p><w:r><w:t{inside}</w:t></w:r></w:p>")


def _large(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(10 * 2**30)


_LAUNCH = (
    b"/OpenAction <</S /JavaScript /JS (app.launchURL\\('file:///pwned'\\);)>> /AA <</WC <</S /Launch /F (/bin/touch) "
    b"/Win <</F (cmd.exe) /P (touch pwned)>>>>>>"
)
_DEEP = 100_000

CASES: tuple[Case, ...] = (
    Case(
        "bomb.docx", "zip bomb", samples.archive({"word/document.xml": bytes(30_000_000)}), refused="{} 解压后有 30,0"
    ),
    Case(
        "nested.epub",
        "zip bombs in a zip",
        samples.archive({"META-INF/container.xml": samples.archive({"a": bytes(10_000_000)}), "a.zip": b"PK"}),
        refused="无法读取 {}：文件已损坏，或不是 .epub 格式（META-INF/container.xml",
    ),
    Case("bomb.zip", "zip bomb", samples.archive({"a.txt": bytes(30_000_000)}), refused="{} 解压后有 30,000,000 字节"),
    Case(
        "nested.zip",
        "an archive of archives",
        samples.archive({"inner.zip": samples.archive({"a.zip": bytes(10_000_000)})}),
        refused="{} 是压缩包里的压缩包",
        inside="inner.zip",
    ),
    Case(
        "link.zip",
        "a link out of an archive",
        _packed_link("passwd.txt", "/etc/passwd"),
        refused="{} 不是普通文件",
        inside="passwd.txt",
    ),
    Case(
        "climbing.zip",
        "a name that leads out of an archive",
        samples.archive({"../../../escaped.txt": "x"}),
        refused="{} 在压缩包里的名字指向压缩包之外",
        inside="escaped.txt",
    ),
    Case(
        "attached.eml",
        "a zip bomb as an attachment, with a name that leads out",
        _mail(samples.archive({"a.txt": bytes(30_000_000)})),
        read="信很短。",
    ),
    Case("overlapping.xlsx", "2,000 entries that overlap", _overlapping(), refused="{} 解压后有 2,000,000,000 字节"),
    Case(
        "laughs.docx",
        "entities that multiply",
        samples.archive({"word/document.xml": f"{_LAUGHS}<w:document {_W}><w:body>&j;</w:body></w:document>"}),
        refused="无法读取 {}：文件已损坏",
    ),
    Case(
        "outside.xhtml",
        "an entity that is another file",
        f"{_OUTSIDE}<html><body><p>&j;</p></body></html>".encode(),
        refused="{} 定义了 XML 实体",
    ),
    Case("attribute.docx", "an attribute of 15 MB", _docx(f' w:x="{"a" * 15_000_000}">属性很长。'), read="属性很长。"),
    Case(
        "loop.pdf",
        "pages that contain each other",
        _pages(b"<</Type /Pages /Kids [2 0 R] /Count 2>>"),
        refused="无法读取 {}",
    ),
    Case(
        "pages.pdf",
        "declares 100,000 pages, has one",
        _pages(b"<</Type /Pages /Kids [3 0 R] /Count 100000>>"),
        refused="无法读取 {}：第 2 页已损坏",
    ),
    Case(
        "huge.pdf", "a page of 10^9 points", _one_page(b"/MediaBox [0 0 1000000000 1000000000]"), read="harmless page"
    ),
    Case("encrypted.pdf", "locked by a password", _encrypted(), refused="{} 加了密码"),
    Case("truncated.pdf", "cut in half", _one_page()[:300], refused="无法读取 {}：文件已损坏"),
    Case("launch.pdf", "scripts and programs to start", _one_page(catalog=_LAUNCH), read="harmless page"),
    Case("deep.pdf", "arrays nested 100,000 deep", _one_page(catalog=b"/X " + b"[" * _DEEP), read="harmless page"),
    Case("deep.html", "elements nested 100,000 deep", b"<div>" * _DEEP + "深".encode(), refused="{} 的结构嵌套太深"),
    Case("deep.md", "quotes nested 100,000 deep", b">" * _DEEP + "深".encode(), refused="{} 里没有文字"),
    Case(
        "deep.jsonl",
        "arrays nested 100,000 deep",
        b'{"text": ' + b"[" * _DEEP + b"]" * _DEEP + b"}",
        refused="无法读取 {}：第 1 行不是 JSON 对象",
    ),
    Case("slow.md", "links begun 2,000,000 times", b"![" * 2_000_000, refused="{} 在 20 秒内没有读完"),
    Case(
        "titles.txt", "20,000 titles on one line", "《书》。".encode() * 20_000 + "书名完。".encode(), read="书名完。"
    ),
    Case("headings.md", "10,000 headings and no text", "# 题\n\n".encode() * 10_000 + "## 尾题".encode(), read="尾题"),
    Case(
        "colons.txt",
        "10,000 lists, each inside the last",
        "甲。乙：\n".encode() * 10_000 + "冒号完。".encode(),
        read="冒号完。",
    ),
    Case(
        "traversal.epub",
        "names that lead out of the archive",
        samples.epub(
            {"a.xhtml": samples.chapter("<p>书中。</p>")}, **{"../../../escaped.txt": "x", "/escaped.txt": "x"}
        ),
        read="书中。",
    ),
    Case(
        "out.txt", "a link out of the folder", _linked("../secret/secret.txt"), refused="{} 是链接，指向这个文件夹之外"
    ),
    Case("zero.txt", "a link to a device", _linked("/dev/zero"), refused="{} 是链接，指向这个文件夹之外"),
    Case("round.txt", "a link to itself", _linked("round.txt"), refused="无法读取 {}"),
    Case("pipe.txt", "a pipe that nobody writes to", os.mkfifo, refused="{} 不是普通文件"),
    Case("large.txt", "10 GiB of nothing", _large, refused="{} 有 10,737,418,240 字节，超出了限度"),
    Case(
        "script.html",
        "scripts in text and title",
        f"<title>{SCRIPTS}</title><p>网页。</p>{SCRIPTS}".encode(),
        read="网页。",
    ),
    Case("script.txt", "scripts as text", f"脚本。{SCRIPTS}".encode(), read=SCRIPTS),
    Case(
        "script.md",
        "links that run scripts, pictures that call home",
        f"# {SCRIPTS.replace('<', '&lt;')}\n\n[点我](javascript:alert(1)) ![图](http://127.0.0.1:9/a.png)\n".encode(),
        read="点我",
    ),
    Case("<img src=x onerror=alert(1)>.txt", "a script as a name", "名字是脚本。".encode(), read="名字是脚本。"),
    Case("turned.txt", "words turned around and without width", TURNED.encode(), read=TURNED),
    Case("名\u202etxt.md", "a name turned around", "名字反了。".encode(), read="名字反了。"),
    Case(
        "escape.txt",
        "colours and a new title for the terminal",
        "\x1b]0;pwned\x07\x1b[31m红字。".encode(),
        read="红字。",
    ),
    Case(
        "断\n行\x1b[2J.txt",
        "a name that breaks the line and clears the screen",
        b"",
        refused="断 行␛[2J.txt 里没有文字",
    ),
    Case("长" * 83 + "a.txt", "a name of 254 bytes", "名字很长。".encode(), read="名字很长。"),
    Case("\udcff\udcfe.txt", "a name that is not UTF-8", b"x", refused="�"),
    Case(
        "line.jsonl",
        "a line of 10,000,000 characters",
        b'{"junk": "' + b"x" * 10_000_000 + '", "text": "行很长。"}'.encode(),
        read="行很长。",
    ),
    Case(
        "mixed.txt", "two encodings", "一半。".encode() * 9 + "一半".encode("gb18030"), refused="{} 无法按 UTF-8 解码"
    ),
    Case("nul.txt", "NUL bytes in a text", "空\0字节".encode(), refused="{} 不是文本文件"),
    Case(
        "half.jsonl",
        "half of a character",
        b'{"text": "\\ud800 \xe5\x8d\x8a"}',
        refused="无法读取 {}：第 1 行不是 JSON",
    ),
    Case("empty.txt", "nothing", b"", refused="{} 里没有文字"),
)
