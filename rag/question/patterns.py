"""Questions of one kind, as patterns in a file.

A line "NAME pattern" makes {NAME} for the lines after it; those that begin with "ask" are the questions, each matched
as a whole on normalised text. A group (?P<WORD_N>…) may stand in several places: each gets a number for its N.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import count
from pathlib import Path

_NAME = re.compile(r"\{([a-z]+)\}")
_GROUP = re.compile(r"(\(\?P<[a-z]+_)N>")


class Patterns:
    """The patterns of ``file``, read when the first text is matched; those that ``base`` names are known in it."""

    def __init__(self, file: Path, base: Patterns | None = None) -> None:
        self._file, self._base = file, base

    @cached_property
    def named(self) -> dict[str, str]:
        """What each name stands for."""
        known = dict(self._base.named) if self._base else {}
        for name, written in self._lines:
            if name != "ask":
                known[name] = f"(?:{_put_in(written, known)})"
        return known

    def matches(self, asked: str) -> Iterator[re.Match[str]]:
        """How ``asked``, normalised, reads as some of the questions."""
        return (match for pattern in self._questions if (match := pattern.fullmatch(asked)))

    @cached_property
    def _questions(self) -> list[re.Pattern[str]]:
        asks = (_put_in(written, self.named) for name, written in self._lines if name == "ask")
        return [re.compile(_numbered(pattern)) for pattern in asks]

    @cached_property
    def _lines(self) -> list[tuple[str, str]]:
        lines = (line.partition(" ") for line in self._file.read_text("utf-8").splitlines())
        return [(name, written) for name, _, written in lines if written and name != "#"]


def groups(match: re.Match[str]) -> dict[str, list[str]]:
    """What was said for each group, in the order of the groups."""
    said: dict[str, list[str]] = {}
    for group, words in match.groupdict().items():
        if words:
            said.setdefault(group.rpartition("_")[0], []).append(words)
    return said


def _put_in(written: str, named: dict[str, str]) -> str:
    return _NAME.sub(lambda match: named[match.group(1)], written)


def _numbered(pattern: str) -> str:
    numbers = count()
    return _GROUP.sub(lambda match: f"{match.group(1)}{next(numbers)}>", pattern)
