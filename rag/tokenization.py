"""Text to terms: jieba cuts the Chinese, names and numbers in Latin script are cut by rule."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from copy import copy
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rag.dictionary import read_entries
from rag.equal import CHINESE, EQUAL, EQUAL_FILE, SIGN, parts, respelt, unit
from rag.numbers import numbers
from rag.paths import cache_dir
from rag.text import normalise

if TYPE_CHECKING:
    from jieba import Tokenizer

# "gpt-4o", "3.5", "qwen2.5-coder-32b": one name, whatever stands between its parts.
_COMPOUND = re.compile(r"[^\W_\u2e80-\uffff]+(?:[-._][^\W_\u2e80-\uffff]+)*")
_PARTS = re.compile(r"\d+(?:\.\d+)*(?:[a-z](?![a-z]))?|[^\W\d_]{2,}")
_HAN = re.compile(r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PIECE = re.compile(rf"{_HAN.pattern}+|{_COMPOUND.pattern}")

# Words of a question or of grammar: they say nothing about which passage answers.
STOPWORDS_FILE = Path(__file__).with_name("stopwords.txt")
STOPWORDS = frozenset(STOPWORDS_FILE.read_text("utf-8").split())
# Names that jieba's dictionary lacks.
NAMES_FILE = Path(__file__).with_name("names.txt")
_MOST_JOINED = 3
_NUMBER_TERM = re.compile(r"第?\d[\d.]*[%条章节款届期页卷]?")


class Word(NamedTuple):
    """A word at ``[start, end)`` of a normalised text, and the ``term`` that all its writings share."""

    text: str
    start: int
    end: int
    term: str


@cache
def tokenizer(user_dictionary: Path | None = None) -> Tokenizer:
    """The process's jieba tokenizer with the names of NAMES_FILE and the user's words.

    Raises SettingsError if the user's dictionary can't be read.
    """
    made = copy(built_in())
    made.FREQ, made.user_word_tag_tab = dict(made.FREQ), dict(made.user_word_tag_tab)
    for entry in read_entries(user_dictionary) if user_dictionary else ():
        made.add_word(*entry)
    return made


@cache
def built_in() -> Tokenizer:
    """The tokenizer without a user's words.

    Its dictionary cache is a file of the user's own, not one in a shared /tmp.
    """
    import jieba

    jieba.setLogLevel(logging.WARNING)
    made = jieba.Tokenizer()
    folder = cache_dir() / "jieba"
    folder.mkdir(parents=True, exist_ok=True)
    made.tmp_dir = str(folder)
    # Who else uses jieba in this process, such as milvus-lite, finds it there, too.
    jieba.dt.tmp_dir = str(folder)
    made.initialize()
    made.load_userdict(str(NAMES_FILE))
    for word in sorted(CHINESE):
        if not made.FREQ.get(word):
            made.add_word(word)
    return made


def reread() -> None:
    """Forget the dictionaries and all that was cut by them: the user's file has changed."""
    tokenizer.cache_clear()
    _names.cache_clear()
    cut_words.cache_clear()


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
    """What cuts the terms, as a digest: this code, the words that come with it, and the libraries."""
    names = ("tokenization.py", "text.py", "numbers.py", "equal.py")
    digest = hashlib.sha256()
    for file in (*(Path(__file__).with_name(name) for name in names), NAMES_FILE, STOPWORDS_FILE, EQUAL_FILE):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return "-".join((digest.hexdigest()[:12], *map(version, ("jieba", "opencc"))))


@lru_cache(maxsize=1024)
def cut_words(text: str, user_dictionary: Path | None = None) -> tuple[Word, ...]:
    """The `words` of normalised ``text`` with their terms."""
    plain: list[tuple[str, int, int]] = []
    position = 0
    for match in _names(user_dictionary).finditer(text):
        plain.extend(_han_words(text, position, match.start(), user_dictionary))
        plain.append((match.group(), match.start(), match.end()))
        position = match.end()
    plain.extend(_han_words(text, position, len(text), user_dictionary))
    found = [Word(text[start:end], start, end, term) for start, end, term in numbers(text, plain)]
    found += [Word(sign.group(), *sign.span(), EQUAL[sign.group()]) for sign in SIGN.finditer(text)]
    taken = {i for word in found for i in range(word.start, word.end)}
    for word, start, end in plain:
        if taken.isdisjoint(range(start, end)):
            found.extend(_parts(word, start, user_dictionary))
        else:
            # 十二月 and 亿美元 are cut as 12月 and 1亿美元 are.
            rest = "".join(" " if i in taken else text[i] for i in range(start, end))
            found.extend(_word(piece.group(), start + piece.start()) for piece in re.finditer(r"\S+", rest))
    found.sort(key=lambda one: one.start)
    return tuple(one._replace(term=_term(one, found[i - 1] if i else None)) for i, one in enumerate(found))


def _parts(word: str, start: int, user_dictionary: Path | None) -> list[Word]:
    """The words in a word of jieba's or a Latin one; 资讯科技 is cut as 信息科技 is."""
    meant = word if word in EQUAL else respelt(word)
    if meant != word and len(meant) == len(word):
        cut = tokenizer(user_dictionary).tokenize(meant)
        return [Word(word[left:right], start + left, start + right, term) for term, left, right in cut]
    found = [_word(part, start) for part in parts(word)]
    return [found[0], *(one._replace(start=found[0].end, end=one.end + len(found[0].text)) for one in found[1:])]


def _word(text: str, start: int) -> Word:
    return Word(text, start, start + len(text), "")


def _term(word: Word, before: Word | None) -> str:
    """What a word is searched for as: a name without hyphens, a word of `rag.equal` as the first of its line."""
    if word.term:
        return word.term
    if _HAN.search(word.text):
        return respelt(word.text)
    measures = before is not None and word.start - before.end <= 1 and before.text[-1:].isdecimal()
    return unit(word.text, measures=measures) or _whole(word.text)


def _han_words(text: str, start: int, end: int, user_dictionary: Path | None) -> list[tuple[str, int, int]]:
    if start == end:
        return []
    cut = tokenizer(user_dictionary).tokenize(text[start:end])
    return [(word, start + left, start + right) for word, left, right in cut if _HAN.search(word)]


def in_dictionary(word: str, user_dictionary: Path | None = None) -> bool:
    """Whether jieba's dictionary, NAMES_FILE or the user's words have ``word``."""
    return bool(tokenizer(user_dictionary).FREQ.get(word))


@lru_cache(maxsize=8192)
def tagged(text: str) -> tuple[tuple[str, int, int, str], ...]:
    """``(word, start, end, part of speech)`` of everything in normalised ``text``, in order, by jieba's tagger."""
    found = []
    position = 0
    for pair in _tagger().cut(text):
        found.append((pair.word, position, position + len(pair.word), pair.flag))
        position += len(pair.word)
    return tuple(found)


@cache
def _tagger() -> Any:
    import jieba.posseg

    return jieba.posseg.POSTokenizer(tokenizer())


def terms(text: str, user_dictionary: Path | None = None) -> list[str]:
    """The index terms of ``text``: its words, the words inside long ones, and every pair of neighbouring characters.

    "GPT - 4o" gives gpt4o, gpt, 4o; "创始人" gives 创始人, 创始, 创始, 始人; 六千万 and 6000万 both give 60000000 among
    others, see `rag.numbers`. The pairs find what jieba cuts differently in question and text; README.md has their
    effect. Terms hold no white space.
    """
    folded = normalise(text).text
    return _terms(folded, cut_words(folded, user_dictionary), tokenizer(user_dictionary))


def content_terms(text: str, user_dictionary: Path | None = None) -> list[str]:
    """The terms of ``text`` that carry its subject, each once: those of its words that are not STOPWORDS."""
    folded = normalise(text).text
    cut = [word for word in cut_words(folded, user_dictionary) if word.text not in STOPWORDS]
    return list(dict.fromkeys(_terms(folded, cut, tokenizer(user_dictionary))))


def content_words(
    text: str, user_dictionary: Path | None = None, *, skip: frozenset[str] = STOPWORDS
) -> list[tuple[str, str]]:
    """The words of ``text`` but those of ``skip``: ``(as written, as a term)``, each once, in order."""
    folded = normalise(text)
    found: dict[str, str] = {}
    for word in cut_words(folded.text, user_dictionary):
        if word.text not in skip:
            left, right = folded.to_original(word.start, word.end)
            found.setdefault(word.term, text[left:right])
    return [(written, term) for term, written in found.items()]


def term_owners(
    text: str, user_dictionary: Path | None = None, *, skip: frozenset[str] = STOPWORDS
) -> dict[str, tuple[str, ...]]:
    """Each of the `content_terms` of ``text`` with the words, as terms, that it was made from.

    Most have one owner; a pair of neighbouring characters may stand across two words. ``skip`` are the words to leave
    out: with none, the terms are those of `terms`.
    """
    folded = normalise(text).text
    cut = [word for word in cut_words(folded, user_dictionary) if word.text not in skip]
    found: dict[str, dict[str, None]] = {}
    for position, word in enumerate(cut):
        for term in _terms(folded, [word], tokenizer(user_dictionary)):
            found.setdefault(term, {})[word.term] = None
        before = cut[position - 1] if position else None
        if before and before.end == word.start and _is_han(before, -1) and _is_han(word, 0):
            found.setdefault(before.text[-1] + word.text[0], {}).update({before.term: None, word.term: None})
    for term, owners in _joined(folded, cut):
        found.setdefault(term, {}).update(dict.fromkeys(owners))
    return {term: tuple(owners) for term, owners in found.items()}


def _terms(text: str, cut: Sequence[Word], jieba_tokenizer: Tokenizer) -> list[str]:
    found: list[str] = []
    run, run_end = "", -1
    for word in cut:
        found.append(word.term)
        for match in _PIECE.finditer(word.text):
            piece, start = match.group(), word.start + match.start()
            if not _HAN.match(piece):
                if piece not in EQUAL and word.term[0] != "第":
                    found.extend(term for term in _name_terms(piece) if term != word.term)
                continue
            if _NUMBER_TERM.fullmatch(word.term):
                # What is inside misleads: 二十一条 is not 十一条.
                continue
            if start != run_end:
                found.extend(_pairs(run))
                run = ""
            run, run_end = run + piece, start + len(piece)
            if piece != word.text:
                found.append(piece)
            for size in (2, 3):
                if len(piece) > size:
                    grams = (piece[i : i + size] for i in range(len(piece) - size + 1))
                    found.extend(EQUAL.get(gram, gram) for gram in grams if jieba_tokenizer.FREQ.get(gram))
    found.extend(_pairs(run))
    return found + [term for term, _ in _joined(text, cut)]


def _is_han(word: Word, place: int) -> bool:
    """Whether a word has a Chinese character at its beginning (0) or end (-1) that makes pairs with its neighbours."""
    return bool(_HAN.match(word.text[place])) and not _NUMBER_TERM.fullmatch(word.term)


def _joined(text: str, cut: Sequence[Word]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names that others write without spaces ("GPT 4" as gpt4), with the terms of their words."""
    for i, first in enumerate(cut):
        chain = [first]
        for word in cut[i + 1 : i + _MOST_JOINED]:
            if not first.text.isascii() or not first.text[0].isalpha() or text[chain[-1].end : word.start] != " ":
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


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]
