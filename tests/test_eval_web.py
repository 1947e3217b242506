"""Evaluations from the web app, in processes of their own, and the gold pairs that users keep."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import ARTICLE, CORPUS, ROOT
from fastapi import FastAPI
from fastapi.testclient import TestClient

from rag.evaluation import datasets
from rag.evaluation.corpus import Corpus
from rag.evaluation.evaluate import evaluate
from rag.evaluation.gold import GOLD, GoldQuestion, Place, load_gold
from rag.evaluation.results import Draft, Drafted, drafted, load_result
from rag.library import Library
from rag.settings import Settings
from rag.web.evaluation.evaluations import Bench, State
from rag.web.evaluation.job import Request
from rag.web.evaluation.routes import bench_router
from rag.web.problems import HANDLERS

QUOTE = "11月月活跃用户近6000万"
PLACE = {
    "doc_id": hashlib.sha256((CORPUS / ARTICLE).read_bytes()).hexdigest()[:12],
    "start": 117,
    "end": 131,
    "quote": QUOTE,
}
PAIR: dict[str, Any] = {
    "question": " 豆包2024年11月的月活跃用户有多少？ ",
    "answers": ["近6000万", " 6000万 ", "", "近6000万"],
    "places": [PLACE],
}
WAIT_SECONDS = 300
API = "/api/v1"


def client_of(index: Path) -> TestClient:
    """An app with the bench alone, and the problems of the API."""
    app = FastAPI(exception_handlers=HANDLERS)
    app.include_router(bench_router(index, Settings(), lambda: Library.open(index, Settings())), prefix=API)
    return TestClient(app)


@pytest.fixture
def index(hash_encoder: object, tmp_path: Path) -> Path:  # noqa: ARG001
    """The two articles with made-up vectors: for claims that are not about the model."""
    Library.index([CORPUS], tmp_path / "index", Settings())
    return tmp_path / "index"


@pytest.fixture
def client(index: Path) -> TestClient:
    return client_of(index)


def test_a_pair_that_is_added_is_read_as_a_gold_question(client: TestClient, index: Path) -> None:
    added = client.post(f"{API}/gold", json=PAIR)
    declined = client.post(f"{API}/gold", json={"question": "红楼梦的作者是谁？"})
    assert (added.status_code, declined.status_code) == (201, 201)
    expected = [
        GoldQuestion(
            id="u-001",
            question="豆包2024年11月的月活跃用户有多少？",
            answers=("近6000万", "6000万"),
            evidence=((Place(ARTICLE, 117, 131, QUOTE),),),
        ),
        GoldQuestion(id="u-002", question="红楼梦的作者是谁？"),
    ]
    assert load_gold(index / "gold.jsonl") == expected
    Corpus(Library.open(index, Settings())).check(expected)
    listed = client.get(f"{API}/gold").json()["pairs"]
    assert [msgspec.convert(one["pair"], GoldQuestion) for one in listed] == expected
    assert [one["problem"] for one in listed] == [None, None]
    downloaded = client.get(f"{API}/gold.jsonl")
    assert downloaded.content == (index / "gold.jsonl").read_bytes()
    assert downloaded.headers["content-disposition"] == 'attachment; filename="gold.jsonl"'


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"places": [PLACE | {"start": 116}]},
            "引文与原文不符：2024-ai-models-in-review.md 的 [116, 131) 是「，11月月活跃用户近6000万」",
        ),
        ({"places": [PLACE | {"quote": "不是原文"}]}, f"的 [117, 131) 是「{QUOTE}」"),
        ({"places": [PLACE | {"end": 10**9}]}, "引文与原文不符"),
        ({"answers": [" "]}, "有答案就要有原文里的证据"),
        ({"places": []}, "有答案就要有原文里的证据"),
        ({"question": "？！"}, "没有可检索的文字"),
    ],
)
def test_a_pair_that_is_not_sound_is_refused_and_nothing_is_written(
    client: TestClient, index: Path, changed: dict[str, Any], said: str
) -> None:
    refused = client.post(f"{API}/gold", json=PAIR | changed)
    assert refused.status_code == 422
    assert said in refused.json()["detail_zh"]
    assert not (index / "gold.jsonl").exists()


def test_a_question_is_kept_once(client: TestClient, index: Path) -> None:
    client.post(f"{API}/gold", json=PAIR)
    again = client.post(f"{API}/gold", json={"question": PAIR["question"].strip()})
    assert (again.status_code, again.json()["detail_zh"]) == (422, "这个问题已经存过（u-001）。要改就先删掉它。")
    assert len(load_gold(index / "gold.jsonl")) == 1


def test_a_deleted_pair_leaves_the_other_lines_as_they_are_and_its_id_is_not_another_s(
    client: TestClient, index: Path
) -> None:
    for question in ("一是什么？", "二是什么？", "三是什么？"):
        client.post(f"{API}/gold", json={"question": question})
    by_hand = '{ "question": "手写的" , "id": "我的" }'
    with (index / "gold.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(by_hand)
    lines = (index / "gold.jsonl").read_text("utf-8").splitlines()
    assert client.delete(f"{API}/gold/u-002").status_code == 204
    assert (index / "gold.jsonl").read_text("utf-8").splitlines() == [lines[0], lines[2], by_hand]
    assert client.delete(f"{API}/gold/u-002").status_code == 404
    assert client.post(f"{API}/gold", json={"question": "四是什么？"}).json()["id"] == "u-004"
    for pair_id in ("u-001", "u-003", "u-004", "我的"):
        client.delete(f"{API}/gold/{pair_id}")
    assert client.get(f"{API}/gold").json() == {"pairs": []}
    assert client.get(f"{API}/gold.jsonl").status_code == 404


def test_a_pair_whose_document_has_changed_is_listed_with_what_is_wrong(client: TestClient, index: Path) -> None:
    client.post(f"{API}/gold", json=PAIR)
    line = json.loads((index / "gold.jsonl").read_text("utf-8"))
    line["evidence"][0][0]["document"] = "旧.md"
    (index / "gold.jsonl").write_text(json.dumps(line), "utf-8")
    assert "旧.md 不在索引里" in client.get(f"{API}/gold").json()["pairs"][0]["problem"]["zh"]
    mine = client.get(f"{API}/evaluations").json()["sets"][1]
    assert mine["name"] == "mine"
    assert "旧.md 不在索引里" in mine["problem"]["zh"]
    assert client.post(f"{API}/evaluations", json={"questions": "mine"}).status_code == 422


def test_processes_that_add_pairs_at_once_lose_none(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from unittest.mock import Mock\n"
        "from rag.web.evaluation.gold_file import GoldFile\n"
        "for i in range(20): GoldFile(Path(sys.argv[1])).add(f'{sys.argv[2]} 的第 {i} 问', (), (), Mock())"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "gold.jsonl")]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda who: subprocess.run([*arguments, who], cwd=ROOT, check=True), ("甲", "乙")))
    pairs = load_gold(tmp_path / "gold.jsonl")
    assert {pair.question for pair in pairs} == {f"{who} 的第 {i} 问" for who in "甲乙" for i in range(20)}
    assert [pair.id for pair in pairs] == [f"u-{number:03d}" for number in range(1, 41)]
    assert not list(tmp_path.glob(".gold.jsonl.*[!k]"))


def test_built_in_questions_are_not_offered_for_other_documents(hash_encoder: object, tmp_path: Path) -> None:  # noqa: ARG001
    (tmp_path / "a.md").write_text("图书馆周一闭馆。", "utf-8")
    Library.index([tmp_path / "a.md"], tmp_path / "index", Settings())
    client = client_of(tmp_path / "index")
    built_in, mine = client.get(f"{API}/evaluations").json()["sets"]
    assert "不在索引里" in built_in["problem"]["zh"]
    assert mine["problem"]["en"].startswith("There are no pairs of your own yet.")
    refused = client.post(f"{API}/evaluations", json={})
    assert (refused.status_code, refused.json()["detail_zh"]) == (422, built_in["problem"]["zh"])
    assert client.get(f"{API}/evaluations").json()["runs"] == []


def test_an_id_that_was_not_given_here_leads_nowhere(client: TestClient, index: Path) -> None:
    (index / "evaluations").mkdir()
    for run_id in ("generations", "%2e%2e", "..%2fgenerations", "20250101T000000-abcdef"):
        for path in (run_id, f"{run_id}/report"):
            assert client.get(f"{API}/evaluations/{path}").status_code == 404
        assert client.delete(f"{API}/evaluations/{run_id}").status_code == 404
    assert (index / "generations").is_dir()


def test_how_far_a_draft_is_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    from rag.evaluation.outcome import Asked

    assert drafted("one", tmp_path) is None
    draft = Draft(tmp_path / "one.partial", "print")
    for number in range(3):
        draft.add(Asked(id=str(number), hits=(), timings_ms={}))
    found = drafted("one", tmp_path)
    assert found is not None
    assert found.questions == 3
    assert 0 <= found.seconds < WAIT_SECONDS


class Running:
    """A job of three questions that has not ended yet."""

    is_running = True
    error = None

    def __init__(self, run_id: str, index: Path) -> None:
        self.request = Request(
            id=run_id,
            index=str(index),
            results=str(index / "evaluations"),
            settings=Settings(),
            dataset="gold",
            questions=tuple(load_gold(GOLD)[:3]),
        )


@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_is_asked_never_falls_when_the_result_takes_its_place_while_one_looks(
    index: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    run_id = "20250101T000000-abcdef"
    bench = Bench(index, Settings(), lambda: Library.open(index, Settings()))
    monkeypatch.setattr(bench, "_job", Running(run_id, index))
    finished = Path(shutil.copytree(ROOT / "eval" / "results" / "baseline", index / "evaluations" / "done"))
    partial = finished.rename(index / "evaluations" / f"{run_id}.partial")
    (partial / "asked.jsonl").write_text("{}\n" * 4, "utf-8")

    def looking(name: str, results: Path) -> Drafted | None:
        found = None if moment == "before" else drafted(name, results)
        partial.rename(index / "evaluations" / run_id)
        return found or drafted(name, results)

    monkeypatch.setattr("rag.web.evaluation.evaluations.drafted", looking)
    assert bench.run(run_id).state is State.FINISHED


@pytest.fixture(scope="module")
def real(index_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the real index."""
    return Path(shutil.copytree(index_dir, tmp_path_factory.mktemp("bench") / "index"))


def states(client: TestClient, run_id: str) -> Iterator[dict[str, Any]]:
    """What a run is doing, again and again until it has ended."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        run = client.get(f"{API}/evaluations/{run_id}").json()
        yield run
        if run["state"] in ("finished", "failed"):
            return
        time.sleep(0.1)
    pytest.fail(f"still {run['state']}")


def test_a_run_of_three_questions_gives_what_the_evaluation_gives(real: Path, tmp_path: Path) -> None:
    client = client_of(real)
    started = client.post(f"{API}/evaluations", json={"questions": "gold", "sample": 3})
    assert started.status_code == 202
    run_id = started.json()["id"]
    busy = client.post(f"{API}/evaluations", json={"questions": "gold"})
    assert (busy.status_code, busy.json()["detail"][:24]) == (422, "An evaluation is running")

    seen = list(states(client, run_id))
    assert seen[0]["state"] == "starting"
    asked = [run["asked"] for run in seen]
    assert asked == sorted(asked)
    assert {run["total"] for run in seen} == {3}
    last = seen[-1]
    assert (last["state"], last["error"], last["asked"]) == ("finished", None, 3)

    expected = evaluate(
        replace(datasets.sample(datasets.gold(GOLD), 3), name="gold"),
        Settings(),
        index=real,
        results=tmp_path,
        with_cost=False,
    )
    result, outcomes = load_result(real / "evaluations" / run_id)
    assert result.summary == expected.result.summary
    assert [(one.id, one.measures) for one in outcomes] == [(one.id, one.measures) for one in expected.outcomes]
    assert last["summary"] == last["result"]["summary"] == msgspec.to_builtins(result.summary)

    zh, en = last["view"]["zh"], last["view"]["en"]
    assert (zh["tables"][0]["title"], en["tables"][0]["title"]) == ("全部问题", "All questions")
    assert zh["tables"][0]["rows"] == en["tables"][0]["rows"]
    assert [picture["name"] for picture in en["pictures"]] == ["recall", "coverage", "reliability", "latency"]
    assert [one["id"] for one in last["view"]["failures"]] == [one.id for one in expected.outcomes if one.lost_at]

    report = client.get(f"{API}/evaluations/{run_id}/report", params={"language": "en"})
    assert "<title>Wenyuan evaluation" in report.text
    assert report.headers["content-security-policy"] == "sandbox allow-scripts"
    assert [run["id"] for run in client_of(real).get(f"{API}/evaluations").json()["runs"]] == [run_id]

    assert client.delete(f"{API}/evaluations/{run_id}").status_code == 204
    assert client.get(f"{API}/evaluations").json()["runs"] == []
    assert [file.name for file in (real / "evaluations").iterdir()] == [".lock"]


def test_a_run_that_is_stopped_leaves_nothing_and_another_can_start(real: Path) -> None:
    client = client_of(real)
    run_id = client.post(f"{API}/evaluations", json={}).json()["id"]
    reached = next(run for run in states(client, run_id) if run["asked"] >= 1)
    assert (reached["state"], reached["total"]) == ("asking", 311)
    assert reached["seconds_left"] > 0
    began = time.monotonic()
    assert client.delete(f"{API}/evaluations/{run_id}").status_code == 204
    assert time.monotonic() - began < 5
    assert client.get(f"{API}/evaluations/{run_id}").status_code == 404
    assert [file.name for file in (real / "evaluations").iterdir()] == [".lock"]
    again = client.post(f"{API}/evaluations", json={"sample": 1})
    assert again.status_code == 202
    client.delete(f"{API}/evaluations/{again.json()['id']}")


def test_a_run_that_fails_says_why(client: TestClient, index: Path) -> None:
    # Its process loads the real model, which is not the one that this index was made with.
    run_id = client.post(f"{API}/evaluations", json={"sample": 1}).json()["id"]
    *_, last = states(client, run_id)
    assert last["state"] == "failed"
    assert last["error"]["zh"].startswith("索引是用模型 ")
    assert [run["state"] for run in client.get(f"{API}/evaluations").json()["runs"]] == ["failed"]
    assert client.delete(f"{API}/evaluations/{run_id}").status_code == 204
    assert not list((index / "evaluations").glob("2*"))


def is_running(process: int) -> bool:
    """Whether it is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_an_evaluation_ends_when_its_server_is_gone(real: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from rag.web.evaluation.evaluations import Bench\n"
        "from rag.library import Library\n"
        "from rag.settings import Settings\n"
        "index = Path(sys.argv[1]); bench = Bench(index, Settings(), lambda: Library.open(index, Settings()))\n"
        "bench.start('gold'); print(bench._job._process.pid, flush=True); sys.stdin.read(1); os._exit(1)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(real)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout
        process = int(server.stdout.readline())
        assert is_running(process)
        server.kill()
    end = time.monotonic() + 60
    while is_running(process):
        assert time.monotonic() < end
        time.sleep(0.1)
