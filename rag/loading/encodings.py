"""Bytes to text: which encoding a file is in. Where the bytes do not say, everyday characters decide."""

from __future__ import annotations

import codecs
import re
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
# In these, bytes of Chinese may be well-formed, too.
_OTHERS = ("cp949", "cp932", "euc_jp", "cp1250", "cp1251", "cp1252", "koi8_r")
# Of another language's letters so many are among its commonest; of Chinese ones, in Chinese, so many at least.
_LEAST_COHERENT, _COMMON = 0.05, 0.1
_ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_MOST_ALONE, _MOST_HIRAGANA = 0.7, 0.2
_JAPANESE = ("cp932", "euc_jp")
# Hangul has the codes of hanzi from A to P; a Chinese text has those from Q to Z, too.
_MOST_HANGUL, _LEAST_HANGUL = 0.9, 40
# Bytes of a word and its blank, in the mean.
_LONGEST_KOREAN = 25
_HIRAGANA, _HANGUL = range(0x3041, 0x3097), range(0xAC00, 0xD7A4)
# Longer texts are not well-formed in another encoding by chance.
_SHORT = 200
_WIDE = ("utf-16-le", "utf-16-be")


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
    if is_doubtful(text):
        return _clean(data.decode("gb18030"), name)
    # UTF-16 without a mark, if it holds little but ASCII, is well-formed UTF-8 full of NULs.
    return _clean(_decode_legacy(data, name) if "\0" in text else text, name)


def is_doubtful(text: str) -> bool:
    """Whether a short text that is well-formed UTF-8 is rather GB18030, as the two characters 通知 are by chance.

    Then it consists of letters that no one writes together: of Armenian, Hebrew, Arabic and of none.
    """
    if len(text) > _SHORT:
        return False
    letters = [character for character in text if character > "\x7f"]
    strange = sum("\u0250" <= c <= "\u036f" or "\u0530" <= c <= "\u07ff" for c in letters)
    scripts = {ord(c) >> 8 for c in letters}
    if not strange or len(scripts) < 2 or max(letters) > "\u07ff":
        return False
    try:
        chinese = text.encode().decode("gb18030")
    except UnicodeDecodeError:
        return False
    return _everyday_share("".join(c for c in chinese if c > "\x7f"), "gb18030") > _LEAST_EVERYDAY


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
    # UTF-16 is told by its everyday characters better than by what other languages would make of it.
    if share >= _LEAST_EVERYDAY and text in (data.decode(wide, "ignore") for wide in _WIDE):
        return text
    if b"\0" in data:
        raise _binary(name)
    if _is_foreign(text, data):
        raise _foreign(name)
    if share >= _LEAST_EVERYDAY:
        return text
    _, encoding, position = max(failures, key=lambda failure: failure[0], default=(0.0, "utf-8", 0))
    raise _undecodable(name, encoding.upper(), position)


def _is_foreign(text: str, data: bytes) -> bool:
    """Whether ``data``, of which ``text`` is the best Chinese reading if it has one, makes sense in another language.

    Told by what Chinese never is: bytes above 127 that stand alone, many hiragana, none of the commonest characters
    where another language has its own.
    """
    from charset_normalizer import from_bytes
    from charset_normalizer.constant import FREQUENCIES

    sample = data[:_SAMPLE].rpartition(b"\n")[0] or data[:_SAMPLE]
    high = sum(byte > 127 for byte in sample)
    if len(_ALONE.findall(sample)) > high * _MOST_ALONE:
        return True
    if any(_share(_HIRAGANA, sample, encoding) > _MOST_HIRAGANA for encoding in _JAPANESE):
        return True
    # Korean stands in words with blanks between them.
    is_long = len(sample) > _LEAST_HANGUL and sample.count(b" ") > len(sample) / _LONGEST_KOREAN
    if is_long and _share(_HANGUL, sample, "cp949") > _MOST_HANGUL:
        return True
    letters = _letters(text)
    common = frozenset(FREQUENCIES["Chinese"])
    if letters and sum(c in common for c in letters) > len(letters) * _COMMON:
        return False
    best = from_bytes(sample, cp_isolation=["gb18030", "big5", *_OTHERS]).best()
    return best is not None and best.encoding in _OTHERS and best.coherence >= _LEAST_COHERENT


def _letters(text: str) -> list[str]:
    return [c for c in text[:_SAMPLE] if c > "\x7f" and c.isalpha()]


def _share(block: range, data: bytes, encoding: str) -> float:
    """The share of ``block`` in what ``data`` is in ``encoding``; 0 if it is none."""
    try:
        letters = _letters(data.decode(encoding))
    except UnicodeDecodeError:
        return 0.0
    return sum(ord(c) in block for c in letters) / max(1, len(letters))


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


def _foreign(name: Path) -> LoadError:
    return LoadError(
        f"无法识别 {name} 的编码：不是 UTF-8，也不像中文编码，已跳过。请另存为 UTF-8 后再索引。",
        f"The encoding of {name} is unknown: neither UTF-8 nor a Chinese one. It was skipped; save it as UTF-8.",
    )
