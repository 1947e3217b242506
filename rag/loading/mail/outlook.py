"""Mails of Outlook (MSG) to blocks, as other mails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.loading.blocks import Parsed, RawBlock, gather
from rag.loading.mail import heading_of, said_under, written
from rag.loading.mail.attachments import attached
from rag.loading.unread import Lost, Unread

# Properties, by their numbers in MS-OXPROPS.
_TO, _CC, _PACKED, _NAME = 0x0E04, 0x0E03, 0x1009, 0x3001


def parse_msg(data: bytes, name: Path) -> Parsed:
    """A mail with the files on it; those not read are told. Raises LoadError."""
    from oxmsg import Message

    try:
        message = Message.load(data)
    except MemoryError:
        raise
    except Exception as error:
        # Whatever damaged bytes make the library throw.
        raise LoadError(
            f"无法读取 {name}：文件已损坏，或不是 .msg 格式。请重新导出后再索引。",
            f"Can't read {name}: damaged, or not a .msg file. Export it again.",
        ) from error
    unread = Unread()
    blocks = gather(_mail(message, name, unread), name, unread)
    return Parsed(blocks, _subject(message), unread.notices(name))


def _subject(message: Any) -> str:
    return " ".join(message.subject.split())


def _mail(message: Any, name: Path, unread: Unread) -> Iterator[RawBlock]:
    told = message.properties.str_prop_value
    values = {
        "From": message.sender or "",
        "To": message.message_headers.get("To") or told(_TO) or "",
        "Cc": message.message_headers.get("Cc") or told(_CC) or "",
        "Date": message.message_headers.get("Date") or str(message.sent_date or ""),
    }
    subject = _subject(message)
    path = (subject,) if subject else ()
    yield from heading_of(subject, {header: " ".join(value.split()) for header, value in values.items()})
    plain, page = message.body or "", message.html_body or ""
    if not plain.strip() and not page.strip() and message.properties.binary_prop_value(_PACKED):
        unread.add(Lost.PART, under=subject)
    yield from said_under(path, written(plain, page, name, unread))
    for attachment in message.attachments:
        file = attachment.file_name or attachment.properties.str_prop_value(_NAME) or ""
        yield from attached(attachment.file_bytes or b"", file, name, path, unread)
