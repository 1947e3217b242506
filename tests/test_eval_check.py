"""`wenyuan eval check` finds what is wrong with gold files, and finds nothing wrong with ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ARTICLE, FUNNEL

from rag.errors import EvaluationError
from rag.evaluation.check import Coverage, Report, check, check_tables
from rag.evaluation.gold import GOLD, HELD_OUT
from rag.library import Library

PLACE = {"document": ARTICLE, "start": 117, "end": 131, "quote": "11月月活跃用户近6000万"}


def line(qid: str, question: str, **more: Any) -> dict[str, Any]:
    made = {"id": qid, "question": question, "type": "how_many", "style": "plain"}
    return {**made, "answers": ["近6000万"], "evidence": [[PLACE]], **more}


def checked(library: Library, folder: Path, *files: list[dict[str, Any]]) -> Report:
    paths = []
    for number, lines in enumerate(files):
        paths.append(folder / f"{number}.jsonl")
        paths[-1].write_text("".join(f"{json.dumps(one)}\n" for one in lines), "utf-8")
    return check(paths, library)


def test_our_gold_questions_are_sound_and_leave_no_paragraph_out(library: Library) -> None:
    report = check([GOLD, HELD_OUT], library)
    assert report.errors == ()
    assert report.warnings == ()
    assert [(one.document, one.unasked) for one in report.coverage] == [(ARTICLE, ()), (FUNNEL, ())]
    assert report.questions - report.answerable >= 50
    assert min(group.questions for group in report.types) >= 16
    assert sum(group.questions for group in report.styles) == report.questions == 404


def test_a_quote_that_is_not_the_text_is_an_error(library: Library, tmp_path: Path) -> None:
    wrong = {**PLACE, "start": 118}
    report = checked(library, tmp_path, [line("1", "豆包月活？", evidence=[[wrong]])])
    [error] = report.errors
    assert error.questions == ("1",)
    assert "[118, 131)" in error.en


def test_ids_and_questions_used_twice_are_errors_across_files(library: Library, tmp_path: Path) -> None:
    report = checked(library, tmp_path, [line("1", "豆包月活？")], [line("1", "豆包用户？"), line("2", "豆包月活？")])
    assert [(one.questions, one.en.split(" in ")[0]) for one in report.errors] == [
        (("1",), "id used"),
        (("1", "2"), "the same question"),
    ]


def test_questions_alike_and_answered_alike_are_warned_of(library: Library, tmp_path: Path) -> None:
    asked = "豆包在2024年11月的月活跃用户有多少？"
    report = checked(
        library,
        tmp_path,
        [
            line("1", asked),
            line("2", asked.replace("有多少", "是多少")),
            # Another style, or a near miss with another answer, is meant to be alike.
            line("3", asked.replace("有多少", "冇多少"), style="typo"),
            line("4", asked.replace("11月", "12月"), answers=[], evidence=[]),
            line("5", "谁做了豆包？"),
        ],
    )
    assert [one.questions for one in report.warnings if "alike" in one.en] == [("1", "2")]


def test_an_answer_of_other_characters_than_the_evidence_is_warned_of(library: Library, tmp_path: Path) -> None:
    report = checked(library, tmp_path, [line("1", "豆包月活？", answers=["九亿"]), line("2", "用户？")])
    assert [one.questions for one in report.warnings if "made of" in one.en] == [("1",)]


def test_paragraphs_that_no_question_asks_about_are_listed(library: Library, tmp_path: Path) -> None:
    report = checked(library, tmp_path, [line("1", "豆包月活？")])
    first = report.coverage[0]
    assert first == Coverage(ARTICLE, 32, first.unasked)
    assert len(first.unasked) == 31
    shown = next(table for table in check_tables(report) if table.title == "覆盖")
    assert shown.rows[0][1] == "1/32"


def test_a_type_with_hardly_any_question_is_warned_of(library: Library, tmp_path: Path) -> None:
    thin = [
        one.en for one in checked(library, tmp_path, [line("1", "豆包月活？")]).warnings if "questions of" in one.en
    ]
    assert "only 1 questions of type how_many" in thin
    assert "only 0 questions of type why" in thin


def test_a_file_that_is_no_gold_file_is_refused(library: Library, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"0\.jsonl 第 1 行有误"):
        checked(library, tmp_path, [{"id": "1"}])
