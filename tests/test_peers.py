"""Other systems are measured fairly: the same files, chunks found where they stand, the best marked whoever it is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from conftest import ARTICLE, CORPUS, FUNNEL

from eval.bench.peers.environments import OURS, PEERS, REQUIREMENTS
from eval.bench.peers.harness import ADAPTERS, Clock, load_adapter
from eval.bench.peers.harness import run as harness_run
from eval.bench.peers.run import scored
from eval.bench.peers.scoring import Locator, measure
from eval.bench.peers.table import Comparison, compared, markdown
from eval.bench.peers.tasks import ARTICLES, Corpus, Found, Reply, Run, corpus
from rag.errors import EvaluationError
from rag.evaluation.environment import code, machine
from rag.evaluation.gold import GoldQuestion, Located, Place
from rag.types import Encoder

TEXT = "甲公司成立于2019年。\n总部在杭州，员工约三百人。\n乙公司 成立于2021年。"


def question(*facts: tuple[str, ...], document: str = "a.txt", text: str = TEXT, key: str = "q") -> GoldQuestion:
    """A question whose facts are each stated at the given quotes."""
    evidence = tuple(
        tuple(Place(document, text.index(q), text.index(q) + len(q), q) for q in quotes) for quotes in facts
    )
    return GoldQuestion(id=key, question="？", answers=("答",), evidence=evidence)


def at(quote: str) -> Located:
    return Located("a.txt", TEXT.index(quote), TEXT.index(quote) + len(quote))


@pytest.mark.parametrize(
    ("chunk", "shown"),
    [
        ("总部在杭州，", "总部在杭州，"),
        # A splitter stripped the line breaks, or put its own in.
        ("  总部在\n\n杭州，", "总部在杭州，"),
        ("成立于2019年。总部", "成立于2019年。\n总部"),
        ("乙公司成立", "乙公司 成立"),
        # The first of two places.
        ("公司", "公司"),
    ],
)
def test_a_chunk_is_found_where_it_stands_white_space_aside(chunk: str, shown: str) -> None:
    found = Locator({"a.txt": TEXT}).locate("a.txt", chunk, peer="x")
    assert (found.document, TEXT[found.start : found.end]) == ("a.txt", shown)


@pytest.mark.parametrize(("document", "chunk"), [("a.txt", "总部在北京"), ("b.txt", "总部")])
def test_a_chunk_that_no_document_holds_is_an_error_that_names_the_system(document: str, chunk: str) -> None:
    with pytest.raises(EvaluationError, match="somebody") as error:
        Locator({"a.txt": TEXT}).locate(document, chunk, peer="somebody")
    assert "somebody" in error.value.en


def test_a_chunk_whose_reader_dropped_html_tags_is_found_with_them() -> None:
    text = "颜料。<br>只有私人土地上的<nowiki>*</nowiki>树。"
    found = Locator({"a.txt": text}).locate("a.txt", "颜料。只有私人土地上的*树", peer="x")
    assert text[found.start : found.end] == "颜料。<br>只有私人土地上的<nowiki>*</nowiki>树"


def test_a_blank_chunk_costs_nothing_and_holds_nothing() -> None:
    assert Locator({"a.txt": TEXT}).locate("a.txt", " \n", peer="x") == Located("a.txt", 0, 0)


def test_neighbouring_chunks_show_together_what_neither_holds() -> None:
    asked = question(("总部在杭州，员工约三百人",))
    found = measure(asked, [at("员工约三百人。"), at("总部在杭州，")])
    assert (found["evidence@500"], found["Recall@5"]) == (1.0, 0.0)


def test_the_last_chunk_is_cut_at_the_budget() -> None:
    long = "甲" * 490 + TEXT
    asked = question(("甲公司成立于2019年",), text=long)
    start = len(long) - len(TEXT)
    # 490 characters and then the evidence's 11: it ends one character beyond 500.
    measures = measure(asked, [Located("a.txt", 0, start), Located("a.txt", start, len(long))])
    assert (measures["evidence@500"], measures["evidence@1000"]) == (0.0, 1.0)
    assert measures["chunk length"] == (490 + len(TEXT)) / 2


def test_evidence_needs_every_fact_and_recall_counts_them() -> None:
    asked = question(("2019年",), ("2021年",))
    one = measure(asked, [at("甲公司成立于2019年。")])
    assert (one["evidence@500"], one["Recall@1"]) == (0.0, 0.5)
    both = measure(asked, [at("甲公司成立于2019年。"), at("乙公司 成立于2021年。")])
    assert (both["evidence@500"], both["Recall@1"], both["Recall@5"]) == (1.0, 0.5, 1.0)


def test_nothing_retrieved_is_nothing_found() -> None:
    assert set(measure(question(("杭州",)), []).values()) == {0.0}


@pytest.mark.parametrize("peer", [OURS, *PEERS])
def test_every_adapter_has_what_the_harness_asks_for(peer: str) -> None:
    adapter = load_adapter(peer)
    assert all(callable(build) for build in adapter.VARIANTS.values())
    assert adapter.PACKAGES
    if peer == OURS:
        assert "shipped" in adapter.VARIANTS
    else:
        assert {"documented", "documented-bm25", "careful"} <= set(adapter.VARIANTS)
        pinned = {line.partition("==")[0].lower() for line in (REQUIREMENTS / f"{peer}.txt").read_text().splitlines()}
        assert set(adapter.PACKAGES) <= pinned


def test_every_peer_has_an_adapter_and_every_adapter_an_environment() -> None:
    assert {file.stem for file in ADAPTERS.glob("*.py")} == {OURS, *PEERS}


@pytest.mark.parametrize("peer", PEERS)
def test_requirements_are_pinned_in_full(peer: str) -> None:
    lines = (REQUIREMENTS / f"{peer}.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line)] == []
    assert "torch==2.13.0" in lines


def test_the_clock_adds_up_what_a_stage_takes_in_parts() -> None:
    clock = Clock()
    for _ in range(2):
        with clock("index"):
            pass
    assert clock.seconds["index"] > 0
    assert (clock.seconds["import"], clock.seconds["load"]) == (0.0, 0.0)


def test_the_files_given_to_all_read_as_the_documents_do(tmp_path: Path) -> None:
    taken = corpus(ARTICLES, tmp_path, CORPUS)
    assert set(taken.files) == {ARTICLE, FUNNEL}
    for name, file in taken.files.items():
        assert file.suffix == ".txt"
        # A blank line between blocks and nothing else changed.
        assert [line for line in file.read_text("utf-8").split("\n") if line] == taken.texts[name].split("\n")
    assert all(asked.evidence for asked in taken.questions)


def test_an_unknown_corpus_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="nonsense"):
        corpus("nonsense", tmp_path, CORPUS)


def _run(milliseconds: float, hits: tuple[Found, ...], peak: float) -> Run:
    replies = tuple(Reply(key, milliseconds, hits) for key in ("q1", "q2"))
    return Run(1.0, 2.0, 0.5, peak, {"x": "1"}, replies)


def test_the_best_of_each_column_is_marked_whoever_it_is() -> None:
    asked = (question(("2019年",), key="q1"), question(("杭州",), key="q2"))
    locator = Locator({"a.txt": TEXT})
    good = (Found("a.txt", TEXT, 1.0),)
    poor = (Found("a.txt", "甲公司成立于2019年。", 1.0),)
    taken = Corpus("a", {"a.txt": TEXT}, {}, asked, 0)
    rows = compared(
        [
            scored(OURS, "shipped", _run(9.0, poor, 100.0), taken, locator),
            scored("peer", "documented", _run(4.0, good, 900.0), taken, locator),
        ],
        (OURS, "shipped"),
    )
    assert [one.summary["evidence@500"].mean for one in rows] == [0.5, 1.0]
    assert rows[0].against_us is None
    assert rows[1].against_us is not None
    assert (rows[1].against_us.mean, rows[1].against_us.wins, rows[1].against_us.losses) == (0.5, 1, 0)
    table = markdown(Comparison("a", 1, len(TEXT), 2, 0, 2, code(), machine(), rows))
    peer = [line for line in table.splitlines() if line.startswith("| peer ")]
    ours = [line for line in table.splitlines() if line.startswith(f"| {OURS} ")]
    assert "**1.000 (1.000–1.000)**" in peer[0]
    assert "**4.0**" in peer[1]
    assert "**100**" in ours[1]
    assert "**" not in ours[0]


TOY = """
PACKAGES = ("pytest",)


def build(documents, model, clock):
    with clock("index"):
        texts = {name: open(path, encoding="utf-8").read() for name, path in documents.items()}
    asked = []

    def search(query, k):
        asked.append(query)
        return [(name, f"{len(asked)} {text}", 1) for name, text in texts.items()][:k]

    return search


VARIANTS = {"toy": build}
"""


def test_the_harness_measures_a_process_of_its_own_and_does_not_count_the_first_question(tmp_path: Path) -> None:
    harness = tmp_path / "harness.py"
    harness.write_bytes((ADAPTERS.parent / "harness.py").read_bytes())
    (tmp_path / "adapters").mkdir()
    # An adapter is named after the library that it imports, and must not be taken for it.
    (tmp_path / "adapters" / "json.py").write_text(TOY)
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    task = {
        "adapter": "json",
        "variant": "toy",
        "documents": {"a.md": str(tmp_path / "a.txt")},
        "queries": [{"id": "q1", "text": "一"}, {"id": "q2", "text": "二"}],
        "model": "",
        "k": 5,
        "threads": 1,
        "out": str(tmp_path / "out.json"),
    }
    (tmp_path / "task.json").write_text(json.dumps(task), "utf-8")
    subprocess.run([sys.executable, str(harness), str(tmp_path / "task.json")], check=True, cwd=tmp_path, timeout=60)
    run = msgspec.json.decode((tmp_path / "out.json").read_bytes(), type=Run)
    assert [(one.id, one.hits) for one in run.results] == [
        ("q1", (Found("a.md", f"2 {TEXT}", 1.0),)),
        ("q2", (Found("a.md", f"3 {TEXT}", 1.0),)),
    ]
    assert set(run.versions) == {"pytest"}
    assert run.index_s > 0
    assert (run.import_s, run.load_s) == (0.0, 0.0)
    assert 1 < run.peak_mb < 1000


def test_our_own_adapter_finds_the_evidence_in_the_files_given_to_all(
    tmp_path: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.embedding.load_encoder", lambda *_, **__: encoder)
    monkeypatch.setattr("rag.models.load_encoder", lambda *_, **__: encoder)
    taken = corpus(ARTICLES, tmp_path, CORPUS)
    asked = [one for one in taken.questions if one.id in ("r-001", "r-003")]
    found = harness_run(
        {
            "adapter": OURS,
            "variant": "bm25",
            "documents": {ARTICLE: str(taken.files[ARTICLE])},
            "queries": [{"id": one.id, "text": one.question} for one in asked],
            "model": "",
            "k": 5,
        }
    )
    locator = Locator(taken.texts)
    for one, reply in zip(asked, found["results"], strict=True):
        chunks = [locator.locate(hit["document"], hit["text"], peer=OURS) for hit in reply["hits"]]
        assert len(chunks) == 5
        assert measure(one, chunks)["Recall@5"] == 1.0
