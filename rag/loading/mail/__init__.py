"""Mails (EML) and saved pages (MHT) to blocks: who wrote to whom, when and about what, and the text."""

from __future__ import annotations

import email
import email.message
import email.policy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rag.errors import LoadError
from rag.loading.blocks import Parsed, RawBlock, gather
from rag.loading.encodings import decode
from rag.loading.html import page_blocks
from rag.loading.html.flow import inline
from rag.loading.images.scans import picture_blocks
from rag.loading.plain import parse_plain
from rag.loading.unread import Lost, Unread
from rag.types import BlockKind

_HEADERS = {"From": "发件人", "To": "收件人", "Cc": "抄送", "Date": "日期"}
_DEEPEST = 3
_MOST_PARTS = 1_000


def parse_eml(data: bytes, name: Path) -> Parsed:
    """A mail with the mails that it forwards; other attachments are told. Raises LoadError."""
    message = _message(data, name)
    unread = Unread()
    blocks = gather(_mail(message, name, unread, 0), name, unread)
    return Parsed(blocks, _header(message, "Subject"), unread.notices(name))


def parse_mht(data: bytes, name: Path) -> Parsed:
    """The page of a web archive. Raises LoadError."""
    unread = Unread()
    return Parsed(gather(archived_page(data, name, unread), name, unread), notices=unread.notices(name))


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
    if plain is not None and page is not None:
        tabular = "<table" in str(page.get_payload()).lower()
        plain, page = (None, page) if tabular else (plain, None)
    yield from said_under(path, written(_said(plain, name), _said(page, name), name, unread))
    for part in message.iter_attachments() if message.is_multipart() else ():
        inner = part.get_content() if part.get_content_type() == "message/rfc822" and deep < _DEEPEST else None
        if isinstance(inner, email.message.EmailMessage):
            yield from _mail(inner, name, unread, deep + 1)
        elif part.get_content_maintype() == "image":
            yield from picture_blocks(_bytes(part), unread, (*path, *filter(None, [part.get_filename()])))
        else:
            unread.add(Lost.ATTACHMENT, under=part.get_filename() or "")


def heading_of(subject: str, values: Mapping[str, str]) -> Iterator[RawBlock]:
    """What stands above a mail: what it is about, and its headers by name."""
    if subject:
        yield RawBlock(BlockKind.HEADING, subject, level=1)
    said = [f"{zh}：{values[header]}" for header, zh in _HEADERS.items() if values[header]]
    if said:
        yield RawBlock(BlockKind.PARAGRAPH, "\n".join(said), path=(subject,) if subject else ())


def written(plain: str, page: str, name: Path, unread: Unread) -> Iterator[RawBlock]:
    """The text of a mail: of two that say the same the plain one, unless the other has tables."""
    if page and (not plain or "<table" in page.lower()):
        return page_blocks(page.encode(), name, unread)
    return iter(parse_plain(plain.replace("\r\n", "\n").replace("\r", "\n")))


def said_under(path: tuple[str, ...], blocks: Iterator[RawBlock]) -> Iterator[RawBlock]:
    """``blocks`` under the headings ``path``; their lines are those of a part that nobody sees."""
    return (replace(block, line=0, path=(*path, *block.path)) for block in blocks)


def _said(part: email.message.Message | None, name: Path) -> str:
    return _text(part, name) if part is not None else ""


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
