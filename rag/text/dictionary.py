"""The user's dictionary: a file of words that are never cut apart, ``word [frequency [tag]]`` a line.

Empty lines, and what follows a ``#`` at the beginning of a line, are the user's own and stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from rag.errors import SettingsError
from rag.text.normalization import normalise

LONGEST = 32
_LINE = re.compile(r"(\S+)(?:\s+(\d+))?(?:\s+([A-Za-z]+))?")


class Entry(NamedTuple):
    """A word as texts are compared (simplified, lower case), with what jieba is told of it."""

    word: str
    frequency: int | None
    tag: str | None


def read_entries(file: Path) -> list[Entry]:
    """The entries of ``file``, in order. Raises SettingsError, naming the line, for one that is malformed."""
    entries = []
    for number, line in enumerate(read_text(file).splitlines(), start=1):
        if _is_own(line):
            continue
        match = _LINE.fullmatch(line.strip())
        if not match:
            raise SettingsError(
                f"用户词典 {file} 第 {number} 行有误：{line.strip()}。每行应为“词语 词频 词性”，后两项可省略。",
                f"The user dictionary {file}, line {number}, is wrong: {line.strip()}. "
                "A line is: word [frequency [tag]].",
            )
        word, frequency, tag = match.groups()
        entries.append(Entry(normalise(word).text, int(frequency) if frequency else None, tag))
    return entries


def read_text(file: Path) -> str:
    """The text of ``file``. Raises SettingsError if it can't be read."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"无法读取用户词典 {file}：{error}。它应为 UTF-8 文本，每行“词语 词频 词性”，后两项可省略。",
            f"Can't read the user dictionary {file}: {error}. It is UTF-8 text, a line: word [frequency [tag]].",
        ) from error


def with_words(text: str, words: Iterable[str]) -> str:
    """The dictionary ``text`` with ``words`` at its end."""
    return "".join([text, "" if text.endswith("\n") or not text else "\n", *(f"{word}\n" for word in words)])


def without_words(text: str, words: Collection[str]) -> str:
    """The dictionary ``text`` without the lines of ``words``; every other line stays as it is."""
    gone = {normalise(word).text for word in words}
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if _is_own(line) or normalise(line.split()[0]).text not in gone)


def _is_own(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")
