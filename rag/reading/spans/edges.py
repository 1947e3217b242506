"""Where an answer begins and ends: in one cell of a row, never inside a number, a name, an address, a word or a pair of
marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from rag.text.normalization import HAN, Normalised, normalise
from rag.text.tokenization import STOPWORDS, Word, alike, cut_words, in_dictionary, words
from rag.types import Span

_MARKS: Final = " ,;:。!?、…\n"
_PAIRS: Final = {"《": "》", "“": "”", "(": ")", "「": "」", "[": "]", "『": "』", "<": ">"}
_FARTHEST_PARTNER: Final = 40
# A word of Chinese that is cut is completed up to this length; jieba's longer ones may be two names.
_LONGEST_WORD: Final = 4
_HAN: Final = re.compile(HAN)
# Phone numbers, e-mail addresses, URLs, versions, dates and figures: Latin letters, digits, and marks between them.
_SOLID: Final = re.compile(
    r"[a-z]+://[a-z0-9@._/:%=&?#~+,;-]*[a-z0-9%/]|[+±≤≥¥$]?[a-z0-9](?:[a-z0-9@._/:%=&?#~+,-]*[a-z0-9%/])?[%‰℃°]?"
)
# In a row, the name of a column before its cell: "；单价：".
_COLUMN: Final = re.compile(r"(?:^|[；;])\s*([^；;：:，,。\n]{1,12})[：:](?!//)\s*")
_ASKS_HOW: Final = re.compile("怎么|怎样|如何|咋")
# What a measure begins with: "月末" is said of "12月末".
_NUMBER_BEFORE: Final = re.compile(r"\d(?:[\d.,:]*\d)?$")


def whole(text: str, span: Span) -> Span:
    """The range of ``text`` that ``span`` was meant to be: with whole words, numbers, addresses and pairs of marks.

    Both ranges are of the original characters; the result is never empty.
    """
    folded = normalise(text)
    characters = map(Span, folded.starts, folded.ends)
    inside = [place for place, character in enumerate(characters) if character.overlaps(span)]
    if not inside:
        return span
    widened = _stripped(folded.text, Span(inside[0], inside[-1] + 1))
    widened = _with_words(folded.text, widened)
    number = _NUMBER_BEFORE.search(folded.text, 0, widened.start)
    # ① begins an item.
    if number and not _is_enumerator(text[folded.starts[number.start()]]):
        widened = Span(number.start(), widened.end)
    widened = _with_partners(folded.text, widened)
    return folded.to_original(*widened)


def one_cell(text: str, span: Span, question: str) -> Span:
    """Of a range of ``text`` over several cells of a row the cell whose column ``question`` names, else the first.

    One in the name of a column is its cell where the question says what stands there: that answers nothing. Any other
    range as it is. The question is in its normal form.
    """
    columns = list(_COLUMN.finditer(text))
    for column, end in zip(columns, [*(after.start() for after in columns), len(text)][1:], strict=True):
        if column.start(1) <= span.start and span.end <= column.end() < end and _says(question, text, span):
            return Span(column.end(), end)
    inside = [column for column in columns if span.start < column.start() < span.end]
    if not inside:
        return _to_its_end(text, span, columns) if _ASKS_HOW.search(question) else span
    own = [column for column in columns if column.end() <= span.start][-1:]
    ends = [column.start() for column in inside] + [span.end]
    cells = [Span(span.start, ends[0])] + [Span(a.end(), b) for a, b in zip(inside, ends[1:], strict=True)]
    names = [alike(normalise(column[1]).text) for column in (*own, *inside)]
    asked = (cell for cell, name in zip(cells[-len(names) :], names, strict=True) if name in alike(question))
    return next((cell for cell in asked if cell.start < cell.end), cells[0])


def _to_its_end(text: str, span: Span, columns: Sequence[re.Match[str]]) -> Span:
    """A range that begins a cell and ends at a comma of it, as all of the cell: what is to be done is all of it."""
    end = next((column.start() for column in columns if column.start() >= span.end), len(text))
    begins = any(column.end() == span.start for column in columns)
    return Span(span.start, end) if begins and text[span.end : end].startswith((",", "，", "、")) else span


def _says(question: str, text: str, span: Span) -> bool:
    """Whether a question has the words that tell something in a range of ``text``, some at least."""
    folded = normalise(text)
    said = (word for word in cut_words(folded.text) if _overlaps(folded, word, span))
    told = [word.text for word in said if word.text not in STOPWORDS]
    return bool(told) and all(word in question for word in told)


def _overlaps(folded: Normalised, word: Word, span: Span) -> bool:
    return folded.to_original(word.start, word.end).overlaps(span)


def _stripped(text: str, span: Span) -> Span:
    part = text[span.start : span.end]
    start = span.start + len(part) - len(part.lstrip(_MARKS))
    end = span.start + len(part.rstrip(_MARKS))
    return Span(start, end) if start < end else span


def _with_words(text: str, span: Span) -> Span:
    start, end = span
    solid = [match.span() for match in _SOLID.finditer(text)]
    han = [(a, b) for word, a, b in words(text) if not _HAN.search(word) or b - a <= _LONGEST_WORD]
    for left, right in (*solid, *han):
        if left < start < right and not any(_is_word(text[at:start]) for at in range(start - _LONGEST_WORD, left)):
            start = left
        if left < end < right and not any(_is_word(text[end:at]) for at in range(right + 1, end + _LONGEST_WORD + 1)):
            end = right
    return Span(start, end)


def _is_word(text: str) -> bool:
    """Whether a text is a word of Chinese: what overlaps one was cut amiss, as 复苏 was of 修复苏通快递."""
    return _HAN.match(text) is not None and in_dictionary(text)


def _is_enumerator(character: str) -> bool:
    """Whether it is a number in a circle, in brackets or with a point, in one character."""
    return unicodedata.category(character) == "No"


def _with_partners(text: str, span: Span) -> Span:
    """With the other mark of each pair that it holds one of, or without that one; and in a title's own marks."""
    start, end = span
    for opening, closing in _PAIRS.items():
        part = text[start:end]
        if part.count(opening) > part.count(closing):
            partner = text.find(closing, end, end + _FARTHEST_PARTNER)
            if partner >= 0:
                end = partner + 1
            elif part.endswith(opening):
                end -= 1
        elif part.count(closing) > part.count(opening):
            partner = text.rfind(opening, max(0, start - _FARTHEST_PARTNER), start)
            if partner >= 0:
                start = partner
            elif part.startswith(closing):
                start += 1
        elif opening == "《" and text[start - 1 : start] == opening and text[end : end + 1] == closing:
            start, end = start - 1, end + 1
    return Span(start, end) if start < end else span
