"""The words that follow-up questions are made of, and a question cut into words that know their place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from rag.question import mentions
from rag.question.followup.naming import COMMON_LATIN
from rag.text.normalization import HAN, Normalised, normalise
from rag.text.tags import MODAL, PROPER
from rag.text.tokenization import in_dictionary, tagged

# What is said of something: on each line the words that ask for it, and attributes that are asked for so.
ATTRIBUTES_FILE = Path(__file__).with_name("attributes.txt")
_LINES = [line.split() for line in ATTRIBUTES_FILE.read_text("utf-8").splitlines()]
ASKING = {attribute: asking for asking, *attributes in _LINES for attribute in attributes}
_LONGEST_FIRST = "|".join(sorted(map(re.escape, ASKING), key=len, reverse=True))
_QUALIFIER = (
    "投后|投前|月均|日均|年均|人均|平均|单月|单日|每月|每天|全年|训练|推理|主要|最大|最新|付费|总|净|现任|首任|常见"
)
# "投后估值", and what follows it.
ATTRIBUTE = re.compile(rf"(?:{_QUALIFIER})*({_LONGEST_FIRST})")
# Nouns of a kind of thing, which name none of it.
GENERIC = (
    "公司|企业|厂商|机构|平台|团队|大模型|模型|产品|应用|软件|工具|系统|技术|项目|小说|书|电影|作品|法律|法规|条例|国家|城市|地区|山|河流|河"
    "|建筑|药物|药|疾病|病|动物|植物|学校|大学|理论|定律|协议|语言|朝代|元素|品牌|游戏|网站|景点|行业"
)
# Any other word of this form, where a question says no more than it: "潜伏期呢".
MEASURE = re.compile(f"{HAN}{{1,5}}(?:[期率量数额度费价]|时间|日期|方式|方法|范围|过程|条件|标准)")
# The end of a noun that is itself an amount, or a time that passes.
AMOUNT = re.compile("[期率量数额度费价金款资压速积径值龄]$")
ASKS = re.compile(
    r"什么|啥|谁|哪|何[时地人处]|为何|如何|怎[么样]|多少|几(?!乎)|第几|多[大高长久远重快深宽]|是否|是不是|有没有|吗[?]?$"
)
_MODAL_EDGE = re.compile(rf"(?<={HAN})[{MODAL}]$|^[{MODAL}](?={HAN})")
# A time that a date can take the place of.
NOW = re.compile("现在|目前|如今|眼下")
CHINESE = re.compile(HAN)
END = re.compile(r"[?!。 ]*$")

_NAME_TAGS = PROPER | {"latin", "title"}
_NOUN_TAGS = frozenset({"vn", "an", "j", "l", "b", "s", "latin", "title", "version", "i", "zg", "g"})
# Companies whose names jieba knows as common nouns, if at all.
_COMPANIES = re.compile(
    "百度|苹果|京东|美团|小米|微软|腾讯|阿里|亚马逊|拼多多|滴滴|网易|搜狐|新浪|商汤|旷视|优必选|面壁"
)
_LATIN_NAME = re.compile(r"(?<![a-z0-9])[a-z][a-z0-9.+-]*(?: [a-z0-9][a-z0-9.+-]*)*(?<![.])")
_VERSION = re.compile(r"v?\d+(?:\.\d+)+")


class Word(NamedTuple):
    """A word of normalised text at ``[start, end)``, and jieba's tag, or date, title, latin or version."""

    text: str
    start: int
    end: int
    tag: str

    @property
    def is_name(self) -> bool:
        """Whether it names one thing."""
        if self.tag == "t":
            return self.text.endswith(("朝", "代")) and len(self.text) > 1
        return bool(_COMPANIES.fullmatch(self.text)) or (
            self.tag in _NAME_TAGS and self.text not in ASKING and self.text not in COMMON_LATIN
        )

    @property
    def is_noun(self) -> bool:
        """Whether it can stand in a noun phrase."""
        if self.tag == "t" and self.text.endswith("假"):
            return True
        return self.tag[0] == "n" or self.text == "·" or self.tag in _NOUN_TAGS or self.is_name or self.text in ASKING


def _apart(word: Word) -> list[Word]:
    """A word, or without the modal verb at an end of one that jieba only guesses: 证能, 能装."""
    edge = None if in_dictionary(word.text) else _MODAL_EDGE.search(word.text)
    if edge is None:
        return [word]
    pieces = (word.text[: edge.start()], edge.group(), word.text[edge.end() :])
    found, start = [], word.start
    for text in filter(None, pieces):
        (_, _, _, tag), *_ = tagged(text)
        found.append(Word(text, start, start + len(text), tag))
        start += len(text)
    return found


@dataclass(frozen=True)
class Phrase:
    """A text as written and normalised, with its words."""

    written: str
    folded: Normalised

    @classmethod
    def of(cls, written: str) -> Phrase:
        """``written``, read."""
        return cls(written, normalise(written))

    @property
    def text(self) -> str:
        """The normalised text."""
        return self.folded.text

    @cached_property
    def end(self) -> int:
        """Where the text ends but for its marks."""
        found = END.search(self.text)
        return found.start() if found else len(self.text)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """Its words in order; a date, a title or a Latin name is one."""
        whole = [(span.start, span.end, "date") for span in mentions.dates(self.text)]
        whole += [(span.start, span.end, "title") for span in mentions.titles(self.text)]
        whole += [(*match.span(), "latin") for match in _LATIN_NAME.finditer(self.text)]
        whole += [(*match.span(), "version") for match in _VERSION.finditer(self.text)]
        words: list[Word] = []
        for text, start, end, tag in tagged(self.text):
            inside = next((name for name in whole if name[0] < end and start < name[1]), None)
            if inside is None:
                words += _apart(Word(text, start, end, tag))
            elif not words or words[-1].start != inside[0]:
                words.append(Word(self.text[inside[0] : inside[1]], *inside))
        return tuple(words)

    def slice(self, start: int, end: int) -> str:
        """The written characters behind ``[start, end)`` of the normalised text."""
        return self.written[slice(*self.folded.to_original(start, end))] if start < end else ""

    def with_part(self, start: int, end: int, part: str) -> str:
        """The written text with ``part`` in the place of ``[start, end)``."""
        return self.slice(0, start) + part + self.slice(end, len(self.text))
