"""A question as other people would type it.

Script, width and case are not varied here: the reader normalises them away (see `rag.reading.pairs`).
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache

from rag.text.normalization import normalise
from rag.text.tokenization import STOPWORDS, words

_MARK = re.compile(r"[?？。!！]+\s*$")
_CLAUSE = re.compile(r"[，,]")
# Words that ask the same: each may stand for any other of its group.
_ALIKE = (
    ("什么时候", "何时", "啥时候", "什么时间"),
    ("为什么", "为何", "为啥", "什么原因"),
    ("如何", "怎么", "怎样", "怎么样"),
    ("是谁", "是哪位", "是什么人", "叫什么"),
    ("在哪里", "在哪", "在哪儿", "在什么地方", "位于何处"),
    ("有哪些", "有什么", "包括哪些", "都有哪些"),
    ("是什么", "是啥", "指什么", "为何物"),
    ("哪一年", "哪年", "何年", "什么年份"),
    ("叫什么", "名字是什么", "名称是什么", "叫啥"),
    ("第一个", "首个", "最早的", "最初的"),
    ("创始人", "创办人", "创建者", "创立者"),
    ("成立", "创立", "创办", "建立"),
    ("出生", "诞生", "生"),
    ("发布", "推出", "公布"),
    ("因为什么", "由于什么", "因何"),
    ("多少", "几多", "多少个"),
    ("位于", "坐落于", "地处", "在"),
    ("最大", "规模最大", "最大规模"),
    ("担任", "出任", "任"),
    ("主要", "最主要", "重要"),
    ("去世", "逝世", "过世"),
    ("作者", "编写者", "写的人"),
    ("获得", "取得", "拿到", "得到"),
    ("目前", "现在", "如今"),
    ("面积", "占地"),
    ("人口", "人数"),
)
_ENGLISH = {
    "公司": "company", "模型": "model", "电影": "movie", "歌曲": "song", "专辑": "album", "游戏": "game",
    "团队": "team", "大学": "university", "导演": "director", "作者": "author", "创始人": "founder",
    "总统": "president", "首都": "capital", "人口": "population", "面积": "area", "价格": "price", "冠军": "champion",
    "比赛": "match", "球员": "player", "主角": "main character", "品牌": "brand", "发布": "release", "用户": "user",
    "城市": "city", "国家": "country", "机场": "airport", "车站": "station", "软件": "software", "网站": "website",
}  # fmt: skip

Style = Callable[[str, random.Random], str]


def unmarked(question: str, _rng: random.Random) -> str:
    """Without its question mark."""
    return _MARK.sub("", question)


def keywords(question: str, rng: random.Random) -> str:
    """Its content words only, as typed into a search box."""
    kept = [word for word, _, _ in words(unmarked(question, rng)) if word not in STOPWORDS]
    return rng.choice((" ", "")).join(kept) if len(kept) > 1 else question


def reordered(question: str, rng: random.Random) -> str:
    """Its clauses turned round, or of a single clause its keywords."""
    clauses = [clause for clause in _CLAUSE.split(unmarked(question, rng)) if clause]
    if len(clauses) > 1:
        return "，".join([*clauses[1:], clauses[0]])
    kept = [word for word, _, _ in words(question) if word not in STOPWORDS]
    rng.shuffle(kept)
    return " ".join(kept) if len(kept) > 1 else question


def shortened(question: str, rng: random.Random) -> str:
    """Without one of its words, not the first; of a question of several words."""
    cut = words(unmarked(question, rng))
    if len(cut) < 5:
        return unmarked(question, rng)
    _, start, end = rng.choice(cut[1:])
    return question[:start] + question[end:]


def reworded(question: str, rng: random.Random) -> str:
    """With another word of the same meaning, if it has one that is known."""
    found = [(word, group) for group in _ALIKE for word in group if len(word) > 1 and word in question]
    if not found:
        return question
    word, group = rng.choice(found)
    return question.replace(word, rng.choice([other for other in group if other != word]), 1)


def mixed(question: str, rng: random.Random) -> str:
    """With one word in English."""
    found = [word for word in _ENGLISH if word in question]
    if not found:
        return question
    word = rng.choice(found)
    return question.replace(word, _ENGLISH[word], 1)


def mistyped(question: str, rng: random.Random) -> str:
    """With one character exchanged for another of the same sound, as a pinyin keyboard does."""
    places = [i for i, character in enumerate(question) if len(_homophones().get(_sound(character), "")) > 1]
    if not places:
        return question
    place = rng.choice(places)
    others = [c for c in _homophones()[_sound(question[place])] if c != question[place]]
    return question[:place] + rng.choice(others) + question[place + 1 :]


STYLES: tuple[tuple[Style, float], ...] = (
    (unmarked, 0.16),
    (keywords, 0.16),
    (reordered, 0.05),
    (shortened, 0.05),
    (reworded, 0.12),
    (mistyped, 0.06),
    (mixed, 0.03),
)
"""Each style with the share of questions that get it; the rest stay as they are."""


def varied(question: str, rng: random.Random) -> str:
    """``question`` in a style that ``rng`` draws, or as it is."""
    drawn = rng.random()
    for style, share in STYLES:
        drawn -= share
        if drawn < 0:
            return style(question, rng)
    return question


@cache
def _sound(character: str) -> str:
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(character)) if "\u4e00" <= character <= "\u9fff" else ""


@cache
def _homophones() -> dict[str, str]:
    """Common characters by their sound."""
    by_sound: dict[str, list[str]] = defaultdict(list)
    for character in _common():
        by_sound[_sound(character)].append(character)
    return {sound: "".join(characters) for sound, characters in by_sound.items()}


@cache
def _common() -> Sequence[str]:
    """The characters of GB 2312's first level, the 3,755 that are in everyday use."""
    level = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return [normalise(code.decode("gb2312", "ignore")).text for code in level if code.decode("gb2312", "ignore")]
