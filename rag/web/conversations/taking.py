"""Conversations as files to take away: one as Markdown, a web page or a Word document, or all in a ZIP archive."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Literal

from rag import __version__
from rag.errors import Language, NotFoundError
from rag.web.conversations.conversation_file import Conversation, ConversationFile
from rag.web.page.takeaway import to_docx, to_html, to_markdown

Format = Literal["md", "html", "docx"]
_WRITERS: dict[Format, Callable[..., str | bytes]] = {"md": to_markdown, "html": to_html, "docx": to_docx}
# What no file system takes in a name, or takes for a folder.
_UNNAMEABLE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+|^\.+|[. ]+$')
_NAMED = 60
# A larger archive is made on the disk.
_IN_MEMORY = 16 * 2**20


def one(kept: ConversationFile, conversation: str, form: Format, language: Language, base: str) -> bytes:
    """One conversation's file; ``base`` is the address of the app. Raises as `ConversationFile.turns`."""
    now, turns = datetime.now().astimezone(), kept.turns(conversation)
    made = _WRITERS[form](turns, language=language, generated=now, version=__version__, base=base)
    # Half of a surrogate pair can't be in a file.
    return made.encode("utf-8", "replace") if isinstance(made, str) else made


def everything(kept: ConversationFile, form: Format, language: Language, base: str) -> IO[bytes]:
    """An archive of all conversations, a file each, to be read from its beginning. Raises StorageError."""
    archive = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 the reader closes it
    taken: set[str] = set()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
        for listed in kept.listed():
            try:
                file = one(kept, listed.id, form, language, base)
            except NotFoundError:
                # Deleted since they were listed.
                continue
            files.writestr(_among(taken, file_name(listed, form)), file)
    archive.seek(0)
    return archive


def file_name(conversation: Conversation, form: Format) -> str:
    """The day on which it was last used, its name, and the suffix."""
    day = datetime.fromisoformat(conversation.used).astimezone()
    name = _UNNAMEABLE.sub(" ", conversation.name)[:_NAMED].strip()
    return f"{day:%Y-%m-%d} {name}".strip() + f".{form}"


def _among(taken: set[str], name: str) -> str:
    """``name``, or with a number where one of ``taken`` is called so; it is taken then."""
    stem, _, suffix = name.rpartition(".")
    number = 1
    while name in taken:
        number += 1
        name = f"{stem} ({number}).{suffix}"
    taken.add(name)
    return name
