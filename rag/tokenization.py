"""Text to terms: jieba cuts the Chinese, names and numbers in Latin script are cut by rule."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import SettingsError
from rag.paths import cache_dir
from rag.text import normalise

if TYPE_CHECKING:
    from jieba import Tokenizer

# "gpt-4o", "3.5", "qwen2.5-coder-32b": one name, whatever stands between its parts.
_COMPOUND = re.compile(r"[^\W_\u2e80-\uffff]+(?:[-._][^\W_\u2e80-\uffff]+)*")
_PARTS = re.compile(r"\d+(?:\.\d+)*(?:[a-z](?![a-z]))?|[^\W\d_]{2,}")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")

# Words of a question or of grammar: they say nothing about which passage answers.
STOPWORDS_FILE = Path(__file__).with_name("stopwords.txt")
STOPWORDS = frozenset(STOPWORDS_FILE.read_text("utf-8").split())
# Names that jieba's dictionary lacks.
NAMES_FILE = Path(__file__).with_name("names.txt")


@cache
def tokenizer(user_dictionary: Path | None = None) -> Tokenizer:
    """The process's jieba tokenizer with the names of NAMES_FILE and the user's words.

    Its dictionary cache is a file of the user's own, not one in a shared /tmp.
    """
    import jieba

    jieba.setLogLevel(logging.WARNING)
    made = jieba.Tokenizer()
    folder = cache_dir() / "jieba"
    folder.mkdir(parents=True, exist_ok=True)
    made.tmp_dir = str(folder)
    made.initialize()
    made.load_userdict(str(NAMES_FILE))
    if user_dictionary is not None:
        try:
            made.load_userdict(str(user_dictionary))
        except (OSError, ValueError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"无法读取用户词典 {user_dictionary}：{error}。每行应为“词语 词频 词性”，后两项可省略。",
                f"Can't read the user dictionary {user_dictionary}: {error}. A line is: word [frequency [tag]].",
            ) from error
    return made


def words(text: str, user_dictionary: Path | None = None) -> list[tuple[str, int, int]]:
    """Cut normalised ``text`` into ``(word, start, end)`` in order, without white space and punctuation.

    A Latin or numeric name is one word; Chinese is cut by jieba's accurate mode.
    """
    found: list[tuple[str, int, int]] = []
    position = 0
    for match in _COMPOUND.finditer(text):
        found.extend(_han_words(text, position, match.start(), user_dictionary))
        found.append((match.group(), match.start(), match.end()))
        position = match.end()
    found.extend(_han_words(text, position, len(text), user_dictionary))
    return found


def _han_words(text: str, start: int, end: int, user_dictionary: Path | None) -> list[tuple[str, int, int]]:
    if start == end:
        return []
    cut = tokenizer(user_dictionary).tokenize(text[start:end])
    return [(word, start + left, start + right) for word, left, right in cut if _HAN.search(word)]


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

    "GPT - 4o" gives gpt4o, gpt, 4o; "创始人" gives 创始人, 创始, 创始, 始人. The pairs find what jieba cuts differently
    in question and text; README.md has their effect. Terms hold no white space.
    """
    return _terms(words(normalise(text).text, user_dictionary), tokenizer(user_dictionary))


def content_terms(text: str, user_dictionary: Path | None = None) -> list[str]:
    """The terms of ``text`` that carry its subject, each once: those of its words that are not STOPWORDS."""
    cut = [word for word in words(normalise(text).text, user_dictionary) if word[0] not in STOPWORDS]
    return list(dict.fromkeys(_terms(cut, tokenizer(user_dictionary))))


def content_words(
    text: str, user_dictionary: Path | None = None, *, skip: frozenset[str] = STOPWORDS
) -> list[tuple[str, str]]:
    """The words of ``text`` but those of ``skip``: ``(as written, as a term)``, each once, in order."""
    folded = normalise(text)
    found: dict[str, str] = {}
    for word, start, end in words(folded.text, user_dictionary):
        if word not in skip:
            left, right = folded.to_original(start, end)
            found.setdefault(_whole(word), text[left:right])
    return [(written, term) for term, written in found.items()]


def term_owners(
    text: str, user_dictionary: Path | None = None, *, skip: frozenset[str] = STOPWORDS
) -> dict[str, tuple[str, ...]]:
    """Each of the `content_terms` of ``text`` with the words, as terms, that it was made from.

    Most have one owner; a pair of neighbouring characters may stand across two words. ``skip`` are the words to leave
    out: with none, the terms are those of `terms`.
    """
    cut = [word for word in words(normalise(text).text, user_dictionary) if word[0] not in skip]
    found: dict[str, dict[str, None]] = {}
    for position, word in enumerate(cut):
        for term in _terms([word], tokenizer(user_dictionary)):
            found.setdefault(term, {})[_whole(word[0])] = None
        before = cut[position - 1] if position else None
        if before and before[2] == word[1] and _HAN.search(before[0]) and _HAN.search(word[0]):
            across = found.setdefault(before[0][-1] + word[0][0], {})
            across |= {_whole(before[0]): None, _whole(word[0]): None}
    return {term: tuple(owners) for term, owners in found.items()}


def _terms(cut: Sequence[tuple[str, int, int]], jieba_tokenizer: Tokenizer) -> list[str]:
    found: list[str] = []
    run, run_end = "", -1
    for word, start, end in cut:
        if not _HAN.search(word):
            found.extend(_name_terms(word))
            continue
        if start != run_end:
            found.extend(_pairs(run))
            run = ""
        run, run_end = run + word, end
        found.append(word)
        for size in (2, 3):
            if len(word) > size:
                grams = (word[i : i + size] for i in range(len(word) - size + 1))
                found.extend(gram for gram in grams if jieba_tokenizer.FREQ.get(gram))
    found.extend(_pairs(run))
    return found


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
