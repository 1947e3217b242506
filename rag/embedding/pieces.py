"""The bundled model's pieces of text, cut by sentencepiece: as `rag.embedding.tokenizer` cuts them, but sooner there.

The vocabulary is that of a hundred languages, and 0.7 s go by until it is searchable. Texts of the usual characters
can only be cut into pieces of these, so that the other half is not loaded until a text needs it. Both halves are made
of the model folder's ``tokenizer.json`` once, and kept in the user's cache.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sentencepiece import SentencePieceProcessor

from rag.embedding.tokenizer import BLANK, END, MAX_TOKENS, START, normalizer
from rag.inference import cache as kept

_KIND: Final = "pieces"
# ASCII, marks and symbols, Greek, kana, han, and their full-width and compatibility forms.
_USUAL: Final = re.compile(
    f"[{BLANK}\\x20-\\x7e\u00a1-\u00bf×÷\u0391-\u03c9\u2000-\u2bff\u3000-\u30ff\u3200-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff00-\uffef]*"
)
# Of sentencepiece's ModelProto: what a piece is, if it is not a usual one.
_UNKNOWN, _CONTROL = 2, 3
_Piece = tuple[int, str, float]
_LOADING = Lock()


def load_pieces(folder: Path) -> Pieces:
    """The pieces of the model in ``folder``, shared by all users. Raises OSError, ValueError and KeyError."""
    # Encoder and reader are loaded side by side, and want the same at once.
    with _LOADING:
        return _loaded(folder)


@cache
def _loaded(folder: Path) -> Pieces:
    return Pieces(folder)


class Pieces:
    """Text to ids of pieces. Thread-safe. Nothing in a text is a piece with a meaning, such as ``<s>``."""

    def __init__(self, folder: Path) -> None:
        self._source = folder / "tokenizer.json"
        self._key = kept.digest(self._source)
        self._usual = self._vocabulary("usual", lambda piece: _USUAL.fullmatch(piece) is not None)
        self._lock = Lock()
        self._normalise = normalizer().normalize_str

    def ids(self, text: str) -> list[int]:
        """The ids of ``text``, normalised as the model wants it."""
        whole = self._normalise(text)
        return [one for word in whole.split(" ") if word for one in self._of(word).ids(f"{BLANK}{word}")]

    def sequence(self, text: str) -> list[int]:
        """What the model reads of ``text``: its ids, as many as there is room for, between those of the ends."""
        return [START, *self.ids(text)[: MAX_TOKENS - 2], END]

    def cut(self, word: str) -> tuple[tuple[int, int], ...]:
        """The id and the length of each piece of a word that is normalised, and marked as the tokenizer marks it."""
        return self._of(word).cut(word)

    def _of(self, word: str) -> _Vocabulary:
        return self._usual if _USUAL.fullmatch(word) else self._all

    @property
    def _all(self) -> _Vocabulary:
        with self._lock:
            return self._every

    @cached_property
    def _every(self) -> _Vocabulary:
        return self._vocabulary("all", lambda _: True)

    def _vocabulary(self, name: str, wanted: Callable[[str], bool]) -> _Vocabulary:
        key = f"{self._key} {name} {_USUAL.pattern}"
        data = kept.find(_KIND, key)
        if data is None:
            made = _packed(_pieces(self._source.read_bytes()), wanted)
            kept.keep(_KIND, key, made)
            data = np.frombuffer(made, np.uint8)
        return _Vocabulary(data)


class _Vocabulary:
    """Some of a model's pieces, as `_packed` wrote them."""

    def __init__(self, packed: kept.Bytes) -> None:
        count = int(packed[:4].view("<u4")[0])
        self._ids: list[int] = packed[4 : 4 + 4 * count].view("<i4").tolist()
        self._processor = SentencePieceProcessor(model_proto=packed[4 + 4 * count :].tobytes())

    def ids(self, word: str) -> list[int]:
        return [self._ids[one] for one in self._processor.encode(word)]

    def cut(self, word: str) -> tuple[tuple[int, int], ...]:
        encoded = self._processor.encode(word, out_type="offset_mapping")
        ranges = zip(encoded["ids"], encoded["offsets"], strict=True)
        return tuple((self._ids[one], end - start) for one, (start, end) in ranges)


def _pieces(source: bytes) -> list[_Piece]:
    """Each piece with its kind and score, by id."""
    read = json.loads(source)
    special = {one["id"] for one in read["added_tokens"]}
    unknown = read["model"]["unk_id"]
    return [
        (_UNKNOWN if place == unknown else _CONTROL if place in special else 0, piece, score)
        for place, (piece, score) in enumerate(read["model"]["vocab"])
    ]


def _packed(pieces: Sequence[_Piece], wanted: Callable[[str], bool]) -> bytes:
    """A sentencepiece model of the ``wanted`` pieces, before it their number and their ids in the whole vocabulary."""
    # What is unknown costs a little more than the rarest piece: all share that one, and so cut alike.
    rarest = min(score for kind, _, score in pieces if not kind)
    places: NDArray[np.int32] = np.array(
        [i for i, (kind, piece, score) in enumerate(pieces) if kind or score == rarest or wanted(piece)], "<i4"
    )
    return struct.pack("<I", len(places)) + places.tobytes() + _model(pieces[i] for i in places)


def _model(pieces: Iterable[_Piece]) -> bytes:
    """A unigram model that normalises nothing, as sentencepiece_model.proto has it."""
    made = bytearray()
    for kind, piece, score in pieces:
        one = _field(1, piece.encode()) + b"\x15" + struct.pack("<f", score)
        made += _field(1, one + b"\x18" + bytes([kind]) if kind else one)
    unigram = b"\x18\x01"
    nothing = _field(1, b"identity") + b"\x18\x00\x20\x00\x28\x00"
    return bytes(made) + _field(2, unigram) + _field(3, nothing)


def _field(number: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([number << 3 | 2]) + length + content
