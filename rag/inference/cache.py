"""What takes long to make is kept in the user's cache, and mapped from there.

Nothing is trusted but what was kept under the same key and is whole: anything else is made anew. Like the unpacked
model, the files lie in a folder of the user's own.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rag.disk import replace_file
from rag.paths import cache_dir

Bytes = NDArray[np.uint8]

# What was not used for longest goes when there are more: other models, versions, processors.
_MOST: Final = 8
_CHECK: Final = 4
# Parts of a file that are looked at to tell it from others.
_SAMPLES: Final = 64
_SAMPLE_BYTES: Final = 4096
# MADV_PAGEOUT of Linux, which Python has no name for. It loses nothing, not even what was written to a private map.
_PAGE_OUT: Final = 21


def find(kind: str, key: str) -> Bytes | None:
    """The bytes that were kept as ``kind`` under ``key``, mapped; None if there are none, or they are damaged."""
    file = _file(kind, key)
    mark = _mark(key)
    try:
        # Copy on write: what is handed out may be written to, the file never is.
        mapped: Bytes = np.memmap(file, np.uint8, "c")
    except (OSError, ValueError):
        # An empty file can't be mapped.
        return None
    with suppress(OSError):
        os.utime(file)
    end = len(mapped) - len(mark) - _CHECK
    if end < 0 or mapped[end + _CHECK :].tobytes() != mark:
        return None
    kept = mapped[:end]
    return kept if mapped[end : end + _CHECK].tobytes() == _checksum(kept.data) else None


def mark(file: Path) -> str:
    """What tells a large file from others: its size, its time, and evenly spaced parts of it. Raises OSError."""
    status = file.stat()
    digest = hashlib.sha256(f"{status.st_size} {status.st_mtime_ns}".encode())
    with file.open("rb") as stream:
        for part in range(_SAMPLES):
            stream.seek(status.st_size * part // _SAMPLES)
            digest.update(stream.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def digest(file: Path) -> str:
    """The SHA-256 of a large file, which is computed anew when its `mark` has changed. Raises OSError."""
    key = mark(file)
    known = find("digest", key)
    if known is None:
        with file.open("rb") as stream:
            known = np.frombuffer(hashlib.file_digest(stream, "sha256").digest(), np.uint8)
        keep("digest", key, known.tobytes())
    return known.tobytes().hex()


def spare(kept: Bytes) -> None:
    """Give back the memory of what `find` has mapped; whatever is needed of it is read from the file again."""
    mapped: Any = kept
    while isinstance(mapped, np.ndarray):
        mapped = mapped.base
    with suppress(OSError, AttributeError):
        # Not every system can.
        mapped.madvise(_PAGE_OUT)


def keep(kind: str, key: str, data: bytes) -> None:
    """Keep ``data`` as ``kind`` under ``key``, if there is a place for it: a full or read-only cache is no error."""
    file = _file(kind, key)
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(file, data + _checksum(data) + _mark(key))
        # Whoever has mapped a file that goes keeps what it mapped. The rest of a killed process counts as a file.
        newest = sorted(file.parent.glob("*.kept*"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in newest[_MOST:]:
            old.unlink(missing_ok=True)


def _file(kind: str, key: str) -> Path:
    return cache_dir() / kind / f"{_mark(key).hex()[:16]}.kept"


def _mark(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _checksum(data: bytes | memoryview) -> bytes:
    return zlib.crc32(data).to_bytes(_CHECK, "little")
