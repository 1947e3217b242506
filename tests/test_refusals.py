"""What is said where nothing answers: which words no document has, and what comes nearest."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from documents import document

from rag.answering.related import newest
from rag.indexing.splitting import split
from rag.question.analysis import analyse
from rag.reading import Candidate, Evidence
from rag.settings import SplitSettings
from rag.text.tokenization import Cutting
from rag.types import Document, Hit


class _Known:
    """Documents that have these terms."""

    def __init__(self, terms: Collection[str]) -> None:
        self._terms = terms

    def idf(self, _: str) -> float:
        return 1.0

    def knows(self, term: str) -> bool:
        return term in self._terms


@pytest.mark.parametrize(
    ("question", "known", "blamed"),
    [
        ("海棠的法定代表人是谁？", {"海棠", "人"}, ("法定代表人",)),
        ("食堂几点开饭？", {"开饭"}, ("食堂",)),
        ("那批货是谁的？", {"货"}, ()),
        ("How long is the warranty of the TX-900?", {}, ("TX-900",)),
        ("Who is the CEO of Tesla?", {}, ("CEO", "Tesla")),
        ("How long is the warranty of the vehicle?", {"vehicle", "long"}, ("warranty",)),
    ],
)
def test_only_names_and_nouns_are_said_to_be_lacking(question: str, known: Collection[str], blamed: tuple[str]) -> None:
    assert analyse(Cutting()(question), _Known(known)).unknown_named == blamed


def _candidate(made: Document) -> Candidate:
    (passage,) = split(made, SplitSettings())
    return Candidate(Hit(1, passage, 1.0, made.text), made, (0.5,) * len(passage.sentences))


def _last(made: Document) -> Evidence:
    sentence = made.blocks[-1].start, made.blocks[-1].end
    return next(Evidence(made, (s,), s, 0.5) for s in _candidate(made).hit.passage.sentences if s == sentence)


OLD = document("# 差旅办法（2023年版）\n\n住宿费每天不超过400元。\n", "old.md")
NEW = document("# 差旅办法（2025年版）\n\n交通费实报实销。\n\n住宿费每天不超过500元。\n", "new.md")
OTHER = document("# 食堂办法（2026年版）\n\n住宿费每天不超过900元。\n", "other.md")


def test_the_nearest_is_shown_as_the_newest_edition_has_it() -> None:
    given = [_candidate(made) for made in (OLD, OTHER, NEW)]
    assert newest(_last(OLD), given).texts == ("住宿费每天不超过500元。",)
    assert newest(_last(NEW), given) == _last(NEW)


def test_the_nearest_stays_where_the_newer_edition_says_nothing_like_it() -> None:
    silent = document("# 差旅办法（2025年版）\n\n交通费实报实销。\n", "new.md")
    assert newest(_last(OLD), [_candidate(OLD), _candidate(silent)]) == _last(OLD)
