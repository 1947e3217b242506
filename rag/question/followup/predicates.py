"""Whether a Chinese question has no subject: 「什么时候发布的？」 has none, 「谁写了《红楼梦》？」 has all it needs."""

from __future__ import annotations

import re

from rag.question.followup.wording import ASKING, Phrase, Word

LEAD = re.compile(
    "(?:是|由|在|用|最早|最初|目前|现在|一共|总共|还|都|主要|曾经?|已经?|能够?|会|可以|要|需要|应该|得|被|为(?![什何啥]))*"
)
CIRCUMSTANCE = re.compile(
    "什么时候|何时|什么时间|哪一?[年天月]|哪个月|几[月号点]|哪里|哪儿|什么地方|怎[么样]|如何|为什么|为何|哪$"
    "|(?P<enough>多少钱|(?:有)?多[大高长久远重快深宽贵])"
)
"""Asks when, where, how or how much: never the subject."""
# These alone are a whole predicate: 在哪里, 有多高.
_ENOUGH = re.compile("哪里|哪儿|哪$|什么地方|多少钱|多[大高长久远重快深宽贵]")
_ASKED = re.compile("(?:什么|啥|谁|哪[些家个款种位几]?|多少|几|第几)[个家款种次位名项条张部年岁]?")
# Who or which one: 「是谁…」 stresses it.
CLEFT = re.compile("谁|哪[家个位]")
_SMALL = frozenset("是用有在由被了过的吗呢会能要到为就也还得于去来")
_OWN_TAGS = frozenset({"date", "latin", "t", "r", "p", "c", "u", "uz"})
# Verbs that jieba takes for something else.
_VERBS = frozenset({"去世"})
_HAPPENING = re.compile("发生|出现|存在|流行")
_IDLE = re.compile("(?:真|对|好|行|可以|是|这样|的|不)*吗?")


def lacks_subject(question: Phrase) -> bool:
    """Whether ``question`` says of nobody what it asks: one verb or adjective, the thing asked for, nothing else."""
    text = question.text[: question.end]
    lead = LEAD.match(text)
    rest = text[lead.end() :] if lead else text
    if re.fullmatch("有(?:什么|啥|何)用处?", text):
        return True
    if "有了" in text or re.search("[,;。]", text) or _IDLE.fullmatch(text) or _HAPPENING.search(rest):
        return False
    circumstance = CIRCUMSTANCE.search(rest)
    if circumstance:
        return _lacks_with_circumstance(rest, circumstance)
    asked = _ASKED.search(rest)
    if asked is None:
        return text.endswith("吗") and _is_predicate(_content(rest))
    before, after = _content(rest[: asked.start()]), _content(rest[asked.end() :])
    if before:
        return _is_predicate(before) and not re.search("[有是由被]$", rest[: asked.start()]) and len(after) <= 1
    if CLEFT.match(rest):
        # 谁推出的, 哪家公司推出的, 谁负责; but 谁赢了 and 哪些模型答错了 are whole.
        if rest.startswith("谁") and text[-1] not in "的了过":
            return _is_predicate(after)
        return text.endswith("的") and len(after) == (1 if rest.startswith("谁") else 2)
    return len(after) == 1 and after[0].text.endswith(tuple(ASKING)) and not after[0].is_name


def _lacks_with_circumstance(rest: str, asked: re.Match[str]) -> bool:
    before, after = _content(rest[: asked.start()]), _content(rest[asked.end() :])
    if _ASKED.search(rest[asked.end() :]) or len(before) + len(after) > 1:
        return False
    if before:
        # 成立于哪一年, 要花多少钱; but 囊肿在哪里 has its subject.
        return _is_predicate(before) and (bool(asked["enough"]) or rest[: asked.start()].endswith(("于", "到")))
    return bool(after) or bool(_ENOUGH.search(asked.group()))


def _is_predicate(content: list[Word]) -> bool:
    return len(content) == 1 and (content[0].tag[0] in "va" and not content[0].is_name)


def _content(text: str) -> list[Word]:
    """The words of ``text`` that say something; a name, a date or another pronoun counts for many."""
    found: list[Word] = []
    for word in Phrase.of(text).words:
        if word.text in _SMALL or word.tag[0] in "xy" or word.tag in ("m", "q", "ul", "ug", "uj"):
            continue
        is_own = word.is_name or (word.tag in _OWN_TAGS and word.text not in _VERBS)
        found += [word] * (3 if is_own else 1)
    return found
