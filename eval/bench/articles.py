"""Articles to measure with: real ones, and after those others that are made of them, as many as it takes."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from rag.errors import EvaluationError

_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
_GIVEN = "沐岚澈珩玥芷昭屿辰柠皓霁暄钰岑溪桐筠晗璟"
_SENTENCE = re.compile(r"[^。！？]*[。！？]")


def write_articles(news: Path, wanted: int, folder: Path) -> int:
    """Write ``wanted`` articles into a new ``folder``; returns how many of them are made. Raises EvaluationError."""
    real = [line for file in sorted(news.glob("part-*.txt")) for line in file.read_text("utf-8").splitlines() if line]
    if not real:
        raise EvaluationError(f"{news} 里没有文章（part-*.txt）。", f"No articles in {news} (part-*.txt).")
    made = (mixed(real, n) for n in itertools.count())
    articles = itertools.islice(itertools.chain(real, made), wanted)
    for n, article in enumerate(tqdm(articles, desc="写文章 articles", total=wanted, delay=2)):
        file = folder / f"{n // 1000:03}" / f"{n:06}.txt"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{article}\n", "utf-8")
    return max(0, wanted - len(real))


def mixed(real: Sequence[str], number: int) -> str:
    """An article of the sentences of two others by turns, each with other numbers and a name of nobody."""
    draw = random.Random(number)
    one, other = (_SENTENCE.findall(draw.choice(real)) for _ in range(2))
    sentences = [sentence for pair in itertools.zip_longest(one[::2], other[1::2], fillvalue="") for sentence in pair]
    return "".join(_changed(sentence, draw) for sentence in sentences if sentence) or f"第{number}篇没有正文。"


def _changed(sentence: str, draw: random.Random) -> str:
    name = draw.choice(_FAMILY) + draw.choice(_GIVEN) + draw.choice(_GIVEN)
    figures = re.sub(r"\d", lambda _: str(draw.randrange(10)), sentence)
    clauses = figures.split("，", 1)
    return f"，{name}称，".join(clauses) if len(clauses) > 1 else f"{name}称{figures}"
