"""Runs and qrels are TREC's, and give any other tool the figures that we give."""

from __future__ import annotations

from pathlib import Path

import ir_measures
import pytest
from ir_measures import RR, R, nDCG
from outcomes import asked, place, question, span

from rag.evaluation.datasets import Dataset
from rag.evaluation.gold import GoldQuestion
from rag.evaluation.measures import facts_found, trec

PASSAGES = {"我 的.md": [span(0, 10, "我 的.md"), span(10, 30, "我 的.md"), span(30, 40, "我 的.md")]}
NAME = "%E6%88%91%20%E7%9A%84.md"


def gold(*questions: GoldQuestion) -> Dataset:
    return Dataset("gold", questions, "passage")


def test_qrels_name_the_passage_of_each_place_and_its_fact() -> None:
    one = question(
        [place(2, 5, "我 的.md"), place(31, 33, "我 的.md")], [place(12, 15, "我 的.md"), place(8, 12, "我 的.md")]
    )
    found = [(q.query_id, q.iteration, q.doc_id, q.relevance) for q in trec.qrels(gold(one), PASSAGES)]
    assert found == [
        ("1", "0", f"{NAME}#0-10", 1),
        ("1", "0", f"{NAME}#30-40", 1),
        ("1", "1", f"{NAME}#10-30", 1),
        # No passage holds [8, 12) whole: relevant, and never found.
        ("1", "1", f"lost:{NAME}#8-12", 1),
    ]


def test_an_unanswerable_question_has_no_qrels() -> None:
    assert trec.qrels(gold(question()), PASSAGES) == []


def test_a_document_ranks_where_its_first_passage_does() -> None:
    ranked = trec.run([asked("1", span(5, 9, "b.txt"), span(0, 5, "a.txt"), span(0, 5, "b.txt"))], "document")
    assert [(one.doc_id, one.score) for one in ranked] == [("b", 1.0), ("a", 0.5)]


def test_measures_are_those_worked_out_by_hand() -> None:
    one = question([place(2, 5, "我 的.md")], [place(12, 15, "我 的.md")])
    relevant = trec.qrels(gold(one), PASSAGES)
    ranked = trec.run([asked("1", *(PASSAGES["我 的.md"][i] for i in (2, 1, 0)))], "passage")
    found = trec.measure(relevant, ranked, "passage")["1"]
    assert (found["Success@1"], found["Success@5"], found["MRR@10"]) == (0.0, 1.0, 0.5)
    # Gains 1/log2(3) + 1/log2(4), ideal 1 + 1/log2(3).
    assert found["nDCG@10"] == pytest.approx((0.63093 + 0.5) / (1 + 0.63093), abs=1e-4)


def test_a_question_for_which_nothing_was_found_scores_zero() -> None:
    relevant = trec.qrels(gold(question([place(2, 5, "我 的.md")])), PASSAGES)
    assert trec.measure(relevant, trec.run([asked("1")], "passage"), "passage")["1"]["MRR@10"] == 0.0


def test_documents_are_measured_by_grade() -> None:
    graded = GoldQuestion(id="1", question="问", documents={"a.txt": 2, "b.txt": 1})
    dataset = Dataset("beir", (graded,), "document")
    ranked = trec.run([asked("1", span(0, 1, "b.txt"), span(0, 1, "c.txt"))], "document")
    found = trec.measure(trec.qrels(dataset, {}), ranked, "document")["1"]
    assert (found["Recall@1"], found["Recall@5"]) == (0.5, 0.5)
    # Gain 1 at rank 1; ideal 2 + 1/log2(3).
    assert found["nDCG@10"] == pytest.approx(1 / (2 + 0.63093), abs=1e-4)


def test_the_files_read_by_another_program_give_our_figures(tmp_path: Path) -> None:
    questions = [
        question([place(2, 5, "我 的.md")], qid="q 1"),
        question([place(31, 33, "我 的.md")], [place(2, 4, "我 的.md")], qid="q2"),
    ]
    answers = [
        asked("q 1", *(PASSAGES["我 的.md"][i] for i in (1, 0))),
        asked("q2", *(PASSAGES["我 的.md"][i] for i in (0, 1))),
    ]
    relevant, ranked = trec.qrels(gold(*questions), PASSAGES), trec.run(answers, "passage")
    ours = trec.measure(relevant, ranked, "passage")
    trec.write_qrels(relevant, tmp_path / "qrels")
    trec.write_run(ranked, tmp_path / "run", "wen yuan")
    assert (tmp_path / "run").read_text().splitlines()[0] == f"q%201 Q0 {NAME}#10-30 1 1.000000 wen%20yuan"
    read = [
        list(ir_measures.read_trec_qrels(str(tmp_path / "qrels"))),
        list(ir_measures.read_trec_run(str(tmp_path / "run"))),
    ]
    theirs = {(m.query_id, m.measure): m.value for m in ir_measures.iter_calc([RR @ 10, nDCG @ 10, R @ 1], *read)}
    assert theirs["q%201", RR @ 10] == ours["q 1"]["MRR@10"] == 0.5
    assert theirs["q2", nDCG @ 10] == ours["q2"]["nDCG@10"]
    # Where each fact has one place, recall of facts is recall of passages.
    hits = [span(hit.start, hit.end, hit.document) for hit in answers[1].hits[:1]]
    assert theirs["q2", R @ 1] == facts_found(questions[1], hits) == 0.5
