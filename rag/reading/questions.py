"""What a question asks for: its kind, its words, its dates, its parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from rag.numbers import in_digits
from rag.text import normalise
from rag.tokenization import content_words


class Kind(StrEnum):
    """The kind of answer that a question wants."""

    WHO = "who"
    WHEN = "when"
    WHERE = "where"
    HOW_MANY = "how_many"
    LIST = "list"
    WHY = "why"
    HOW = "how"
    WHAT = "what"
    YES_NO = "yes_no"
    KEYWORDS = "keywords"


# The first pattern that matches decides, so the more specific come first. Matched on normalised text.
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile("|".join(alternatives)))
    for kind, alternatives in (
        (
            Kind.WHY,
            (
                "为什么|为何|为啥|何以|凭什么|因为什么|得益于什么",
                "(?:什么|啥|何种)(?:原因|理由|缘故)|原因(?:是|在于|有)",
                r"\bwhy\b",
            ),
        ),
        (
            Kind.YES_NO,
            (
                "是否|是不是|有没有|能不能|会不会|可不可以|算不算|没有[?]$|(?:吗|(?<![什怎])么)[?]?$",
                r"^(?:is|are|was|were|do|does|did|can|has|have)\b",
            ),
        ),
        (
            Kind.WHEN,
            (
                "什么时候|何时|什么时间|啥时候|几月|几号|哪个(?:月份|年份|时间)",
                "哪一?(?:年|月|天|日|个月)(?!.*什么价格)",
                r"\bwhen\b",
            ),
        ),
        (
            Kind.HOW_MANY,
            (
                "多少|第几|百分之几|几(?:个|家|款|种|次|倍|天|位|名|成|项|条|元|分|岁|年|大|张|台|级)",
                "多(?:大|高|长|久|快|贵|远)(?!的)|(?:价格|估值|市值|成本)是[?]?$",
                r"\bhow (?:many|much|large|big|long|old|often|cheap)\b",
            ),
        ),
        (
            Kind.LIST,
            (
                r"哪(?:些|几|[两二三四五六七八九十\d])(?!家公司的)|列(?:举|出)|都有(?:谁|什么)",
                "有(?:什么|啥)(?:特点|功能|优势|能力|变化|趋势|产品|资源)|具备什么",
                "包括(?:什么|谁)|分别(?:是|有|为|叫)(?!谁)",
                r"\bwhich\b.*(?:companies|models|two|three)",
            ),
        ),
        (
            Kind.WHERE,
            (
                "哪里|哪儿|何处|何地|什么地方|哪个(?:国家|城市|地方|地区|省|榜单?)|哪国|哪所|哪份",
                r"\bwhere\b",
            ),
        ),
        (
            Kind.WHO,
            (
                "谁|何人|哪[家位]|创[始办]人(?:是|叫)",
                "哪(?:一)?(?:位|家|个)?(?:公司|企业|人|厂商|机构|高校|团队|作者|巨头|平台)",
                r"\bwho(?:se|m)?\b",
            ),
        ),
        (Kind.HOW, ("怎么|怎样|如何|(?:靠|通过|用)什么|什么(?:方法|方式|办法|思路)", r"\bhow\b")),
        (Kind.WHAT, (r"什么|哪|何|啥|几|\bwhat\b|\bwhich\b|[?]$",)),
        # No question at all, but words that only a figure or a date answers.
        (
            Kind.HOW_MANY,
            (
                "(?:月活|日活|用户数?|规模|数量|成本|市值|估值|价格|定价|金额|占比|比例)(?:[ ,]|$)",
                r"\b(?:cost|price|users|valuation|market cap)\b",
            ),
        ),
        (Kind.WHEN, ("(?:发布|推出|上线|成立)(?:时间|日期)",)),
    )
)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?=年|\D|$)")
_MONTH = re.compile(r"(?<!\d)(1[0-2]|0?[1-9])月")
_NUMBERED_NAME = re.compile(r"[a-z][a-z.-]*\d[a-z\d.-]*")
_PART_END = re.compile(r"(?<=[?？;；])\s*(?=\S)")
_CLAUSE_END = re.compile(r"[，,]")
_INTERROGATIVE = re.compile(r"什么|多少|几[个家款种次倍天位名月号年]|哪|谁|何时|为何|如何|怎么|怎样")
# Kinds that one sentence can answer together.
_COMBINED = (Kind.WHO, Kind.WHEN, Kind.WHERE, Kind.HOW_MANY)
_RESPECTIVELY = re.compile(r"^(.+?)(?:和|与|、|跟)(.+?)(的.+?)(?:分别|各自|各)(.*)$")


class TermStatistics(Protocol):
    """What a corpus knows of a term."""

    def idf(self, term: str) -> float: ...

    def knows(self, term: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Question:
    """A question made ready to be read for.

    ``kinds`` are the kinds of answer it wants, the main one first ("谁在什么时候" wants two). ``terms`` maps its
    content words, as terms and in order, to their inverse document frequency, ``written`` to how the question
    has them; ``unknown`` are those that no document contains, ``unknown_names`` those of them that name one thing
    exactly, such as GPT-5; ``years`` and ``months`` are the dates that it names. ``corrections`` are words of what
    was asked that ``text`` has otherwise, as asked and as here; see `rag.spelling`.
    """

    text: str
    normalised: str
    kinds: tuple[Kind, ...]
    terms: Mapping[str, float]
    written: Mapping[str, str]
    unknown: frozenset[str]
    unknown_names: frozenset[str]
    years: frozenset[str]
    months: frozenset[str]
    corrections: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> Kind:
        """The main kind."""
        return self.kinds[0]

    @property
    def unknown_share(self) -> float:
        """The share of its words, by weight, that no document contains."""
        total = sum(self.terms.values())
        return sum(self.terms[term] for term in self.unknown) / total if total else 0.0

    @property
    def is_english(self) -> bool:
        """Whether most of the letters are Latin."""
        latin = len(re.findall(r"[a-z]", self.normalised))
        return latin > 2 * len(re.findall(r"[\u3400-\u9fff]", self.normalised))


def analyse(text: str, corpus: TermStatistics, user_dictionary: Path | None = None) -> Question:
    """Read kind, terms and dates off one question; ``corpus`` weighs its terms."""
    normalised = normalise(text).text.strip()
    dated = in_digits(normalised)
    written = {term: as_written for as_written, term in content_words(text, user_dictionary)}
    return Question(
        text=text,
        normalised=normalised,
        kinds=kinds_of(normalised),
        terms={term: corpus.idf(term) for term in written},
        written=written,
        unknown=frozenset(term for term in written if not corpus.knows(term)),
        unknown_names=frozenset(name for name in written.values() if _is_unknown_name(name, corpus)),
        years=frozenset(_YEAR.findall(dated)),
        months=frozenset(month.lstrip("0") for month in _MONTH.findall(dated)),
    )


def _is_unknown_name(written: str, corpus: TermStatistics) -> bool:
    """Whether a name of letters and digits is in no document, neither whole nor, like DeepSeek-V3, in its parts."""
    name = normalise(written).text
    if not _NUMBERED_NAME.fullmatch(name) or corpus.knows(name.replace("-", "")):
        return False
    return not all(len(part) > 1 and corpus.knows(part) for part in name.split("-"))


def kinds_of(normalised: str) -> tuple[Kind, ...]:
    """The kinds of a normalised question, the most specific first; KEYWORDS where nothing asks."""
    found = [kind for kind, pattern in _PATTERNS if pattern.search(normalised)]
    if not found:
        return (Kind.KEYWORDS,)
    together = [kind for kind in found if kind in _COMBINED]
    if found[0] not in _COMBINED or len(together) < 2:
        return (found[0],)
    return tuple(dict.fromkeys(together))


def parts(text: str) -> tuple[str, ...]:
    """The questions inside ``text``.

    One for each question mark, for each asking clause ("X有几个，Y有几个"), and for each subject of
    "A和B的…分别…".
    """
    found: list[str] = []
    for part in _PART_END.split(text.strip()):
        if not part.strip("?？;；。 "):
            continue
        shared = _RESPECTIVELY.match(part)
        if shared:
            first, second, attribute, rest = shared.groups()
            subject, comma, predicate = second.partition("，")
            tail = f"{comma}{predicate}{attribute}{rest}"
            found += [f"{first}{rest}" if "的" in first else f"{first}{tail}", f"{subject}{tail}"]
        else:
            found += _asking_clauses(part)
    return tuple(found)


def _asking_clauses(part: str) -> list[str]:
    """Each clause that asks, with the clauses before the first of them; ``part`` itself if fewer than two do."""
    clauses = [clause for clause in _CLAUSE_END.split(part) if clause.strip()]
    asking = [position for position, clause in enumerate(clauses) if _INTERROGATIVE.search(clause)]
    if len(asking) < 2:
        return [part]
    topic = "，".join(clauses[: asking[0]])
    return [f"{topic}，{clauses[position]}" if topic else clauses[position] for position in asking]
