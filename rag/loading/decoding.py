"""Bytes to text: which encoding a file is in. charset-normalizer decides where the bytes do not say."""

from __future__ import annotations

import codecs
from pathlib import Path

from rag.errors import LoadError

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_LEGACY = ["gb18030", "big5", "utf_16_le", "utf_16_be"]
# A file of which this share is sound UTF-8 is damaged UTF-8; read as GB18030 it would turn into mojibake.
_DAMAGED_UTF8 = 0.8


def decode(data: bytes, name: Path) -> str:
    """Decode ``data`` and unify its line breaks: UTF-8 and UTF-16 (with or without byte order mark), GB18030, Big5.

    Raises LoadError that names ``name`` and the first byte that can't be decoded.
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return _clean(_strict(data, encoding, name), name)
    try:
        return _clean(data.decode("utf-8"), name)
    except UnicodeDecodeError as error:
        if _sound_share(data) >= _DAMAGED_UTF8:
            raise _undecodable(name, "UTF-8", error.start) from error
        position = error.start
    # Imported here: most files are UTF-8 and never need it.
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=_LEGACY).best()
    if best is None:
        raise _undecodable(name, "UTF-8/GB18030/Big5/UTF-16", position)
    return _clean(_strict(data, best.encoding, name), name)


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
        raise LoadError(
            f"{name} 不是文本文件（含有空字节），已跳过。请转成 UTF-8 文本后再索引。",
            f"{name} is not a text file (it contains NUL bytes) and was skipped. Convert it to UTF-8 text first.",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _undecodable(name: Path, encoding: str, position: int) -> LoadError:
    return LoadError(
        f"{name} 无法按 {encoding} 解码：第 {position + 1} 个字节有误，已跳过。请另存为 UTF-8 后再索引。",
        f"{name} can't be decoded as {encoding}: byte {position + 1} is wrong. It was skipped; save it as UTF-8.",
    )
