"""A document that was replaced stays as an older version: the newer one is asked, the older where it is chosen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Command
from fastapi import FastAPI
from fastapi.testclient import TestClient

from rag.errors import NotFoundError, VersionError
from rag.index.dense import DenseIndex
from rag.index.generations import open_generation
from rag.indexing.update import index_paths
from rag.indexing.uploads import Upload, UploadStore
from rag.library import Library
from rag.models import Models
from rag.retrieval.named import NamedCollections
from rag.retrieval.versions import versions
from rag.settings import Settings
from rag.types import Document
from rag.web import api
from rag.web.guard.admission import Admission
from rag.web.live_library import LiveLibrary

pytestmark = pytest.mark.usefixtures("hash_encoder")

PLAIN = Settings(retrieval="bm25", min_confidence=0.0)
ASKED = "出差住宿费标准是每人每天多少元？"
RULE = "# 差旅费管理办法\n\n本办法自{since}起施行。\n\n出差住宿费标准为每人每天{amount}元，超出部分自理。\n"
OLD, NEW, NEWEST = (
    RULE.format(since=since, amount=amount)
    for since, amount in (("2019年3月1日", 300), ("2023年5月1日", 450), ("2025年7月1日", 520))
)
LEAVE = "# 考勤办法\n\n病假工资为基本工资的百分之七十。\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    docs = tmp_path / "资料"
    (docs / "财务").mkdir(parents=True)
    (docs / "财务" / "差旅.md").write_text(OLD, "utf-8")
    (docs / "考勤.md").write_text(LEAVE, "utf-8")
    return docs


@pytest.fixture
def index(folder: Path, tmp_path: Path) -> Path:
    index_paths([folder], tmp_path / "index", PLAIN)
    return tmp_path / "index"


@pytest.fixture
def opened(index: Path, plain_models: Models) -> Library:
    return Library.open(index, PLAIN, models=plain_models)


def upload(library: Library, text: str, name: str = "差旅.md") -> str:
    (result,) = UploadStore(library.index_dir, PLAIN).add([Upload(name, text.encode())])
    library.refresh()
    return result.doc_id


def id_of(library: Library, amount: str) -> str:
    (found,) = [one.doc_id for one in library.documents() if amount in library.document(one.doc_id).text]
    return found


def replaced(library: Library, text: str = NEW) -> tuple[str, str]:
    """The ids of the rule that is there and of an uploaded one that has replaced it."""
    old = id_of(library, "300元")
    new = upload(library, text)
    library.replace(old, new)
    return old, new


def cited(library: Library, **choice: list[str]) -> set[str]:
    return {hit.passage.doc_id for hit in library.search("出差住宿费标准", 10, **choice)}


def test_the_newer_version_answers_and_the_older_one_where_it_is_chosen(opened: Library) -> None:
    old, new = replaced(opened)
    assert opened.ask(ASKED).answer == "450元"
    assert old not in cited(opened)
    assert opened.ask(ASKED, documents=[old]).answer == "300元"
    assert cited(opened, documents=[old, new]) == {old, new}
    assert {one.doc_id for one in opened.documents()} >= {old, new}


def test_a_question_that_names_an_older_version_is_asked_of_that_one(opened: Library) -> None:
    old, new = replaced(opened)
    for collections in ([], ["财务"]):
        answer = opened.ask(f"2019年的{ASKED}", collections=collections)
        assert (answer.answer, answer.parts[0].items[0].edition) == ("300元", "2019-03-01")
        assert "300元[1]（2019-03-01 版）" in answer.text
        assert {hit.passage.doc_id for hit in answer.hits} >= {old}
        assert new not in {hit.passage.doc_id for hit in answer.hits}
    assert opened.ask(f"2023年的{ASKED}").answer == "450元"
    assert opened.ask(f"2020年的{ASKED}").answer == "450元"
    assert opened.ask(f"2019年的{ASKED}", documents=[new]).answer == "450元"
    both = {hit.passage.doc_id for hit in opened.search("2019年和2023年的出差住宿费标准", 10)}
    assert both >= {old, new}


def test_why_an_older_version_answers_is_explained_where_the_question_names_it(opened: Library) -> None:
    old, _ = replaced(opened)
    asked = f"2019年的{ASKED}"
    (citation,) = opened.ask(asked).citations
    assert opened.explain(asked, old, citation.start).cited


def test_an_upload_takes_the_place_of_what_it_replaces_in_collections(opened: Library, index: Path) -> None:
    own = NamedCollections(index)
    own.make("要复核的", [one for one in opened.documents() if one.title == "差旅费管理办法"])
    old, new = replaced(opened)
    for name in ("财务", "要复核的", "uploads"):
        assert cited(opened, collections=[name]) == {new}
    inside = {one.name: one.doc_ids for one in opened.collections()}
    assert {name: ids for name, ids in inside.items() if name != "资料"} == {
        "财务": (new,),
        "uploads": (new,),
        "要复核的": (new,),
    }
    assert old not in inside.get("资料", ())


def test_where_each_version_has_its_folder_each_is_asked_in_its_own(
    folder: Path, index: Path, plain_models: Models
) -> None:
    (folder / "2023").mkdir()
    (folder / "2023" / "差旅.md").write_text(NEW, "utf-8")
    index_paths([folder], index, PLAIN)
    library = Library.open(index, PLAIN, models=plain_models)
    old, new = id_of(library, "300元"), id_of(library, "450元")
    library.replace(old, new)
    assert cited(library, collections=["财务"]) == {old}
    assert cited(library, collections=["2023"]) == {new}
    assert cited(library, collections=["资料"]) == cited(library) - {old}


def test_versions_stand_in_a_row_and_the_last_that_is_there_is_current(opened: Library, index: Path) -> None:
    old, new = replaced(opened)
    newest = upload(opened, NEWEST)
    with pytest.raises(VersionError, match="已经是旧版"):
        opened.replace(old, newest)
    opened.replace(new, newest)
    assert opened.versions().older_than(newest) == [(new, "2023-05-01"), (old, "2019-03-01")]
    assert opened.ask(ASKED).answer == "520元"
    UploadStore(index, PLAIN).remove(newest)
    opened.refresh()
    assert opened.ask(ASKED).answer == "450元"
    assert opened.versions().older_than(new) == [(old, "2019-03-01")]
    UploadStore(index, PLAIN).remove(new)
    opened.refresh()
    assert opened.versions().older == {}
    assert opened.ask(ASKED).answer == "300元"


def test_an_older_version_is_made_current_again(opened: Library) -> None:
    old, new = replaced(opened)
    newest = upload(opened, NEWEST)
    opened.replace(new, newest)
    opened.reinstate(new)
    assert {one: older.replaced_by for one, older in opened.versions().older.items()} == {old: new}
    assert cited(opened) >= {new, newest}
    with pytest.raises(NotFoundError):
        opened.reinstate("nope")


def test_a_document_neither_replaces_itself_nor_is_replaced_by_an_older_one(opened: Library) -> None:
    old, new = replaced(opened)
    opened.replace(old, new)
    assert len(versions(opened.index_dir)) == 1
    for one, other in ((new, new), (new, old)):
        with pytest.raises(VersionError):
            opened.replace(one, other)
    with pytest.raises(NotFoundError):
        opened.replace(new, "nope")


def test_one_document_may_replace_two(opened: Library) -> None:
    old, new = replaced(opened)
    leave = next(one.doc_id for one in opened.documents() if one.title == "考勤办法")
    opened.replace(leave, new)
    assert {one: older.replaced_by for one, older in opened.versions().older.items()} == {old: new, leave: new}
    newest = upload(opened, NEWEST)
    opened.replace(new, newest)
    assert {older.replaced_by for older in opened.versions().older.values()} == {newest}


def test_it_outlasts_indexing_a_text_that_changes_in_its_folder_and_files_of_the_same_name(
    opened: Library, folder: Path, index: Path
) -> None:
    _, new = replaced(opened)
    (folder / "财务" / "差旅.md").write_text(OLD + "\n附则略。\n", "utf-8")
    index_paths([folder], index, PLAIN)
    opened.refresh()
    assert {older.replaced_by for older in opened.versions().older.values()} == {new}
    assert opened.ask(ASKED).answer == "450元"
    other = upload(opened, "# 另一篇\n\n食堂十二点开饭。\n", "考勤.md")
    UploadStore(index, PLAIN).remove(other)
    again = upload(opened, "# 又一篇\n\n食堂十一点开饭。\n", "考勤.md")
    assert again not in opened.versions().older


@pytest.mark.parametrize(
    ("title", "text", "edition"),
    [
        ("办法（2021版）", "无。", "2021"),
        ("办法", "本办法自2023年5月1日起施行。", "2023-05-01"),
        ("办法 V1.2", "无。", "V1.2"),
        ("办法", "无。", "2020-02-02"),
        ("办法（2025版）", "无。", "2020-02-02"),
    ],
)
def test_of_when_an_older_version_is(title: str, text: str, edition: str) -> None:
    from rag.answering.editions import edition_of

    old = Document("a", title, "a.md", "a", text, (), "2020-02-02T08:00:00+00:00")
    assert edition_of(old, Document("b", "办法（2025版）", "b.md", "b", "无。", ())) == edition


def test_what_was_confirmed_in_an_older_version_is_out_of_date(opened: Library, index: Path) -> None:
    old = id_of(opened, "300元")
    text = opened.document(old).text
    start = text.index("每人每天300元")
    place = {"document": opened.document(old).source, "doc_id": old, "start": start, "end": start + 8}
    place |= {"quote": text[start : start + 8]}
    pair = {"id": "u-1", "question": ASKED, "answers": ["每人每天300元"], "evidence": [[place]]}
    (index / "gold.jsonl").write_text(json.dumps(pair | {"confirmed": "2026-11-29"}, ensure_ascii=False), "utf-8")
    assert opened.ask(ASKED).parts[0].confirmed == "2026-11-29"
    replaced(opened)
    (part,) = opened.ask(ASKED).parts
    assert (part.confirmed, part.outdated, part.items[0].text) == ("", "2026-11-29", "450元")


def test_the_overview_is_of_current_documents_and_of_an_older_one_that_is_open(opened: Library) -> None:
    old, new = replaced(opened)
    assert old not in {one.doc_id for one in opened.ask("这些资料讲了什么？").citations}
    assert {one.doc_id for one in opened.ask("总结一下这篇", at_hand=old).citations} == {old}
    assert {one.doc_id for one in opened.ask("总结一下这篇", at_hand=new).citations} == {new}


def test_of_many_passages_but_for_few_the_nearest_are_looked_for(
    opened: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are the same as when each is looked at."""
    import numpy as np

    replaced(opened)
    dense: DenseIndex = open_generation(opened.index_dir).dense
    rng = np.random.default_rng(7)
    query = rng.standard_normal(dense.dimension).astype(np.float32)
    end = len(dense._count) - 1
    within = [range(1), range(2, end)]
    exact = dense.search(query, 3, within)
    monkeypatch.setattr("rag.index.dense.EXACT_UP_TO", 0)
    monkeypatch.setattr("rag.index.dense._FEW_OF", 1.0)
    assert dense.search(query, 3, within) == exact


@pytest.fixture
def client(opened: Library) -> Iterator[TestClient]:
    app = FastAPI(openapi_url=None)
    api.mount(app, LiveLibrary(opened.index_dir, PLAIN), UploadStore(opened.index_dir, PLAIN), Admission())
    with TestClient(app) as made:
        yield made


def test_over_http_a_document_is_replaced_by_a_file_or_another_document(opened: Library, client: TestClient) -> None:
    old = id_of(opened, "300元")

    def post(text: str, replaces: str, name: str = "差旅.md") -> tuple[int, str]:
        sent = client.post("/api/v1/documents", files={"files": (name, text.encode())}, data={"replaces": replaces})
        return sent.status_code, sent.json()["results"][0]["doc_id"] if "results" in sent.json() else ""

    assert [post(NEW, "nope")[0], post(OLD, old)[0], post("PK", old, "a.zip")[0]] == [404, 409, 409]
    assert post("", old)[0] == 207
    assert len(client.get("/api/v1/documents").json()) == 2
    status, new = post(NEW, old)
    assert status == 200
    assert post(NEWEST, old)[0] == 409
    listed = {one["doc_id"]: one for one in client.get("/api/v1/documents").json()}
    assert {one: (now["replaced_by"], now["edition"]) for one, now in listed.items() if now["title"] != "考勤办法"} == {
        old: (new, "2019-03-01"),
        new: (None, None),
    }
    assert listed[old]["collections"] == []
    assert sorted(listed[new]["collections"]) == ["uploads", "财务", "资料"]
    back = client.patch(f"/api/v1/documents/{old}", json={"replaced_by": None})
    assert (back.status_code, back.json()["replaced_by"]) == (200, None)
    again = client.patch(f"/api/v1/documents/{old}", json={"replaced_by": new})
    assert (again.status_code, again.json()["replaced_by"]) == (200, new)
    assert client.patch(f"/api/v1/documents/{old}", json={}).status_code == 422
    assert client.patch("/api/v1/documents/nope", json={"replaced_by": None}).status_code == 404


def test_the_command_line_replaces_lists_and_reinstates(
    opened: Library, folder: Path, index: Path, wenyuan: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    old, file = id_of(opened, "300元"), folder / "财务" / "差旅2023.md"
    file.write_text(NEW, "utf-8")
    where = ("--index", index)
    refused = wenyuan("index", folder, "--replaces", old, *where)
    assert (refused.code, "正好一个文件" in refused.err) == (1, True)
    assert wenyuan("index", file, "--replaces", "nope", *where).code == 1
    assert len(json.loads(wenyuan("list", "--json", *where).out)) == 2
    done = wenyuan("index", file, "--replaces", old, *where)
    assert done.code == 0
    listed = {one["source"]: one for one in json.loads(wenyuan("list", "--json", *where).out)}
    new = listed[str(file)]["doc_id"]
    assert {one["replaced_by"] for one in listed.values()} == {None, new}
    assert f"旧版 2019-03-01，现行的是 {new}" in wenyuan("list", *where).out
    assert wenyuan("index", folder, *where).code == 0
    assert wenyuan("reinstate", old, *where).out == "《差旅费管理办法》是现行的文档了。\n"
    assert {one["replaced_by"] for one in json.loads(wenyuan("list", "--json", *where).out)} == {None}
