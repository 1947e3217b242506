"""What always holds: quotes are the source's, no evidence means no answer, the same question gets the same answer.

The real model over the two articles, and whatever questions hypothesis makes of their words.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ARTICLE, CORPUS, FUNNEL, Command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.contract import answer_json
from rag.errors import NotFoundError, QuestionError
from rag.indexing.update import index_paths
from rag.library import Library
from rag.question.division import divided
from rag.settings import Settings
from rag.types import Answer, Status

WORDS = sorted(
    {
        piece
        for name in (ARTICLE, FUNNEL)
        for piece in re.findall(r"[a-zA-Z0-9.]+|[\u4e00-\u9fff]{2,6}", (CORPUS / name).read_text("utf-8"))
    }
)
ASKING = [
    "什么",
    "多少",
    "哪三种",
    "哪些",
    "谁",
    "为什么",
    "什么时候",
    "几个",
    "分别",
    "和",
    "的",
    "是不是",
    "吗",
    "how many ",
    "Who ",
]
OTHER = [
    "？",
    "?",
    "；",
    "，",
    "。",
    "…",
    "《",
    "”",
    "🎉",
    "GPT-5",
    "量子",
    "\u200b",
    "\n",
    "　",
    "２０２４",
    "資本",
    " ",
]
QUESTIONS = st.lists(
    st.one_of(st.sampled_from(WORDS), st.sampled_from(WORDS), st.sampled_from(ASKING), st.sampled_from(OTHER)),
    min_size=1,
    max_size=7,
).map("".join)
# The library is only read.
several = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def asked(library: Library, question: str) -> Answer | None:
    """The answer, or None for a question that has nothing to search for; any other exception is a failure."""
    try:
        return library.ask(question)
    except QuestionError:
        return None


def assert_verifiable(library: Library, answer: Answer) -> None:
    for n, citation in enumerate(answer.citations, start=1):
        document = library.document(citation.doc_id)
        sentence_end = citation.sentence_start + len(citation.sentence)
        block = document.blocks[citation.paragraph - 1]
        assert citation.n == n
        assert document.text[citation.start : citation.end] == citation.quote != ""
        assert document.text[citation.sentence_start : sentence_end] == citation.sentence
        assert citation.sentence_start <= citation.start < citation.end <= sentence_end
        assert block.start <= citation.start < citation.end <= block.end
        assert (citation.title, citation.source) == (document.title, document.source)
        assert f"[{n}]" in answer.text


@several
@given(QUESTIONS)
def test_every_answer_is_verifiable_or_an_abstention(library: Library, question: str) -> None:
    answer = asked(library, question)
    if answer is None:
        return
    assert_verifiable(library, answer)
    assert answer.question == question
    assert 0.0 <= answer.confidence <= 1.0
    if answer.status is Status.ABSTAINED:
        assert (answer.answer, answer.citations) == ("", ())
        assert answer.confidence < library.settings.min_confidence
    else:
        assert answer.citations
        assert all(part in "".join(c.quote for c in answer.citations) for part in answer.answer.split("；"))
        assert answer.confidence >= library.settings.min_confidence


@several
@given(QUESTIONS)
def test_hits_are_ranked_from_one_by_falling_score(library: Library, question: str) -> None:
    answer = asked(library, question)
    if answer is None:
        return
    assert [hit.rank for hit in answer.hits] == list(range(1, len(answer.hits) + 1))
    assert len({hit.passage.ordinal for hit in answer.hits}) == len(answer.hits)
    if len(divided(question)) == 1:
        keys = [(-hit.score, hit.passage.ordinal) for hit in answer.hits]
        assert keys == sorted(keys)
    for hit in answer.hits:
        document = library.document(hit.passage.doc_id)
        assert document.text[hit.passage.start : hit.passage.end] == hit.text


@settings(several, max_examples=15)
@given(QUESTIONS)
def test_the_same_question_gets_the_same_answer(library: Library, index_dir: Path, question: str) -> None:
    first = asked(library, question)
    again = asked(Library.open(index_dir, Settings()), question)
    assert (first is None) == (again is None)
    if first and again:
        assert answer_json(replace(first, timings_ms={})) == answer_json(replace(again, timings_ms={}))


@pytest.mark.parametrize("question", ["豆包2024年11月的月活跃用户有多少？", "大模型穿过漏斗需要哪三种动力？", "GPT-5"])
def test_two_builds_of_the_same_articles_answer_the_same(
    library: Library, second_build: Library, question: str
) -> None:
    def ranking(one: Library) -> list[tuple[int, float]]:
        return [(hit.passage.ordinal, hit.score) for hit in one.search(question, 52)]

    assert ranking(library) == ranking(second_build)
    assert library.ask(question).answer == second_build.ask(question).answer


@pytest.fixture(scope="module")
def second_build(tmp_path_factory: pytest.TempPathFactory, library: Library) -> Library:
    assert len(library.documents()) == 2
    folder = tmp_path_factory.mktemp("second") / "index"
    index_paths([CORPUS / FUNNEL, CORPUS / ARTICLE], folder, Settings())
    return Library.open(folder, Settings())


@pytest.mark.parametrize("retrieval", ["hybrid", "dense", "bm25"])
def test_every_way_of_retrieval_puts_the_paragraph_asked_for_first(index_dir: Path, retrieval: str) -> None:
    library = Library.open(index_dir, Settings(retrieval=retrieval))  # type: ignore[arg-type]
    first = library.search("可灵AI商业化单月流水超过多少？", 3)[0]
    assert "可灵AI商业化单月流水超" in first.text
    assert (first.dense is None) == (retrieval == "bm25")
    assert (first.sparse is None) == (retrieval == "dense")


def test_bm25_alone_needs_no_model(index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.models.load_encoder", lambda *_, **__: pytest.fail("a model was loaded"))
    library = Library.open(index_dir, Settings(retrieval="bm25"))
    assert library.search("豆包")[0].rank == 1
    assert library.ask("GPT-5是什么时候发布的？").status is Status.ABSTAINED


def test_asking_imports_neither_torch_nor_what_would_report_to_openvino_s_makers(
    python: Command, index_dir: Path
) -> None:
    code = """
import sys
from rag import Library
print(Library.open(sys.argv[1]).ask("豆包2024年11月的月活跃用户有多少？").answer)
print(sorted({name.split(".")[0] for name, module in sys.modules.items() if module} & set(sys.argv[2:])))
"""
    finished = python(code, index_dir, "openvino", "openvino_telemetry", "torch", "transformers")
    assert finished.out == "近6000万\n['openvino']\n"


@pytest.mark.parametrize("written", ["GPT-4o mini成本", "ＧＰＴ－４ｏ ｍｉｎｉ成本", "GPT - 4o mini 成本"])
def test_every_spelling_of_a_name_finds_its_passage(library: Library, written: str) -> None:
    assert "GPT - 4o mini" in library.search(written, 1)[0].text


def test_traditional_characters_find_simplified_text(library: Library) -> None:
    assert library.ask("豆包2024年11月的月活躍用戶有多少？").answer == "近6000万"


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("", "问题是空的"),
        (" \n　", "问题是空的"),
        ("字" * 1001, "问题太长（1001 字，最多 1000 字）"),
        ("？！……🎉——", "没有可检索的文字"),
    ],
)
def test_an_unusable_question_is_an_error_that_says_what_to_do(library: Library, question: str, message: str) -> None:
    for call in (library.ask, library.search, library.candidates):
        with pytest.raises(QuestionError, match=re.escape(message)) as caught:
            call(question)
        assert "\n" not in caught.value.zh + caught.value.en


def test_the_longest_question_is_answered_or_declined(library: Library) -> None:
    assert asked(library, "豆包的月活" * 200) is not None


def test_a_confidence_of_one_is_asked_for_and_nothing_is_answered(index_dir: Path) -> None:
    library = Library.open(index_dir, Settings(min_confidence=1.0))
    answer = library.ask("豆包2024年11月的月活跃用户有多少？")
    assert (answer.status, answer.answer, answer.citations) == (Status.ABSTAINED, "", ())
    assert answer.hits[0].passage.paragraph == 4


def test_documents_are_listed_in_index_order(library: Library) -> None:
    assert [Path(record.source).name for record in library.documents()] == [ARTICLE, FUNNEL]
    assert [record.paragraphs for record in library.documents()] == [42, 39]


def test_one_document_is_asked_alone(library: Library) -> None:
    question = "豆包2024年11月的月活跃用户有多少？"
    [first, other] = [record.doc_id for record in library.documents()]
    answer = library.ask(question, documents=[first])
    assert answer.answer == "近6000万"
    assert {hit.passage.doc_id for hit in answer.hits} == {first}
    assert {hit.passage.doc_id for hit in library.ask(question, documents=[other]).hits} == {other}
    with pytest.raises(NotFoundError, match="没有编号为 nope 的文档"):
        library.ask(question, documents=["nope"])


def test_what_would_have_been_answered_can_be_asked_for(library: Library) -> None:
    question = "GPT-5的训练成本是多少？"
    assert library.ask(question).status is Status.ABSTAINED
    forced = library.ask(question, min_confidence=0.0)
    assert forced.status is Status.ANSWERED
    assert forced.confidence == library.ask(question).confidence


def test_the_passages_of_a_document_hold_all_of_it(library: Library) -> None:
    for record in library.documents():
        passages = library.passages(record.doc_id)
        assert [p.ordinal for p in passages] == list(record.passages)
        text = library.document(record.doc_id).text
        assert "".join("".join(text[p.start : p.end].split()) for p in passages) == "".join(text.split())
