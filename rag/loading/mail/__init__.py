"""Mails (EML) and saved pages (MHT) to blocks: who wrote to whom, when and about what, and the text."""

from __future__ import annotations

import email
import email.message
import email.policy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path

from rag.errors import LoadError
from rag.loading.blocks import Parsed, RawBlock, gather
from rag.loading.encodings import decode
from rag.loading.html import page_blocks
from rag.loading.html.embedded import inline
from rag.loading.images.scans import picture_blocks
from rag.loading.mail.attachments import attached
from rag.loading.numbered import lines_apart, outlined, structured
from rag.loading.plain import parse_plain, wrap_width
from rag.loading.sandbox.worker import HANGING
from rag.loading.tables import row
from rag.loading.unread import Unread
from rag.text.normalization import is_cjk
from rag.types import BlockKind

_HEADERS = {"From": "发件人", "To": "收件人", "Cc": "抄送", "Bcc": "密送", "Reply-To": "回复至", "Date": "日期"}
_INVITED = {
    "SUMMARY": "主题",
    "DTSTART": "开始",
    "DTEND": "结束",
    "LOCATION": "地点",
    "ORGANIZER": "组织者",
    "DESCRIPTION": "说明",
}
_ICS_FIELD = re.compile(r"([A-Za-z]+)(?:;[^:]*)?:(.+)")
_ICS_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_FOLDED = re.compile(r"\n[ \t]")
_ESCAPED = re.compile(r"\\(.)")
_QUOTE = re.compile(r"(?:> ?)+")
# Not after the two dashes above a signature.
_SOFT = re.compile(r"(?<!^--)(?<!\n--) \n(?=[^\n>])")
_TAG = re.compile(r"<[^<>]*>|\s+")
# Tables, and pictures that lie in the mail.
_SHOWN = re.compile(r"<table|<img[^<>]*\bcid:", re.IGNORECASE)
_MUCH_MORE = 3
_DEEPEST = 3
_MOST_PARTS = 1_000


def parse_eml(data: bytes, name: Path) -> Parsed:
    """A mail with the mails that it forwards and the files on it; those not read are told. Raises LoadError."""
    message = _message(data, name)
    unread = Unread()
    blocks = gather(_mail(message, name, unread, 0), name, unread)
    return Parsed(blocks, _header(message, "Subject"), unread.notices(name))


def parse_mht(data: bytes, name: Path) -> Parsed:
    """The page of a web archive. Raises LoadError."""
    unread = Unread()
    return Parsed(outlined(archived_page(data, name, unread), name, unread), notices=unread.notices(name))


def archived_page(data: bytes, name: Path, unread: Unread) -> Iterator[RawBlock]:
    """The blocks of the page of a web archive."""
    parts = list(_parts(_message(data, name)))
    for part in parts:
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            return page_blocks(_text(part, name).encode(), name, unread, partial(_picture, parts))
    raise _broken(name)


def _picture(parts: Sequence[email.message.Message], address: str) -> bytes:
    """The picture that a page shows, which lies beside it."""
    for part in parts:
        if address and address in (part.get("Content-Location"), f"cid:{str(part.get('Content-ID')).strip('<>')}"):
            return _bytes(part)
    return inline(address)


def _message(data: bytes, name: Path) -> email.message.EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    if not isinstance(message, email.message.EmailMessage) or not message.keys() or b"\0" in data[:1000]:
        raise _broken(name)
    return message


def _mail(message: email.message.EmailMessage, name: Path, unread: Unread, deep: int) -> Iterator[RawBlock]:
    subject = _header(message, "Subject")
    path = (subject,) if subject else ()
    yield from heading_of(subject, {header: _header(message, header) for header in _HEADERS})
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    pictures = partial(_picture, list(_parts(message)))
    hanging: list[email.message.MIMEPart] = list(message.iter_attachments()) if message.is_multipart() else []
    direct = list(message.iter_parts()) if message.get_content_type() == "multipart/mixed" else []
    if len(both := [part for part in direct if part is plain or part is page]) > 1:
        # They do not say the same: one follows the other.
        plain, page = (plain, None) if both[0] is plain else (None, page)
        hanging = [part for part in direct if part is not both[0]]
    yield from said_under(path, written(_said(plain, name), _said(page, name), name, unread, pictures))
    for part in _invitations(message):
        yield from said_under(path, invitation(_text(part, name)))
    for part in hanging:
        yield from _hanging(part, name, path, unread, deep)


def _hanging(
    part: email.message.MIMEPart, name: Path, path: tuple[str, ...], unread: Unread, deep: int
) -> Iterator[RawBlock]:
    """What hangs on a mail under ``path``: mails that it forwards, pictures, files."""
    file = part.get_filename() or ""
    inner = _forwarded(part, file) if deep < _DEEPEST else None
    if isinstance(inner, email.message.EmailMessage):
        yield from _mail(inner, name, unread, deep + 1)
    elif part.get_content_maintype() == "image" and HANGING.read:
        yield from picture_blocks(_bytes(part), unread, (*path, *filter(None, [file])))
    elif part.get_content_type() in ("text/plain", "text/html") and not file:
        # Some programs part the text where a file stands in it, and lists put a footer below it.
        texts = ("", _said(part, name)) if part.get_content_subtype() == "html" else (_said(part, name), "")
        yield from said_under(path, written(*texts, name, unread))
    elif part.get_content_type() != "text/calendar":
        yield from attached(_bytes(part), file, name, path, unread)


def _forwarded(part: email.message.MIMEPart, file: str) -> object:
    """The mail that a part is, by its type or as a file."""
    if part.get_content_type() == "message/rfc822":
        return part.get_content()
    whole = file.lower().endswith(".eml") and email.message_from_bytes(_bytes(part), policy=email.policy.default)
    return whole if whole and whole.keys() else None


def heading_of(subject: str, values: Mapping[str, str]) -> Iterator[RawBlock]:
    """What stands above a mail: what it is about, and its headers by name."""
    if subject:
        yield RawBlock(BlockKind.HEADING, subject, level=1)
    said = [f"{zh}：{values[header]}" for header, zh in _HEADERS.items() if values.get(header)]
    if said:
        yield RawBlock(BlockKind.PARAGRAPH, "\n".join(said), path=(subject,) if subject else ())


def written(
    plain: str, page: str, name: Path, unread: Unread, pictures: Callable[[str], bytes] = inline
) -> Iterator[RawBlock]:
    """The text of a mail: of two that say the same the plain one, unless the other shows or says more.

    ``pictures`` gives the bytes of a picture by its address.
    """
    shows = not plain.strip() or _SHOWN.search(page) or len(_TAG.sub("", page)) > _MUCH_MORE * len(plain)
    if page and shows:
        return iter(structured(list(lines_apart(page_blocks(page.encode(), name, unread, pictures)))))
    return quoting(plain.replace("\r\n", "\n").replace("\r", "\n"))


def quoting(text: str) -> Iterator[RawBlock]:
    """The blocks of a plain text; what it quotes, line by line after ``>``, without these marks."""
    width = wrap_width([_QUOTE.sub("", line) for line in text.split("\n")])
    for quoted, lines in groupby(text.split("\n"), key=lambda line: line.startswith(">")):
        part = "\n".join(_QUOTE.sub("", line) if quoted else line for line in lines)
        for block in parse_plain(part, width):
            quote = quoted and block.kind is BlockKind.PARAGRAPH
            yield replace(block, kind=BlockKind.QUOTE) if quote else block


def invitation(text: str) -> Iterator[RawBlock]:
    """What a calendar's entry says: the fields of RFC 5545 that a person reads."""
    lines = _FOLDED.sub("", text.replace("\r\n", "\n")).split("\n")
    fields = (_ICS_FIELD.fullmatch(line) for line in lines if not line.startswith("BEGIN:VTIMEZONE"))
    said = [
        (_INVITED[field[1].upper()], _moment(field[2])) for field in fields if field and field[1].upper() in _INVITED
    ]
    named = dict(reversed(said))
    if named:
        yield row((column, *pair) for column, pair in enumerate(sorted(named.items(), key=_order)))


def _order(pair: tuple[str, str]) -> int:
    return list(_INVITED.values()).index(pair[0])


def _moment(value: str) -> str:
    """A value as one reads it: a time with its marks, a text with its own characters."""
    time = _ICS_TIME.fullmatch(value)
    if time:
        year, month, day, hour, minute, zone = time.groups()
        clock = f" {hour}:{minute}{' UTC' if zone else ''}" if hour else ""
        return f"{year}-{month}-{day}{clock}"
    return _ESCAPED.sub(lambda mark: " " if mark[1] in "nN" else mark[1], value).strip()


def _invitations(message: email.message.EmailMessage) -> Iterator[email.message.Message]:
    return (part for part in _parts(message) if part.get_content_type() == "text/calendar")


def said_under(path: tuple[str, ...], blocks: Iterator[RawBlock]) -> Iterator[RawBlock]:
    """``blocks`` under the headings ``path``; their lines are those of a part that nobody sees."""
    return (replace(block, line=0, path=(*path, *block.path)) for block in blocks)


def _said(part: email.message.Message | None, name: Path) -> str:
    text = _text(part, name) if part is not None else ""
    return _flowed(text) if part is not None and part.get_param("format") == "flowed" else text


def _flowed(text: str) -> str:
    """Text whose lines go on where a blank ends them (RFC 3676)."""

    def joint(end: re.Match[str]) -> str:
        return "" if is_cjk(end.string[end.start() - 1 : end.start()] or " ") else " "

    return _SOFT.sub(joint, text.replace("\r\n", "\n"))


def _text(part: email.message.Message, name: Path) -> str:
    """The text of a part in the encoding that it names, or else in the one that it is in."""
    data = _bytes(part)
    try:
        return data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return decode(data, name)


def _bytes(part: email.message.Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _parts(message: email.message.EmailMessage) -> Iterator[email.message.Message]:
    for number, part in enumerate(message.walk()):
        if number >= _MOST_PARTS:
            return
        yield part


def _header(message: email.message.EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name) or "").split())
    except (ValueError, IndexError, AttributeError, TypeError):
        # The standard library stumbles over some headers that no mail program writes.
        return ""


def _broken(name: Path) -> LoadError:
    return LoadError(
        f"无法读取 {name}：文件已损坏，或不是 {name.suffix} 格式。请重新导出后再索引。",
        f"Can't read {name}: damaged, or not a {name.suffix} file. Export it again.",
    )
