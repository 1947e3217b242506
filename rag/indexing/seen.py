"""Files as they were last read: one that nobody has touched since has the same bytes, and is not read again.

What tells that a file was touched is what git's index goes by (git's racy-git.txt): its size, when its bytes and when
anything about it last changed, its inode. The second time is the system's own and no program sets it back: a file is
read though ``touch -d`` or ``cp -p`` give it a time of before. Where there is no such time, as on Windows, the others
must do. A clock ticks, and a file may change twice within a tick: one that had changed a moment before it was read is
read again the next time.

index/.seen   the path of each file, these four, and the SHA-256 of its bytes; what does not stand there is read
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from time import time_ns
from typing import Final, NamedTuple

import msgspec

from rag.disk import read_plain, replace_file

SEEN: Final = ".seen"
# Nanoseconds. No file system in use has a coarser clock than FAT.
_TICK = 2_000_000_000
# A million files take 150 MB.
_MOST_BYTES = 2**30


class State(NamedTuple):
    """Size in bytes, times in nanoseconds, inode; and whether any change from now on will change one of them."""

    size: int
    written: int
    touched: int
    inode: int
    settled: bool = True


_Known = dict[str, tuple[State, str]]
_KNOWN = msgspec.msgpack.Decoder(_Known)


def state_of(path: str) -> State | None:
    """What the file at ``path`` is now; None if there is none, as of one that lies in an archive."""
    now = time_ns()
    try:
        there = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    times = there.st_mtime_ns, there.st_ctime_ns
    return State(there.st_size, *times, there.st_ino, max(times) + _TICK < now)


class Seen:
    """The digests of the files of an index, as far as they are known without reading them.

    To be used inside `rag.index.generations.writing`.
    """

    def __init__(self, index: Path, *, trusted: bool = True) -> None:
        """What stands in ``index``; nothing if that can't be read. ``trusted``: or else every file has to be read."""
        self._file = index / SEEN
        self._stored = _stored(self._file)
        self._known = dict(self._stored)
        self._trusted = trusted

    def sha256(self, path: str, state: State | None) -> str:
        """The digest of the file at ``path``, which is in that ``state``; "" if it has to be read."""
        known, sha256 = self._stored.get(path, (None, ""))
        return sha256 if self._trusted and known == state else ""

    def note(self, path: str, state: State | None, sha256: str) -> None:
        """The file at ``path`` was read, and had been in that ``state`` before."""
        self._known.pop(path, None)
        if state and state.settled:
            self._known[path] = state, sha256

    def save(self, paths: Collection[str]) -> None:
        """Write down what is known of the files at ``paths``. What the disk does not take is read the next time."""
        known = {path: one for path, one in self._known.items() if path in paths}
        if known == self._stored:
            return
        with suppress(OSError):
            for draft in self._file.parent.glob(f".{SEEN}.*"):
                # Of one who was killed.
                draft.unlink()
            replace_file(self._file, msgspec.msgpack.encode(known))


def _stored(file: Path) -> _Known:
    try:
        return _KNOWN.decode(read_plain(file, _MOST_BYTES))
    except (OSError, msgspec.MsgspecError):
        return {}
