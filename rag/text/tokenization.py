"""Text to terms: jieba cuts the Chinese, names and numbers in Latin script are cut by rule."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rag.text.dictionary import read_entries
from rag.text.equal import EQUAL, EQUAL_FILE, SIGN, holds_equal, parts, respelt, unit
from rag.text.lexicon import NAMES_FILE
from rag.text.normalization import HAN, Normalised, normalise
from rag.text.quantities.numbers import numbers

if TYPE_CHECKING:
    from rag.text.cutting import Cutter
    from rag.text.tagging import Tagger

# "gpt-4o", "3.5", "qwen2.5-coder-32b": one name, whatever stands between its parts.
_COMPOUND = re.compile(r"[^\W_\u2e80-\uffff]+(?:[-._][^\W_\u2e80-\uffff]+)*")
_PARTS = re.compile(r"\d+(?:\.\d+)*(?:[a-z](?![a-z]))?|[^\W\d_]{2,}")
_HAN = re.compile(HAN)
_PIECE = re.compile(rf"{HAN}+|{_COMPOUND.pattern}")

# To be raised with any change of this folder by which a text has other terms: those of every index are then cut anew.
CUTTER_VERSION = 2
# Words of a question or of grammar: they say nothing about which passage answers.
STOPWORDS_FILE = Path(__file__).with_name("stopwords.txt")
STOPWORDS = frozenset(STOPWORDS_FILE.read_text("utf-8").split())
_MOST_JOINED = 3
_NUMBER_TERM = re.compile(r"第?\d[\d.]*[%条章节款届期页卷]?")


class Word(NamedTuple):
    """A word at ``[start, end)`` of a normalised text, and the ``term`` that all its writings share."""

    text: str
    start: int
    end: int
    term: str


@cache
def tokenizer(user_dictionary: Path | None = None) -> Cutter:
    """The process's jieba tokenizer with the names of NAMES_FILE and the user's words.

    Raises SettingsError if the user's dictionary can't be read.
    """
    from rag.text.cutting import Cutter

    made = Cutter()
    for entry in read_entries(user_dictionary) if user_dictionary else ():
        made.add_word(*entry)
    return made


def reread() -> None:
    """Forget the dictionaries and all that was cut by them: the user's file has changed."""
    tokenizer.cache_clear()
    _names.cache_clear()
    cut_words.cache_clear()
    _parts.cache_clear()
    _inside.cache_clear()


@cache
def _names(user_dictionary: Path | None) -> re.Pattern[str]:
    """What is kept whole before jieba cuts the rest: names in Latin script, and the user's words that hold such."""
    words = [entry.word for entry in read_entries(user_dictionary)] if user_dictionary else []
    mixed = sorted({word for word in words if _HAN.search(word) and _COMPOUND.search(word)}, key=lambda w: (-len(w), w))
    # C919大飞机 does not begin inside AC919.
    whole = [rf"(?<![a-z0-9._-]){re.escape(w)}" if w[0].isascii() else re.escape(w) for w in mixed]
    whole = [rf"{pattern}(?![a-z0-9])" if w[-1].isascii() else pattern for pattern, w in zip(whole, mixed, strict=True)]
    return re.compile("|".join([*whole, _COMPOUND.pattern]))


def words(text: str, user_dictionary: Path | None = None) -> list[tuple[str, int, int]]:
    """Cut normalised ``text`` into ``(word, start, end)`` in order, without white space and punctuation.

    A Latin name is one word, and a number with its scale (6000万); Chinese is cut by jieba's accurate mode.
    """
    return [word[:3] for word in cut_words(text, user_dictionary)]


@cache
def cutter() -> str:
    """What cuts the terms: the version of this code, a digest of the words that come with it, and the libraries."""
    from importlib.metadata import version

    words = hashlib.sha256(b"\0".join(file.read_bytes() for file in (NAMES_FILE, STOPWORDS_FILE, EQUAL_FILE)))
    return "-".join((str(CUTTER_VERSION), words.hexdigest()[:12], *map(version, ("jieba", "opencc"))))


@lru_cache(maxsize=1024)
def cut_words(text: str, user_dictionary: Path | None = None) -> tuple[Word, ...]:
    """The `words` of normalised ``text`` with their terms."""
    chinese = tokenizer(user_dictionary).chinese
    plain: list[tuple[str, int, int]] = []
    position = 0
    for match in _names(user_dictionary).finditer(text):
        start, end = match.span()
        plain.extend(chinese(text, position, start))
        plain.append((match.group(), start, end))
        position = end
    plain.extend(chinese(text, position, len(text)))
    cut_up = [Word(text[start:end], start, end, term) for start, end, term in numbers(text, plain)]
    cut_up += [Word(sign.group(), *sign.span(), EQUAL[sign.group()]) for sign in SIGN.finditer(text)]
    taken = {i for word in cut_up for i in range(word.start, word.end)}
    for cut, start, end in plain:
        if not taken or taken.isdisjoint(range(start, end)):
            for part, left, right, term in _parts(cut, user_dictionary):
                cut_up.append(Word(part, start + left, start + right, term))
        else:
            # 十二月 and 亿美元 are cut as 12月 and 1亿美元 are.
            rest = "".join(" " if i in taken else text[i] for i in range(start, end))
            for piece in re.finditer(r"\S+", rest):
                left, right = piece.span()
                cut_up.append(Word(piece.group(), start + left, start + right, _chinese_term(piece.group())))
    if taken:
        cut_up.sort(key=lambda word: word.start)
    return tuple(word if word.term else _named(word, cut_up[i - 1] if i else None) for i, word in enumerate(cut_up))


@lru_cache(maxsize=1 << 14)
def _parts(word: str, user_dictionary: Path | None) -> tuple[Word, ...]:
    """The words in a word of jieba's or a Latin one; 资讯科技 is cut as 信息科技 is. Latin ones are without a term."""
    meant = word if word in EQUAL else respelt(word)
    if meant != word and len(meant) == len(word):
        cut = tokenizer(user_dictionary).tokenize(meant)
        return tuple(Word(word[left:right], left, right, term) for term, left, right in cut)
    inner, start = [], 0
    for part in parts(word):
        inner.append(Word(part, start, start + len(part), _chinese_term(part)))
        start += len(part)
    return tuple(inner)


def _chinese_term(word: str) -> str:
    """What a Chinese word is searched for as: a word of `rag.text.equal` as the first of its line; else empty."""
    return respelt(word) if _HAN.search(word) else ""


def _named(word: Word, before: Word | None) -> Word:
    """A word in Latin script with its term: a unit as the first of its line, a name without hyphens."""
    measures = before is not None and word.start - before.end <= 1 and before.text[-1:].isdecimal()
    return word._replace(term=unit(word.text, measures=measures) or _whole(word.text))


@lru_cache(maxsize=1024)
def alike(text: str) -> str:
    """A text in its normal form with its Chinese words of `rag.text.equal` as the first of their lines.

    What is the same is written alike then, and may be compared.
    """
    if not holds_equal(text):
        return text
    pieces, position = [], 0
    for word in cut_words(text):
        pieces += [text[position : word.start], respelt(word.text)]
        position = word.end
    return "".join((*pieces, text[position:]))


def in_dictionary(word: str, user_dictionary: Path | None = None) -> bool:
    """Whether jieba's dictionary, NAMES_FILE or the user's words have ``word``."""
    return bool(tokenizer(user_dictionary).FREQ.get(word))


@lru_cache(maxsize=8192)
def tagged(text: str) -> tuple[tuple[str, int, int, str], ...]:
    """``(word, start, end, part of speech)`` of everything in normalised ``text``, in order, by jieba's tagger."""
    words_tagged = []
    position = 0
    for word, tag in _tagger().cut(text):
        words_tagged.append((word, position, position + len(word), tag))
        position += len(word)
    return tuple(words_tagged)


@cache
def _tagger() -> Tagger:
    from rag.text.tagging import Tagger

    return Tagger(tokenizer())


@dataclass(frozen=True, slots=True)
class Cutting:
    """How a text becomes terms. An index and what it is asked are cut the same way.

    ``user_dictionary`` has the user's words. Nobody should want the rest otherwise; what it is worth is measured.
    """

    user_dictionary: Path | None = None
    normalise: Callable[[str], Normalised] = normalise
    pairs: bool = True
    """With every pair of neighbouring characters, which finds what jieba cuts differently in question and text."""

    def __call__(self, text: str) -> Cut:
        folded = self.normalise(text)
        return Cut(text, folded, cut_words(folded.text, self.user_dictionary), self)


@dataclass(frozen=True, slots=True)
class Cut:
    """A text with its normal form and the words of that: normalised and cut once, as ``way`` says."""

    text: str
    folded: Normalised
    words: tuple[Word, ...]
    way: Cutting

    @property
    def skipped(self) -> frozenset[str]:
        """The words that say nothing of the subject: STOPWORDS, or none in a text that has no others."""
        return STOPWORDS if any(word.text not in STOPWORDS for word in self.words) else frozenset()

    def written(self, word: Word) -> str:
        """A word as ``text`` has it."""
        return self.text[slice(*self.folded.to_original(word.start, word.end))]

    def terms(self) -> list[str]:
        """See `terms`."""
        return self._of(self.words)

    def content_terms(self) -> list[str]:
        """The terms that carry the subject, each once: those of the words that are not STOPWORDS."""
        return list(dict.fromkeys(self._of([word for word in self.words if word.text not in STOPWORDS])))

    def searched_terms(self) -> list[str]:
        """What BM25 is asked for: a question of nothing but function words is searched for as it stands."""
        return self.content_terms() or self.terms()

    def content(self, skip: frozenset[str] = STOPWORDS) -> dict[str, Word]:
        """The words but those of ``skip``, by their terms, each once, in order."""
        by_term: dict[str, Word] = {}
        for word in self.words:
            if word.text not in skip:
                by_term.setdefault(word.term, word)
        return by_term

    def owners(self, skip: frozenset[str] = STOPWORDS) -> dict[str, tuple[str, ...]]:
        """Each of the `content_terms` with the words, as terms, that it was made from.

        Most have one owner; a pair of neighbouring characters may stand across two words. ``skip`` are the words to
        leave out: with none, the terms are those of `terms`.
        """
        cut = [word for word in self.words if word.text not in skip]
        words_of: dict[str, dict[str, None]] = {}
        for position, word in enumerate(cut):
            for term in self._of([word]):
                words_of.setdefault(term, {})[word.term] = None
            before = cut[position - 1] if position else None
            if before and before.end == word.start and _is_han(before, -1) and _is_han(word, 0):
                words_of.setdefault(before.text[-1] + word.text[0], {}).update({before.term: None, word.term: None})
        for term, owners in _joined(self.folded.text, cut):
            words_of.setdefault(term, {}).update(dict.fromkeys(owners))
        return {term: tuple(owners) for term, owners in words_of.items()}

    def _of(self, words: Sequence[Word]) -> list[str]:
        """The terms of some of the words."""
        found: list[str] = []
        run, run_end = "", -1
        for word in words:
            found.append(word.term)
            for piece, offset, inner in _inside(word.text, word.term, self.way.user_dictionary):
                if offset is not None:
                    start = word.start + offset
                    if start != run_end:
                        found.extend(self._pairs(run))
                        run = ""
                    run, run_end = run + piece, start + len(piece)
                found.extend(inner)
        found.extend(self._pairs(run))
        return found + [term for term, _ in _joined(self.folded.text, words)]

    def _pairs(self, run: str) -> list[str]:
        return [run[i : i + 2] for i in range(len(run) - 1)] if self.way.pairs else []


def terms(text: str, user_dictionary: Path | None = None) -> list[str]:
    """The index terms of ``text``: its words, the words inside long ones, and every pair of neighbouring characters.

    "GPT - 4o" gives gpt4o, gpt, 4o; "创始人" gives 创始人, 创始, 创始, 始人; 六千万 and 6000万 both give 60000000 among
    others, see `rag.text.quantities.numbers`. Terms hold no white space.
    """
    return Cutting(user_dictionary)(text).terms()


def content_terms(text: str, user_dictionary: Path | None = None) -> list[str]:
    """See `Cut.content_terms`."""
    return Cutting(user_dictionary)(text).content_terms()


def telling_words(text: str) -> set[str]:
    """The words of a text, in its normal form, that are longer than a character and no STOPWORDS."""
    return {word.text for word in cut_words(text) if len(word.text) > 1 and word.text not in STOPWORDS}


@lru_cache(maxsize=1 << 14)
def _inside(word: str, term: str, user_dictionary: Path | None) -> tuple[tuple[str, int | None, tuple[str, ...]], ...]:
    """The pieces of a word, each with where it makes pairs of characters with its neighbours, if it does, and with the
    terms inside it.
    """
    pieces: list[tuple[str, int | None, tuple[str, ...]]] = []
    frequency = tokenizer(user_dictionary).FREQ.get
    for match in _PIECE.finditer(word):
        piece = match.group()
        if not _HAN.match(piece):
            if piece not in EQUAL and term[0] != "第":
                pieces.append((piece, None, tuple(inner for inner in _name_terms(piece) if inner != term)))
        # What is inside a number misleads: 二十一条 is not 十一条.
        elif not _NUMBER_TERM.fullmatch(term):
            inner = [piece] if piece != word else []
            for size in (2, 3):
                if len(piece) > size:
                    grams = (piece[i : i + size] for i in range(len(piece) - size + 1))
                    inner.extend(EQUAL.get(gram, gram) for gram in grams if frequency(gram))
            pieces.append((piece, match.start(), tuple(inner)))
    return tuple(pieces)


def _is_han(word: Word, place: int) -> bool:
    """Whether a word has a Chinese character at its beginning (0) or end (-1) that makes pairs with its neighbours."""
    return bool(_HAN.match(word.text[place])) and not _NUMBER_TERM.fullmatch(word.term)


def _joined(text: str, cut: Sequence[Word]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names that others write without spaces ("GPT 4" as gpt4), with the terms of their words."""
    for i, first in enumerate(cut):
        if not first.text.isascii() or not first.text[0].isalpha():
            continue
        chain = [first]
        for word in cut[i + 1 : i + _MOST_JOINED]:
            if text[chain[-1].end : word.start] != " ":
                break
            if not word.text.isascii() or not re.search(r"\d", word.text) or not word.text[-1].isalnum():
                break
            chain.append(word)
            yield _whole("".join(one.text for one in chain)), tuple(one.term for one in chain)


def _name_terms(word: str) -> list[str]:
    """A name, its parts between hyphens, and the letters and numbers of each: qwen2.5-coder gives qwen, 2.5, coder."""
    pieces = re.split(r"[-_]", word)
    inner = [part for piece in pieces if len(parts := _PARTS.findall(piece)) > 1 for part in parts]
    return list(dict.fromkeys([_whole(word), *pieces, *inner]))


def _whole(word: str) -> str:
    """A name without the hyphens that some write and some do not."""
    return re.sub(r"[-_]", "", word)
