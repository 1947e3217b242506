"""What others wrote, in a terminal: nothing of it moves the cursor, changes colours or turns words around."""

from __future__ import annotations

from itertools import chain

BIDIRECTIONAL = frozenset(map(chr, chain(range(0x202A, 0x202F), range(0x2066, 0x206A))))
_NO_PICTURE = chain(range(0x80, 0xA0), range(0xD800, 0xE000), map(ord, BIDIRECTIONAL))
# Each becomes one character, so that positions stay what they are.
_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {0x7F: 0x2421}
_PICTURES |= dict.fromkeys(_NO_PICTURE, 0xFFFD)


def printable(text: str) -> str:
    """``text`` with a picture for each control character but line breaks and tabs; of the same length."""
    return text.translate(_PICTURES)


def one_line(text: str) -> str:
    """`printable`, with spaces for line breaks."""
    return printable(" ".join(line.strip() for line in text.splitlines()))
