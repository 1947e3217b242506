"""Vectors on disk, one a row: read as they are needed, never all held in memory."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import numpy as np
from numpy.lib import format as npy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rag.types import Vectors

_STORED = np.dtype("<f2")
# Until format 2, a FAISS file: kind, dimension, rows, two numbers of no meaning, trained, metric, floats.
_FLAT = struct.Struct("<4siqqq?iQ")
_INNER_PRODUCT = 0
_AT_ONCE = 16_384


class Rows(Protocol):
    """Rows of unit vectors, wherever they lie."""

    @property
    def dimension(self) -> int: ...

    def __len__(self) -> int: ...

    def take(self, rows: NDArray[np.int64]) -> Vectors:
        """The given rows in the given order, float32, shape ``(len(rows), dimension)``. Raises IndexError."""


def chunks(file: Rows, rows: NDArray[np.int64] | None = None) -> Iterator[Vectors]:
    """The given rows, or all, in order, some at a time; at least once, if need be of none. Raises IndexError."""
    wanted = np.arange(len(file)) if rows is None else rows
    for start in range(0, max(1, len(wanted)), _AT_ONCE):
        yield file.take(wanted[start : start + _AT_ONCE])


class VectorFile:
    """Rows of unit vectors in a file: half precision, which changes a cosine by less than 0.0001.

    The file is opened here and now, so that a reader keeps it when a later generation has taken its place. It is mapped
    only while rows are taken: pages of a lasting map would count as this process's own.
    """

    def __init__(self, path: Path) -> None:
        """Open what `writing` wrote, or a file of format 1 or 2. Raises OSError, and ValueError for any other file."""
        with path.open("rb") as stream:
            self._start, self._rows, self._dimension, self._type = _described(stream)
            if os.fstat(stream.fileno()).st_size != self._start + self._rows * self._dimension * self._type.itemsize:
                raise ValueError("size and shape differ")
            self._stream = os.fdopen(os.dup(stream.fileno()), "rb")

    def __len__(self) -> int:
        return self._rows

    @property
    def dimension(self) -> int:
        return self._dimension

    def take(self, rows: NDArray[np.int64]) -> Vectors:
        """The given rows in the given order, float32, shape ``(len(rows), dimension)``. Raises IndexError."""
        if not len(rows):
            return np.empty((0, self._dimension), np.float32)
        with mmap.mmap(self._stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            all_rows: NDArray[np.float16] = np.ndarray((self._rows, self._dimension), self._type, mapped, self._start)
            taken: Vectors = all_rows[rows].astype(np.float32)
            del all_rows
        return taken


class VectorFiles:
    """Rows of several files, one after another, as if they were one file."""

    def __init__(self, files: Sequence[VectorFile]) -> None:
        self._files = tuple(files)
        self._starts = np.cumsum([0, *map(len, self._files)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def dimension(self) -> int:
        return self._files[0].dimension

    def take(self, rows: NDArray[np.int64]) -> Vectors:
        """The given rows in the given order, float32, shape ``(len(rows), dimension)``. Raises IndexError."""
        if len(self._files) == 1:
            return self._files[0].take(rows)
        taken = np.empty((len(rows), self.dimension), np.float32)
        inside = np.searchsorted(self._starts, rows, "right") - 1
        for place in np.unique(inside).tolist():
            here = inside == place
            taken[here] = self._files[place].take(rows[here] - self._starts[place])
        return taken


@contextmanager
def writing(path: Path, rows: int, dimension: int) -> Iterator[Callable[[Vectors], None]]:
    """Write ``rows`` vectors to a new ``path``, a .npy file, some at a time. Raises OSError."""
    with path.open("wb") as stream:
        npy.write_array_header_1_0(stream, {"descr": _STORED.str, "fortran_order": False, "shape": (rows, dimension)})

        def append(vectors: Vectors) -> None:
            stream.write(np.ascontiguousarray(vectors, _STORED).data)

        yield append


def _described(stream: BinaryIO) -> tuple[int, int, int, np.dtype[np.generic]]:
    """Where the rows begin, how many there are, of which dimension and type. Raises ValueError."""
    head = stream.read(_FLAT.size)
    if head[:4] == b"IxFI" and len(head) == _FLAT.size:
        _, dimension, rows, _, _, _, metric, count = _FLAT.unpack(head)
        if metric != _INNER_PRODUCT or count != rows * dimension or rows < 0 or dimension < 1:
            raise ValueError("no exact index of cosines")
        return _FLAT.size, rows, dimension, np.dtype("<f4")
    stream.seek(0)
    if npy.read_magic(stream) != (1, 0):
        raise ValueError("another version of .npy")
    shape, by_column, kind = npy.read_array_header_1_0(stream)
    if by_column or kind != _STORED or len(shape) != 2:
        raise ValueError(f"{kind} of shape {shape}")
    return stream.tell(), shape[0], shape[1], kind
