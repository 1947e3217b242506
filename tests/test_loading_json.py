"""Objects of JSON and JSONL to blocks: questions above their answers, titles above their texts, the rest as rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.errors import LoadError
from rag.loading.blocks import RawBlock
from rag.loading.jsonl import parse_json, parse_jsonl
from rag.types import BlockKind

HEADING, PARAGRAPH, ROW = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.ROW
JSONL, JSON = Path("集.jsonl"), Path("集.json")


def test_a_line_of_jsonl_is_a_block_under_its_title() -> None:
    data = (
        '{"title": "豆包", "text": "月活\\n6000万"}\n'
        '{"title": "豆包", "content": [{"type": "text", "text": "第二段"}]}\n\n'
        '{"content": "乙", "text": " "}\n{"title": "只有题"}\n'.encode()
    )
    parsed = parse_jsonl(data, JSONL)
    assert (parsed.title, parsed.notices) == ("集", ())
    assert parsed.blocks == (
        RawBlock(HEADING, "豆包", 1, level=1),
        RawBlock(PARAGRAPH, "月活\n6000万", 1, ("豆包",)),
        RawBlock(PARAGRAPH, "第二段", 2, ("豆包",)),
        RawBlock(PARAGRAPH, "乙", 4),
        RawBlock(PARAGRAPH, "只有题", 5),
    )


@pytest.mark.parametrize(
    "line",
    [
        '{"instruction": "几天能到？", "input": "", "output": "三到五天。"}',
        '{"question": "几天能到？", "answer": "三到五天。"}',
        '{"问题": "几天能到？", "答案": ["三到五天。"]}',
        '{"question": "几天能到？", "answers": {"text": ["三到五天。"], "answer_start": [0]}}',
        '{"messages": [{"role": "user", "content": "几天能到？"}, {"role": "assistant", "content": "三到五天。"}]}',
        '{"conversations": [{"from": "human", "value": "几天能到？"}, {"from": "gpt", "value": "三到五天。"}]}',
        '{"messages": [{"role": "user", "content": [{"text": "几天能到？"}]}, {"content": "三到五天。"}]}',
    ],
)
def test_a_question_stands_above_its_answer(line: str) -> None:
    assert parse_jsonl(line.encode(), JSONL).blocks == (
        RawBlock(HEADING, "几天能到？", 1, level=1),
        RawBlock(PARAGRAPH, "三到五天。", 1, ("几天能到？",)),
    )


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"城市": "昆明", "门店": 7, "开业": true, "店长": null}', "城市：昆明；门店：7；开业：true"),
        ('{"名": "甲", "址": {"省": "云南", "市": {"区": "官渡"}}}', "名：甲；址 省：云南；址 市 区：官渡"),
        (
            '{"名": "甲", "标签": ["茶", "酒"], "货": [{"价": 1}, {"价": 2}]}',
            "名：甲；标签：茶、酒；货 价：1；货 价：2",
        ),
        ('{"title": "甲", "价": 3}', "title：甲；价：3"),
    ],
)
def test_what_a_line_has_besides_is_a_row(line: str, text: str) -> None:
    (block,) = parse_jsonl(line.encode(), JSONL).blocks
    assert "> ".join((*block.path, block.text)) == text


def test_fields_beside_a_text_stand_below_it() -> None:
    blocks = parse_jsonl('{"text": "甲。", "来源": "公告"}'.encode(), JSONL).blocks
    assert [(b.kind, b.text) for b in blocks] == [(PARAGRAPH, "甲。"), (ROW, "来源：公告")]


def test_lines_that_say_nothing_are_counted_in_a_notice_and_an_error_if_there_are_no_others() -> None:
    data = '{"text": "甲"}\n{"text": " "}\n{}\n'.encode()
    assert [n.zh for n in parse_jsonl(data, JSONL).notices] == ["集.jsonl 有 2 行没有内容（第一处：第 2 行）。"]
    with pytest.raises(LoadError, match=r"集\.jsonl 的每一行都是空的"):
        parse_jsonl(b'{"text": null}', JSONL)


def test_a_value_that_is_nested_very_deep_is_kept_as_it_stands() -> None:
    (block,) = parse_jsonl(f'{{"a": {"[" * 200}1{"]" * 200}}}'.encode(), JSONL).blocks
    assert "[1]" in block.text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            '{"标准问": "怎样退票", "相似问": ["如何退"], "标准答案": "到窗口"}',
            ["怎样退票", "到窗口", "相似问：如何退"],
        ),
        ('{"faq_question": "几点", "faq_answer": "八点", "question_id": 7}', ["几点", "八点", "question_id：7"]),
        (
            '{"context": "建于 1921 年。", "qas": [{"question": "哪年", "answers": [{"text": "1921 年"}]}]}',
            ["建于 1921 年。", "哪年", "1921 年"],
        ),
        ('{"data": [{"问题": "甲", "回答": "乙"}, {"问题": "丙", "回答": "丁"}]}', ["甲", "乙", "丙", "丁"]),
        (
            '{"conversation": [{"human": "问一", "assistant": "答一"}, {"human": "问二", "assistant": "答二"}]}',
            ["问一", "答一", "问二", "答二"],
        ),
    ],
)
def test_questions_are_known_by_what_their_fields_are_called(line: str, said: list[str]) -> None:
    assert [b.text for b in parse_jsonl(line.encode(), JSONL).blocks] == said


@pytest.mark.parametrize("line", ['{"text": "乙"', "[1]", '"字"', "[" * 100_000])
def test_a_line_that_is_no_object_is_named(line: str) -> None:
    with pytest.raises(LoadError, match=r"无法读取 集\.jsonl：第 2 行不是 JSON 对象"):
        parse_jsonl(f'{{"text": "甲"}}\n{line}\n'.encode(), JSONL)


def test_each_object_in_json_is_a_row_under_the_names_in_which_it_lies() -> None:
    data = (
        '{"code": 0, "data": {"total": 2, "list": [{"name": "龙井", "price": {"amount": 328}, "tags": ["绿茶", "明前"],'
        ' "specs": [{"k": "产地", "v": "杭州"}]}, {"name": "白茶"}]}}'
    )
    assert [(b.text, b.path) for b in parse_json(data.encode(), JSON).blocks] == [
        ("code：0", ()),
        ("total：2", ("data",)),
        ("name：龙井；price amount：328；tags：绿茶、明前；specs k：产地；specs v：杭州", ("data", "list")),
        ("name：白茶", ("data", "list")),
    ]
    config = '{"应用": "门禁", "库": {"主机": "10.0.8.21", "端口": 5432}, "时间": ["07:00", "22:30"]}'
    said = ["应用：门禁；库 主机：10.0.8.21；库 端口：5432；时间：07:00、22:30"]
    assert [b.text for b in parse_json(config.encode(), JSON).blocks] == said


def test_lists_in_json_are_rows_of_a_table_under_the_names_beside_them() -> None:
    rows = ["城市 | 面积", "城市：南京；面积：6587", "城市：苏州；面积：8657"]
    data = [["城市", "面积"], ["南京", 6587], ["苏州", 8657]]
    assert [b.text for b in parse_json(json.dumps(data).encode(), JSON).blocks] == rows
    split = {"columns": data[0], "index": [0, 1], "data": data[1:]}
    said = parse_json(json.dumps(split).encode(), JSON).blocks
    assert [(b.text, b.path) for b in said] == [("index：0、1", ()), *((text, ("data",)) for text in rows)]


def test_questions_in_json_stand_above_their_answers_and_lines_of_objects_are_read_as_such() -> None:
    faq = '{"faqs": [{"question": "怎么退票？", "answer": "开车前不收费。"}]}'
    assert [(b.kind, b.text) for b in parse_json(faq.encode(), JSON).blocks] == [
        (BlockKind.HEADING, "怎么退票？"),
        (BlockKind.PARAGRAPH, "开车前不收费。"),
    ]
    assert [b.line for b in parse_json('{"名": "甲"}\n{"名": "乙"}\n'.encode(), JSON).blocks] == [1, 2]
    with pytest.raises(LoadError, match=r"无法读取 集\.json：不是 JSON"):
        parse_json(b"[1, 2", JSON)


def test_of_speakers_that_nobody_knows_the_first_asks_and_a_subject_stands_above() -> None:
    line = (
        '{"subject": "无法回充", "messages": [{"from": "customer", "text": "找不到充电座。"},'
        ' {"from": "agent", "text": "清洁红外窗口。"}], "status": "已解决"}'
    )
    assert [(b.text, b.path) for b in parse_jsonl(line.encode(), Path("a.jsonl")).blocks] == [
        ("无法回充", ()),
        ("找不到充电座。", ("无法回充",)),
        ("清洁红外窗口。", ("无法回充", "找不到充电座。")),
        ("status：已解决", ("无法回充",)),
    ]
