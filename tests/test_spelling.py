"""Writings find each other over a small corpus; misspelt words are searched for as meant, said so, and never others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from conftest import ROOT
from documents import HashEncoder

from rag.contract import answer_json
from rag.evaluation.corpus import Corpus
from rag.evaluation.gold import GoldQuestion, load_gold
from rag.indexing.update import index_paths
from rag.library import Library
from rag.settings import Settings
from rag.text.sounds import sound, sounds_of, words_in
from rag.types import Status
from rag.web.conversation import Turn
from rag.web.page.answers import turn

MATCHING = ROOT / "eval" / "data" / "matching"
GOLD = load_gold(MATCHING.with_suffix(".jsonl"))
SETTINGS = Settings(retrieval="bm25", read=10, min_confidence=0.0)


@pytest.fixture
def matching(tmp_path: Path, hash_encoder: HashEncoder) -> Library:  # noqa: ARG001
    index_paths([MATCHING], tmp_path / "index", SETTINGS)
    return Library.open(tmp_path / "index", SETTINGS)


def test_words_find_the_evidence_of_every_question_however_it_is_written(matching: Library) -> None:
    corpus = Corpus(matching)
    corpus.check(GOLD)

    def lost(question: GoldQuestion) -> bool:
        _, candidates = matching.candidates(question.question)
        held = [candidate.hit.text for candidate in candidates[:2]]
        return not any(place.quote in text for place in question.places for text in held)

    assert [question.question for question in GOLD if question.answerable and lost(question)] == []


def test_every_quote_is_the_sources_own_characters(matching: Library) -> None:
    quotes = 0
    for question in GOLD:
        for citation in matching.ask(question.question).citations:
            text = matching.document(citation.doc_id).text
            assert text[citation.start : citation.end] == citation.quote
            quotes += 1
    assert quotes > 50


@pytest.mark.parametrize(
    ("question", "corrections"),
    [
        ("豆苞的什么表现最好？", (("豆苞", "豆包"),)),
        ("越之暗面的助手适合谁？", (("越之暗面", "月之暗面"),)),
        ("石桥镇豆付节是什么时候举行的？", (("豆付节", "豆腐节"),)),
        ("「豆  苞」的什么表现最好？", (("豆  苞", "豆包"),)),
        ("豆包的什么表现最好？", ()),
        ("豆瓣的评分系统是谁设计的？", ()),
        ("石桥镇图书馆是什么时候开馆的？", ()),
        ("公事的语音输入", ()),
        ("手机锁在更衣柜里了", ()),
        ("出水越来越小是怎么回事", ()),
    ],
)
def test_only_words_that_neither_documents_nor_dictionary_know_are_corrected(
    matching: Library, question: str, corrections: tuple[tuple[str, str], ...]
) -> None:
    asked, _ = matching.candidates(question)
    assert asked.corrections == corrections


def test_no_question_of_the_corpus_that_is_spelt_right_is_changed(matching: Library) -> None:
    right = [question.question for question in GOLD if question.style != "typo"]
    assert [q for q in right if matching.candidates(q)[0].corrections] == []


def test_a_correction_is_said_in_the_reply_in_json_and_on_the_page(matching: Library) -> None:
    answer = matching.ask("豆苞的什么表现最好？")
    assert answer.question == "豆苞的什么表现最好？"
    assert answer.corrections == (("豆苞", "豆包"),)
    assert answer.text.endswith("\n按“豆包”查找：资料里没有“豆苞”。")
    assert answer_json(answer)["corrections"] == [{"asked": "豆苞", "searched": "豆包"}]
    shown = turn(Turn(answer.question, answer, {}))
    assert "按“豆包”查找：资料里没有“豆苞”" in shown


def test_an_abstention_says_what_was_searched_for_too(matching: Library) -> None:
    answer = matching.ask("豆苞的什么表现最好？", min_confidence=1.0)
    assert answer.status is Status.ABSTAINED
    assert "按“豆包”查找" in answer.text


def test_a_word_is_replaced_where_it_stands_in_the_original(matching: Library) -> None:
    asked, _ = matching.candidates("ＡＩ助手　豆苞，豆苞的語音輸入？")
    assert asked.text == "ＡＩ助手　豆包，豆包的語音輸入？"


def test_words_are_kept_by_sound_without_neighbours_that_are_none() -> None:
    assert sound("豆包") == "dou bao"
    assert list(sounds_of(Counter([*words_in("豆包 包的 gpt4 月之暗面 豆包"), *words_in("豆包")]))) == [
        ("yue zhi an mian", "月之暗面", 1),
        ("dou bao", "豆包", 2),
    ]
