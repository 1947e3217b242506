"""Courtesy gets a line in return, never an answer; no question is taken for it, and beside one it changes nothing."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT, Command

from rag.contract import answer_json
from rag.library import Library
from rag.question.courtesy import Courtesy, bare, courtesy, reply
from rag.question.division import divided
from rag.question.followup import Earlier, resolve
from rag.types import Status
from rag.web.conversation import Turn
from rag.web.page import answers
from rag.web.page.takeaway import entries

DOUBAO = Earlier("豆包2024年11月的月活跃用户有多少？", "近6000万")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("谢谢", Courtesy.THANKS),
        ("謝謝！", Courtesy.THANKS),
        ("您好，在吗？", Courtesy.HELLO),
        ("继续", Courtesy.CONTINUE),
        ("还有吗？", Courtesy.CONTINUE),
        ("再见啦～", Courtesy.GOODBYE),
        ("你能做什么？", Courtesy.HELP),
        ("好的，谢谢，再见", Courtesy.GOODBYE),
        ("嗯嗯好的", Courtesy.NOTED),
        ("Thanks!", Courtesy.THANKS),
        ("What can you do?", Courtesy.HELP),
        ("谢谢你😊", Courtesy.THANKS),
    ],
)
def test_what_asks_nothing_is_known_by_its_words(said: str, meant: Courtesy) -> None:
    assert courtesy(said) is meant


@pytest.mark.parametrize(
    "question",
    [
        "再见的英语是什么",
        "“谢谢”怎么说",
        "《再见》",
        "继续教育有哪些要求",
        "感谢信怎么写",
        "好的产品有哪些",
        "帮助中心在哪",
        "急救电话是多少",
        "Hello Kitty是谁设计的？",
        "OK Computer是谁的专辑？",
        "how do you say thank you",
        "怎么用英语说“谢谢”？",
        "《你好，李焕英》的票房是多少？",
        "什么是急",
    ],
)
def test_a_question_that_holds_such_words_is_one_and_keeps_them(question: str) -> None:
    assert (courtesy(question), bare(question)) == (None, question)


def test_no_gold_question_is_swallowed_or_changed() -> None:
    lines = (ROOT / "eval/data/gold.jsonl").read_text("utf-8").splitlines()
    asked = [json.loads(line)["question"] for line in lines]
    assert [question for question in asked if courtesy(question) or bare(question) != question.strip()] == []


@pytest.mark.parametrize(
    "written",
    [
        "豆包有多少用户？谢谢",
        "豆包有多少用户？ 谢谢！",
        "你好！豆包有多少用户？麻烦你了～",
        "您好，豆包有多少用户？急，在线等！",
        "谢谢。豆包有多少用户？",
    ],
)
def test_courtesy_before_and_after_a_question_is_no_part_of_it_and_no_second_one(written: str) -> None:
    assert divided(written) == ("豆包有多少用户？",)


def test_a_line_in_return_is_in_the_language_of_what_was_said_or_of_the_settings() -> None:
    said = [reply(*given) for given in (("谢谢", "auto"), ("thanks", "auto"), ("谢谢", "en"), ("豆包是什么？", "auto"))]
    assert [one and one.text for one in said] == [
        "不客气。还想查什么，直接问就好。",
        "You are welcome. Ask on whenever you like.",
        "You are welcome. Ask on whenever you like.",
        None,
    ]


def test_courtesy_is_no_turn_that_a_later_question_leans_on() -> None:
    assert resolve("那月之暗面呢？谢谢", [DOUBAO, Earlier("谢谢", "")]) == "月之暗面2024年11月的月活跃用户有多少？"


def test_the_second_question_of_two_keeps_the_subject_of_the_first() -> None:
    assert resolve("多少月活？", [Earlier("豆包的母公司是谁？", "")]) == "豆包多少月活？"
    assert divided("豆包的母公司是谁？多少月活？") == ("豆包的母公司是谁？", "豆包多少月活？")
    assert resolve("它是谁推出的？有多少员工？", [DOUBAO]) == "豆包是谁推出的？有多少员工？"


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("它是谁推出的？", "Doubao是谁推出的？"),
        ("那Kimi呢？", "How many users did Kimi have in 2024?"),
        ("创始人呢？", "Doubao的创始人是谁？"),
        ("2023年呢？", "How many users did Doubao have in 2023?"),
        ("月之暗面的估值是多少？", "月之暗面的估值是多少？"),
    ],
)
def test_a_chinese_question_leans_on_an_english_one(question: str, meant: str) -> None:
    assert resolve(question, [Earlier("How many users did Doubao have in 2024?", "近6000万")]) == meant


def test_what_would_read_as_no_question_is_left_as_it_was_asked() -> None:
    assert resolve("水电费呢？", [Earlier("押金多少？", "2000元")]) == "水电费多少？"
    assert resolve("Kimi？", [Earlier("Doubao", "")]) == "Kimi？"


def test_the_library_returns_courtesy_with_no_citation_and_the_page_shows_nothing_else(plain_library: Library) -> None:
    answer = plain_library.ask("你好")
    told = answer_json(answer)
    assert (told["status"], told["answer"], told["parts"], told["citations"], told["hits"]) == (
        "courtesy",
        "",
        [],
        [],
        [],
    )
    shown = answers.turn(Turn("你好", answer, {}))
    assert answer.text in shown
    assert "data-keep" not in shown
    assert 'class="meta"' not in shown
    assert entries([Turn("你好", answer, {})]) == ()


def test_two_questions_in_one_are_each_answered_of_the_first_ones_subject(plain_library: Library) -> None:
    answer = plain_library.ask("可灵AI是哪家公司推出的？有多少用户？谢谢")
    assert [part.question for part in answer.parts] == ["可灵AI是哪家公司推出的？", "可灵AI有多少用户？"]
    assert answer.status is Status.ANSWERED


@pytest.mark.slow
def test_the_command_says_the_line_and_nothing_of_confidence(wenyuan: Command, library: Library) -> None:
    finished = wenyuan("ask", "谢谢", "--index", library.index_dir, "--no-server")
    assert finished.out == "不客气。还想查什么，直接问就好。\n"
