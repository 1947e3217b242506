"""The enumerations of both articles are found exactly, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ARTICLE, FUNNEL

from rag.loading import parse
from rag.text.enumerations import enumerations
from rag.types import Document

Listed = tuple[str | None, list[str]]


def listed(document: Document) -> list[Listed]:
    return [
        (
            document.text[found.lead.start : found.lead.end] if found.lead else None,
            [document.text[item.head.start : item.head.end] for item in found.items],
        )
        for found in enumerations(document)
    ]


def of_plain(text: str) -> list[Listed]:
    return listed(parse(text.encode(), source="a.txt", name=Path("a.txt")))


def of_markdown(text: str) -> list[Listed]:
    return listed(parse(text.encode(), source="a.md", name=Path("a.md")))


def test_the_second_article_lists_exactly_these(articles: dict[str, Document]) -> None:
    assert listed(articles[FUNNEL]) == [
        (
            "大模型的商业市场,也从百家争鸣,收束为两股势力:",
            ["以互联网、云计算企业为代表的科技巨头", "以“AI六小虎”为代表的头部创企"],
        ),
        (
            "具体来说,大模型成功穿过漏斗,需要三种动力:",
            ["可持续的资源投入", "快速迭代的模型能力", "可变现的商业通道"],
        ),
        ("争夺活跃用户,这一年大模型的商业市场有两个主题:", ["烧钱营销", "走向应用"]),
        ("主题二,走向应用。", ["智能体", "工具链"]),
        (
            "由此,我们可以预测一下,底层模型的“决赛圈”可能发生哪些变化:",
            ["模型数量变少", "使用进一步简化", "生态变大"],
        ),
    ]


def test_the_first_article_lists_its_headings_and_captions(articles: dict[str, Document]) -> None:
    found = listed(articles[ARTICLE])
    assert len(found) == 8
    assert found[:4] == [
        (None, ["成果、变化、趋势", "变革、突破、争议"]),
        (
            "成果、变化、趋势",
            [
                "企业AI大模型成果斐然",
                "政策支持带来新风向",
                "商业化探索的新突破",
                "资本运作与市场格局变化",
                "技术与应用的新趋势",
            ],
        ),
        ("变革、突破、争议", ["技术突破方面", "市场竞争与商业探索方面", "争议事件方面"]),
        ("一、技术突破方面", ["模型性能提升", "多模态模型的普及", "效率提高与成本下降", "推理型模型的创新"]),
    ]
    assert found[7] == ("三、争议事件方面", ["“9.11和9.9哪个大”的乌龙", "月之暗面股权结构纠纷"])


def test_items_come_in_reading_order_inside_their_blocks(articles: dict[str, Document]) -> None:
    for document in articles.values():
        for enumeration in enumerations(document):
            numbers = [item.block.number for item in enumeration.items]
            assert numbers == sorted(set(numbers))
            for item in enumeration.items:
                assert item.block.start <= item.head.start < item.head.end <= item.block.end


def test_a_list_that_begins_anew_is_another_list() -> None:
    text = "优点如下：\n1.便宜。\n2.快。\n缺点如下：\n1.少。\n2.慢。\n"
    assert of_plain(text) == [("优点如下：", ["便宜", "快"]), ("缺点如下：", ["少", "慢"])]


def test_one_item_alone_is_no_list() -> None:
    assert of_plain("如下：\n1.只有一条。\n") == []


@pytest.mark.parametrize(
    ("first", "second"),
    [("首先，甲。", "其次，乙。"), ("第一，甲。", "第二，乙。"), ("一方面，甲。", "另一方面，乙。")],
)
def test_paragraphs_with_ordinals_are_a_list(first: str, second: str) -> None:
    found = of_plain(f"有两点值得说。\n{first}后文。\n{second}后文。\n")
    assert [(lead, len(items)) for lead, items in found] == [("有两点值得说。", 2)]


def test_ordinals_of_two_sections_are_not_one_list() -> None:
    assert of_markdown("## 一节\n\n首先，甲。\n\n## 二节\n\n其次，乙。\n") == [(None, ["一节", "二节"])]


def test_paragraphs_after_a_colon_are_a_list_only_if_they_begin_with_a_short_sentence() -> None:
    long = "这一段的第一句很长，长到不像是一个名字或者标题。后文。"
    assert of_plain(f"变化有：\n变少。后文。\n变大。后文。\n{long}\n") == [("变化有：", ["变少", "变大"])]
    assert of_plain(f"变化有：\n{long}\n{long}\n") == []


def test_a_sublist_belongs_to_its_own_caption() -> None:
    assert of_markdown("## 题\n\n1. 甲\n   - 子一\n   - 子二\n2. 乙\n   - 子三\n   - 子四\n") == [
        ("题", ["甲", "乙"]),
        ("甲", ["子一", "子二"]),
        ("乙", ["子三", "子四"]),
    ]
