"""What fuzzing has found stays fixed, and its targets still take what they are given."""

from __future__ import annotations

import time
from random import Random

import pytest
from documents import document
from fuzzing import PART, TARGETS

from rag.errors import LoadError, QuestionError
from rag.indexing.splitting import SplitSettings, split
from rag.question.validation import validate
from rag.text.enumerations import enumerations

# What is no longer quadratic takes a second or two; it took minutes.
SECONDS = 40
FOUND = {
    # A cell of nothing but a colon.
    "csv": [bytes.fromhex("00d7fffffffffffff8236d6dffffd2ff")],
    "docx": [b"(\0\x80"],
    # A cell of a style that the workbook does not have.
    "xlsx": [bytes.fromhex("000003060202021e1836393c3f3a2548e801000600000306093300e803090c0c0f12000015")],
}


@pytest.mark.parametrize(("target", "data"), [(name, one) for name, found in FOUND.items() for one in found])
def test_what_was_found_holds(target: str, data: bytes) -> None:
    TARGETS[target](data)


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_every_target_takes_any_bytes(target: str) -> None:
    random = Random(7)
    for _ in range(4):
        made = random.randbytes(60)
        for data in (made, b"\0" + made, b"\0" + made + PART + b"\0" + made):
            TARGETS[target](data)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "《书》。" * 50_000),
        ("a.md", "# 题\n\n" * 20_000),
        ("a.txt", "甲。乙：\n" * 20_000),
        ("a.txt", "第一章\n甲\n- 乙\n- 丙\n丁\n- 戊\n- 己\n" * 5_000),
        ("a.md", "甲\n" * 100_000),
        ("a.md", "甲  \n" * 50_000),
        ("a.txt", "长" * 3_000_000),
        ("a.md", f"# {'长' * 100_000}\n\n" + "短。\n\n" * 5_000),
    ],
    ids=["titles", "headings", "colons", "lists", "soft breaks", "hard breaks", "one block", "long title"],
)
def test_the_time_that_splitting_takes_grows_with_the_text(name: str, text: str) -> None:
    started = time.monotonic()
    made = document(text, name)
    assert sum(len(passage.context) for passage in split(made, SplitSettings())) < 20 * len(text)
    assert time.monotonic() - started < SECONDS


def test_lists_inside_of_a_list_are_found_as_long_as_it_is_short() -> None:
    short, long = (enumerations(document("甲。乙：\n" * count, "a.txt")) for count in (5, 40))
    assert [len(one.items) for one in short] == [4, 3, 2]
    assert [len(one.items) for one in long] == [39]


def test_an_error_is_one_line_without_controls() -> None:
    error = LoadError("断\n行\x1b[2J\u202e", "a\r\nb")
    assert (error.zh, error.en, str(error)) == ("断 行␛[2J\ufffd", "a b", "断 行␛[2J\ufffd")


def test_a_question_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(QuestionError, match="不是 UTF-8"):
        validate("豆包\udcff")
