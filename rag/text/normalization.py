"""Chinese text: what counts as the same character, and where sentences end.

Nothing here changes what is shown: matching works on a normalised copy whose every character knows which
characters of the original it stands for.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from rag.types import Block, BlockKind, Document, Span

if TYPE_CHECKING:
    from opencc import OpenCC

_CJK = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–−﹣", "-"))
# Radicals that look like characters, with those (Unicode's EquivalentUnifiedIdeograph); NFKC folds only the others.
_RADICALS = str.maketrans(
    "⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮⺯⺰"
    "⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟"
    "⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳",
    "厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵旡日月歺母民氵氺灬爫爫丬牛犭王𤴔目示礻𥫗糹纟"
    "罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑钅長镸长门𨸏阝雨青韦页风飞食𩙿飠"
    "饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟",
)
HAN: Final = r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
"""The pattern of one Chinese character: 〇, and those of every block of ideographs."""
# "联 系 人", "地　　址": characters that stand alone, each of them.
_APART = re.compile(rf"(?<!{HAN}){HAN}(?: +{HAN})+(?!{HAN})")
_GAP = re.compile(" +")
# "GPT - 4", "GPT- 4" and "GPT-4" are the same name.
_SPACED_HYPHEN = re.compile(r"(?<=[a-z0-9])\s*-\s*(?=[a-z0-9])")

_TERMINATORS = "。！？!?；;…"
_CLOSERS = "”’\"'」』）)】》〉]"
# A full stop ends a sentence only between words: never in 3.33, GPT-4.1, v2.0 or e.g. a file name.
_SENTENCE_END = re.compile(rf"(?:[{_TERMINATORS}]+|(?<=[\w)\]][\w)\]])\.(?=\s|$))[{re.escape(_CLOSERS)}]*|\n+")
# Abbreviations after which a sentence goes on, as the CLDR has them for English, and in lists of sources.
_ABBREVIATED = """
    Adm Apr Aug Ave Blvd Bros Capt Cmdr Co Col Comdr Corp Dec Dept Dr Drs Etc Exec Feb Fig Figs Fri Gen Gov Hon Hosp
    Hwy Inc Jan Jr Lieut Lt Ltd Maj Messrs Mlle Mme Mr Mrs Ms Msgr Mt Mts No Nos Nov Oct Ph Prof Pvt Rep Rev Sen Sept
    Sgt Sr St Ste Thu Tue Univ Vol approx cf dept ed eds etc fig figs no nos pp vol vs
"""
_ABBREVIATIONS = frozenset(_ABBREVIATED.split())
_WORD = re.compile(r"[A-Za-z]+\Z")
_LOWER = re.compile(r" +[a-z]")
# A mark between Latin characters is part of an address: "?sys=fin;step=2".
_ADDRESS = re.compile(r"[\w=/&%#)-][!?;]+[\w=/&%#-]", re.ASCII)
_LONGEST_ROW = 400
# A title, or what is quoted inside of a sentence.
_WHOLE = re.compile(r"《[^《》\n]{1,100}》|“[^“”\n]{1,60}”|「[^「」\n]{1,60}」")
_BEGINS_NOTHING = "，、；："


def is_cjk(character: str) -> bool:
    """Whether ``character`` is Chinese or a full-width form or mark."""
    return bool(_CJK.match(character))


def breadth(text: str) -> int:
    """How wide a text stands among letters of one width, of which a Chinese character takes two."""
    return 2 * len(text) - len(_CJK.sub("", text))


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text made comparable. Character ``i`` stands for the one at ``starts[i]`` of the original."""

    text: str
    starts: Sequence[int]

    @property
    def ends(self) -> list[int]:
        """Where the original's characters end."""
        return [start + 1 for start in self.starts]

    def to_original(self, start: int, end: int) -> Span:
        """Map a non-empty range of the normalised text to the range of the original that it stands for."""
        return Span(self.starts[start], self.starts[end - 1] + 1)


@cache
def _simplifier() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


def simplify(text: str) -> str:
    """Traditional to simplified Chinese, one character for one."""
    converted: str = _simplifier().convert(text)
    if len(converted) == len(text):
        return converted
    # A phrase changed its length; character by character keeps the offsets.
    return "".join(c if len(new := _simplifier().convert(c)) != 1 else new for c in text)


def folded(text: str) -> str:
    """The letters and digits of ``text`` alone, in one width, case and script: what makes two texts the same."""
    return re.sub(r"[\W_]+", "", simplify(unicodedata.normalize("NFKC", text).casefold()))


def begun_alike(one: str, other: str) -> int:
    """How many characters two texts begin with together."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def to_traditional(text: str) -> str:
    """Simplified to traditional Chinese."""
    from opencc import OpenCC

    converted: str = OpenCC("s2t").convert(text)
    return converted


@lru_cache(maxsize=4096)
def normalise(text: str) -> Normalised:
    """Fold width (NFKC), case, script (traditional to simplified), radicals, dashes, white space, invisible characters.

    Blanks between characters that each stand alone go: "联 系 人" is 联系人.
    """
    pieces = [_FOLDED[character] for character in text]
    joined = "".join(pieces)
    folded = simplify(joined)
    places: Sequence[int] = range(len(text))
    if len(joined) != len(text) or "" in pieces:
        places = [place for place, piece in enumerate(pieces) for _ in piece]
    dropped: set[int] = set()
    for match in re.finditer(r"(?<= ) +", folded):
        dropped.update(range(*match.span()))
    for match in _SPACED_HYPHEN.finditer(folded):
        dropped.update(i for i in range(*match.span()) if folded[i] == " ")
    for match in _APART.finditer(folded):
        for gap in _GAP.finditer(folded, *match.span()):
            if "\n" not in text[places[gap.start()] : places[gap.end()]]:
                dropped.update(range(*gap.span()))
    if dropped:
        kept = [i for i in range(len(folded)) if i not in dropped]
        folded, places = "".join(folded[i] for i in kept), [places[i] for i in kept]
    return Normalised(folded, places if isinstance(places, range) else tuple(places))


class _Folded(dict[str, str]):
    """Each character, once it has been asked for, with what it is folded to before its script is."""

    def __missing__(self, character: str) -> str:
        folded = ""
        if not _INVISIBLE.match(character):
            compatible = unicodedata.normalize("NFKC", character).translate(_DASHES).casefold()
            compatible = compatible.translate(_RADICALS)
            folded = "".join(" " if one.isspace() else one for one in compatible)
        self[character] = folded
        return folded


_FOLDED = _Folded()


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Split ``text[start:end]`` into sentences without surrounding white space.

    A sentence ends with 。！？；… and the closing marks that follow, at a line break, or at a full stop
    before white space that is not an abbreviation's. Nothing inside 《…》, a short “…” or an address ends one, and none
    begins with a comma. Every character that is not white space belongs to exactly one sentence.
    """
    part = text[start:end]
    # A sentence may end where a quotation does, but not where a title does.
    whole = [(match.start(), match.end() + (match.group()[0] == "《")) for match in _WHOLE.finditer(part)]
    lefts = [left for left, _ in whole]
    spans: list[Span] = []
    begin = 0
    for match in _SENTENCE_END.finditer(part):
        before = bisect_left(lefts, match.start())
        if (before and match.end() < whole[before - 1][1]) or _goes_on(part, match):
            continue
        spans.extend(_trimmed(part, begin, match.end(), start))
        begin = match.end()
    spans.extend(_trimmed(part, begin, len(part), start))
    return spans


def _goes_on(part: str, mark: re.Match[str]) -> bool:
    """Whether the sentence goes on after ``mark``: that of an abbreviation, or one in an address."""
    begin = mark.start()
    if part[begin] != "\n" and part[mark.end() : mark.end() + 1] in tuple(_BEGINS_NOTHING):
        return True
    if part[begin] in "!?;":
        return bool(_ADDRESS.match(part, max(0, begin - 1)))
    if part[begin] != ".":
        return False
    word = _WORD.search(part, max(0, begin - 8), begin)
    return bool(word and word.group() in _ABBREVIATIONS) or bool(_LOWER.match(part, mark.end()))


def statements(document: Document, block: Block) -> list[Span]:
    """The sentences of a block: of code the lines. A table's row is one, unless it is very long: a value alone says
    nothing.
    """
    if block.kind is BlockKind.ROW and block.end - block.start <= _LONGEST_ROW:
        return [block.span]
    if block.kind is BlockKind.CODE:
        lines = re.finditer(r"[^\n]+", document.text[block.start : block.end])
        return [
            span for line in lines for span in _trimmed(line.group(), 0, len(line.group()), block.start + line.start())
        ]
    return sentences(document.text, block.start, block.end)


def _trimmed(part: str, begin: int, end: int, offset: int) -> list[Span]:
    sentence = part[begin:end]
    if not sentence.strip():
        return []
    left = begin + len(sentence) - len(sentence.lstrip())
    return [Span(offset + left, offset + begin + len(sentence.rstrip()))]
