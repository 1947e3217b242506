"""The kind of answer that a question wants, by its words."""

from __future__ import annotations

import re
from enum import StrEnum


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
                "多少|第几|百分之几|(?<!哪)几(?:个|家|款|种|次|倍|天|位|名|成|项|条|元|分|岁|年|大|张|台|级)",
                "多(?:大|高|长|久|快|贵|远)(?!的)|(?:价格|估值|市值|成本)是[?]?$",
                r"\bhow (?:many|much|large|big|long|old|often|cheap)\b",
            ),
        ),
        (
            Kind.LIST,
            (
                r"哪(?:些|几|[两二三四五六七八九十\d])|列(?:举|出)|有谁|都有什么",
                # Whatever there is, is to be brought, or makes it so: one of several is no answer.
                "[有些带备了](?:什么|啥)(?!时)|(?:什么|啥|何种)(?:情况|情形|条件|材料|手续|步骤|流程)|(?:怎么|咋)办",
                "包括(?:什么|谁)|分别(?:是|有|为|叫)",
                r"\bwhich\b.*(?:companies|models|two|three)",
            ),
        ),
        (
            Kind.WHERE,
            (
                "哪里|哪儿|何处|何地|什么地方|哪个(?:国家|城市|地方|地区|省|榜单?)|哪国|哪所",
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
# Kinds that one sentence can answer together.
_COMBINED = (Kind.WHO, Kind.WHEN, Kind.WHERE, Kind.HOW_MANY)


def kinds_of(normalised: str) -> tuple[Kind, ...]:
    """The kinds of a normalised question, the most specific first; KEYWORDS where nothing asks."""
    found = [kind for kind, pattern in _PATTERNS if pattern.search(normalised)]
    if not found:
        return (Kind.KEYWORDS,)
    together = [kind for kind in found if kind in _COMBINED]
    if found[0] not in _COMBINED or len(together) < 2:
        return (found[0],)
    return tuple(dict.fromkeys(together))
