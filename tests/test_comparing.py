"""Saved answers are compared with the documents of today, citation by citation, and what changed is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from documents import HashEncoder

from rag.answering.comparing import check_answers, difference
from rag.answering.saved import read_answers
from rag.contract import answer_json
from rag.errors import LoadError, SavedAnswerError
from rag.index.generations import open_generation
from rag.indexing.update import index_paths
from rag.loading import SourceFile, load
from rag.settings import Settings
from rag.types import Answer, Citation, Document, Status
from rag.wire import to_json

TEXT = "豆包月活\n\n豆包11月的月活跃用户近6000万，居全球第二。\n\n文心的日均调用量达15亿次。\n"
DOUBAO = "豆包11月的月活跃用户近6000万，居全球第二。"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    file = tmp_path / "docs" / "a.txt"
    file.write_text(TEXT, "utf-8")
    (tmp_path / "docs" / "b.txt").write_text("别的一篇，始终都在。", "utf-8")
    return file


@pytest.fixture
def index(file: Path, hash_encoder: HashEncoder) -> Path:  # noqa: ARG001
    folder = file.parent.parent / "index"
    index_paths([file.parent], folder, Settings())
    return folder


def cited(document: Document, quote: str, sentence: str, n: int = 1) -> Citation:
    begin = document.text.index(sentence)
    start = begin + sentence.index(quote)
    paragraph = document.block_at(start).number
    end = start + len(quote)
    return Citation(n, document.doc_id, document.title, document.source, paragraph, start, end, quote, sentence, begin)


def answered(file: Path, *, quote: str = "近6000万", sentence: str = DOUBAO) -> dict[str, Any]:
    """An answer from the file as it is now, as `--json` prints it."""
    citation = cited(load(SourceFile(file, str(file))), quote, sentence)
    answer = Answer("豆包有多少月活？", Status.ANSWERED, quote, f"{quote}[1]", 0.9, (citation,), ())
    return answer_json(answer, "q1")


def saved(file: Path, value: Any) -> Path:
    out = file.parent.parent / "answers.json"
    out.write_text(json.dumps(value, ensure_ascii=False, indent=2), "utf-8")
    return out


def change(file: Path, index: Path, text: str) -> None:
    file.write_text(text, "utf-8")
    index_paths([file.parent], index, Settings())


def only(file: Path, index: Path) -> dict[str, Any]:
    """What became of the one citation in a file: all that is not as it was saved."""
    from rag.contract.reports import ComparedAnswer

    (compared,) = check_answers(file, index)
    (citation,) = to_json(ComparedAnswer.of(compared))["citations"]
    now = citation["now"]
    if now and now["start"] is not None:
        text = open_generation(index).document(now["doc_id"]).text
        assert text[now["start"] : now["end"]] == citation["quote"]
    return {
        "holds": compared.holds,
        "state": citation["state"],
        "paragraph": now and now["paragraph"],
        "quoted": bool(now and now["start"] is not None),
        "difference": citation["difference"],
    }


HOLDS = {"holds": True, "quoted": True, "difference": []}


def test_nothing_has_changed(file: Path, index: Path) -> None:
    assert only(saved(file, answered(file)), index) == {**HOLDS, "state": "unchanged", "paragraph": 2}


def test_words_that_stand_where_they_stood_are_unchanged_whatever_else_changed(file: Path, index: Path) -> None:
    answers = saved(file, answered(file))
    change(file, index, TEXT.replace("15亿", "16亿"))
    assert only(answers, index) == {**HOLDS, "state": "unchanged", "paragraph": 2}


def test_a_sentence_that_moved_is_found_where_it_is_now(file: Path, index: Path) -> None:
    answers = saved(file, answered(file))
    change(file, index, f"新的开头。\n\n又一段。\n\n{TEXT}")
    assert only(answers, index) == {**HOLDS, "state": "moved", "paragraph": 4}


def test_a_file_that_was_renamed_is_the_same_document(file: Path, index: Path) -> None:
    answers = saved(file, answered(file))
    file.rename(file.with_name("c.txt"))
    index_paths([file.parent], index, Settings())
    assert only(answers, index) == {**HOLDS, "state": "unchanged", "paragraph": 2}


def test_a_changed_sentence_is_told_with_the_difference(file: Path, index: Path) -> None:
    answers = saved(file, answered(file))
    change(file, index, f"新的开头。\n\n{TEXT.replace('近6000万，居全球第二', '近7500万，居全球第一')}")
    assert only(answers, index) == {
        "holds": False,
        "state": "changed",
        "paragraph": 3,
        "quoted": False,
        "difference": [
            ["=", "豆包11月的月活跃用户近"],
            ["-", "6000"],
            ["+", "7500"],
            ["=", "万，居全球第"],
            ["-", "二"],
            ["+", "一"],
            ["=", "。"],
        ],
    }


def test_the_same_quote_said_of_something_else_has_changed(file: Path, index: Path) -> None:
    answers = saved(file, answered(file))
    change(file, index, TEXT.replace("豆包11月", "文心11月"))
    found = only(answers, index)
    assert (found["state"], found["quoted"], found["holds"]) == ("changed", True, False)
    assert found["difference"][:2] == [["-", "豆包"], ["+", "文心"]]


def test_an_answer_over_two_sentences_is_compared_with_two(file: Path, index: Path) -> None:
    both = f"{DOUBAO}\n文心的日均调用量达15亿次。"
    answers = saved(file, answered(file, quote=both, sentence=both))
    change(file, index, TEXT.replace("15亿", "16亿"))
    found = only(answers, index)
    assert found["difference"] == [
        ["=", f"{DOUBAO}\n文心的日均调用量达"],
        ["-", "15"],
        ["+", "16"],
        ["=", "亿次。"],
    ]


def test_of_sentences_that_are_equally_alike_the_one_in_its_place_was_changed(file: Path, index: Path) -> None:
    rows = ["甲的价格是10元。", "乙的价格是10元。", "丙的价格是10元。"]
    change(file, index, "\n".join(rows))
    answers = saved(file, answered(file, quote="10元", sentence=rows[1]))
    change(file, index, "\n".join([rows[0], "乙的价格是12元。", rows[2]]))
    found = only(answers, index)
    assert (found["paragraph"], found["difference"][1:3]) == (2, [["-", "10"], ["+", "12"]])


def test_a_sentence_that_was_deleted_is_all_difference(file: Path, index: Path) -> None:
    answers = saved(file, answered(file))
    change(file, index, "完全不同的内容。")
    assert only(answers, index) == {
        "holds": False,
        "state": "changed",
        "paragraph": 0,
        "quoted": False,
        "difference": [["-", DOUBAO]],
    }


def test_a_document_that_is_gone(file: Path, index: Path) -> None:
    answers = saved(file, answered(file))
    file.unlink()
    index_paths([file.parent], index, Settings())
    gone = {"holds": False, "state": "gone", "paragraph": None, "quoted": False, "difference": []}
    assert only(answers, index) == gone


def test_another_way_to_write_a_path_is_the_same_source_and_another_folder_is_not(file: Path, index: Path) -> None:
    answer = answered(file)
    change(file, index, f"新的开头。\n\n{TEXT}")
    for source, state in (("docs/a.txt", "moved"), ("../docs/a.txt", "moved"), ("other/a.txt", "gone")):
        answer["citations"][0]["source"] = source
        assert only(saved(file, answer), index)["state"] == state, source


def test_all_the_forms_in_which_answers_are_saved_are_read(file: Path, index: Path) -> None:
    one = answered(file)
    error = {"id": "e", "question": "？？", "status": "error", "error": "只有标点。"}
    refused = {"id": "e", "answer": None, "problem": {"detail": "…"}}
    pair = {"document": "a.txt", "start": 5, "end": 7, "quote": "豆包"}
    gold = {"id": "u-001", "question": "？", "answers": ["豆包"], "evidence": [[pair]]}
    nothing = {"id": "u-002", "question": "无？"}
    lines = [json.dumps(one, ensure_ascii=False), "", json.dumps(error), json.dumps(gold), json.dumps(nothing)]
    out = file.parent.parent / "x"
    for text, ids in (
        (json.dumps(one, indent=2), ["q1"]),
        (json.dumps([one, one]), ["q1", "q1"]),
        ("\n".join(lines), ["q1", "u-001"]),
        (json.dumps({"results": [{"id": "q1", "answer": one, "problem": None}, refused]}), ["q1"]),
    ):
        for encoding in ("utf-8", "utf-8-sig", "utf-16"):
            out.write_text(text, encoding)
            assert [answer.id for answer in read_answers(out)] == ids
            assert all(compared.holds for compared in check_answers(out, index))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "没有回答"),
        ("[]", "没有回答"),
        ('{"question": "x"}', "没有回答"),
        ("今天天气很好。", "不是 JSON"),
        ('{"question": "x", "cit', "不是 JSON"),
        ('{"question": "x", "citations": []}\n{"questi', "第 2 行不是 JSON"),
        ("7", "第 1 个不是"),
        ('{"a": 1}', "第 1 个不是"),
        ('[{"question": "x", "citations": []}, {"question": "x", "citations": [{"n": 1}]}]', "第 2 个不是"),
        ('{"id": "u", "question": "x", "evidence": [[{"document": "a"}]]}', "第 1 个不是"),
        (
            '{"id": "u", "question": "x", "evidence": [[{"document": "a", "start": 0, "end": 9, "quote": "b"}]]}',
            "as long as its span",
        ),
    ],
)
def test_a_damaged_or_foreign_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text, "utf-8")
    with pytest.raises(SavedAnswerError) as raised:
        read_answers(file)
    assert said in raised.value.zh
    assert str(file) in raised.value.zh


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(SavedAnswerError, match="无法读取"):
        read_answers(tmp_path / "none")
    (tmp_path / "x.png").write_bytes(bytes(range(256)))
    with pytest.raises(LoadError, match=r"x\.png"):
        read_answers(tmp_path / "x.png")


def test_a_quote_whose_sentence_was_cut_is_damaged(file: Path, index: Path) -> None:
    answer = answered(file)
    answer["citations"][0]["sentence"] = "豆包。"
    with pytest.raises(SavedAnswerError, match="第 1 个不是"):
        check_answers(saved(file, answer), index)


def test_the_difference_leaves_numbers_and_words_whole() -> None:
    assert difference("3.33倍GPT", "3.35倍GPU") == [
        ("-", "3.33"),
        ("+", "3.35"),
        ("=", "倍"),
        ("-", "GPT"),
        ("+", "GPU"),
    ]
    assert difference("同", "同") == [("=", "同")]


def test_the_command_shows_what_changed_and_ends_with_1(file: Path, index: Path, command: Command) -> None:
    answers = saved(file, [answered(file), answered(file, quote="15亿", sentence="文心的日均调用量达15亿次。")])
    finished = command("check", "--answers", answers, "--index", index)
    assert (finished.code, finished.err) == (0, "")
    change(file, index, f"新的开头。\n\n{TEXT.replace('6000万', '7500万')}")
    finished = command("check", "--answers", answers, "--index", index)
    assert (finished.code, finished.err) == (1, "")
    assert finished.out.splitlines() == [
        "q1 豆包有多少月活？",
        "  ≠ [1] 《a》第 2 段  改了，现在是第 3 段",
        "    - 豆包11月的月活跃用户近6000万，居全球第二。",
        "    + 豆包11月的月活跃用户近7500万，居全球第二。",
        "q1 豆包有多少月活？",
        "  → [1] 《a》第 3 段  一字未改，现在是第 4 段",
        "0 处没有变，1 处换了位置，1 处改了，0 处的文档已不在。",
    ]
    finished = command("check", "--answers", answers, "--index", index, "--json")
    assert finished.code == 1
    told = json.loads(finished.out)
    assert [one["holds"] for one in told] == [False, True]
    assert list(told[0]) == ["id", "question", "holds", "citations"]
    assert list(told[0]["citations"][0]) == [
        "n", "state", "doc_id", "source", "paragraph", "quote", "sentence", "now", "difference",
    ]  # fmt: skip
    both = command("check", "--answers", answers, "--repair", "--index", index)
    assert (both.code, both.out) == (1, "")
    assert "不能和 --repair 一起用" in both.err
