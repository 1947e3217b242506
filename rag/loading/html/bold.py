"""Which of a block's text is bold, counted in what can be seen of it: white space is folded after marks are read."""

from __future__ import annotations

from collections.abc import Iterable

Stretch = tuple[int, int]
"""How many visible characters stand before the beginning and before the end of a bold stretch."""


def visible(text: str) -> int:
    """How many characters of ``text`` are no white space."""
    return len("".join(text.split()))


def placed(stretches: Iterable[Stretch], text: str, seen: int) -> tuple[int, ...]:
    """Where bold stretches begin and end in ``text``, one after the other; those that touch are one.

    ``seen`` is how many visible characters they were counted among; if ``text`` has not as many, nothing is known.
    """
    at = [place for place, character in enumerate(text) if not character.isspace()]
    if len(at) != seen:
        return ()
    found: list[int] = []
    for begin, end in stretches:
        if begin >= end:
            continue
        if found and not text[found[-1] : at[begin]].strip():
            found[-1] = at[end - 1] + 1
        else:
            found += [at[begin], at[end - 1] + 1]
    return tuple(found)
