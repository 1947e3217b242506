"""Different writings of a number are one term; words that only look like numbers are none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.normalization import normalise
from rag.text.quantities.numbers import numbers, value
from rag.text.tokenization import Cutting, cut_words, terms, words

WRITINGS = [
    ("60000000", ["六千万", "6000万", "60,000,000", "６０００万", "6000 万", "6千万", "陆仟萬", "60 million"]),
    ("2024", ["二〇二四年", "2024年", "２０２４年", "二零二四年", "2024 年", "二○二四年"]),
    ("12", ["十二月", "12月", "１２ 月"]),
    ("30%", ["百分之三十", "30%", "３０％", "30 %", "三成", "3成", "百分之30"]),
    ("20%", ["两成", "20%"]),
    ("30.5%", ["百分之三十点五", "30.5%"]),
    ("1300000000000", ["1.3万亿", "13000亿", "一万三千亿", "一点三万亿", "1,300,000,000,000"]),
    ("第12条", ["第十二条", "第12条", "第 12 条"]),
    ("第2", ["第二", "第2"]),
    ("120000000", ["一亿两千万", "1亿2000万", "1.2亿"]),
    ("3", ["三家", "3家", "三个"]),
]


@pytest.mark.parametrize(("term", "written"), [(term, one) for term, many in WRITINGS for one in many])
def test_every_writing_of_a_number_gives_its_term(term: str, written: str) -> None:
    text = f"大约有{written}" if "亿" in written or "万" in written else written
    assert term in terms(text)
    assert term in Cutting()(text).content()


@pytest.mark.parametrize(
    "text",
    [
        "万一下雨",
        "千万不要忘记",
        "一些人",
        "一个故事",
        "都一样",
        "三国时期",
        "五粮液",
        "张三来了",
        "三星手机",
        "零一万物",
        "六小虎",
        "百度地图",
        "通义千问",
        "十分好看",
        "一成不变",
        "五四运动",
        "七八十人",
        "三四个",
        "十几家",
        "几十万人",
        "数千万人",
        "三分之一",
        "GPT-4",
        "v2.0.1",
        "llama 70b",
    ],
)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    folded = normalise(text).text
    assert numbers(folded, words(folded)) == []


def test_an_ordinal_is_not_found_by_its_parts() -> None:
    assert terms("第二十一条") == terms("第21条") == ["第21条"]
    assert set(terms("第十一条")) & set(terms("第二十一条")) == set()


def test_of_a_name_and_a_number_side_by_side_only_the_number_is_one() -> None:
    assert [(word.text, word.term) for word in cut_words("五粮液有三家酒厂") if word.term != word.text] == [("三", "3")]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("十", 10),
        ("十五", 15),
        ("二十", 20),
        ("一百零二", 102),
        ("三百五", 350),
        ("一千零五十", 1050),
        ("两万五", 25_000),
        ("三万亿", 3 * 10**12),
        ("三亿五千万", 350_000_000),
        ("二〇二四", 2024),
        ("零点五", Decimal("0.5")),
        ("七八十", None),
        ("万一千", None),
        ("千", 0),
    ],
)
def test_a_chinese_numeral_has_its_value(written: str, number: int | None) -> None:
    assert value(written) == (None if number == 0 else number)


@given(st.integers(1, 10**13))
def test_with_and_without_commas_a_number_is_the_same(number: int) -> None:
    plain, grouped = (terms(text) for text in (f"共{number}人", f"共{number:,}人"))
    assert str(number) in plain
    assert str(number) in grouped


@given(st.text(st.sampled_from("近六千万一二三第十百亿年月日条个成点零〇%12, .百分之两家"), max_size=20))
def test_a_number_stands_where_it_says_and_covers_nothing_twice(text: str) -> None:
    folded = normalise(text)
    end = 0
    for word in cut_words(folded.text):
        assert folded.text[word.start : word.end] == word.text
        assert end <= word.start < word.end
        assert word.term
        assert not any(character.isspace() for character in word.term)
        end = word.end
    assert Cutting()(text).owners(frozenset()).keys() == set(terms(text))


def test_a_number_is_shown_as_it_was_written() -> None:
    text = "月活近６，０００ 萬，佔百分之三十"
    cut = Cutting()(text)
    assert [cut.written(word) for word in cut.content().values()][2:5] == ["６，０００ 萬", "佔", "百分之三十"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("五公里", "5km"),
        ("五千米", "5 km"),
        ("80平方公里", "八十平方千米"),
        ("500km²", "五百平方公里"),
        ("35亿美元", "$35亿"),
        ("三十五亿美元", "35亿USD"),
        ("12亿RMB", "十二亿元"),
        ("¥100", "100元人民币"),
        ("12吨", "12t"),
        ("8GB", "8吉字节"),
        ("軟體", "软件"),
        ("資訊科技", "信息科技"),
        ("網路", "网络"),
        ("計程車", "出租车"),
        ("部落格", "博客"),
        ("星期天", "周日"),
    ],
)
def test_units_money_and_regional_words_are_equal(one: str, other: str) -> None:
    assert Cutting()(one).content().keys() == Cutting()(other).content().keys()


@pytest.mark.parametrize(("text", "term"), [("5G网络", "5g"), ("一元化", "一元化"), ("t恤", "t"), ("元素", "元素")])
def test_a_letter_or_character_that_is_no_unit_stays(text: str, term: str) -> None:
    assert term in Cutting()(text).content()


@pytest.mark.parametrize("written", ["Llama 3.3 70B", "Llama3.370b", "llama-3.370B"])
def test_a_name_with_spaces_is_found_without_them(written: str) -> None:
    assert "llama3.370b" in terms(written)


def test_deepseek_v3_is_one_name_with_hyphen_space_or_neither() -> None:
    assert all("deepseekv3" in terms(f"DeepSeek{gap}V3") for gap in ("-", " ", " - ", ""))
