"""What the text of a cell may be by itself: a name, a value, a unit, one of several that count something."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from itertools import pairwise

# A column's name has no more characters.
LONGEST_NAME = 40
SENTENCE = re.compile(r"[。！？!?；;]|，.*，")
# "12.5", "¥1,250", "-18 ℃", "2024-03-05", "09:30", "86 元".
VALUE = re.compile(r"[^\w]*\d[\d\s.,:/~\-–—年月日时分%‰×x]*[^\d\s]{0,4}")
FIELD = re.compile(r"[^：:]{1,16}[：:]")
LABEL = re.compile(r"[^：:\d]{1,16}[：:](?!//)")
RULE = re.compile(r":?-{2,}:?")
_COUNTED = re.compile(r"(\D*?)(\d+)(\D*)")
_YEARS = range(1900, 2101)
ADDRESS = re.compile(r"@|://")
_NUMBER = re.compile(r"\d+")
_LONGEST_UNIT, _FEW_WORDS = 8, 3
# "<1岁", "181–260", "260以上".
_BOUND = re.compile(r"[<>≤≥＜＞]|\d\s*[-–—~～至]\s*\d|以[上下内]")
_BOX = re.compile("[☐☑☒]")
_UNIT_SIGN = re.compile(r"[%‰‱°′″]")


def is_name(text: str) -> bool:
    """Whether a text may name a column."""
    return (
        len(text) <= LONGEST_NAME
        and not VALUE.fullmatch(text)
        and not SENTENCE.search(text)
        and not (text.endswith(".") and text.count(" ") >= _FEW_WORDS)
        and not ADDRESS.search(text)
        and not _BOX.search(text)
        and any(map(str.isalpha, text))
    )


def is_unit(text: str) -> bool:
    """Whether a text may be a unit: a short word, or a sign such as %, ℃ or ¥."""
    sign = _UNIT_SIGN.search(text) or any(unicodedata.category(character) in ("So", "Sc") for character in text)
    return len(text) <= _LONGEST_UNIT and (is_name(text) or (bool(sign) and not VALUE.fullmatch(text)))


def do_count(numbers: Sequence[str], under: Collection[str]) -> bool:
    """Whether numbers are names: years, dates, bounds, or the first, second and third of something.

    ``under`` is what stands below them, which is then none of these.
    """
    if _are_dates(numbers) and not any(_form(text) == _form(numbers[0]) for text in under):
        return True
    if all(map(_BOUND.search, numbers)) and not any(map(_BOUND.search, under)):
        firsts = [int(number[0]) for text in numbers if (number := _NUMBER.search(text))]
        return len(firsts) > 1 and firsts == sorted(firsts)
    counted, affixes = _counted(numbers)
    if not counted:
        return False
    steps = {after - before for before, after in pairwise(counted)}
    if all(number in _YEARS for number in counted):
        return not any(part and int(part[2]) in _YEARS for part in map(_COUNTED.fullmatch, under))
    return len(counted) > 1 and min(steps) > 0 and (len(steps) == 1 or bool(affixes[1]))


def count_on(texts: Sequence[str]) -> bool:
    """Whether texts count something, over and over: 1月, 2月, 3月, 1月, 2月, 3月."""
    counted, affixes = _counted(texts)
    again = (after == before + 1 or after <= counted[0] for before, after in pairwise(counted))
    return len(counted) > 1 and bool(affixes[1]) and all(again)


def counts_into(text: str, below: str) -> bool:
    """Whether what stands below counts on from a text: E1, E2."""
    counted, affixes = _counted([text, below])
    return len(counted) > 1 and counted[1] == counted[0] + 1 and any(affixes)


def _counted(texts: Sequence[str]) -> tuple[list[int], tuple[str, str]]:
    """The numbers in texts that are alike but for these, and what stands before and after them; else none."""
    parts = [part for text in texts if (part := _COUNTED.fullmatch(text))]
    affixes = {(part[1], part[3]) for part in parts}
    if len(parts) != len(texts) or len(affixes) != 1:
        return [], ("", "")
    return [int(part[2]) for part in parts], affixes.pop()


def _are_dates(texts: Sequence[str]) -> bool:
    """Whether texts are written alike with several numbers each, as dates and versions are."""
    forms = set(map(_form, texts))
    return len(forms) == 1 < len(texts) and forms.pop().count("0") > 1


def _form(text: str) -> str:
    return _NUMBER.sub("0", text)
