"""Passages tile their document: nothing twice, nothing lost, nothing too long, every offset exact."""

from __future__ import annotations

from itertools import pairwise

import pytest
from conftest import ARTICLE, FUNNEL
from documents import DOCUMENTS, document
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.indexing.splitting import SplitSettings, split
from rag.types import Document, Passage

SETTINGS = st.builds(
    SplitSettings, min_chars=st.integers(20, 400), max_chars=st.integers(20, 600), context=st.booleans()
)


def assert_tiles(document: Document, passages: list[Passage], longest: int) -> None:
    held = "".join(document.text[p.start : p.end] for p in passages)
    assert "".join(held.split()) == "".join(document.text.split())
    assert all(left.end <= right.start for left, right in pairwise(passages))
    assert all(0 < p.end - p.start <= longest for p in passages)
    for passage in passages:
        assert (passage.sentences[0].start, passage.sentences[-1].end) == (passage.start, passage.end)
        assert all(a.end <= b.start for a, b in pairwise(passage.sentences))
        assert passage.doc_id == document.doc_id
        block = document.blocks[passage.paragraph - 1]
        assert block.start < passage.end
        assert passage.start < block.end
    assert [p.ordinal for p in passages] == list(range(len(passages)))


@given(DOCUMENTS, SETTINGS)
def test_passages_tile_any_document(made: Document, chosen: SplitSettings) -> None:
    assert_tiles(made, split(made, chosen), chosen.max_chars)


@settings(max_examples=25)
@given(SETTINGS)
def test_passages_tile_both_articles_with_any_settings(articles: dict[str, Document], chosen: SplitSettings) -> None:
    for article in articles.values():
        assert_tiles(article, split(article, chosen), chosen.max_chars)


def test_the_articles_have_these_many_passages(articles: dict[str, Document]) -> None:
    assert [len(split(article, SplitSettings())) for article in articles.values()] == [23, 29]


def test_ordinals_continue_from_the_first(articles: dict[str, Document]) -> None:
    assert [p.ordinal for p in split(articles[ARTICLE], SplitSettings(), first_ordinal=7)] == list(range(7, 30))


def test_a_heading_goes_with_what_follows_it_and_is_not_its_paragraph() -> None:
    made = document("# 题\n\n" + "正文。" * 30)
    (passage,) = split(made, SplitSettings())
    assert (passage.start, passage.paragraph) == (0, 2)


def test_short_paragraphs_are_joined_and_a_long_one_is_cut_at_sentences() -> None:
    made = document("短一。\n\n短二。\n\n" + "这一句正好有十个字。" * 12)
    passages = split(made, SplitSettings(min_chars=6, max_chars=50))
    parts = [made.text[p.start : p.end] for p in passages]
    assert parts == ["短一。\n短二。", *["这一句正好有十个字。" * 4] * 3]


def test_a_sentence_without_an_end_is_cut_at_the_limit() -> None:
    made = document("字" * 130)
    assert [(p.start, p.end) for p in split(made, SplitSettings(max_chars=50))] == [(0, 50), (50, 100), (100, 130)]


def test_context_is_what_stands_above_and_the_list_around(articles: dict[str, Document]) -> None:
    def context(name: str, words: str) -> str:
        article = articles[name]
        return next(p.context for p in split(article, SplitSettings()) if words in article.text[p.start : p.end])

    assert context(ARTICLE, "11月月活跃用户") == "成果、变化、趋势"
    assert context(ARTICLE, "DeepSeek V3仅需") == (
        "成果、变化、趋势 变革、突破、争议 一、技术突破方面 "
        "顶级大模型的训练成本大幅降低；LLM的价格也因竞争加剧和效率提高而急剧下降"
    )
    title = "2024-large-model-funnel"
    assert context(FUNNEL, "1.可持续") == f"{title} 具体来说,大模型成功穿过漏斗,需要三种动力:"
    assert context(FUNNEL, "需要三种动力") == f"{title} 可持续的资源投入；快速迭代的模型能力；可变现的商业通道"


@pytest.mark.parametrize(
    ("name", "title", "context"),
    [
        pytest.param("安全规定（2022年版）.md", "安全规定", "安全规定（2022年版）", id="a year of an edition"),
        pytest.param("2022安全规定.md", "2022年安全规定", "", id="said by the title"),
        pytest.param("安全规定 终稿.md", "安全规定", "", id="no year"),
        pytest.param("扫描_20220301.md", "安全规定", "", id="a number"),
        pytest.param("rules-2022.md", "安全规定", "", id="in Latin letters"),
    ],
)
def test_a_year_that_only_the_files_name_has_is_context(name: str, title: str, context: str) -> None:
    (passage,) = split(document(f"# {title}\n\n每天点检一次。\n", name), SplitSettings())
    assert passage.context == context


def test_without_context_a_passage_is_its_own_text_alone(articles: dict[str, Document]) -> None:
    assert {p.context for p in split(articles[FUNNEL], SplitSettings(context=False))} == {""}


@pytest.mark.parametrize("text", ["🎉", "…", "　字　", "a\n\nb"])
def test_the_smallest_documents_have_a_passage(text: str) -> None:
    assert split(document(text), SplitSettings())


def test_a_table_row_is_one_sentence() -> None:
    made = document("|品名|单价|\n|---|---|\n|云雾茶|128 元|\n")
    (passage,) = split(made, SplitSettings())
    assert [made.text[s.start : s.end] for s in passage.sentences] == ["品名 | 单价", "品名：云雾茶；单价：128 元"]


def test_a_line_of_code_is_one_sentence() -> None:
    made = document("```\nfor (i=0; i<3; i++) {\n  go();\n```\n")
    (passage,) = split(made, SplitSettings())
    assert [made.text[s.start : s.end] for s in passage.sentences] == ["for (i=0; i<3; i++) {", "go();"]
