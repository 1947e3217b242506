"""What the user has confirmed answers the same question, as long as its text stands, and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import ARTICLE, CORPUS
from fastapi import FastAPI
from fastapi.testclient import TestClient

from rag.answering.confirmed import PARAPHRASE, Confirmation, matching
from rag.contract import answer_json
from rag.library import Library
from rag.models import Models
from rag.settings import Settings
from rag.types import Span, Status
from rag.web.conversation import Turn
from rag.web.evaluation.routes import bench_router
from rag.web.page import answers
from rag.web.problems import HANDLERS

ASKED = "豆包2024年11月的月活跃用户有多少？"
KNOWN = (Confirmation(ASKED, ("近6000万",), confirmed="2026-11-28", id="u-001"),)
API = "/api/v1"


def found(question: str, *, cosine: float | None = 1.0, known: tuple[Confirmation, ...] = KNOWN) -> str:
    near = cosine or 0.0
    one = matching(question, known, None if cosine is None else lambda _one, _other: near, None)
    return one.id if one else ""


@pytest.mark.parametrize(
    "question", ["豆包2024年11月的月活跃用户有多少", " 豆包２０２４年１１月的月活躍用戶有多少？ ", f"你好，{ASKED}谢谢"]
)
def test_the_same_words_are_the_same_question_whatever_their_marks_width_script_and_courtesy(question: str) -> None:
    assert found(question, cosine=None) == "u-001"


def test_another_wording_is_the_same_where_words_and_kind_are_and_meaning_is_near() -> None:
    reworded = "请问2024年11月豆包的月活跃用户是多少？"
    assert found(reworded) == "u-001"
    assert found(reworded, cosine=PARAPHRASE - 0.01) == ""
    assert found(reworded, cosine=None) == ""


@pytest.mark.parametrize(
    "question",
    [
        "豆包2024年12月的月活跃用户有多少？",
        "豆包2024年11月的日活跃用户有多少？",
        "文心2024年11月的月活跃用户有多少？",
        "豆包2024年11月的月活跃用户不到多少？",
        "豆包2024年11月前的月活跃用户有多少？",
        "豆包2024年11月的月活跃用户是谁？",
        "豆包的月活跃用户有多少？",
    ],
)
def test_a_question_that_differs_in_one_word_is_another_however_near_it_is(question: str) -> None:
    assert found(question, cosine=0.999) == ""


def test_who_did_what_to_whom_is_told_by_the_order() -> None:
    known = (Confirmation("百度收购小米的价格是多少？", ("1元",), confirmed="2026-11-28", id="u-001"),)
    assert found("小米收购百度的价格是多少？", known=known) == ""
    assert found("百度收购小米的价格有多少？", known=known) == "u-001"


@dataclass(frozen=True)
class Shelf:
    """A library over copies of the articles, searched by words, and the page's requests to it."""

    library: Library
    corpus: Path
    client: TestClient

    @property
    def file(self) -> Path:
        return self.library.index_dir / "gold.jsonl"

    def ask(self, question: str, **options: Any) -> dict[str, Any]:
        return answer_json(self.library.ask(question, **options))

    def pair(self, question: str, words: str) -> dict[str, Any]:
        """What the page sends to confirm that ``words`` of the first article answer ``question``."""
        library = self.library
        made = next(library.document(r.doc_id) for r in library.documents() if r.source.endswith(ARTICLE))
        start = made.text.index(words)
        place = {"doc_id": made.doc_id, "start": start, "end": start + len(words), "quote": words}
        return {"question": question, "answers": [words], "places": [place], "confirmed": True}

    def confirm(self, question: str, words: str) -> dict[str, Any]:
        kept: dict[str, Any] = self.client.post(f"{API}/gold", json=self.pair(question, words)).json()
        return kept

    def change(self, old: str, new: str) -> None:
        file = self.corpus / ARTICLE
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")
        Library.index([self.corpus], self.library.index_dir, self.library.settings)
        self.library.refresh()


@pytest.fixture(scope="module")
def module_shelf(tmp_path_factory: pytest.TempPathFactory, plain_models: Models) -> Shelf:
    folder, settings = tmp_path_factory.mktemp("confirmed"), Settings(retrieval="bm25")
    shutil.copytree(CORPUS, folder / "corpus")
    Library.index([folder / "corpus"], folder / "index", settings)
    library = Library.open(folder / "index", settings, models=plain_models)
    app = FastAPI(exception_handlers=HANDLERS)
    app.include_router(bench_router(folder / "index", settings, lambda: library), prefix=API)
    return Shelf(library, folder / "corpus", TestClient(app))


@pytest.fixture
def shelf(module_shelf: Shelf) -> Iterator[Shelf]:
    """The library as its articles are, and nothing confirmed."""
    yield module_shelf
    module_shelf.file.unlink(missing_ok=True)
    if (module_shelf.corpus / ARTICLE).read_bytes() != (CORPUS / ARTICLE).read_bytes():
        shutil.copy(CORPUS / ARTICLE, module_shelf.corpus)
        Library.index([module_shelf.corpus], module_shelf.library.index_dir, module_shelf.library.settings)
        module_shelf.library.refresh()


def test_a_confirmed_answer_is_given_with_its_date_and_a_checked_citation(shelf: Shelf) -> None:
    added = shelf.confirm("豆包有多少人在用？", "近6000万")
    answer = shelf.ask("豆包有多少人在用")
    assert (answer["status"], answer["answer"], answer["confidence"]) == ("answered", "近6000万", 1.0)
    assert answer["parts"][0]["confirmed"] == added["confirmed"]
    (cited,) = answer["citations"]
    text = shelf.library.document(cited["doc_id"]).text
    assert text[cited["start"] : cited["end"]] == cited["quote"] == "近6000万"
    assert cited["quote"] in cited["sentence"] != cited["quote"]
    assert "你确认过 · " in answer["text"]
    assert shelf.ask("豆包有多少人在用", confirmed=False)["parts"][0]["confirmed"] is None


def test_it_follows_its_sentence_through_a_changed_document_and_is_flagged_once_that_changes(shelf: Shelf) -> None:
    shelf.confirm("豆包有多少人在用？", "近6000万")
    shelf.change("# ", "# 新的开头：")
    moved = shelf.ask("豆包有多少人在用？")
    assert (moved["answer"], moved["parts"][0]["outdated"]) == ("近6000万", None)
    assert [one["holds"] for one in shelf.client.get(f"{API}/confirmed").json()["confirmed"]] == [True]
    shelf.change("近6000万", "近7000万")
    answer = shelf.library.ask("豆包有多少人在用？")
    assert (answer.parts[0].confirmed, bool(answer.parts[0].outdated)) == ("", True)
    assert "近6000万" not in answer.answer
    assert "所在的原文变了，没有再用" in answers.turn(Turn("问", answer, {}))
    (listed,) = shelf.client.get(f"{API}/confirmed").json()["confirmed"]
    assert (listed["holds"], listed["places"][0]["start"]) == (False, None)


def test_a_new_word_takes_the_place_of_an_old_one_and_taking_it_back_forgets_it(shelf: Shelf) -> None:
    shelf.confirm("训练成本是多少？", "近6000万")
    second = shelf.confirm("训练成本是多少？", "557万美元")
    assert shelf.ask("训练成本是多少？")["answer"] == "557万美元"
    lines = [json.loads(line) for line in shelf.file.read_text("utf-8").splitlines()]
    assert [line["answers"] for line in lines] == [["557万美元"]]
    assert shelf.client.delete(f"{API}/gold/{second['id']}").status_code == 204
    assert shelf.client.get(f"{API}/confirmed").json() == {"confirmed": []}


def test_what_is_no_quote_of_its_document_is_not_confirmed(shelf: Shelf) -> None:
    pair = shelf.pair("豆包有多少人在用？", "近6000万")
    pair["places"][0]["quote"] = "近7000万"
    assert shelf.client.post(f"{API}/gold", json=pair).status_code == 422
    assert not shelf.file.exists()


def test_a_line_by_hand_that_is_no_pair_harms_nothing(shelf: Shelf) -> None:
    shelf.file.write_bytes(b'{"question": 1}\n\xff\n[]\n')
    assert shelf.library.confirmed() == []


def test_the_page_marks_a_confirmed_answer(shelf: Shelf) -> None:
    shelf.confirm("豆包有多少人在用？", "近6000万")
    answer = shelf.library.ask("豆包有多少人在用？")
    assert answer.status is Status.ANSWERED
    assert '<p class="confirmed"><span class="zh">✓ 你确认过 · 20' in answers.turn(Turn("问", answer, {}))


def test_where_nothing_else_is_read_the_nearest_sentences_might_answer(tmp_path: Path, plain_models: Models) -> None:
    text = "# 赔偿\n\n丢了怎么赔？\n\n快件丢失的，保价件最高赔5000元。未保价的，最高赔800元。\n"
    (tmp_path / "赔偿.md").write_text(text, "utf-8")
    settings = Settings(retrieval="bm25")
    Library.index([tmp_path / "赔偿.md"], tmp_path / "index", settings)
    library = Library.open(tmp_path / "index", settings, models=plain_models)
    paid = library.documents()[0].doc_id
    at = library.document(paid).text.index("5000元")
    assert [c.quote for c in library.others("快件丢失最高赔多少", [(paid, Span(at, at + 5))])] == [
        "未保价的，最高赔800元。"
    ]


def test_what_else_might_answer_leaves_out_what_was_called_wrong(plain_library: Library) -> None:
    first = plain_library.ask(ASKED).citations[0]
    others = plain_library.others(ASKED, [(first.doc_id, Span(first.start, first.end))])
    assert all(plain_library.document(c.doc_id).text[c.start : c.end] == c.quote for c in others)
    assert [c for c in others if c.doc_id == first.doc_id and c.start < first.end and first.start < c.end] == []
    assert 1 <= len(others) <= 3
