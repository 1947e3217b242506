"""Terms find each other however a name is written, and hold nothing that an index can't store."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from conftest import CORPUS
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import SettingsError
from rag.text.normalization import normalise
from rag.text.tokenization import (
    CUTTER_VERSION,
    STOPWORDS,
    Cutting,
    content_terms,
    terms,
    tokenizer,
    words,
)


@pytest.mark.parametrize("written", ["GPT - 4o", "GPT-4o", "ＧＰＴ－４ｏ", "gpt‑4O"])
def test_a_hyphenated_name_is_one_term_and_its_parts(written: str) -> None:
    assert terms(written) == ["gpt4o", "gpt", "4o"]


def test_numbers_and_versions_stay_whole() -> None:
    assert terms("3.33") == ["3.33"]
    assert terms("Claude 3.5 Sonnet") == ["claude", "3.5", "sonnet", "claude3.5"]
    assert {"qwen2.5coder32b", "qwen", "2.5", "coder", "32b"} <= set(terms("Qwen2.5 - coder - 32b"))


def test_a_chinese_word_brings_the_words_and_pairs_inside_it() -> None:
    assert set(terms("创始人")) == {"创始人", "创始", "始人"}


def test_traditional_and_simplified_give_the_same_terms() -> None:
    assert terms("後來發現頭髮") == terms("后来发现头发")


def test_pairs_do_not_join_what_punctuation_or_latin_separates() -> None:
    found = terms("甲乙，丙丁AI戊己")
    assert "乙丙" not in found
    assert "丁戊" not in found
    assert {"甲乙", "丙丁", "戊己", "ai"} <= set(found)


@given(st.text(max_size=40))
def test_terms_hold_no_white_space_and_are_never_empty(text: str) -> None:
    assert all(term and not any(c.isspace() for c in term) for term in terms(text))


@given(st.text(st.sampled_from("豆包大模型的价格是多少GPT-4o 3.33，。！\n《》"), max_size=40))
def test_words_are_slices_in_order_without_overlap(text: str) -> None:
    folded = normalise(text).text
    position = 0
    for word, start, end in words(folded):
        assert folded[start:end] == word
        assert position <= start < end
        position = end


def test_punctuation_and_emoji_have_no_terms() -> None:
    assert terms("，。！？… 🎉 ——《》") == []


def test_content_terms_are_without_the_words_of_asking() -> None:
    assert {"的", "是", "多少", "什么"} <= STOPWORDS
    assert content_terms("价格是多少的价格") == ["价格"]


def test_content_words_come_as_written_each_once_and_in_order() -> None:
    cut = Cutting()("ＧＰＴ － 4 的價格，GPT-4的价格")
    words = [(cut.written(word), term) for term, word in cut.content().items()]
    assert words == [("ＧＰＴ － 4", "gpt4"), ("價格", "价格")]


def test_a_term_belongs_to_the_words_it_was_made_from() -> None:
    assert Cutting()("DeepSeek-V3的训练成本").owners() == {
        "deepseekv3": ("deepseekv3",),
        "deepseek": ("deepseekv3",),
        "v3": ("deepseekv3",),
        "训练": ("训练",),
        "成本": ("成本",),
        "练成": ("训练", "成本"),
    }


@given(st.text(st.sampled_from("豆包大模型的训练成本是GPT-4oV3.5 ，？多少"), max_size=30))
def test_owners_are_known_for_just_the_terms_that_are_searched(text: str) -> None:
    cut = Cutting()(text)
    content = set(cut.content())
    owners = cut.owners()
    assert owners.keys() == set(cut.content_terms())
    assert {word for words_of in owners.values() for word in words_of} == content
    assert cut.owners(frozenset()).keys() == set(cut.terms())


def test_a_question_of_nothing_but_function_words_is_searched_for_as_it_stands() -> None:
    assert Cutting()("什么是价格？").searched_terms() == ["价格"]
    assert Cutting()("什么是什么？").searched_terms() == terms("什么是什么？")


def test_without_pairs_neighbouring_characters_of_two_words_are_no_term() -> None:
    assert Cutting()("训练成本").terms() == ["训练", "成本", "训练", "练成", "成本"]
    assert Cutting(pairs=False)("训练成本").terms() == ["训练", "成本"]


def test_terms_that_change_are_those_of_a_new_version() -> None:
    """If this fails, raise CUTTER_VERSION, or indexes keep the old terms, and write its number and the digest here."""
    lines = [line for file in sorted(CORPUS.glob("2024-*")) for line in file.read_text("utf-8").splitlines()]
    digest = hashlib.sha256("\n".join(" ".join(terms(line)) for line in lines).encode()).hexdigest()
    assert (CUTTER_VERSION, digest[:12]) == (2, "4f69b6ad0145")


def test_a_user_dictionary_keeps_its_words_whole(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("绝影灵犀体 10 nz\n", "utf-8")
    assert [word for word, _, _ in words("绝影灵犀体", file)] == ["绝影灵犀体"]
    assert [word for word, _, _ in words("绝影灵犀体")] != ["绝影灵犀体"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff"], ids=["missing", "no text"])
def test_an_unusable_user_dictionary_is_an_error_that_names_it(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "words.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"无法读取用户词典 .*words\.txt"):
        tokenizer(file)
