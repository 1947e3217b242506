"""Bytes to text: which encoding a file is in. Where the bytes do not say, everyday characters decide."""

from __future__ import annotations

import codecs
from functools import cache
from itertools import chain
from pathlib import Path

from rag.errors import LoadError

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# In the order of preference: almost any bytes are well-formed in several of them.
_LEGACY = ("gb18030", "big5", "utf-16-le", "utf-16-be")
# A file of which this share is sound UTF-8 is damaged UTF-8; read as GB18030 it would turn into mojibake.
_DAMAGED_UTF8 = 0.8
# Of a text read in its own encoding this share is everyday characters at least; of mojibake, far less.
_LEAST_EVERYDAY = 0.7
# Enough to tell encodings apart by.
_SAMPLE = 20_000


def decode(data: bytes, name: Path) -> str:
    r"""Decode ``data`` with line breaks as ``\n``: UTF-8 and UTF-16 (with or without byte order mark), GB18030, Big5.

    Raises LoadError that names ``name`` and the first byte that can't be decoded.
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return _clean(_strict(data, encoding, name), name)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if _sound_share(data) >= _DAMAGED_UTF8:
            raise _undecodable(name, "UTF-8", error.start) from error
        return _clean(_decode_legacy(data, name), name)
    # UTF-16 without a mark, if it holds little but ASCII, is well-formed UTF-8 full of NULs.
    return _clean(_decode_legacy(data, name) if "\0" in text else text, name)


def _decode_legacy(data: bytes, name: Path) -> str:
    """The most plausible reading of ``data``; ties go to the first of `_LEGACY`."""
    readings: list[tuple[float, str]] = []
    failures: list[tuple[float, str, int]] = []
    for encoding in _LEGACY:
        try:
            text = data.decode(encoding)
            readings.append((_everyday_share(text, encoding), text))
        except UnicodeDecodeError as error:
            sound = data[: error.start].decode(encoding, "ignore")
            failures.append((_everyday_share(sound, encoding), encoding, error.start))
    share, text = max(readings, key=lambda reading: reading[0], default=(0.0, ""))
    if share >= _LEAST_EVERYDAY:
        return text
    if b"\0" in data:
        raise _binary(name)
    _, encoding, position = max(failures, key=lambda failure: failure[0], default=(0.0, "utf-8", 0))
    raise _undecodable(name, encoding.upper(), position)


def _everyday_share(text: str, encoding: str) -> float:
    sample = text[:_SAMPLE]
    if not sample:
        return 0.0
    everyday = _everyday("gb18030") | _everyday("big5") if encoding.startswith("utf") else _everyday(encoding)
    return sum(character in everyday for character in sample) / len(sample)


@cache
def _everyday(encoding: str) -> frozenset[str]:
    """ASCII, Chinese punctuation, full-width forms, and the characters that ``encoding`` has in its first level."""
    first, last = (0xB0A1, 0xD7F9) if encoding == "gb18030" else (0xA440, 0xC67E)
    level = b"".join(code.to_bytes(2, "big") for code in range(first, last + 1) if code & 0xFF in range(0x40, 0xFF))
    if encoding == "gb18030":
        # Between the rows of GB2312 stand the rare characters of GBK.
        level = b"".join(level[i : i + 2] for i in range(0, len(level), 2) if level[i + 1] >= 0xA1)
    marks = (range(0x20, 0x7F), range(0x2010, 0x2027), range(0x3000, 0x3020), range(0xFF01, 0xFF5F))
    return frozenset(level.decode(encoding, "ignore") + "\t\n\r·￥").union(map(chr, chain(*marks)))


def _strict(data: bytes, encoding: str, name: Path) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(name, encoding.upper(), error.start) from error


def _sound_share(data: bytes) -> float:
    """The share of the bytes above 127 that are part of well-formed UTF-8."""
    high = sum(byte > 127 for byte in data)
    return sum(len(c.encode()) for c in data.decode("utf-8", "ignore") if c > "\x7f") / high


def _clean(text: str, name: Path) -> str:
    # A NUL never stands in a text; it means that this is a binary file under a text file's name.
    if "\0" in text:
        raise _binary(name)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _binary(name: Path) -> LoadError:
    return LoadError(
        f"{name} 不是文本文件（含有空字节），已跳过。请转成 UTF-8 文本后再索引。",
        f"{name} is not a text file (it contains NUL bytes) and was skipped. Convert it to UTF-8 text first.",
    )


def _undecodable(name: Path, encoding: str, position: int) -> LoadError:
    return LoadError(
        f"{name} 无法按 {encoding} 解码：第 {position + 1} 个字节有误，已跳过。请另存为 UTF-8 后再索引。",
        f"{name} can't be decoded as {encoding}: byte {position + 1} is wrong. It was skipped; save it as UTF-8.",
    )
