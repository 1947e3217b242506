"""Text that is none: a font that does not say which characters it shows gives others, or marks without a meaning."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from rag.text.normalization import is_cjk

# So many characters tell; of Chinese ones this share is in everyday use, and of Latin letters not more has accents.
_LEAST = 20
_EVERYDAY = 0.7
_ACCENTED = 0.5
_MEANINGLESS = 0.3


def is_odd(character: str) -> bool:
    """Whether a character is neither ASCII, nor Chinese, nor a mark of print, so that one may ask where it is from."""
    if "\x20" <= character <= "\x7e" or "\u2010" <= character <= "\u206f" or "\u3000" <= character <= "\u9fff":
        return False
    return not is_cjk(character)


def is_garbage(texts: Iterable[str]) -> bool:
    """Whether characters stand together as no language has them."""
    text = "".join(texts)
    characters = "".join(text.split())
    if len(characters) < _LEAST:
        return False
    meaningless = sum(_is_meaningless(character) for character in characters)
    chinese = [c for c in characters if "\u3400" <= c <= "\u9fff"]
    latin = [c for c in characters if c.isalpha() and c < "\u0370"]
    return (
        meaningless > _MEANINGLESS * len(characters)
        or (len(chinese) >= _LEAST and sum(map(_is_everyday, chinese)) < _EVERYDAY * len(chinese))
        or (len(latin) >= _LEAST and sum(c > "\x7f" for c in latin) > _ACCENTED * len(latin))
    )


def _is_meaningless(character: str) -> bool:
    """Private, unassigned, a replacement or a control character."""
    return "\ue000" <= character <= "\uf8ff" or character == "\ufffd" or not (character.isprintable())


@lru_cache(maxsize=30_000)
def _is_everyday(character: str) -> bool:
    for encoding, last in (("gb2312", 0xFFFF), ("big5", 0xC67E), ("shift_jis", 0x9872)):
        try:
            code = character.encode(encoding)
        except UnicodeEncodeError:
            continue
        if int.from_bytes(code, "big") <= last:
            return True
    return False
