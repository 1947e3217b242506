"""Writes that last: what a file or folder holds is on the disk before anything points to it."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def is_plain(path: Path, below: Path) -> bool:
    """Whether ``path`` and all folders between it and ``below`` are no links, as far as they are there."""
    return not any(place.is_symlink() for place in (path, *path.parents[: len(path.relative_to(below).parts) - 1]))


def read_plain(file: Path, most: int) -> bytes:
    """The bytes of a file that is no link, no pipe and no device, and has no more than ``most``. Raises OSError."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if file.is_symlink():
        raise OSError("链接 / a link")
    with os.fdopen(os.open(file, flags), "rb") as stream:
        state = os.fstat(stream.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise OSError("不是普通文件 / no plain file")
        if state.st_size > most:
            raise OSError(f"{state.st_size} > {most} bytes")
        return stream.read(most)


def link(there: Path, here: Path) -> None:
    """Have a file that never changes in a second place: the same one, or a copy where there are no links.

    Raises OSError.
    """
    try:
        here.hardlink_to(there)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        shutil.copyfile(there, here)


def sync_tree(folder: Path) -> None:
    """Flush every file under ``folder``, and that they and it are there. Raises OSError.

    A file that has another name, too, was flushed under that: see `link`.
    """
    for path in folder.rglob("*"):
        if not path.is_file():
            sync_folder(path)
        elif path.stat().st_nlink < 2:
            sync_file(path)
    sync_folder(folder)
    sync_folder(folder.parent)


def sync_file(path: Path) -> None:
    """Flush one file. Raises OSError."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Flush what ``folder`` lists. Raises OSError."""
    # Not every system can open a folder to flush it; those that can't need not.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def replace_file(file: Path, data: bytes) -> None:
    """Put ``data`` in the place of ``file``: whoever opens it finds the old content or the new. Raises OSError."""
    draft = file.with_name(f".{file.name}.{uuid4().hex[:6]}")
    try:
        draft.write_bytes(data)
        sync_file(draft)
        draft.replace(file)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    # The new content is in place, whether or not the system promises to remember that.
    with suppress(OSError):
        sync_folder(file.parent)
