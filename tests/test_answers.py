"""Known questions about the two articles, with the answers that a reader of them would give."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ARTICLE

from rag.library import Library
from rag.settings import Settings
from rag.types import Status


def test_doubao_has_nearly_sixty_million_users_by_paragraph_4(library: Library) -> None:
    answer = library.ask("豆包2024年11月的月活跃用户有多少？")
    assert (answer.status, answer.answer) == (Status.ANSWERED, "近6000万")
    citation = answer.citations[0]
    assert (citation.paragraph, citation.quote) == (4, "近6000万")
    assert citation.source.endswith(ARTICLE)
    assert answer.text.startswith("近6000万[1]\n原文：“字节跳动的豆包大模型自2023年8月推出后不断发展，")
    assert "——《成果、变化、趋势》第 4 段" in answer.text


def test_deepseek_v3_cost_5_57_million_dollars_by_paragraph_26(library: Library) -> None:
    answer = library.ask("DeepSeek V3的训练成本是多少？")
    assert (answer.answer, answer.citations[0].paragraph) == ("557万美元", 26)


def test_the_founder_is_a_name_and_not_a_paragraph(library: Library) -> None:
    answer = library.ask("月之暗面是谁创办的？")
    assert answer.status is Status.ANSWERED
    assert answer.answer.startswith("杨植麟")
    assert len(answer.answer) < 12
    assert "创始人杨植麟" in answer.citations[0].sentence


def test_what_is_listed_in_one_place_is_cited_in_one_piece(library: Library) -> None:
    answer = library.ask("多模态模型可以处理哪些类型的输入？")
    assert (answer.answer, [citation.quote for citation in answer.citations]) == (
        "图像、音频和视频输入",
        ["图像、音频和视频输入"],
    )


def test_gpt_5_is_not_in_the_articles_and_the_reply_says_so(library: Library) -> None:
    answer = library.ask("GPT-5是什么时候发布的？")
    assert (answer.status, answer.answer, answer.citations) == (Status.ABSTAINED, "", ())
    assert answer.missing == ("GPT-5",)
    lines = answer.text.splitlines()
    assert lines[:2] == ["资料里没有找到答案。", "资料中没有出现：GPT-5。"]
    assert lines[2].startswith("可能相关：“")
    assert lines[3] == "最接近的段落："
    assert [line.startswith("· 《") for line in lines[4:]] == [True, True, True]


@pytest.mark.parametrize("question", ["今天北京天气怎么样？", "红楼梦的作者是谁？", "如何做红烧肉？"])
def test_what_the_articles_do_not_say_is_not_answered(library: Library, question: str) -> None:
    assert library.ask(question).status is Status.ABSTAINED


def test_two_questions_at_once_get_both_answers_with_citations_numbered_through(library: Library) -> None:
    answer = library.ask("豆包2024年11月的月活跃用户有多少？DeepSeek V3的训练成本是多少？")
    assert answer.answer == "近6000万；557万美元"
    numbered = [(citation.n, citation.quote) for citation in answer.citations]
    assert numbered == [(1, "近6000万"), (2, "557万美元")]
    assert answer.confidence == min(
        library.ask(question).confidence
        for question in ("豆包2024年11月的月活跃用户有多少？", "DeepSeek V3的训练成本是多少？")
    )


def test_half_of_two_questions_is_answered_and_the_other_half_declined(library: Library) -> None:
    answer = library.ask("豆包2024年11月的月活跃用户有多少？GPT-5是什么时候发布的？")
    assert (answer.status, answer.answer, answer.missing) == (Status.ANSWERED, "近6000万", ("GPT-5",))
    assert "资料里没有找到答案。" in answer.text


def test_a_reply_in_english_has_the_chinese_words_in_it(index_dir: Path) -> None:
    answer = Library.open(index_dir, Settings(language="en")).ask("豆包2024年11月的月活跃用户有多少？")
    assert answer.answer == "近6000万"
    assert answer.text.startswith("近6000万[1]\nSource: “字节跳动的豆包大模型")
    assert "— 成果、变化、趋势, paragraph 4" in answer.text


def test_an_english_question_is_replied_to_in_english(library: Library) -> None:
    assert "The documents do not answer this." in library.ask("Who wrote Hamlet and when was it staged?").text
