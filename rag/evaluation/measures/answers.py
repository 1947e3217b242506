"""Whether an answer says what an accepted one says: as in CMRC 2018, and as a user would judge it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rag.evaluation.measures.measure import Case, Group, Measure

# An answer counts as right from this F1 on: it need not be cut exactly as the accepted one.
RIGHT_F1: Final = 0.5

# The marks that CMRC 2018's evaluation script removes; commas and full stops of ASCII are not among them.
_REMOVED = str.maketrans("", "", "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
# A token is a Chinese character, a word or number in another script, or any other mark.
_TOKEN = re.compile(r"[\u4e00-\u9fa5]|[^\W\u4e00-\u9fa5]+(?:[.,][^\W\u4e00-\u9fa5]+)*|[^\s\w]")


def exact_match(answer: str, accepted: Sequence[str]) -> float:
    """1 if ``answer`` equals an accepted one after lower-casing and removing marks; else 0 (CMRC 2018's EM)."""
    return float(any(folded(answer) == folded(one) for one in accepted))


def f1(answer: str, accepted: Sequence[str]) -> float:
    """CMRC 2018's F1: over the longest common contiguous run of tokens, the best of the accepted answers.

    After lower-casing and removing marks, a token is a Chinese character, a word or a number (Cui et al., 2019).
    """
    return max((_run_f1(_tokens(answer), _tokens(one)) for one in accepted), default=0.0)


def folded(text: str) -> str:
    """``text`` as it is compared: in lower case, without marks."""
    return text.lower().translate(_REMOVED).strip()


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(folded(text))


def _run_f1(answer: list[str], gold: list[str]) -> float:
    common = _longest_common_run(answer, gold)
    if not common:
        return 0.0
    precision, recall = common / len(answer), common / len(gold)
    return 2 * precision * recall / (precision + recall)


def _longest_common_run(left: list[str], right: list[str]) -> int:
    lengths = [0] * (len(right) + 1)
    longest = 0
    for token in left:
        previous = 0
        for column, other in enumerate(right, start=1):
            lengths[column], previous = (previous + 1 if token == other else 0), lengths[column]
            longest = max(longest, lengths[column])
    return longest


def _given(case: Case) -> str:
    return case.asked.answer if case.asked.answered else ""


def _reading(case: Case) -> dict[str, float]:
    read, accepted = case.asked.reading, case.question.answers
    return {} if read is None else {"reading EM": exact_match(read, accepted), "reading F1": f1(read, accepted)}


def _right_and_cited(case: Case) -> dict[str, float]:
    return {"right and cited": float(case.asked.answered and _is_cited(case))} if case.question.evidence else {}


def _is_cited(case: Case) -> bool:
    """Whether the answer holds an accepted one, or each of several parts, and a paragraph that holds it is cited.

    Case and marks do not count.
    """
    question, said = case.question, folded(case.asked.answer)
    parts = question.parts or (question.answers,)
    if not all(any(folded(wording) in said for wording in part) for part in parts):
        return False
    paragraphs = {(place.document, case.corpus.paragraph(place.document, place.start)) for place in question.places}
    cited = case.asked.citations
    return any((one.document, case.corpus.paragraph(one.document, one.start)) in paragraphs for one in cited)


EM = Measure(
    names=("EM",),
    group=Group.ANSWERS,
    means=("与某个可接受的答案相同为 1，否则 0", "1 if the answer equals an accepted one, else 0"),
    of_one=lambda case: {"EM": exact_match(_given(case), answers)} if (answers := case.question.answers) else {},
)
F1 = Measure(
    names=("F1",),
    group=Group.ANSWERS,
    means=(
        "最长的*连续*公共片段：精确率 = 片段 / 答案，召回率 = 片段 / 可接受的答案。一个记号是一个汉字、"
        "其他文字的一个词或数，或一个别的符号",
        "of the longest common *contiguous* run of tokens: precision = run / answer, recall = run / accepted. A token "
        "is a Chinese character, a word or number in another script, or another mark",
    ),
    of_one=lambda case: {"F1": f1(_given(case), answers)} if (answers := case.question.answers) else {},
)
READING = Measure(
    names=("reading EM", "reading F1"),
    group=Group.ANSWERS,
    means=(
        "SQuAD 格式的数据集：只问题目自己的段落，不拒答",
        "SQuAD-style sets: the question's own paragraph alone is asked, and nothing is declined",
    ),
    of_one=_reading,
)
RIGHT_AND_CITED = Measure(
    names=("right and cited",),
    group=Group.CITATIONS,
    means=(
        "有证据的可答题：给出的答案含某个可接受的说法（有 `parts` 的题，每一项都要含一种说法；大小写和标点不计），"
        "并且有一条出处落在含证据的自然段里，为 1；否则 0，拒答也是 0。用户得到的就是它：字对，出处也对",
        "of answerable questions with evidence: 1 if the answer shown holds an accepted one, and of a question with "
        "`parts` one wording of each, case and marks aside, and a citation lies in a paragraph that holds the "
        "evidence; else 0, also if declined. What a user gets: the right words with the right place",
    ),
    of_one=_right_and_cited,
)
