"""Example questions: made of the documents' own sentences, natural, and answered from them."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pytest
from documents import HashEncoder

from rag.library import Library
from rag.question.kinds import Kind
from rag.settings import Settings
from rag.types import Status
from rag.web.suggestions.facts import facts
from rag.web.suggestions.suggest import candidates, checked

MADE_UP = """# 青禾书店

青禾书店是杭州的一家独立书店。书店于2016年5月开业。青禾书店创始人陈晓岚曾在出版社工作。

青禾书店的会员人数为3.2万。预计青禾书店的营收将达到900万元。

## 什么是换书会

换书会是读者之间交换旧书的聚会，每月一次。

## 经营

青禾书店提供咖啡、文具、讲座等服务。青禾书店能活下来，有三个原因：

1. 房租低。
2. 读者忠诚。
3. 店员懂书。
"""


def questions(library: Library, limit: int = 6) -> list[str]:
    return [candidate.question for candidate in candidates(library, limit)]


def asked(sentence: str, topic: str = "", *, opening: bool = False) -> list[tuple[str, str]]:
    found = facts(sentence, topic, opening=opening)
    return [(fact.question, sentence[fact.answer.start : fact.answer.end]) for fact in found]


@pytest.fixture
def bookshop(tmp_path: Path, hash_encoder: HashEncoder) -> Library:  # noqa: ARG001
    """A library of one made-up text; no example depends on the model."""
    (tmp_path / "shop.md").write_text(MADE_UP, "utf-8")
    Library.index([tmp_path / "shop.md"], tmp_path / "index", Settings())
    return Library.open(tmp_path / "index", Settings())


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("英伟达市值达到3.33万亿美元，超越微软。", "英伟达的市值是多少？", "3.33万亿美元"),
        ("例如，DeepSeek V3仅需557万美元训练成本。", "DeepSeek V3的训练成本是多少？", "557万美元"),
        ("Kimi智能助手于2023年10月问世。", "Kimi智能助手是什么时候问世的？", "2023年10月"),
        ("12月末，OpenAI推出O1系列推理型模型。", "OpenAI是什么时候推出O1系列推理型模型的？", "12月末"),
        ("GLM - 4在2024年发布。", "GLM-4是什么时候发布的？", "2024年"),
        ("《流浪地球》于2019年2月5日上映。", "《流浪地球》是什么时候上映的？", "2019年2月5日"),
        ("中国男足主教练高洪波出席。", "中国男足的主教练是谁？", "高洪波"),
        ("可灵AI具备文生视频、图生视频等功能。", "可灵AI具备哪些功能？", "文生视频、图生视频"),
    ],
)
def test_a_clear_fact_becomes_its_question(sentence: str, question: str, answer: str) -> None:
    assert asked(sentence) == [(question, answer)]


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("肺癌是一种常见的恶性肿瘤。", "肺癌是什么？"),
        ("乍都节公园（英文）位于泰国的首都曼谷。", "乍都节公园位于哪里？"),
        ("吴双战，是中国人民解放军将领。", "吴双战是谁？"),
    ],
)
def test_the_first_sentence_of_a_document_is_asked_for_what_it_defines(sentence: str, question: str) -> None:
    assert [found for found, _ in asked(sentence, opening=True)] == [question]
    assert asked(sentence) == []


def test_the_subject_may_stand_in_an_earlier_clause() -> None:
    sentence = "字节跳动的豆包大模型不断发展，在2024年5月开始对外服务，11月月活跃用户近6000万。"
    assert asked(sentence) == [("豆包大模型11月的月活跃用户有多少？", "近6000万")]


def test_the_owner_of_a_role_may_stand_in_the_heading() -> None:
    sentence = "5家投资方就月之暗面的股权问题提起仲裁，核心争议在于创始人杨植麟。"
    assert asked(sentence) == []
    assert asked(sentence, "月之暗面股权结构纠纷") == [("月之暗面的创始人是谁？", "杨植麟")]


@pytest.mark.parametrize(
    "sentence",
    [
        "预计英伟达市值将达到3.33万亿美元。",
        "公司的市值为30亿元。",
        "据英伟达介绍，市值达到3万亿美元。",
        "其市值达到3.33万亿美元。",
        "归属于上市公司股东的净利润为9.01亿元。",
        "2008年12月20日，日本上映。",
        "在1819年英国人登陆新加坡之前，岛上有居民。",
        "该机型于2023年发布。",
        "这一年，他于5月1日出生。",
    ],
)
def test_what_is_unsure_or_says_not_of_whom_is_not_asked(sentence: str) -> None:
    assert asked(sentence) == []


def test_the_two_articles_give_questions_that_a_reader_would_ask(library: Library) -> None:
    assert questions(library) == [
        "豆包大模型11月的月活跃用户有多少？",
        "大模型成功穿过漏斗，需要哪三种动力？",
        "豆包大模型是什么时候推出的？",
        "大模型的商业市场有哪两个主题？",
        "月之暗面的创始人是谁？",
        "kimi智能助手的平均单个用户获客成本是多少？",
    ]
    assert questions(library, 2) == questions(library)[:2]
    assert questions(library, 0) == []


def test_each_candidate_knows_where_its_answer_stands(library: Library) -> None:
    found = {c.question: c for c in candidates(library)}
    drives = found["大模型成功穿过漏斗，需要哪三种动力？"]
    assert (drives.kind, library.document(drives.doc_id).text[slice(*drives.answer)]) == (
        Kind.LIST,
        "可持续的资源投入",
    )
    assert len(found) == len(candidates(library)) <= 18


def test_checked_questions_are_answered_from_where_they_were_made_of(library: Library) -> None:
    *_, good = checked(library, 3, asked=5)
    by_question = {c.question: c for c in candidates(library, 5)}
    assert len(good) == 3
    assert [question for question in by_question if question in good] == good
    for question in good:
        answer, made_of = library.ask(question), by_question[question]
        assert (answer.status, answer.confidence >= library.min_confidence) == (Status.ANSWERED, True)
        assert any(c.doc_id == made_of.doc_id and c.start < made_of.answer.end for c in answer.citations)


def test_a_question_that_is_not_answered_is_left_out(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    really = library.ask
    first, second = questions(library, 2)
    monkeypatch.setattr(
        library, "ask", lambda question, **_: really(question, min_confidence=1.0 if question == first else 0)
    )
    assert list(checked(library, 2, asked=2)) == [[], [], [second]]


def test_asking_is_bounded(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    really, count = library.ask, []

    def counted(question: str, **_: object) -> object:
        count.append(question)
        return really(question, min_confidence=1.0)

    monkeypatch.setattr(library, "ask", counted)
    assert list(checked(library, 6, asked=3)) == [[], [], [], []]
    assert len(count) == 3


def test_a_made_up_text_gives_questions_of_every_kind(bookshop: Library) -> None:
    assert set(questions(bookshop, 20)) == {
        "青禾书店是什么？",
        "青禾书店的会员人数是多少？",
        "青禾书店的创始人是谁？",
        "青禾书店提供哪些服务？",
        "青禾书店能活下来，有哪三个原因？",
        "什么是换书会？",
    }


def test_a_text_without_a_clear_fact_gives_no_question(tmp_path: Path, hash_encoder: HashEncoder) -> None:  # noqa: ARG001
    (tmp_path / "poem.txt").write_text("昨夜雨疏风骤，浓睡不消残酒。\n试问卷帘人，却道海棠依旧。\n", "utf-8")
    Library.index([tmp_path / "poem.txt"], tmp_path / "index", Settings())
    assert questions(Library.open(tmp_path / "index", Settings())) == []


def test_candidates_of_two_articles_take_no_time_that_is_noticed(library: Library) -> None:
    candidates(library)
    began = perf_counter()
    candidates(library)
    assert perf_counter() - began < 0.5
