"""What has been embedded for a generation that is not finished: whoever was interrupted goes on from there.

index/.embedded/encoder  the encoder's name
index/.embedded/keys     a digest of each text, 16 bytes
index/.embedded/vectors  its vector, in half precision; written before its key
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from rag.disk import sync_folder
from rag.index.dense import DIGEST_BYTES

if TYPE_CHECKING:
    from rag.types import Vectors

FOLDER: Final = ".embedded"
KEY_BYTES: Final = DIGEST_BYTES
_STORED = np.dtype("<f2")


class Journal:
    """Texts, by their digests, and their vectors by one encoder. Nothing is on disk before the first is appended."""

    def __init__(self, index: Path, encoder: str, dimension: int) -> None:
        """Go on with what is in ``index``, if the same encoder made it. Raises OSError."""
        self._folder = index / FOLDER
        self._encoder = encoder
        self._row_bytes = dimension * _STORED.itemsize
        self._rows = self._whole_rows()

    def __len__(self) -> int:
        return self._rows

    def keys(self) -> bytes:
        """The digests of all texts, one after the other."""
        return (self._folder / "keys").read_bytes()[: self._rows * KEY_BYTES] if self._rows else b""

    def take(self, rows: NDArray[np.int64]) -> Vectors:
        """The vectors of the given rows in the given order, float32."""
        stored = np.memmap(self._folder / "vectors", _STORED, "r", shape=(self._rows, self._row_bytes // 2))
        taken: Vectors = stored[rows].astype(np.float32)
        return taken

    def append(self, keys: bytes, vectors: Vectors) -> None:
        """Add texts; they are on the disk when this returns. Raises OSError."""
        if not self._rows:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir()
            (self._folder / "encoder").write_text(self._encoder, "utf-8")
            sync_folder(self._folder.parent)
        added = np.ascontiguousarray(vectors, _STORED).tobytes()
        for name, data, size in (("vectors", added, self._row_bytes), ("keys", keys, KEY_BYTES)):
            with (self._folder / name).open("ab") as stream:
                stream.truncate(self._rows * size)
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        self._rows += len(vectors)

    def discard(self) -> None:
        """Delete it all; what can't be deleted stays, and does no harm."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._rows = 0

    def _whole_rows(self) -> int:
        try:
            if (self._folder / "encoder").read_text("utf-8") != self._encoder:
                return 0
            sizes = (((self._folder / "keys"), KEY_BYTES), ((self._folder / "vectors"), self._row_bytes))
            return min(file.stat().st_size // size for file, size in sizes)
        except (OSError, UnicodeDecodeError):
            return 0
