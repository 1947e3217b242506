"""A folder is a collection: one, several or all are asked, with single documents, and nothing else is looked at."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Command
from documents import HashEncoder
from fastapi import FastAPI
from fastapi.testclient import TestClient

from rag.errors import CollectionError, NotFoundError
from rag.index.generations import COLLECTIONS, open_generation
from rag.index.sparse import SparseIndex, writing
from rag.index.store import DocumentRecord
from rag.indexing.uploads import Upload, UploadStore
from rag.library import Library
from rag.models import Models
from rag.retrieval.collections import Choice, collections_of, in_scope, names_by_document
from rag.retrieval.named import NamedCollections, named_collections
from rag.settings import Settings
from rag.types import Origin
from rag.web import api
from rag.web.guard.admission import Admission
from rag.web.live_library import LiveLibrary

PLAIN = Settings(retrieval="bm25", min_confidence=0.0)
TEXTS = {
    "合同/云雾采购.md": "# 云雾茶采购合同\n\n交货地点为杭州仓库。\n\n违约金为合同总额的百分之三。\n",
    "合同/2024/青山租赁.md": "# 青山厂房租赁合同\n\n交货地点为苏州码头。\n\n租金为每月八万元。\n",
    "人事/2024/考勤.md": "# 考勤办法\n\n交货地点以外的员工按八小时计。\n\n病假工资为基本工资的百分之七十。\n",
    "说明.md": "# 说明\n\n交货地点在各份合同里写明。\n",
}


def record(doc_id: str, *paths: str) -> DocumentRecord:
    first, *others = (Path(path) for path in paths)
    copies = tuple(Origin(str(path), path.name, doc_id, "") for path in others)
    return DocumentRecord(doc_id, doc_id, first.name, str(first), doc_id, 1, 1, range(1), copies=copies)


def named(*records: DocumentRecord) -> dict[str, str]:
    return {one.name: "".join(one.doc_ids) for one in collections_of(records)}


def test_each_folder_is_a_collection_with_all_below_it_and_that_of_everything_is_none() -> None:
    deep = [record("a", "/d/合同/a.md"), record("b", "/d/合同/旧/b.md"), record("c", "/d/人事/c.md")]
    assert named(*deep) == {"人事": "c", "合同": "ab", "旧": "b"}
    assert named(*deep, record("d", "/d/d.md")) == {"d": "abcd", "人事": "c", "合同": "ab", "旧": "b"}


def test_one_flat_folder_is_one_collection_and_folders_from_afar_go_by_their_own_names() -> None:
    assert named(record("a", "/home/me/docs/a.md"), record("b", "/home/me/docs/b.md")) == {"docs": "ab"}
    assert named(record("a", "/home/me/docs/a.md"), record("b", "/mnt/laws/b.md")) == {"docs": "a", "laws": "b"}
    assert named() == {}


def test_folders_of_one_name_are_told_apart_by_those_above_them() -> None:
    both = [record("a", "/d/合同/2024/a.md"), record("b", "/d/合同/b.md"), record("c", "/d/人事/2024/c.md")]
    both.append(record("d", "/d/人事/d.md"))
    assert named(*both) == {"人事": "cd", "人事/2024": "c", "合同": "ab", "合同/2024": "a"}
    assert names_by_document(collections_of(both))["a"] == ["合同", "合同/2024"]


def test_a_text_that_lies_in_two_folders_belongs_to_both_however_their_names_are_composed() -> None:
    assert named(record("a", "/d/x/a.md", "/d/y/a.md"), record("b", "/d/y/b.md")) == {"x": "a", "y": "ab"}
    assert named(record("a", "/d/Re\u0301sume\u0301/a.md")) == {"R\u00e9sum\u00e9": "a"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("collections") / "资料"
    for name, text in TEXTS.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, "utf-8")
    return made


@pytest.fixture(scope="module")
def library(folder: Path, plain_models: Models) -> Library:
    index = folder.parent / "index"
    Library.index([folder], index, PLAIN)
    return Library.open(index, PLAIN, models=plain_models)


def id_of(library: Library, title: str) -> str:
    (found,) = [one.doc_id for one in library.documents() if one.title == title]
    return found


def titles(library: Library, **chosen: list[str]) -> set[str]:
    return {library.document(hit.passage.doc_id).title for hit in library.search("交货地点", 10, **chosen)}


def test_the_folders_indexed_are_listed_with_their_documents(library: Library) -> None:
    assert [(one.name, len(one.doc_ids)) for one in library.collections()] == [
        ("资料", 4), ("人事/2024", 1), ("合同", 2), ("合同/2024", 1),
    ]  # fmt: skip


def test_one_several_or_single_documents_are_searched_and_nothing_else(library: Library) -> None:
    assert titles(library) == {"云雾茶采购合同", "青山厂房租赁合同", "考勤办法", "说明"}
    assert titles(library, collections=["合同"]) == {"云雾茶采购合同", "青山厂房租赁合同"}
    assert titles(library, collections=["合同/2024"]) == {"青山厂房租赁合同"}
    assert titles(library, collections=["2024"]) == {"青山厂房租赁合同", "考勤办法"}
    assert titles(library, collections=["人事"]) == {"考勤办法"}
    assert titles(library, collections=["人事"], documents=[id_of(library, "说明")]) == {"考勤办法", "说明"}
    assert titles(library, documents=[id_of(library, "说明"), id_of(library, "考勤办法")]) == {"考勤办法", "说明"}
    assert titles(library, collections=["资料"]) == titles(library)


def test_each_collection_gives_its_own_answer(library: Library) -> None:
    asked = "交货地点在哪里？"
    assert library.ask(asked, documents=[id_of(library, "青山厂房租赁合同")]).answer == "苏州码头"
    assert library.ask(asked, collections=["合同/2024"]).answer == "苏州码头"
    cited = library.ask(asked, collections=["合同"]).citations
    assert {one.title for one in cited} <= {"云雾茶采购合同", "青山厂房租赁合同"}


def test_an_unknown_collection_is_an_error_that_names_those_there_are(library: Library) -> None:
    for ask in (library.ask, library.search):
        with pytest.raises(NotFoundError, match="没有叫“财务”的文档集。现有：资料、人事/2024、合同、合同/2024。"):
            ask("交货地点在哪里？", collections=["合同", "财务"])
    with pytest.raises(NotFoundError, match="没有编号为 nope 的文档"):
        library.ask("交货地点在哪里？", collections=["合同"], documents=["nope"])


def test_neighbouring_documents_are_one_range_of_passages(library: Library) -> None:
    generation = open_generation(library.index_dir)
    scope = in_scope(Choice(("合同",)), generation)
    assert scope is not None
    assert len(scope.doc_ids) == 2
    assert len(scope.ordinals) == 1
    assert in_scope(Choice(), generation) is None


def test_passages_of_other_documents_take_no_place_in_a_ranking(tmp_path: Path) -> None:
    """However many of them are better: the search is restricted, not its result."""
    with writing(tmp_path / "terms") as add:
        for ordinal in range(100):
            add(ordinal, "交货" if ordinal in (3, 60) else "交货 交货", "")
    found = SparseIndex(tmp_path / "terms").search(["交货"], 2, [range(3, 4), range(60, 61)])
    assert [ordinal for ordinal, _ in found] == [3, 60]


def test_by_meaning_too_only_what_is_chosen_is_ranked(folder: Path, tmp_path: Path, hash_encoder: HashEncoder) -> None:  # noqa: ARG001
    Library.index([folder], tmp_path / "index", Settings())
    generation = open_generation(tmp_path / "index")
    scope = in_scope(Choice(("合同",)), generation)
    assert scope is not None
    vector = HashEncoder().encode_queries(["考勤"])[0]
    dense, sparse = generation.rankings(vector, ["考勤", "租金"], 50, scope.ordinals)
    allowed = {ordinal for one in scope.ordinals for ordinal in one}
    assert {ordinal for ordinal, _ in dense} == allowed
    assert {ordinal for ordinal, _ in sparse} < allowed
    every = dict(generation.dense.search(vector, 50))
    assert [score for _, score in dense] == [every[ordinal] for ordinal, _ in dense]
    assert generation.dense.scores(vector, []) == []


def test_a_confirmed_answer_counts_only_where_its_document_is_asked(library: Library, tmp_path: Path) -> None:
    index = tmp_path / "index"
    shutil.copytree(library.index_dir, index)
    doc_id = id_of(library, "云雾茶采购合同")
    text = library.document(doc_id).text
    start = text.index("杭州仓库")
    place = {
        "document": "资料/合同/云雾采购.md",
        "doc_id": doc_id,
        "start": start,
        "end": start + 4,
        "quote": "杭州仓库",
    }
    pair = {"id": "u-1", "question": "货送到哪儿？", "answers": ["杭州仓库"], "evidence": [[place]]}
    source = library.document(doc_id).source
    place["document"] = source
    (index / "gold.jsonl").write_text(json.dumps({**pair, "confirmed": "2026-11-29"}, ensure_ascii=False), "utf-8")
    copy = Library.open(index, PLAIN, models=library._models)
    (part,) = copy.ask("货送到哪儿？", collections=["合同"]).parts
    assert part.confirmed == "2026-11-29"
    assert [part.confirmed for part in copy.ask("货送到哪儿？", collections=["人事"]).parts] == [""]


def test_another_edition_is_not_shown_where_it_is_not_asked(tmp_path: Path, plain_models: Models) -> None:
    rule = "# 差旅费管理办法（{year}版）\n\n出差人员的住宿费标准为每人每天{amount}元，超出部分自理。\n"
    for name, year, amount in (("旧", 2021, 300), ("新", 2025, 450)):
        (tmp_path / "docs" / name).mkdir(parents=True)
        (tmp_path / "docs" / name / "办法.md").write_text(rule.format(year=year, amount=amount), "utf-8")
    Library.index([tmp_path / "docs"], tmp_path / "index", PLAIN)
    library = Library.open(tmp_path / "index", PLAIN, models=plain_models)
    asked = "住宿费标准是每人每天多少元？"
    assert [item.edition for item in library.ask(asked).parts[0].items] == ["2025", "2021"]
    old = library.ask(asked, collections=["旧"])
    assert "300" in old.answer
    assert {one.doc_id for one in old.citations} == set(library.collections()[1].doc_ids)


def test_uploads_have_a_collection_of_their_own(library: Library, tmp_path: Path) -> None:
    index = tmp_path / "index"
    shutil.copytree(library.index_dir, index)
    UploadStore(index, PLAIN).add([Upload("新.md", "# 新\n\n交货地点待定。\n".encode())])
    copy = Library.open(index, PLAIN, models=library._models)
    assert titles(copy, collections=["uploads"]) == {"新"}
    assert "uploads" in [one.name for one in copy.collections()]


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    app = FastAPI(openapi_url=None)
    settings = PLAIN
    api.mount(app, LiveLibrary(library.index_dir, settings), UploadStore(library.index_dir, settings), Admission())
    with TestClient(app) as opened:
        yield opened


def test_over_http_collections_are_listed_and_asked(client: TestClient, library: Library) -> None:
    assert client.get("/api/v1/collections").json()[2] == {"name": "合同", "documents": 2, "own": False}
    listed = {one["title"]: one["collections"] for one in client.get("/api/v1/documents").json()}
    assert listed["青山厂房租赁合同"] == ["资料", "合同", "合同/2024"]
    hits = client.get("/api/v1/search", params={"q": "交货地点", "collections": ["人事", "合同/2024"]}).json()
    assert {library.document(hit["doc_id"]).title for hit in hits} == {"考勤办法", "青山厂房租赁合同"}
    asked = {"question": "交货地点在哪里？", "collections": ["合同/2024"]}
    assert client.post("/api/v1/ask", json=asked).json()["answer"] == "苏州码头"
    both = {**asked, "collections": [], "documents": [id_of(library, "青山厂房租赁合同")]}
    assert client.post("/api/v1/ask", json=both).json()["answer"] == "苏州码头"
    for lost in (
        client.post("/api/v1/ask", json={**asked, "collections": ["财务"]}),
        client.get("/api/v1/search", params={"q": "交货", "collections": "财务"}),
    ):
        assert lost.status_code == 404
        assert "合同/2024" in lost.json()["detail_zh"]


def test_commands_take_collections(wenyuan: Command, library: Library) -> None:
    where = ("--index", library.index_dir)
    listed = json.loads(wenyuan("list", "--json", "--collection", "合同", *where).out)
    assert [one["collections"] for one in listed] == [["资料", "合同", "合同/2024"], ["资料", "合同"]]
    said = wenyuan("list", *where).out.replace("\n", "")
    assert "文档集（可用 --collection 单独问）：资料（4）、人事/2024（1）、合同（2）、合同/2024（1）" in said
    found = wenyuan(
        "search", "交货地点", "--bm25-only", "--json", "--collection", "合同", "--collection", "人事", *where
    )
    assert {hit["doc_id"] for hit in json.loads(found.out)} == {
        id_of(library, title) for title in ("云雾茶采购合同", "青山厂房租赁合同", "考勤办法")
    }
    wrong = wenyuan("ask", "交货地点在哪里？", "--collection", "财务", *where)
    assert (wrong.code, "没有叫“财务”的文档集" in wrong.err) == (1, True)


@pytest.fixture
def own(library: Library) -> Iterator[NamedCollections]:
    """The user's own collections in the library's folder; none of them stays."""
    yield NamedCollections(library.index_dir)
    (library.index_dir / COLLECTIONS).unlink(missing_ok=True)


def records(library: Library, *titles: str) -> list[DocumentRecord]:
    return [one for one in library.documents() if one.title in titles]


def test_a_collection_of_ones_own_is_asked_as_a_folder_is(library: Library, own: NamedCollections) -> None:
    own.make(" 要续签的 ", records(library, "青山厂房租赁合同", "说明"))
    assert [(one.name, len(one.doc_ids)) for one in library.collections() if one.own] == [("要续签的", 2)]
    assert titles(library, collections=["要续签的"]) == {"青山厂房租赁合同", "说明"}
    own.put("要续签的", records(library, "云雾茶采购合同", "说明"))
    own.take("要续签的", records(library, "说明"))
    assert titles(library, collections=["要续签的"]) == {"云雾茶采购合同", "青山厂房租赁合同"}
    own.rename("要续签的", "续签")
    assert titles(library, collections=["续签", "人事"]) == {"云雾茶采购合同", "青山厂房租赁合同", "考勤办法"}
    own.take("续签", library.documents())
    with pytest.raises(NotFoundError, match="没有可问的文档"):
        library.search("交货", collections=["续签"])
    own.delete("续签")
    with pytest.raises(NotFoundError, match="没有叫“续签”的文档集"):
        library.search("交货", collections=["续签"])


@pytest.mark.parametrize("name", ["", " ", "..", "合同", "a/b", "a\\b", "长" * 61, "一\u202e二"])
def test_a_name_that_is_taken_or_would_not_do_is_refused(library: Library, own: NamedCollections, name: str) -> None:
    with pytest.raises(CollectionError):
        own.make(name, [], [one.name for one in library.collections()])
    assert not [one for one in library.collections() if one.own]


def test_a_document_stays_in_when_its_text_changes_or_its_file_is_moved(own: NamedCollections) -> None:
    own.make("我的", [record("a", "/d/a.md"), record("b", "/d/b.md")])
    (one,) = named_collections(own.index)
    assert one.has(record("a2", "/d/a.md"))
    assert one.has(record("b", "/e/b.md"))
    assert not one.has(record("c", "/d/c.md"))


def test_a_document_may_be_left_out_of_a_collection(library: Library) -> None:
    generation = open_generation(library.index_dir)
    left = id_of(library, "云雾茶采购合同")
    scope = in_scope(Choice(("合同",), without=(left,)), generation)
    assert scope is not None
    assert scope.doc_ids == {id_of(library, "青山厂房租赁合同")}


@pytest.mark.usefixtures("own")
def test_collections_are_made_changed_and_deleted_over_http(library: Library, client: TestClient) -> None:
    lease, leave = id_of(library, "青山厂房租赁合同"), id_of(library, "考勤办法")
    made = client.post("/api/v1/collections", json={"name": "我的 一", "documents": [lease]})
    assert (made.status_code, made.json()) == (201, {"name": "我的 一", "documents": 1, "own": True})
    assert client.post("/api/v1/collections", json={"name": "我的 一"}).status_code == 409
    assert client.post("/api/v1/collections", json={"name": "二", "documents": ["x"]}).status_code == 404
    change = {"name": "我的", "add": [leave], "remove": [lease]}
    assert client.patch("/api/v1/collections/我的 一", json=change).json() == {
        "name": "我的",
        "documents": 1,
        "own": True,
    }
    found = client.get("/api/v1/search", params={"q": "交货地点", "collections": "我的"}).json()
    assert {hit["doc_id"] for hit in found} == {leave}
    assert client.patch("/api/v1/collections/合同", json={"name": "x"}).status_code == 404
    assert client.delete("/api/v1/collections/我的").status_code == 204
    assert client.delete("/api/v1/collections/我的").status_code == 404
