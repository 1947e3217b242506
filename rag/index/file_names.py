"""What a file from elsewhere may be called, whether it was uploaded or came in an archive."""

from __future__ import annotations

import os
import re
import unicodedata

from rag.errors import LoadError
from rag.loading import PARSERS

MAX_NAME_BYTES = 255
# What a name must not contain: controls, marks that change the direction of text, lone surrogates, private use.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])\s*(?:\.|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """Return ``name`` as a file may be called on any system.

    No path, nothing invisible, not hidden, no device, not too long. Raises LoadError for an unreadable format.
    """
    visible = "".join(c for c in name if unicodedata.category(c) not in _INVISIBLE)
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", visible))[-1]
    last = re.sub(r'[<>:"|?*]', "_", last)
    last = re.sub(r"^[\s.]+|[\s.]+$", "", last)
    stem, suffix = os.path.splitext(last)  # noqa: PTH122
    if suffix.lower() not in PARSERS:
        raise LoadError(
            f"不支持这种文件：{last or '（无名）'}。目前可读：{'、'.join(PARSERS)}。",
            f"Unsupported file type: {last or '(no name)'}. Readable now: {', '.join(PARSERS)}.",
        )
    stem = stem.strip()
    return fitted(f"_{stem}" if _RESERVED.match(stem) else stem, suffix)


def fitted(stem: str, ending: str) -> str:
    """Return ``stem`` and ``ending``, the stem cut to what fits into a file name."""
    room = MAX_NAME_BYTES - len(ending.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip() + ending


def is_safe(name: str) -> bool:
    """Whether ``name`` is what a file of a readable format may be called."""
    try:
        return safe_name(name) == name
    except LoadError:
        return False
