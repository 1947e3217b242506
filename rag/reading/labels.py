"""甲方 and 乙方, 九月 and 十一月, A库 and D库, 4.1.0 and 4.1.3, HT-80 and HT-90: labels that tell alike things apart.

What a text says of the one in the very words in which it is asked of the other, it does not say of the other; nor does
what stands below a heading of the one.
"""

from __future__ import annotations

import re
from typing import Final

from rag.text.normalization import HAN
from rag.text.quantities.numbers import value

_STEM: Final = "[甲乙丙丁戊己庚辛]"
_NUMBER: Final = r"(?:\d+|[一二三四五六七八九十]+)"
# Every alternative has a group for what tells apart (甲) and, where that differs, one for the kind of thing (方).
_LABEL: Final = re.compile(
    rf"(?P<stem>{_STEM})(?P<party>[方类级组班座栋])|(?<![a-z\d-])(?P<letter>[a-h])(?P<lettered>[库区栋座类级组班门馆厅口])"
    rf"|第(?P<nth>{_NUMBER})(?P<counted>[条项款点章节步期次届名季批])|(?<!\d)(?P<year>(?:19|20)\d\d)[年版]"
    r"|(?<![\d.])(?:v(?P<release>\d+(?:\.\d+)+)|(?P<version>\d+\.\d+\.\d+)|(?P<edition>\d+(?:\.\d+)+)(?=版))(?![\d.])"
    rf"|(?<![\d一二三四五六七八九十个])(?P<month>{_NUMBER})月份?(?!\d)"
    r"|(?<![a-z\d-])(?P<series>[a-z]{1,6}) ?-? ?(?P<model>\d{1,5}[a-z]{0,3})(?![a-z\d]|[.-]\d)"
)
_VERSION: Final = "版本"
Label = tuple[str, str]
"""The kind of a label and the name in it: 方 and 甲, 版本 and 4.1.3, ht and 80."""
_FOLLOWING: Final = re.compile(rf"[的,:]?\s?({HAN}{{2}})")


def of_another(asked: str, said: str, around: str) -> bool:
    """Whether ``said`` answers for another label than the one that is ``asked`` of: 甲方逾期付款 for 乙方逾期付款.

    So it is where the question's label stands neither in ``said`` nor ``around`` it, and behind another label of its
    kind, in ``said``, stand the same two characters as behind it: of 9,507 questions and the sentences that answer them
    this was so of none. Versions and models need no such characters: a text that has only others of the same form is
    not about the one that is asked of (wrong for 13 of 2,267 questions that have one). All three texts are in their
    normal form.
    """
    wanted = _labels(asked)
    known = {label for label, _ in (*_labels(said), *_labels(around))}
    asked_of = {label for label, _ in wanted if _is_numbered(label)}
    if any(_are_of_one_form(one, other) for one in asked_of for other in known):
        return not any(_is_of(one, other) for one in asked_of for other in known)
    told = [(label, following) for label, following in _labels(said) if following]
    return any(
        label not in known and any(other[0] == label[0] and same == following for other, same in told)
        for label, following in wanted
        if following
    )


def is_labelled(text: str) -> bool:
    """Whether a text in its normal form has a label."""
    return _LABEL.search(text) is not None


def stands_below(asked: str, said: str, above: str) -> bool | None:
    """Whether what stands ``above`` a text has a label that is ``asked`` of; None if it has none of the kind.

    None, too, where the label is in ``said``, the text itself. All three are in their normal form.
    """
    wanted = {label for label, _ in _labels(asked)}
    kinds = {kind for kind, _ in wanted}
    there = {label for label, _ in _labels(above) if label[0] in kinds}
    if not there or wanted & {label for label, _ in _labels(said)} - there:
        return None
    return bool(wanted & there)


def _is_numbered(label: Label) -> bool:
    """Whether a label is a version or a model."""
    return label[0] == _VERSION or label[0].isascii()


def _are_of_one_form(one: Label, other: Label) -> bool:
    """Whether two are versions with as many parts, or of one series: v2.1 is none beside a chapter 3.2.1."""
    return one[0] == other[0] and one[1].count(".") == other[1].count(".")


def _is_of(one: Label, other: Label) -> bool:
    """Whether two are one, or one is of the other: 4.1.3 of 4.1, GPT-4o of GPT-4."""
    shorter, longer = sorted((one[1], other[1]), key=len)
    return one[0] == other[0] and longer.startswith(shorter) and not longer[len(shorter) :][:1].isdigit()


def _labels(text: str) -> list[tuple[Label, str]]:
    """The labels of a text as kind and name, each with the two characters behind it, "" where others stand there."""
    found = []
    for match in _LABEL.finditer(text):
        following = _FOLLOWING.match(text, match.end())
        found.append((_label(match), following[1] if following else ""))
    return found


def _label(match: re.Match[str]) -> Label:
    if match["stem"]:
        return match["party"], match["stem"]
    if match["letter"]:
        return match["lettered"], match["letter"]
    if version := match["release"] or match["version"] or match["edition"]:
        return _VERSION, version
    if match["series"]:
        return match["series"], match["model"]
    kind = match["counted"] or ("年" if match["year"] else "月")
    number = match["nth"] or match["year"] or match["month"]
    return kind, str(int(number) if number.isdigit() else value(number))
