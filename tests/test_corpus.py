"""The two articles are what the user gave, byte for byte, and read as the paragraphs that they are."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

from conftest import ARTICLE, CORPUS, FUNNEL

from rag.loading import discover
from rag.types import BlockKind, Document


def test_the_bytes_are_those_that_the_note_records() -> None:
    note = (CORPUS / "README.md").read_text("utf-8")
    recorded = dict(re.findall(r"\| `(.+?)` \| `([0-9a-f]{64})` \|", note))
    assert set(recorded) == {ARTICLE, FUNNEL}
    for name, digest in recorded.items():
        assert hashlib.sha256((CORPUS / name).read_bytes()).hexdigest() == digest


def test_the_corpus_is_the_two_articles_and_nothing_else() -> None:
    assert [file.path.name for file in discover([CORPUS]).files] == [ARTICLE, FUNNEL]


def test_documents_are_named_by_their_digest(articles: dict[str, Document]) -> None:
    assert [(d.doc_id, d.title) for d in articles.values()] == [
        ("45e4dc66a050", "成果、变化、趋势"),
        ("bbd947677a2e", "2024-large-model-funnel"),
    ]
    assert all(d.sha256.startswith(d.doc_id) for d in articles.values())


def test_the_first_article_has_these_blocks(articles: dict[str, Document]) -> None:
    blocks = articles[ARTICLE].blocks
    assert Counter(block.kind for block in blocks) == {
        BlockKind.HEADING: 10,
        BlockKind.QUOTE: 2,
        BlockKind.PARAGRAPH: 13,
        BlockKind.LIST_ITEM: 17,
    }
    assert [block.number for block in blocks] == list(range(1, 43))


def test_paragraph_4_of_the_first_article_is_about_doubao(articles: dict[str, Document]) -> None:
    document = articles[ARTICLE]
    block = document.blocks[3]
    assert (block.number, block.kind, block.line) == (4, BlockKind.PARAGRAPH, 8)
    assert block.path == ("成果、变化、趋势", "一、企业AI大模型成果斐然")
    text = document.text[block.start : block.end]
    assert text.startswith("字节跳动的豆包大模型自2023年8月推出后不断发展，")
    assert text.endswith("为用户打造个性化信息获取体验。")


def test_the_bold_line_of_the_first_article_is_a_heading(articles: dict[str, Document]) -> None:
    document = articles[ARTICLE]
    block = document.blocks[36]
    assert document.text[block.start : block.end] == "三、争议事件方面"
    assert (block.kind, block.level, block.path) == (BlockKind.HEADING, 3, ("变革、突破、争议",))


def test_a_nested_item_of_the_first_article_stands_under_its_caption(articles: dict[str, Document]) -> None:
    document = articles[ARTICLE]
    block = document.blocks[25]
    assert document.text[block.start : block.end].startswith("顶级大模型的训练成本大幅降低。例如，DeepSeek V3")
    assert (block.kind, block.level, block.item) == (BlockKind.LIST_ITEM, 2, 1)
    assert block.path == ("变革、突破、争议", "一、技术突破方面", "效率提高与成本下降")


def test_the_second_article_has_a_paragraph_a_line(articles: dict[str, Document]) -> None:
    document = articles[FUNNEL]
    lines = (CORPUS / FUNNEL).read_text("utf-8").splitlines()
    assert [document.text[b.start : b.end] for b in document.blocks] == [line.strip() for line in lines if line.strip()]
    assert [b.number for b in document.blocks if b.kind is BlockKind.HEADING] == [25, 29]
    assert [(b.number, b.item) for b in document.blocks if b.kind is BlockKind.LIST_ITEM] == [
        (6, 1),
        (7, 2),
        (13, 1),
        (15, 2),
        (17, 3),
    ]


def test_no_character_of_the_first_article_is_lost(articles: dict[str, Document]) -> None:
    """All but marks: list numbers, hashes, quote signs, bold and white space."""
    raw = (CORPUS / ARTICLE).read_text("utf-8")
    raw = re.sub(r"^\s*(?:#+|>|-|\d\.)\s", "", raw, flags=re.MULTILINE).replace("**", "")
    assert "".join(articles[ARTICLE].text.split()) == "".join(raw.split())
