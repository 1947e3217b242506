"""Who or what a sentence is about: the names in it, found with care. Where that is not plain, there is none."""

from __future__ import annotations

import re

from rag.question.mentions import dates
from rag.text.normalization import normalise
from rag.text.tags import PROPER
from rag.text.tokenization import tagged
from rag.types import Span
from rag.web.suggestions.phrases import clauses

Word = tuple[str, int, int, str]

# Words of time, order and manner that stand before a subject, by tag; tags of names.
_BEFORE = frozenset({"t", "tg", "d", "c", "x", "m", "ad", "p", "r", "l", "f", "mq", "uj"})
_TITLE = re.compile(r"《[^《》]{1,24}》")
_TAKES_NAME = re.compile(r"[^\W_]")
_NO_NAME_END = re.compile(r"(?:现有?|原有?|共有?|总|旗下|方面|目前|以及|之)$")
_JOINTS = (" ", "-", ".", "·")
LONGEST = 16
_PROPER = PROPER | {"eng"}
# What the tagger takes for part of a name and is not, or names no one.
_NO_NAME = re.compile(r"归母|户均|单季度|同比|环比|现货|指标|主要|会见|首席|董事|主席|记者|轮值|上市公司|业务$")
VAGUE = frozenset(
    {"公司", "企业", "上市公司", "集团", "项目", "模型", "产品", "平台", "记者", "人员", "部门", "团队", "人工智能"}
    | {"it", "ai", "app", "全国", "全球", "国内", "海外", "世界"}
)


class Sentence:
    """One sentence. Ranges are those of ``text``, which is normalised; `words` has the original's own characters."""

    def __init__(self, original: str, heading: str) -> None:
        self._original = original
        self._heading = normalise(heading).text
        self._folded = normalise(original)
        self.text = self._folded.text
        self.clauses = clauses(self.text)

    def original(self, span: Span) -> Span:
        """The range of the original that ``span`` stands for."""
        return self._folded.to_original(*span)

    def words(self, span: Span) -> str:
        """The original's words, set as one writes them: GPT-4 for GPT - 4, no line breaks."""
        original = self._original[slice(*self._folded.to_original(*span))]
        return re.sub(r"(?<=[A-Za-z\d]) *- *(?=[A-Za-z\d])", "-", " ".join(original.split()))

    def clause(self, position: int) -> Span:
        """The clause at ``position``."""
        return next((c for c in self.clauses if c.start <= position < c.end), Span(position, position + 1))

    def nominal(self, span: Span) -> list[Word]:
        """The words of ``span`` without dates and what else stands before a subject."""
        words = [word for word in tagged(self.text) if span.start <= word[1] and word[2] <= span.end]
        days = [d for d in dates(self.text) if d.start < span.end and span.start < d.end]
        words = [word for word in words if not any(d.start <= word[1] < d.end for d in days)]
        while words and words[0][3] in _BEFORE and not _latin(words[0][0]) and words[0][0] != "《":
            # 在 and 截至 before a date stand apart; 据 and 对 make what follows them something else than the subject.
            if words[0][3] == "p" and not any(0 <= d.start - words[0][2] <= 1 for d in days):
                break
            words.pop(0)
        return words

    def name(self, span: Span) -> Span | None:
        """The name that ``span`` begins with; of 字节跳动的豆包大模型 the second."""
        words = self.nominal(span)
        if words and (title := _TITLE.match(self.text, words[0][1], span.end)):
            return Span(*title.span())
        first = run(words)
        rest = words[len(first) :]
        if first and rest and rest[0][0] == "的":
            first, rest = run(rest[1:]), rest[1 + len(run(rest[1:])) :]
        if rest and rest[0][3][0] in "ruyzkq" and rest[0][0] != "自":
            return None
        return _named(first, self.text)

    def is_place(self, owner: Span) -> bool:
        """Whether ``owner`` is nothing but the name of a place, which hardly does what happened there."""
        words = [word for word in tagged(self.text) if owner.start <= word[1] and word[2] <= owner.end]
        return bool(words) and all(word[3] == "ns" for word in words)

    def last_name(self, span: Span) -> Span | None:
        """The name that ``span`` ends with."""
        words = [word for word in tagged(self.text) if span.start <= word[1] and word[2] <= span.end]
        if not words or words[-1][2] != span.end:
            return None
        kept = 0
        while kept < len(words) and _is_part(words[-1 - kept]):
            kept += 1
        return _named(words[len(words) - kept :], self.text)

    def about(self, before: int) -> Span | None:
        """Who or what the sentence is about: the first subject, if no later clause before ``before`` has another."""
        found: Span | None = None
        for clause in self.clauses:
            if clause.start >= before:
                break
            if not self.nominal(clause):
                continue
            if found is None:
                found = self.name(clause)
                if found is None:
                    return None
        return found

    def heading_name(self) -> Span | None:
        """The name that the heading begins with, where the sentence has it too."""
        first = run([word for word in tagged(self._heading) if word[3] not in _BEFORE or _latin(word[0])])
        name = next((word[0] for word in first if proper(word) and len(word[0]) > 1), "")
        at = self.text.find(name) if name else -1
        return Span(at, at + len(name)) if at >= 0 else None


def run(words: list[Word]) -> list[Word]:
    """The nouns and names that ``words`` begin with."""
    end = 0
    while end < len(words) and (_is_part(words[end]) or (end and _numbered(words[end - 1 : end + 1]))):
        end += 1
    while end and words[end - 1][0] in _JOINTS:
        end -= 1
    return words[:end]


def _numbered(pair: list[Word]) -> bool:
    """Whether a number goes with what is before it, as in GPT-4 and 文心大模型4.0."""
    return bool(re.fullmatch(r"[\d.]+[a-z]*", pair[1][0])) and (pair[0][0] in _JOINTS or _latin(pair[0][0]))


def _is_part(word: Word) -> bool:
    return word[3][0] in "nj" or word[3] in ("eng", "vn", "b", "s") or _latin(word[0]) or word[0] in _JOINTS


def _latin(word: str) -> bool:
    return bool(re.fullmatch(r"[a-z0-9.+-]*[a-z][a-z0-9.+-]*", word))


def proper(word: Word) -> bool:
    """Whether a word names one thing rather than a kind of things."""
    return (word[3] in _PROPER or _latin(word[0])) and word[0] not in VAGUE


def _named(words: list[Word], text: str) -> Span | None:
    if not words or not any(proper(word) for word in words):
        return None
    span = Span(words[0][1], words[-1][2])
    name = text[span.start : span.end].strip()
    whole = balanced(name) and _TAKES_NAME.search(name) is not None
    whole = whole and is_nominal(words) and not _NO_NAME_END.search(name) and not _NO_NAME.search(name)
    return span if whole and 2 <= len(name) <= LONGEST and name not in VAGUE else None


def is_nominal(words: list[Word]) -> bool:
    """Whether ``words`` end as a name does."""
    return words[-1][3][0] in "nj" or words[-1][3] in ("eng", "x", "m", "vn") or _latin(words[-1][0])


def around(words: list[Word]) -> Span:
    """The range from the first of ``words`` to the last."""
    return Span(words[0][1], words[-1][2])


def balanced(text: str) -> bool:
    """Whether every bracket and quotation mark has its other half."""
    return all(text.count(a) == text.count(b) for a, b in ("“”", "《》", "()", "（）", "「」"))
