"""Matching ignores how a character is written; what is shown stays the source's own."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.normalization import normalise, sentences, simplify
from rag.types import Document

# What documents hold: Chinese, Latin, width forms, ligatures, combining marks, invisible characters, emoji.
TEXT = st.text(
    st.one_of(
        st.sampled_from(
            "大模型豆包發佈臺灣裡后後，。！？；…“”‘’《》（）：,.!?;:()-–—·"
            "ＧＰＴ－４ｏ％①㎏ﬁßİ\u200b\ufeff\u00ad\u0301 \t\n\u3000"
        ),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=60,
)


@given(TEXT)
def test_every_normalised_character_stands_for_one_of_the_original(text: str) -> None:
    folded = normalise(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True))
    assert list(folded.starts) == sorted(folded.starts)


@given(TEXT, st.data())
def test_any_normalised_range_maps_to_a_part_of_the_original(text: str, data: st.DataObject) -> None:
    folded = normalise(text)
    if not folded.text:
        return
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))
    left, right = folded.to_original(start, end)
    assert 0 <= left < right <= len(text)
    assert folded.text[start:end].strip() in normalise(text[left:right]).text or left == right - 1


@given(TEXT)
def test_normalising_twice_changes_no_more(text: str) -> None:
    once = normalise(text).text
    assert normalise(normalise(once).text).text == normalise(once).text


@pytest.mark.parametrize(
    "written", ["GPT - 4", "GPT-4", "ＧＰＴ－４", "gpt–4", "GPT -4", "GP\u200bT-4", "GPT\u3000-\n4"]
)
def test_spellings_of_a_name_are_one(written: str) -> None:
    assert normalise(written).text == "gpt-4"


def test_a_range_of_a_respelled_name_maps_to_the_whole_of_it() -> None:
    text = "推出ＧＰＴ　－　４ｏ！"
    folded = normalise(text)
    assert folded.text == "推出gpt-4o!"
    left, right = folded.to_original(2, 8)
    assert text[left:right] == "ＧＰＴ　－　４ｏ"


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [("資訊科技與人工智慧", "资讯科技与人工智慧"), ("臺灣的電腦", "台湾的电脑"), ("後來發現頭髮", "后来发现头发")],
)
def test_traditional_and_simplified_are_one(traditional: str, simplified: str) -> None:
    assert normalise(traditional).text == simplified


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=40))
def test_simplifying_keeps_the_number_of_characters(text: str) -> None:
    assert len(simplify(text)) == len(text)


def test_one_character_that_becomes_several_keeps_its_place() -> None:
    folded = normalise("重５㎏！")
    assert folded.text == "重5kg!"
    assert folded.starts == (0, 1, 2, 2, 3)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("联 系 人：周宁", "联系人:周宁"),
        ("地　　址：滨河路 18 号", "地址:滨河路 18 号"),
        ("采 购 公 告 GPT 4", "采购公告 gpt 4"),
        ("张三 李四 王五", "张三 李四 王五"),
        ("甲\n乙", "甲 乙"),
        ("⻓江⼤桥，⻋道六条，⻰头⺠企", "长江大桥,车道六条,龙头民企"),
    ],
)
def test_blanks_that_mean_nothing_and_radicals_are_folded(written: str, folded: str) -> None:
    assert normalise(written).text == folded


def test_a_word_with_blanks_inside_maps_to_the_whole_of_it() -> None:
    text = "电 话；联 系 人：周宁"
    found = normalise(text)
    left, right = found.to_original(3, 6)
    assert (found.text[3:6], text[left:right]) == ("联系人", "联 系 人")


def test_runs_of_white_space_are_one_space() -> None:
    assert normalise("甲 \t\n　乙").text == "甲 乙"


@given(TEXT)
def test_sentences_cover_every_character_that_is_not_white_space_once(text: str) -> None:
    spans = sentences(text)
    assert all(left.end <= right.start for left, right in pairwise(spans))
    assert "".join("".join(text[s.start : s.end].split()) for s in spans) == "".join(text.split())
    assert all(text[s.start : s.end] == text[s.start : s.end].strip() != "" for s in spans)


@given(TEXT, st.integers(0, 30), st.integers(0, 60))
def test_sentences_of_a_part_lie_inside_it(text: str, start: int, end: int) -> None:
    assert all(start <= span.start < span.end <= end for span in sentences(text, start, end))


def split(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "英伟达市值达到3.33万亿美元，超越微软。",
        "GPT-4o、GPT - 4o mini与Claude 3.5 Sonnet都更便宜。",
        "截至2024年12月10日，用户超600万。",
        "他引用了《怎么办？你说！真的。》一书的话。",
        "版本v2.0.1发布于www.example.com.cn。",
        "比行业便宜99.3%。",
        "联系 Dr. Wang（分机 8021），由 Norton Valve Co. Ltd. 于 2019 年投产，图纸编号 No. 57。",
        "地址是https://api.example.com/v2/orders?status=open;limit=50，使用工号登录。",
        "入口在/portal?sys=fin&step=2!x，见 approx. 3 点。",
        "It is sold by Mr. Smith et al. in the shop.",
    ],
)
def test_a_sentence_is_not_split_inside(sentence: str) -> None:
    assert split(sentence) == [sentence]


def test_closing_quotes_stay_with_their_sentence() -> None:
    assert split("他问：“能赚钱吗？”没人答。（见下。）“好！”她说。") == [
        "他问：“能赚钱吗？”",
        "没人答。",
        "（见下。）",
        "“好！”",
        "她说。",
    ]


def test_a_short_quotation_inside_of_a_sentence_stays_whole() -> None:
    assert split("馆训是“静以修身；敬以待人。净以处世”，由馆长题写。后人刻在石上。") == [
        "馆训是“静以修身；敬以待人。净以处世”，由馆长题写。",
        "后人刻在石上。",
    ]
    assert split("他喊“准备好了吗？出发！”，全场跟着喊。他说：「走吧！别等。」雨停了。") == [
        "他喊“准备好了吗？出发！”，全场跟着喊。",
        "他说：「走吧！别等。」",
        "雨停了。",
    ]
    assert split(f"他说：“{'长' * 60}。短。”完了。") == [f"他说：“{'长' * 60}。", "短。”", "完了。"]


def test_every_chinese_terminator_ends_a_sentence_and_runs_of_them_once() -> None:
    assert split("甲。乙！丙？丁；戊……己?!庚;辛") == ["甲。", "乙！", "丙？", "丁；", "戊……", "己?!", "庚;", "辛"]


def test_an_english_full_stop_ends_a_sentence_before_white_space() -> None:
    assert split("It is here. That is all. 完") == ["It is here.", "That is all.", "完"]


def test_a_line_break_ends_a_sentence() -> None:
    assert split("标题\n正文没有句号\n\n，结尾") == ["标题", "正文没有句号", "，结尾"]


def test_the_fourth_paragraph_of_the_first_article_has_two_sentences(articles: dict[str, Document]) -> None:
    document = next(iter(articles.values()))
    block = document.blocks[3]
    found = [document.text[s.start : s.end] for s in sentences(document.text, block.start, block.end)]
    assert [sentence[-8:] for sentence in found] == ["第二大AI应用。", "化信息获取体验。"]
