"""Sets of others are read as they are meant, and what is wrong with a file is said with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rag.errors import EvaluationError
from rag.evaluation import datasets
from rag.evaluation.datasets import Dataset, beir, squad
from rag.evaluation.gold import GoldQuestion, Place
from rag.text.normalization import normalise

PARAGRAPH = "豆包在2024年5月开始对外服务。5月起用户增加。"


def squad_file(folder: Path, *paragraphs: dict[str, Any]) -> Path:
    file = folder / "set.json"
    file.write_text(json.dumps({"version": "1", "data": [{"title": "t", "paragraphs": list(paragraphs)}]}), "utf-8")
    return file


def asked(qid: str, question: str, *answers: str, **more: Any) -> dict[str, Any]:
    return {"id": qid, "question": question, "answers": [{"text": a, "answer_start": 0} for a in answers], **more}


def beir_folder(folder: Path, qrels: str = "q1\td/1\t2\nq1\td2\t0\n", name: str = "test.tsv") -> Path:
    documents = [{"_id": "d/1", "title": "标题", "text": "正文。"}, {"_id": "d2", "text": "别的。", "metadata": {}}]
    queries = [{"_id": "q1", "text": "查询"}, {"_id": "q2", "text": "训练用"}]
    for file, lines in (("corpus.jsonl", documents), ("queries.jsonl", queries)):
        (folder / file).write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    (folder / "qrels").mkdir()
    (folder / "qrels" / name).write_text(f"query-id\tcorpus-id\tscore\n{qrels}", "utf-8")
    return folder


def test_a_paragraph_is_a_document_and_every_occurrence_of_an_answer_a_place(tmp_path: Path) -> None:
    file = squad_file(
        tmp_path, {"id": "P1", "context": PARAGRAPH, "qas": [asked("1", "何时开始？", "5月", "2024年5月")]}
    )
    found = squad.load(file, tmp_path / "documents")
    assert (found.name, found.unit, found.folder) == ("set", "document", tmp_path / "documents")
    assert (tmp_path / "documents" / "P1.txt").read_text("utf-8") == PARAGRAPH
    [question] = found.questions
    assert question.answers == ("5月", "2024年5月")
    assert question.documents == {"P1.txt": 1}
    assert question.evidence == (
        (
            Place("P1.txt", 3, 10, "2024年5月"),
            Place("P1.txt", 8, 10, "5月"),
            Place("P1.txt", 17, 19, "5月"),
        ),
    )


def test_impossible_questions_are_unanswerable_and_unusable_ones_are_counted(tmp_path: Path) -> None:
    qas = [
        asked("1", "谁？", is_impossible=True, plausible_answers=[{"text": "豆包"}]),
        asked("2", "  ", "豆包"),
        asked("3", "没有答案？"),
        asked("4", "改写过的？", "二〇二四"),
    ]
    found = squad.load(squad_file(tmp_path, {"context": PARAGRAPH, "qas": qas}), tmp_path / "documents")
    assert [(q.id, q.answerable, q.evidence) for q in found.questions] == [("1", False, ()), ("4", True, ())]
    assert [en for _, en in found.notices] == [
        "2 questions can't be used and are left out.",
        "1 answers are not in their paragraph verbatim: no evidence recall for them.",
    ]


def test_equal_paragraphs_are_one_document(tmp_path: Path) -> None:
    one = {"id": "a", "context": PARAGRAPH, "qas": [asked("1", "何时？", "5月")]}
    found = squad.load(
        squad_file(tmp_path, one, {**one, "id": "b", "qas": [asked("2", "几月？", "5月")]}), tmp_path / "d"
    )
    assert [question.documents for question in found.questions] == [{"a.txt": 1}, {"a.txt": 1}]
    assert [file.name for file in (tmp_path / "d").iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"data": [\n  {"paragraphs": ]}', r"不是有效的 JSON：line 2, column 18"),
        ("\xff", "不是有效的 JSON"),
        ("[]", r"不是 SQuAD 格式：.*object"),
        ('{"data": [{"paragraphs": [{"context": "甲"}]}]}', r"不是 SQuAD 格式：.*qas.*\$\.data\[0\]\.paragraphs\[0\]"),
        ('{"data": []}', "没有可用的问题"),
        ('{"data": [{"paragraphs": [{"context": "甲。", "qas": []}]}]}', "没有可用的问题"),
        (
            '{"data": [{"paragraphs": [{"context": "甲。", "qas": ['
            '{"id": 1, "question": "谁", "answers": [{"text": "甲"}]},'
            '{"id": 1, "question": "谁", "answers": [{"text": "甲"}]}]}]}]}',
            "问题编号 1 出现了两次",
        ),
    ],
)
def test_a_file_that_is_not_squads_is_refused_with_the_place(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "set.json"
    file.write_bytes(content.encode("latin-1" if content == "\xff" else "utf-8"))
    with pytest.raises(EvaluationError, match=said):
        squad.load(file, tmp_path / "documents")


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="无法读取"):
        squad.load(tmp_path / "none.json", tmp_path / "documents")
    with pytest.raises(EvaluationError, match="无法读取"):
        beir.load(tmp_path, tmp_path / "documents")


def test_a_beir_folder_gives_graded_documents(tmp_path: Path) -> None:
    found = beir.load(beir_folder(tmp_path), tmp_path / "work")
    [question] = found.questions
    assert (question.id, question.question, question.answers) == ("q1", "查询", ())
    assert question.documents == {"d%2F1.txt": 2}
    assert (found.unit, found.has_answers, found.notices) == ("document", False, ())
    assert (tmp_path / "work" / "d%2F1.txt").read_text("utf-8") == "标题\n\n正文。"


def test_the_only_qrels_are_taken_and_several_must_be_named(tmp_path: Path) -> None:
    source = beir_folder(tmp_path, name="dev.tsv")
    assert len(beir.load(source, tmp_path / "work").questions) == 1
    (source / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nq2\td2\t1\n", "utf-8")
    with pytest.raises(EvaluationError, match=r"没有 test\.tsv（有：dev、train）"):
        beir.load(source, tmp_path / "work")
    assert [q.id for q in beir.load(source, tmp_path / "work", split="train").questions] == ["q2"]


def test_what_qrels_name_and_is_not_there_is_said(tmp_path: Path) -> None:
    found = beir.load(beir_folder(tmp_path, "q1\td2\t1\nq1\tgone\t1\nq9\td2\t1\n"), tmp_path / "work")
    assert found.questions[0].documents == {"d2.txt": 1, "gone": 1}
    assert [en for _, en in found.notices] == [
        "1 queries are missing or blank: left out.",
        "1 documents of the qrels are missing or blank and count as not found.",
    ]


@pytest.mark.parametrize(
    ("file", "line", "said"),
    [
        ("corpus.jsonl", '{"_id": "d9"}', r"corpus\.jsonl 第 3 行有误：.*text"),
        ("corpus.jsonl", "{", r"corpus\.jsonl 第 3 行有误"),
        ("corpus.jsonl", '{"_id": "d2", "text": "再来"}', r"corpus\.jsonl 第 3 行有误：编号 d2 已用过"),
        ("queries.jsonl", '{"_id": 5, "text": "数"}', r"queries\.jsonl 第 3 行有误"),
        ("qrels/test.tsv", "q1\td2", r"test\.tsv 第 4 行有误"),
        ("qrels/test.tsv", "q1\td2\thigh", r"test\.tsv 第 4 行有误"),
    ],
)
def test_a_malformed_line_is_named_by_its_number(tmp_path: Path, file: str, line: str, said: str) -> None:
    source = beir_folder(tmp_path)
    with (source / file).open("a", encoding="utf-8") as stream:
        stream.write(f"{line}\n")
    with pytest.raises(EvaluationError, match=said):
        beir.load(source, tmp_path / "work")


def test_qrels_without_a_usable_query_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="没有一个可用的查询"):
        beir.load(beir_folder(tmp_path, "q9\td2\t1\n"), tmp_path / "work")


def test_a_sample_is_the_same_every_time_and_in_order(tmp_path: Path) -> None:
    qas = [asked(str(i), f"第{i}问？", "5月") for i in range(50)]
    whole = squad.load(squad_file(tmp_path, {"context": PARAGRAPH, "qas": qas}), tmp_path / "documents")
    ids = [int(question.id) for question in datasets.sample(whole, 10).questions]
    assert ids == sorted(ids)
    assert len(set(ids)) == 10
    assert ids == [int(question.id) for question in datasets.sample(whole, 10).questions]
    assert datasets.sample(whole, 99) is whole


def test_an_id_too_long_for_a_file_name_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="文档编号太长"):
        datasets.write_documents(tmp_path, {"字" * 30: "甲"}, progress=False)


def test_documents_of_an_earlier_version_of_the_set_are_gone(tmp_path: Path) -> None:
    datasets.write_documents(tmp_path / "d", {"a": "甲。", "b": "乙。"}, progress=False)
    datasets.write_documents(tmp_path / "d", {"a": "丙。"}, progress=False)
    assert {file.name: file.read_text("utf-8") for file in (tmp_path / "d").iterdir()} == {"a.txt": "丙。"}


@pytest.mark.parametrize(
    ("style", "asked"),
    [
        ("unmarked", "圖書館幾點開門"),
        ("traditional", "圖書館幾點開門？"),
        ("wide", "圖書館幾點開門？"),
        ("keywords", "圖書館 幾點 開門"),
    ],
)
def test_questions_can_be_asked_in_another_style(style: str, asked: str) -> None:
    dataset = Dataset("馆", (GoldQuestion(id="1", question="图书馆几点开门？"),), "document")
    restyled = datasets.restyled(dataset, style)
    assert restyled.name == f"馆-{style}"
    written = restyled.questions[0].question
    assert normalise(written).text.replace(" ", "") == normalise(asked).text.replace(" ", "")
    assert datasets.restyled(dataset, style) == restyled
