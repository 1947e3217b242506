"""Whatever encoding a Chinese text file is in, its characters arrive; what can't be read is named."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from conftest import CORPUS, FUNNEL
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from rag.errors import LoadError
from rag.loading.encodings import decode

NAME = Path("文档.txt")
TEXT = (CORPUS / FUNNEL).read_text("utf-8")
TRADITIONAL = OpenCC("s2t").convert(TEXT)
SLICES = st.tuples(st.integers(0, 3000), st.integers(20, 300)).map(lambda at: TEXT[at[0] : at[0] + at[1]])


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode("utf-8"),
        codecs.BOM_UTF8 + TEXT.encode("utf-8"),
        TEXT.encode("gb18030"),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 mark", "gb18030", "le mark", "be mark", "le", "be"],
)
def test_an_article_reads_the_same_in_every_encoding(data: bytes) -> None:
    assert decode(data, NAME) == TEXT


def test_a_traditional_article_reads_in_big5() -> None:
    known = "".join(c for c in TRADITIONAL if c.encode("big5", "ignore"))
    assert len(known) > 0.98 * len(TRADITIONAL)
    assert decode(known.encode("big5"), NAME) == known


@given(SLICES)
def test_any_part_of_an_article_reads_in_gb18030(text: str) -> None:
    assert decode(text.encode("gb18030"), NAME) == text.replace("\r", "\n")


@given(SLICES, st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_any_part_of_an_article_reads_in_utf_16_without_a_mark(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), NAME) == text


@pytest.mark.parametrize("text", ["你好", "户和", "头角,日均Tok", "重阳节", "。", "豆包6000万"])
def test_a_few_characters_of_gb18030_are_not_taken_for_another_encoding(text: str) -> None:
    assert decode(text.encode("gb18030"), NAME) == text


def test_latin_text_in_utf_16_without_a_mark_is_text_and_not_binary() -> None:
    assert decode("plain words, 中".encode("utf-16-le"), NAME) == "plain words, 中"
    assert decode("plain words".encode("utf-16-be"), NAME) == "plain words"


def test_rare_characters_of_gb18030_are_kept() -> None:
    text = "人名用字𠮷与㐂，见于户籍。" * 3
    assert decode(text.encode("gb18030"), NAME) == text


def test_line_breaks_of_other_systems_become_one() -> None:
    assert decode("甲\r\n乙\r丙\n丁".encode(), NAME) == "甲\n乙\n丙\n丁"


def test_a_mark_alone_is_an_empty_text() -> None:
    assert decode(codecs.BOM_UTF8, NAME) == ""
    assert decode(b"", NAME) == ""


def test_one_wrong_byte_in_utf_8_is_named_by_its_place() -> None:
    data = bytearray(TEXT.encode())
    position = len(TEXT[:50].encode())
    data[position] = 0xFF
    with pytest.raises(LoadError) as caught:
        decode(bytes(data), NAME)
    assert (
        caught.value.zh
        == f"文档.txt 无法按 UTF-8 解码：第 {position + 1} 个字节有误，已跳过。请另存为 UTF-8 后再索引。"
    )
    assert f"byte {position + 1} is wrong" in caught.value.en


def test_one_wrong_byte_in_gb18030_is_named_by_its_place() -> None:
    position = len(TEXT[:50].encode("gb18030"))
    data = TEXT[:50].encode("gb18030") + b"\xff" + TEXT[50:].encode("gb18030")
    with pytest.raises(LoadError, match=f"无法按 GB18030 解码：第 {position + 1} 个字节"):
        decode(data, NAME)


def test_a_cut_utf_16_file_is_an_error() -> None:
    data = codecs.BOM_UTF16_LE + "中文".encode("utf-16-le")[:-1]
    with pytest.raises(LoadError, match="无法按 UTF-16 解码：第 5 个字节"):
        decode(data, NAME)


@pytest.mark.parametrize(
    "data",
    [b"abc\0def", "中文\0中文".encode(), b"\x7fELF\x02\x01\x01\0\0\0\0\xff\xfe\x90", bytes(range(256)) * 4],
)
def test_a_binary_file_is_no_text(data: bytes) -> None:
    with pytest.raises(LoadError, match=r"文档\.txt 不是文本文件（含有空字节）"):
        decode(data, NAME)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Приветствую вас, дорогие читатели, сегодня мы говорим о погоде", "koi8-r"),
        ("작업 전에는 반드시 시설을 점검하고 기록을 남겨야 합니다. 관리인은 두 사람이며 배는 한 번 옵니다.", "euc-kr"),
        ("作業の前に必ず道具を点検してください。船は一日に二回この港に来ます。", "shift_jis"),
        ("作業の前に必ず道具を点検してください。船は一日に二回この港に来ます。", "euc_jp"),
        ("Der Wärter heißt Müller und wohnt für zwei Jahre im Turm, der über dem Hafen steht.", "latin-1"),
        ("La clé de l'entrepôt est gardée à la réception; le gardien préfère être prévenu.", "latin-1"),
        ("It’s the keeper’s house — “home” to him.", "cp1252"),
    ],
)
def test_a_text_in_another_language_is_an_error_not_mojibake(text: str, encoding: str) -> None:
    with pytest.raises(LoadError, match=r"无法识别 文档\.txt 的编码"):
        decode(text.encode(encoding), NAME)


def test_bytes_of_no_known_encoding_are_an_error() -> None:
    with pytest.raises(LoadError, match=r"编码|解码"):
        decode("Приветствую".encode("koi8-r"), NAME)


def test_korean_is_not_taken_for_chinese_though_common_characters_come_out() -> None:
    korean = "의사 선생님은 오늘 오전 아홉 시에 병원에 도착했습니다. 환자는 세 명입니다.\n" * 5
    with pytest.raises(LoadError, match=r"无法识别 a\.txt 的编码"):
        decode(korean.encode("euc-kr"), Path("a.txt"))


def test_short_chinese_that_is_well_formed_utf_8_by_chance_is_read_as_chinese() -> None:
    assert decode("停水通知".encode("gb18030"), Path("a.txt")) == "停水通知"
    for text in ("שלום", "Cafe\u0301 nai\u0308ve", "ئەرەب", "\u0110a\u0301ng", "café"):
        assert decode(text.encode(), Path("a.txt")) == text
