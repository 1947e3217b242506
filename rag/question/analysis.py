"""`Question`: the value that flows. What a question asks for, read off its words once, as the documents know them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from rag.question.kinds import Kind, kinds_of
from rag.text.equal import respelt
from rag.text.normalization import HAN
from rag.text.tags import MODAL, NOUN_TAGS, PERSON
from rag.text.tokenization import Cut, Word, in_dictionary, tagged

_LATIN = re.compile(r"[A-Za-z]{2}|[A-Za-z]-?\d")
_COMMON = re.compile("[a-z]+")
_NUMBERED_NAME = re.compile(r"[a-z][a-z.-]*\d[a-z\d.-]*")
_ASKS_KIND = re.compile(r"(?:什么|啥|哪(?:[些个种家位]|[一几两三](?:[个种家位]|样)?))(?:样的)?$")
# What jieba makes of the word behind 多 is no noun, either: 大力 of 多大力.
_HOW_MUCH = re.compile("多[大高长久远重快深宽厚]$")
_HAN = re.compile(rf"{HAN}{{3,}}")
# Verbs, adverbs, prepositions, pronouns, particles, conjunctions and places: what jieba takes for a part of a name that
# it does not know.
_BESIDE_NAMES = tuple("vdprucf")


class TermStatistics(Protocol):
    """What a corpus knows of a term."""

    def idf(self, term: str) -> float: ...

    def knows(self, term: str) -> bool: ...


@dataclass(frozen=True)
class Question:
    """A question made ready to be searched and read for. Nothing later normalises or cuts it again.

    ``cut`` has its text, normal form and words. ``kinds`` are the kinds of answer it wants, the main one first
    ("谁在什么时候" wants two). ``terms`` maps its content words, as terms and in order, to their inverse document
    frequency; ``unknown`` are those that no document contains, ``unknown_names`` those of them that name one thing
    exactly, such as GPT-5, as written. ``corrections`` are words of what was asked that the text has otherwise, as
    asked and as here; see `rag.question.spelling`.
    """

    cut: Cut
    kinds: tuple[Kind, ...]
    terms: Mapping[str, float]
    unknown: frozenset[str]
    unknown_names: frozenset[str]
    corrections: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """As asked, but for the corrections."""
        return self.cut.text

    @cached_property
    def normalised(self) -> str:
        """The normal form, without white space around it."""
        return self.cut.folded.text.strip()

    @property
    def kind(self) -> Kind:
        """The main kind."""
        return self.kinds[0]

    @cached_property
    def searched(self) -> Sequence[str]:
        """What BM25 is asked for; see `Cut.searched_terms`."""
        return self.cut.searched_terms()

    @cached_property
    def written(self) -> Mapping[str, str]:
        """The ``terms`` with how the question has them."""
        return {term: self.cut.written(word) for term, word in self.cut.content().items()}

    @cached_property
    def named(self) -> Mapping[str, str]:
        """Of ``written``, the names and nouns: what documents may lack. Ways to ask, verbs and measures are not.

        Nor is the kind of thing that is asked for, behind 什么 or 哪些: of the questions that the reader was trained on
        60 % have one that their document lacks where it answers, and 66 % where it does not.
        """
        nouns = {word for word, _, _, tag in tagged(self.normalised) if tag.startswith(NOUN_TAGS)}
        # `analyse` cuts a verb off some words, which are tagged here with it: what is left counts as the noun.
        nouns |= {part for noun in nouns for part in (noun[1:], noun[:-1]) if not in_dictionary(part)}
        words = self.cut.content()
        return {
            term: written
            for term, written in self.written.items()
            if _LATIN.search(written)
            or (
                any(noun in words[term].text for noun in nouns if len(noun) > 1)
                and not _HOW_MUCH.search(self.cut.folded.text, 0, words[term].start + 1)
                and not _ASKS_KIND.search(self.cut.folded.text, 0, words[term].start)
            )
        }

    @property
    def unknown_named(self) -> tuple[str, ...]:
        """The names and nouns, as written, that no document contains.

        Of an English question whose common words are all unknown only the names: the documents are in another language.
        A word is given with the noun of one character right behind it: 法定代表 with 人. A word behind 这 or 那 points
        to something and names nothing, such as 批货, which jieba makes of 那批货.
        """
        found = [term for term in self.named if term in self.unknown and not self._is_pointed_at(term)]
        if self.is_english and all(
            term in self.unknown for term in self.terms if _COMMON.fullmatch(self.written[term])
        ):
            found = [term for term in found if not _COMMON.fullmatch(self.written[term])]
        return tuple(self.written[term] + self._ending(term) for term in found)

    def _is_pointed_at(self, term: str) -> bool:
        return self.cut.folded.text[: self.cut.content()[term].start].endswith(("这", "那"))

    def _ending(self, term: str) -> str:
        """The noun of one character that stands right behind a word; else ""."""
        end = self.cut.content()[term].end
        behind = (word for word, start, _, tag in tagged(self.cut.folded.text) if start == end and tag == "n")
        return next((word for word in behind if len(word) == 1), "")

    @property
    def unknown_share(self) -> float:
        """The share of its names and nouns, by weight, that no document contains."""
        total = sum(self.terms[term] for term in self.named)
        return sum(self.terms[term] for term in self.named if term in self.unknown) / total if total else 0.0

    @property
    def is_english(self) -> bool:
        """Whether most of the letters are Latin."""
        latin = len(re.findall(r"[a-z]", self.normalised))
        return latin > 2 * len(re.findall(HAN, self.normalised))


def analyse(cut: Cut, corpus: TermStatistics) -> Question:
    """Read off one question what it asks for; ``corpus`` weighs its terms.

    Words that jieba only guesses and no document has are cut once more: a verb or the like of one character is cut off
    where the rest is known (住|望汐), a modal verb always (挪车|会).
    """
    people = {(start, end) for _, start, end, tag in tagged(cut.folded.text) if tag in PERSON}
    guessed = [word for word in cut.words if _is_guessed(word, cut, corpus)]
    guessed = [
        one for one in guessed if (one.start, one.end) not in people or one.text[0] in MODAL or one.text[-1] in MODAL
    ]
    apart = {word: part for word in guessed if (part := next(_parts(word, corpus), None))}
    cut = replace(cut, words=tuple(part for word in cut.words for part in apart.get(word, (word,)))) if apart else cut
    content = cut.content()
    return Question(
        cut=cut,
        kinds=kinds_of(cut.folded.text.strip()),
        terms={term: corpus.idf(term) for term in content},
        unknown=frozenset(term for term in content if not corpus.knows(term)),
        unknown_names=frozenset(cut.written(word) for word in content.values() if _is_unknown_name(word, corpus)),
    )


def _is_guessed(word: Word, cut: Cut, corpus: TermStatistics) -> bool:
    is_known = corpus.knows(word.term) or in_dictionary(word.text, cut.way.user_dictionary)
    return _HAN.fullmatch(word.text) is not None and not is_known


def _parts(word: Word, corpus: TermStatistics) -> Iterator[tuple[Word, Word]]:
    """A word in two where one is a character that stands beside names, and the other is known."""
    for at, single in ((1, word.text[0]), (len(word.text) - 1, word.text[-1])):
        pieces = (word.text[:at], word.start), (word.text[at:], word.start + at)
        parts = [Word(text, start, start + len(text), respelt(text)) for text, start in pieces]
        (_, _, _, tag), *_ = tagged(single)
        is_known = any(corpus.knows(one.term) for one in parts if one.text != single)
        if single in MODAL or (tag.startswith(_BESIDE_NAMES) and is_known):
            yield parts[0], parts[1]


def _is_unknown_name(word: Word, corpus: TermStatistics) -> bool:
    """Whether a name of letters and digits is in no document, neither whole nor, like DeepSeek-V3, in its parts."""
    if not _NUMBERED_NAME.fullmatch(word.text) or corpus.knows(word.text.replace("-", "")):
        return False
    return not all(len(part) > 1 and corpus.knows(part) for part in word.text.split("-"))
