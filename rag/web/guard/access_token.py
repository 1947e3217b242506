"""Where the token comes from: an argument would show in the list of processes, which everyone on a machine can read."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path

from rag.disk import read_plain
from rag.errors import ServeError
from rag.messages import text

TYPED = Path("-")
"""Stands for what is typed, or comes on standard input."""
_MOST = 4096


def read_token(file: Path) -> str:
    """The token in the first line of ``file``. Raises ServeError if it can't be read."""
    if file == TYPED:
        return _typed().strip()
    try:
        return read_plain(file.resolve(), _MOST).decode("ascii").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ServeError(f"无法从 {file} 读口令：{reason}", f"Can't read the token from {file}: {reason}") from error


def _typed() -> str:
    return getpass(text("访问口令：", "Token: ")) if sys.stdin.isatty() else sys.stdin.readline(_MOST)
