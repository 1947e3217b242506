"""The gold questions are sound: quotes are the articles', paragraphs are asked about, mistakes are named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import ARTICLE

from rag.errors import EvaluationError
from rag.evaluation.corpus import Corpus
from rag.evaluation.gold import GOLD, HELD_OUT, GoldQuestion, Place, load_gold
from rag.library import Library
from rag.settings import Settings
from rag.types import BlockKind, Document

GOOD = {
    "id": "1",
    "question": "问",
    "type": "what",
    "style": "plain",
    "answers": ["答"],
    "evidence": [[{"document": "a.md", "start": 0, "end": 1, "quote": "答"}]],
}


@pytest.fixture(scope="module")
def questions() -> list[GoldQuestion]:
    return [*load_gold(GOLD), *load_gold(HELD_OUT)]


def places(questions: Sequence[GoldQuestion]) -> list[Place]:
    return [place for question in questions for fact in question.evidence for place in fact]


def test_ids_and_questions_are_unique_over_both_files(questions: list[GoldQuestion]) -> None:
    assert len({question.id for question in questions}) == len(questions)
    assert len({question.question for question in questions}) == len(questions)


def test_every_quote_is_the_articles_own(questions: list[GoldQuestion], library: Library) -> None:
    Corpus(library).check(questions)
    assert len(places(questions)) > 300


def test_every_paragraph_that_states_something_is_asked_about(
    questions: list[GoldQuestion], articles: dict[str, Document]
) -> None:
    asked = places(questions)
    unasked = [
        (name, block.number)
        for name, document in articles.items()
        for block in document.blocks
        if block.kind is not BlockKind.HEADING
        and not document.text[block.start : block.end].endswith(("：", ":"))
        and not any(p.document == name and p.start < block.end and block.start < p.end for p in asked)
    ]
    assert unasked == []


def test_every_first_answer_is_made_of_the_words_of_its_evidence(questions: list[GoldQuestion]) -> None:
    for question in questions:
        quotes = "".join(place.quote for place in places([question]))
        for part in question.answers[0].split("；") if question.answers else ():
            assert set(part) <= set(quotes), question.id


def test_some_questions_are_not_answered_by_the_articles(questions: list[GoldQuestion]) -> None:
    unanswerable = [question for question in questions if not question.answerable]
    assert len(unanswerable) >= 50
    assert all(not question.evidence for question in unanswerable)


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ("{", "malformed|truncated"),
        ("[]", "array"),
        (json.dumps({**GOOD, "id": "2", "extra": 1}), "extra"),
        (json.dumps({**GOOD, "id": "2", "type": "whatever"}), "whatever"),
        (json.dumps({**GOOD, "id": "2", "style": "baroque"}), "baroque"),
        (json.dumps({"id": "2"}), "question"),
        (json.dumps(GOOD), "编号 1 在第 1 行已用过"),
        (json.dumps({**GOOD, "id": "2", "answers": []}), "有答案就要有证据"),
        (json.dumps({**GOOD, "id": "2", "evidence": []}), "有答案就要有证据"),
        (json.dumps({**GOOD, "id": "2", "evidence": [[]]}), "有答案就要有证据"),
    ],
)
def test_a_malformed_line_is_named_by_its_number(tmp_path: Path, second: str, reason: str) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(f"{json.dumps(GOOD)}\n\n{second}\n", "utf-8")
    with pytest.raises(EvaluationError, match=reason) as caught:
        load_gold(file)
    assert f"{file} 第 3 行有误" in caught.value.zh
    assert f"{file}, line 3" in caught.value.en


def test_an_empty_or_missing_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n", "utf-8")
    with pytest.raises(EvaluationError, match="是空的"):
        load_gold(tmp_path / "empty.jsonl")
    with pytest.raises(EvaluationError, match="无法读取"):
        load_gold(tmp_path / "none.jsonl")


def test_evidence_that_is_not_the_documents_text_is_named(tmp_path: Path, library: Library) -> None:
    file = tmp_path / "gold.jsonl"
    corpus = Corpus(library)
    file.write_text(json.dumps(GOOD), "utf-8")
    with pytest.raises(EvaluationError, match=r"问题 1 引用的文档 a\.md 不在索引里"):
        corpus.check(load_gold(file))
    place = {"document": ARTICLE, "start": 0, "end": 1, "quote": "答"}
    file.write_text(json.dumps({**GOOD, "evidence": [[place]]}), "utf-8")
    with pytest.raises(EvaluationError, match=r"问题 1 的证据与原文不符：.*\[0, 1\)"):
        corpus.check(load_gold(file))


@pytest.mark.usefixtures("hash_encoder")
def test_a_document_whose_name_two_files_have_cannot_be_cited(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.md").write_text(f"答在 {folder}。", "utf-8")
    Library.index([tmp_path / "x", tmp_path / "y"], tmp_path / "index", Settings())
    file = tmp_path / "gold.jsonl"
    file.write_text(json.dumps(GOOD), "utf-8")
    with pytest.raises(EvaluationError, match=r"有几篇文档都叫 a\.md"):
        Corpus(Library.open(tmp_path / "index", Settings())).check(load_gold(file))
