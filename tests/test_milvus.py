"""A library in Milvus: the same answers, nothing half-visible, many writers, and errors that say what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import CORPUS, Command
from documents import HashEncoder, using
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from stores import Place, at_once, leave, milvus_in, milvus_server

from rag.errors import IndexMismatchError, MilvusError, NotFoundError, SettingsError
from rag.evaluation.gold import GOLD, load_gold
from rag.indexing.uploads import UploadStore
from rag.library import Library
from rag.milvus import client, writing
from rag.milvus.client import Connection, Row
from rag.milvus.generation import MilvusGeneration, read_manifest
from rag.milvus.layout import (
    DOCUMENTS,
    MOST_BYTES,
    NUMBERS,
    OF_DOCUMENT,
    PARTS,
    PASSAGES,
    ROWS,
    SENTENCES,
    WORDS,
    Collection,
    number_of,
    pieces,
    share_of,
)
from rag.milvus.writing import Writer
from rag.settings import Settings, load_settings
from rag.types import Answer
from rag.web import api
from rag.web.guard.access import guarded, rules
from rag.web.guard.admission import Admission
from rag.web.live_library import LiveLibrary

pytest.importorskip("milvus_lite")

QUESTIONS = [one.question for one in load_gold(GOLD)][::25]
MOUNTAIN = "珠峰高八千八百四十八米。登山者常在五月登顶。那时风小。\n\n" * 3
RIVER = "长江全长约六千三百公里。它是亚洲最长的河流。\n\n" * 3
# A child process that indexes with the small model of the tests.
INDEX = """
import sys
import rag.milvus.writing
from documents import HashEncoder, use
from pathlib import Path
from rag.library import Library
from rag.settings import Settings
use(HashEncoder())
uri, folder = sys.argv[1:3]
settings = Settings(store="milvus", milvus_uri=uri)
def index(*share):
    return Library.index([Path(folder)], "nowhere", settings, share=share or (1, 1))
"""


@pytest.fixture
def place(tmp_path: Path, hash_encoder: HashEncoder) -> Iterator[Place]:  # noqa: ARG001
    made = milvus_in(tmp_path)
    yield made
    leave(made)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "山.txt").write_text(MOUNTAIN, "utf-8")
    (folder / "河.txt").write_text(RIVER, "utf-8")
    return folder


@pytest.fixture(scope="module")
def in_milvus(tmp_path_factory: pytest.TempPathFactory, shared_encoder: None) -> Iterator[Place]:  # noqa: ARG001
    """The two articles in Milvus, with the real model."""
    made = milvus_in(tmp_path_factory.mktemp("milvus"))
    made.add(CORPUS)
    yield made
    leave(made)


def sources(place: Place) -> set[str]:
    return {record.path.name for record in place.open().documents()}


def rows_in(place: Place) -> dict[str, int]:
    connection = Connection(place.settings)
    return {one.name: connection.count(one, strong=True) for one in (DOCUMENTS, *OF_DOCUMENT)}


def expected(place: Place) -> dict[str, int]:
    """How many rows the visible documents say that there are."""
    connection = Connection(place.settings)
    manifest = read_manifest(connection)
    assert manifest
    rows = MilvusGeneration(connection, manifest).rows("id >= 0")
    return {"documents": len(rows)} | {
        name: sum(row[name] for row in rows) for name in ("passages", "sentences", "parts")
    }


def shape(answer: Answer) -> dict[str, object]:
    """What an answer says, but for where its index lies and the last digits of scores."""
    return {
        "status": answer.status,
        "text": answer.text,
        "confidence": round(answer.confidence, 3),
        "citations": answer.citations,
        "missing": answer.missing,
        "hits": [
            (hit.passage.doc_id, hit.passage.start, hit.passage.end, round(hit.score, 4), hit.sparse is None)
            for hit in answer.hits
        ],
    }


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_citations_and_confidence_are_those_of_an_index_folder(
    library: Library, in_milvus: Place, question: str
) -> None:
    here = in_milvus.open()
    answer = here.ask(question)
    assert shape(answer) == shape(library.ask(question))
    for citation in answer.citations:
        assert here.document(citation.doc_id).text[citation.start : citation.end] == citation.quote


def test_bm25_scores_are_tantivys(library: Library, in_milvus: Place) -> None:
    ours = in_milvus.open(retrieval="bm25").search("豆包的月活跃用户")
    theirs = Library.open(library.index_dir, Settings(retrieval="bm25")).search("豆包的月活跃用户")
    assert [hit.sparse for hit in ours] == pytest.approx([hit.sparse for hit in theirs], rel=1e-5)
    assert [hit.text for hit in ours] == [hit.text for hit in theirs]


def test_a_question_in_one_document_and_its_explanation_are_the_same(library: Library, in_milvus: Place) -> None:
    question, here = "豆包的月活跃用户有多少？", in_milvus.open()
    for record in here.documents():
        assert shape(here.ask(question, documents=[record.doc_id])) == shape(
            library.ask(question, documents=[record.doc_id])
        )
    citation = library.ask(question).citations[0]
    ours = here.explain(question, citation.doc_id, citation.start)
    theirs = library.explain(question, citation.doc_id, citation.start)
    assert (ours.cited, ours.nearest_text, ours.by_meaning.rank, ours.by_words.rank, ours.fused.rank) == (
        theirs.cited,
        theirs.nearest_text,
        theirs.by_meaning.rank,
        theirs.by_words.rank,
        theirs.fused.rank,
    )
    assert [(word.written, word.where, round(word.score, 3)) for word in ours.words] == [
        (word.written, word.where, round(word.score, 3)) for word in theirs.words
    ]


def test_the_number_of_requests_does_not_grow_with_the_passages_found(
    in_milvus: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for name in ("query", "search", "hybrid", "pages"):
        original = getattr(Connection, name)

        def counted(
            self: Connection, *given: object, made: str = name, of: object = original, **more: object
        ) -> object:
            if not (made == "query" and "array_contains" in str(given[1])):
                asked.append(made)
            return of(self, *given, **more)  # type: ignore[operator]

        monkeypatch.setattr(Connection, name, counted)

    def requests(**changes: int) -> int:
        library = in_milvus.open(**changes)
        # What is known of all passages is asked for once a minute.
        library.ask("豆包的月活跃用户有多少？")
        asked.clear()
        library.ask("豆包的月活跃用户有多少？")
        return len(asked)

    assert requests(candidates=50, hits=10) == requests(candidates=5, hits=5) == 6


@pytest.mark.parametrize("broken", [PASSAGES, SENTENCES, PARTS, WORDS, DOCUMENTS])
def test_what_breaks_off_is_not_seen_and_the_next_run_makes_it_whole(
    place: Place, corpus: Path, monkeypatch: pytest.MonkeyPatch, broken: Collection
) -> None:
    (corpus / "河.txt").rename(corpus / "河.later")
    place.add(corpus)
    (corpus / "河.later").rename(corpus / "河.txt")
    (corpus / "山.txt").write_text(MOUNTAIN.replace("五月", "九月"), "utf-8")
    upsert = Connection.upsert

    def lost(self: Connection, collection: Collection, rows: Sequence[Row]) -> None:
        # Half of it arrives; of the documents' rows only those that say that they are complete do not.
        if collection is broken and (collection is not DOCUMENTS or rows[0]["state"] == "ready"):
            upsert(self, collection, rows[: len(rows) // 2] if collection is not DOCUMENTS else [])
            raise MilvusError("节点丢失", "node lost")
        upsert(self, collection, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Connection, "upsert", lost)
        with pytest.raises(MilvusError, match="节点丢失"):
            place.add(corpus)
    library = place.open(retrieval="bm25")
    assert [record.path.name for record in library.documents()] == ["山.txt"]
    assert [hit.text for hit in library.search("长江全长")] == []
    assert "五月" in library.search("登山者几月登顶")[0].text
    report = place.add(corpus)
    assert (report.notices[0].en, report.documents) == ("2 documents that were left unfinished are swept away.", 2)
    assert rows_in(place) == expected(place)
    assert "九月" in place.open(retrieval="bm25").search("登山者几月登顶")[0].text


def test_a_removal_that_breaks_off_hides_the_document_at_once(
    place: Place, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.add(corpus)
    (doc_id,) = [record.doc_id for record in place.open().documents() if record.path.name == "河.txt"]
    with monkeypatch.context() as patch:

        def lost(*_: object) -> None:
            raise MilvusError("节点丢失", "node lost")

        patch.setattr(Connection, "delete", lost)
        with pytest.raises(MilvusError):
            place.open().remove([doc_id])
    assert sources(place) == {"山.txt"}
    with pytest.raises(NotFoundError):
        place.open().document(doc_id)
    (corpus / "河.txt").unlink()
    place.add(corpus)
    assert rows_in(place) == expected(place)


def test_rows_that_milvus_has_lost_keep_a_document_out_of_sight(
    place: Place, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = Writer.publish

    def after_a_loss(self: Writer, *, wait: bool = False) -> None:
        self._milvus.delete(PASSAGES, "paragraph == 1")
        publish(self, wait=wait)

    monkeypatch.setattr(Writer, "publish", after_a_loss)
    with pytest.raises(MilvusError, match="passages 里应有"):
        place.add(corpus)
    assert sources(place) == set()


def test_documents_wait_until_every_reader_can_see_all_of_their_rows(
    place: Place, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    now = [100.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(writing, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    seen: list[set[str]] = []
    publish = Writer.publish

    def watched(self: Writer, *, wait: bool = False) -> None:
        seen.append(sources(place))
        publish(self, wait=wait)
        seen.append(sources(place))

    monkeypatch.setattr(Writer, "publish", watched)
    monkeypatch.setattr(writing, "settling", lambda _: 10.0)
    place.add(corpus)
    assert slept == [10.0]
    assert seen == [set(), set(), set(), {"山.txt", "河.txt"}]


def test_what_is_removed_is_out_of_everyones_sight_before_its_rows_go(
    place: Place, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.add(corpus)
    (doc_id,) = [record.doc_id for record in place.open().documents() if record.path.name == "河.txt"]
    before = rows_in(place)
    seen: list[tuple[float, set[str], bool]] = []

    def sleep(seconds: float) -> None:
        seen.append((seconds, sources(place), rows_in(place) == before))

    monkeypatch.setattr(writing, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=sleep))
    monkeypatch.setattr(writing, "settling", lambda _: 10.0)
    place.open().remove([doc_id])
    assert seen == [(10.0, {"山.txt"}, True)]
    assert rows_in(place) == expected(place)


def test_two_processes_do_a_share_each_and_it_is_as_if_one_had(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.txt").write_text(f"第{number}座山高{number * 100}米。山上有雪。\n" * 2, "utf-8")
    with milvus_server(tmp_path / "shared") as uri:
        codes = [f"{INDEX}\nprint(len(index({which}, 2).added))" for which in (1, 2)]
        ended = at_once(codes, [uri, str(folder)])
        assert [code for code, _ in ended] == [0, 0], ended
        counts = [int(said.split()[-1]) for _, said in ended]
        assert sum(counts) == 12
        assert min(counts) > 0
        both = Place(tmp_path / "index", Settings(store="milvus", milvus_uri=uri))
        assert sources(both) == {f"{number}.txt" for number in range(12)}
        assert rows_in(both) == expected(both)
        shares = [sum(number_of(r.doc_id) in share_of(which, 2) for r in both.open().documents()) for which in (1, 2)]
        assert shares == counts


def test_a_killed_process_leaves_nothing_half_visible(tmp_path: Path, corpus: Path) -> None:
    kill = "\nimport os\nrag.milvus.writing.sentence_rows = lambda made: os.kill(os.getpid(), 9)\nindex()"
    with milvus_server(tmp_path / "shared") as uri:
        ((code, _),) = at_once([INDEX + kill], [uri, str(corpus)])
        assert code == -9
        place = Place(tmp_path / "index", Settings(store="milvus", milvus_uri=uri))
        assert sources(place) == set()
        assert rows_in(place)["passages"] > 0
        ((code, said),) = at_once([f"{INDEX}\nprint(index().notices[0].en)"], [uri, str(corpus)])
        assert (code, said.strip()) == (0, "2 documents that were left unfinished are swept away.")
        assert sources(place) == {"山.txt", "河.txt"}
        assert rows_in(place) == expected(place)


def test_a_library_of_another_model_is_an_error_that_names_both(place: Place, corpus: Path) -> None:
    place.add(corpus)
    other = using(HashEncoder("other@2"))
    with other, pytest.raises(IndexMismatchError, match=r"model = 'hash@1'.*'other@2'.*milvus_prefix"):
        place.add(corpus)


def test_a_library_is_there_and_can_be_added_to_after_milvus_was_started_anew(place: Place, corpus: Path) -> None:
    place.add(corpus / "山.txt")
    leave(place)
    assert place.open(retrieval="bm25").search("登山者几月登顶")[0].text.startswith("珠峰")
    leave(place)
    assert place.add(corpus / "河.txt").documents == 2
    assert rows_in(place) == expected(place)


def test_two_libraries_lie_side_by_side(place: Place, corpus: Path) -> None:
    other = Place(place.index, Settings(store="milvus", milvus_uri=place.settings.milvus_uri, milvus_prefix="other"))
    place.add(corpus / "山.txt")
    other.add(corpus / "河.txt")
    assert (sources(place), sources(other)) == ({"山.txt"}, {"河.txt"})


def test_a_library_of_another_format_is_an_error(place: Place, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.add(corpus)
    monkeypatch.setattr("rag.milvus.generation.FORMAT", 2)
    with pytest.raises(IndexMismatchError, match="格式 1"):
        place.open()


def test_an_old_server_is_an_error_that_names_its_version(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pymilvus.MilvusClient.get_server_version", lambda *_, **__: "v2.4.13")
    with pytest.raises(MilvusError, match=r"v2\.4\.13，需要 2\.5"):
        Connection(place.settings)


def test_a_server_that_does_not_answer_is_an_error_that_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_CONNECT_SECONDS", 1)
    with pytest.raises(MilvusError, match=r"http://127\.0\.0\.1:9.*WENYUAN_MILVUS_TOKEN"):
        Connection(Settings(store="milvus", milvus_uri="http://127.0.0.1:9"))


def test_without_the_client_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(MilvusError, match=r'pip install "wenyuan\[milvus\]"'):
        Connection(Settings(store="milvus", milvus_uri="http://127.0.0.1:9"))


def test_a_store_without_an_address_is_an_error() -> None:
    with pytest.raises(SettingsError, match="--uri"):
        load_settings(environment={"WENYUAN_STORE": "milvus"})


def test_the_commands_work_on_milvus(wenyuan: Command, in_milvus: Place, tmp_path: Path) -> None:
    (tmp_path / "湖.txt").write_text("琥珀湖的管理员是欧阳清。\n", "utf-8")
    where = ["--store", "milvus", "--uri", in_milvus.settings.milvus_uri]
    assert "新增 1" in wenyuan("index", tmp_path / "湖.txt", *where).out
    listed = wenyuan("list", *where).out
    assert "湖" in listed
    (doc_id,) = [r.doc_id for r in in_milvus.open().documents() if r.path.name == "湖.txt"]
    assert "欧阳清" in wenyuan("ask", "琥珀湖的管理员是谁？", *where).out
    assert "欧阳清" in wenyuan("search", "琥珀湖的管理员", *where).out
    assert "欧阳清" in wenyuan("show", doc_id, *where).out
    assert wenyuan("remove", doc_id, *where).code == 0
    assert doc_id not in wenyuan("list", *where).out


def test_the_evaluation_asks_a_library_in_milvus(wenyuan: Command, in_milvus: Place, tmp_path: Path) -> None:
    where = ["--store", "milvus", "--uri", in_milvus.settings.milvus_uri, "--results", tmp_path, "--sample", "2"]
    finished = wenyuan("eval", *where, "--json")
    assert finished.code == 0, finished.err
    result = json.loads(finished.out)["result"]
    assert (result["questions"], result["documents"], result["passages"]) == (2, 2, 52)
    assert result["settings"]["store"] == "milvus"


def test_the_http_api_answers_from_milvus_and_takes_no_uploads(in_milvus: Place) -> None:
    app = FastAPI(openapi_url=None)
    settings = in_milvus.settings
    api.mount(app, LiveLibrary(in_milvus.index, settings), UploadStore(in_milvus.index, settings), Admission())
    with TestClient(guarded(app, rules("127.0.0.1")), base_url="http://127.0.0.1:7860") as asked:
        listed = asked.get(f"{api.PREFIX}/documents").json()
        assert {one["doc_id"] for one in listed} == {one.doc_id for one in in_milvus.open().documents()}
        state = asked.get(f"{api.PREFIX}/version").json()["index"]
        assert (state["generation"], state["documents"], state["passages"]) == ("milvus:wenyuan", 2, 52)
        refused = asked.post(f"{api.PREFIX}/documents", files={"files": ("新.txt", "新的文字。".encode())})
        assert refused.status_code == 409, refused.text
        assert "这个功能只用于本机的索引文件夹" in refused.text


@pytest.mark.parametrize(
    "arguments",
    [
        ("generations",),
        ("rollback", "x"),
        ("prune",),
        ("check",),
        ("upgrade",),
        ("export", "x.tar.gz"),
        ("import", "x"),
    ],
)
def test_commands_of_an_index_folder_say_that_they_are(
    wenyuan: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("WENYUAN_STORE", "milvus")
    monkeypatch.setenv("WENYUAN_MILVUS_URI", "http://127.0.0.1:9")
    finished = wenyuan(*arguments)
    assert finished.code == 1
    assert "这个功能只用于本机的索引文件夹" in finished.err


@pytest.mark.parametrize("share", ["2", "0/2", "3/2", "a/b", "1/2/3", "-1/2"])
def test_a_share_that_makes_no_sense_is_an_error(wenyuan: Command, share: str, tmp_path: Path) -> None:
    finished = wenyuan("index", CORPUS, "--index", tmp_path / "index", "--share", share)
    assert (finished.code, "写成 I/N" in finished.err) == (1, True)


def test_an_index_folder_has_no_shares(wenyuan: Command, tmp_path: Path) -> None:
    finished = wenyuan("index", CORPUS, "--index", tmp_path / "index", "--share", "1/2")
    assert (finished.code, "--share 只用于 Milvus" in finished.err) == (1, True)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), st.integers(1, 800))
def test_pieces_fit_and_together_are_the_text(text: str, times: int) -> None:
    cut = list(pieces(text * times))
    assert "".join(cut) == text * times
    assert all(len(piece.encode()) <= MOST_BYTES for piece in cut)


@given(st.integers(1, 40))
def test_shares_are_neighbours_and_leave_nothing_out(of: int) -> None:
    shares = [share_of(which, of) for which in range(1, of + 1)]
    assert (shares[0].start, shares[-1].stop) == (0, NUMBERS)
    assert all(one.stop == next_one.start for one, next_one in pairwise(shares))


@given(st.text("0123456789abcdef", min_size=12, max_size=64))
def test_a_documents_number_is_made_of_its_id_alone(sha256: str) -> None:
    number = number_of(sha256)
    assert number == number_of(sha256[:12])
    assert number % ROWS == 0
    assert 0 <= number <= 2**63 - ROWS
    with pytest.raises(ValueError, match="nichts"):
        number_of("nichts")
