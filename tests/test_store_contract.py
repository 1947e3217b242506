"""What holds of a library wherever it lies: in an index folder, or in Milvus (milvus-lite here)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import samples
from documents import HashEncoder
from stores import Place, leave, milvus_in

from rag.errors import CorpusError, IndexMismatchError, IndexMissingError, NotFoundError
from rag.indexing.splitting import split
from rag.library import Library
from rag.loading import SourceFile, load
from rag.settings import Settings
from rag.text.tokenization import Cutting
from rag.types import Passage

TEXTS = {
    "海.md": "# 海洋\n\n蓝鲸是最大的动物。它重达一百八十吨，主要吃磷虾。\n\n鲸鱼用肺呼吸。\n\n## 深海\n\n"
    "马里亚纳海沟深约一万一千米，是已知最深的地方。安康鱼用发光的诱饵捕食，雄鱼比雌鱼小得多。",
    "山.txt": "珠穆朗玛峰高八千八百四十八米。\n登山者常在五月登顶，因为那时风小。\n珠峰的藏语名字意为女神。",
    "河.txt": "長江全長約六千三百公里，是亞洲最長的河流。\n黄河含沙量大，因此水是黄的。",
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(params=["embedded", pytest.param("milvus", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path, hash_encoder: HashEncoder) -> Iterator[Place]:  # noqa: ARG001
    if request.param == "embedded":
        yield Place(tmp_path / "index", Settings())
        return
    pytest.importorskip("milvus_lite")
    made = milvus_in(tmp_path)
    yield made
    leave(made)


@pytest.fixture
def library(place: Place, corpus: Path) -> Library:
    report = place.add(corpus)
    assert (report.documents, len(report.added), report.failed) == (3, 3, ())
    return place.open()


def id_of(library: Library, name: str) -> str:
    (found,) = [record.doc_id for record in library.documents() if record.path.name == name]
    return found


def test_documents_and_passages_come_back_as_they_were(library: Library, corpus: Path) -> None:
    for name in TEXTS:
        file = corpus / name
        loaded = load(SourceFile(file, str(file)))
        stored = library.document(loaded.doc_id)
        assert stored == loaded
        passages = library.passages(loaded.doc_id)
        assert [replace(one, ordinal=0) for one in passages] == [
            replace(one, ordinal=0) for one in split(loaded, Settings().split)
        ]
        assert [one.ordinal - passages[0].ordinal for one in passages] == list(range(len(passages)))


def test_what_is_listed_is_true(library: Library, corpus: Path) -> None:
    assert [(r.path, len(r.passages), r.copies) for r in library.documents()] == [
        (corpus / name, len(library.passages(id_of(library, name))), ()) for name in sorted(TEXTS)
    ]
    counts = library.manifest
    assert (counts.documents, counts.passages) == (3, sum(len(r.passages) for r in library.documents()))


@pytest.mark.parametrize(
    ("query", "name"),
    [("蓝鲸重多少", "海.md"), ("珠穆朗玛峰", "山.txt"), ("长江全长", "河.txt"), ("马里亚纳海沟", "海.md")],
)
def test_search_finds_the_passage_that_says_it(place: Place, library: Library, query: str, name: str) -> None:
    best = place.open(retrieval="bm25").search(query)[0]
    assert best.passage.doc_id == id_of(library, name)
    assert best.text == library.document(best.passage.doc_id).text[best.passage.start : best.passage.end]


def test_a_search_in_one_document_stays_in_it(library: Library) -> None:
    only = library._generation.ordinals(id_of(library, "山.txt"))
    state = library._generation.about((Cutting()("蓝鲸"),))
    vector = HashEncoder().encode_queries(["蓝鲸"])[0]
    dense, sparse = state.rankings(vector, ["蓝鲸", "登山"], 50, [only])
    assert {ordinal for ordinal, _ in dense} == set(only)
    assert {ordinal for ordinal, _ in sparse} <= set(only)
    assert len(sparse) == 1


def test_a_search_in_a_collection_stays_in_it_however_many_documents_are_named(place: Place, corpus: Path) -> None:
    for folder, name in (("水", "海.md"), ("水", "河.txt"), ("地", "山.txt")):
        (corpus / folder).mkdir(exist_ok=True)
        (corpus / name).rename(corpus / folder / name)
    place.add(corpus)
    library = place.open(retrieval="bm25")
    assert [(one.name, len(one.doc_ids)) for one in library.collections()] == [("地", 1), ("水", 2)]
    water = {id_of(library, name) for name in ("海.md", "河.txt")}
    scope = library.scope(["水"])
    assert scope is not None
    assert scope.doc_ids == water
    state = library._generation.about((Cutting()("蓝鲸"),))
    vector = HashEncoder().encode_queries(["蓝鲸"])[0]
    # In Milvus every document is a range of its own.
    many = [] if place.settings.is_embedded else [range(n, n + 1) for n in range(2, 4000, 2)]
    dense, sparse = state.rankings(vector, ["蓝鲸", "登山", "长江"], 50, [*many, *scope.ordinals])
    allowed = {ordinal for one in scope.ordinals for ordinal in one}
    assert {ordinal for ordinal, _ in dense} == allowed
    assert {ordinal for ordinal, _ in sparse} < allowed
    assert len(sparse) == 2
    with pytest.raises(NotFoundError, match="现有：地、水。"):
        library.ask("蓝鲸有多重？", collections=["火"])


def test_an_older_version_is_asked_only_where_it_is_chosen(place: Place, library: Library) -> None:
    old, new = id_of(library, "山.txt"), id_of(library, "海.md")
    library.replace(old, new)
    words = place.open(retrieval="bm25")
    assert {one: older.replaced_by for one, older in words.versions().older.items()} == {old: new}
    assert {hit.passage.doc_id for hit in words.search("珠穆朗玛峰和蓝鲸", 10)} == {new}
    assert {hit.passage.doc_id for hit in words.search("珠穆朗玛峰和蓝鲸", 10, documents=[old])} == {old}
    words.reinstate(old)
    assert {hit.passage.doc_id for hit in words.search("珠穆朗玛峰和蓝鲸", 10)} == {old, new}


def test_terms_are_known_counted_and_weighed(library: Library) -> None:
    sparse = library._generation.about().sparse
    assert [sparse.knows(term) for term in ("蓝鲸", "深海", "火星", '"', "\\")] == [True, True, False, False, False]
    assert sparse.idf("火星") > sparse.idf("蓝鲸") > 0
    assert sparse.bound(["蓝鲸", "蓝鲸"]) == pytest.approx(2 * 2.2 * sparse.idf("蓝鲸"))
    ((ordinal, score), *_) = sparse.search(["蓝鲸", "磷虾"], 5)
    added = sparse.contributions(["蓝鲸", "磷虾", "火星"], ordinal)
    assert sum(map(sum, added)) == pytest.approx(score, rel=1e-5)
    assert added[2] == (0.0, 0.0)
    assert sparse.covering({"蓝鲸": 1.0, "磷虾": 1.0, "珠峰": 1.5}) == ordinal


def test_a_misspelt_word_finds_the_words_that_sound_so(library: Library) -> None:
    assert library._generation.store.sounding("lan jing") == [("蓝鲸", 1)]
    assert library._generation.store.sounding("huo xing") == []


def test_unknown_documents_are_said_to_be_unknown(library: Library) -> None:
    for doc_id in ("000000000000", "nichts", ""):
        with pytest.raises(NotFoundError):
            library.document(doc_id)
        with pytest.raises(NotFoundError):
            library.remove([doc_id])
    assert len(library.documents()) == 3


def test_a_removed_document_is_gone_and_the_others_stay(place: Place, library: Library) -> None:
    gone, stays = id_of(library, "海.md"), id_of(library, "山.txt")
    library.remove([gone])
    now = place.open()
    assert {record.path.name for record in now.documents()} == {"山.txt", "河.txt"}
    with pytest.raises(NotFoundError):
        now.document(gone)
    assert gone not in {hit.passage.doc_id for hit in now.search("蓝鲸是最大的动物")}
    assert now.document(stays).text == TEXTS["山.txt"]


def test_what_has_not_changed_is_not_read_or_embedded_again(
    place: Place, library: Library, corpus: Path, hash_encoder: HashEncoder
) -> None:
    assert library.documents()
    hash_encoder.passages.clear()
    report = place.add(corpus)
    assert (report.added, report.changed, report.removed, len(report.unchanged)) == ((), (), (), 3)
    assert hash_encoder.passages == []


def test_a_changed_file_takes_the_place_of_what_it_was_and_only_its_passages_are_embedded(
    place: Place, library: Library, corpus: Path, hash_encoder: HashEncoder
) -> None:
    before = id_of(library, "山.txt")
    hash_encoder.passages.clear()
    (corpus / "山.txt").write_text(TEXTS["山.txt"].replace("五月", "九月"), "utf-8")
    report = place.add(corpus)
    assert (report.changed, report.removed, report.documents) == ((str(corpus / "山.txt"),), (), 3)
    others = [line for name, text in TEXTS.items() if name != "山.txt" for line in text.split("。") if line]
    assert [text for text in hash_encoder.passages if any(line in text for line in others)] == []
    now = place.open()
    with pytest.raises(NotFoundError):
        now.document(before)
    assert "九月" in place.open(retrieval="bm25").search("登山者常在几月登顶")[0].text


def test_a_vanished_file_takes_its_document_along(place: Place, library: Library, corpus: Path) -> None:
    assert library.documents()
    (corpus / "河.txt").unlink()
    report = place.add(corpus)
    assert (report.removed, report.documents) == ((str(corpus / "河.txt"),), 2)
    assert {record.path.name for record in place.open().documents()} == {"海.md", "山.txt"}


def test_files_outside_of_the_given_paths_stay(place: Place, library: Library, corpus: Path, tmp_path: Path) -> None:
    assert library.documents()
    other = tmp_path / "more"
    other.mkdir()
    (other / "湖.txt").write_text("贝加尔湖是最深的湖。", "utf-8")
    assert place.add(other).documents == 4
    assert {r.path.parent for r in place.open().documents()} == {corpus, other}


def test_files_of_the_same_bytes_are_one_document_and_another_takes_over(
    place: Place, library: Library, corpus: Path
) -> None:
    assert library.documents()
    copy = corpus / "海" / "海.md"
    copy.parent.mkdir()
    copy.write_text(TEXTS["海.md"], "utf-8")
    first, second = sorted(map(str, (corpus / "海.md", copy)))
    report = place.add(corpus)
    assert (report.documents, report.duplicates) == (3, ((second, first),))
    (record,) = [one for one in place.open().documents() if one.path.name == "海.md"]
    assert [origin.path for origin in record.files] == [first, second]
    Path(first).unlink()
    assert place.add(corpus).documents == 3
    (record,) = [one for one in place.open().documents() if one.path.name == "海.md"]
    assert [origin.path for origin in record.files] == [second]
    assert library.document(record.doc_id).text.startswith("海洋")


def test_a_long_document_comes_back_whole(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "长.txt"
    text = "\n".join(f"第{number}件事是编号{number * 7}的箱子🎉放在仓库里。" for number in range(1800))
    file.write_text(text, "utf-8")
    assert len(text.encode()) > 65_535
    place.add(file)
    library = place.open()
    (record,) = library.documents()
    assert library.document(record.doc_id).text == text
    last: Passage = library.passages(record.doc_id)[-1]
    assert text[last.start : last.end].endswith("第1799件事是编号12593的箱子🎉放在仓库里。")


def test_a_library_is_found_again_by_another_process_s_eyes(place: Place, library: Library) -> None:
    again = place.open()
    assert [one.doc_id for one in again.documents()] == [one.doc_id for one in library.documents()]
    assert [hit.score for hit in again.search("黄河")] == [hit.score for hit in library.search("黄河")]


def test_nothing_that_can_be_read_is_an_error_and_no_library(place: Place, tmp_path: Path) -> None:
    (tmp_path / "leer.txt").write_text(" \n", "utf-8")
    with pytest.raises(CorpusError):
        place.add(tmp_path / "leer.txt")


def test_a_library_that_is_not_there_is_said_to_be_missing(place: Place) -> None:
    with pytest.raises(IndexMissingError, match="wenyuan index"):
        place.open()


def test_other_settings_are_an_error_that_names_both(place: Place, library: Library) -> None:
    assert library.documents()
    with pytest.raises(IndexMismatchError, match=r"passage_max_chars = 400.*300"):
        place.open(passage_max_chars=300)


def test_the_files_in_an_archive_are_documents_that_change_and_go_with_it(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "packed"
    folder.mkdir()
    file, aside = folder / "资料.zip", tmp_path / "aside"
    file.write_bytes(samples.archive({"自然/海.md": TEXTS["海.md"], "山.txt": TEXTS["山.txt"]}))
    report = place.add(folder)
    assert (set(report.added), report.failed) == ({f"{file}/自然/海.md", f"{file}/山.txt"}, ())
    (best, *_) = place.open(retrieval="bm25").search("蓝鲸重多少")
    library = place.open()
    assert library.document(best.passage.doc_id).source == f"{file}/自然/海.md"
    assert sorted(record.path for record in library.documents()) == [file / "山.txt", file / "自然" / "海.md"]

    file.write_bytes(samples.archive({"自然/海.md": TEXTS["海.md"] + "\n\n虎鲸吃海豹。", "河.txt": TEXTS["河.txt"]}))
    report = place.add(folder)
    assert report.changed == (f"{file}/自然/海.md",)
    assert (report.added, report.removed) == ((f"{file}/河.txt",), (f"{file}/山.txt",))

    sound = file.read_bytes()
    file.write_bytes(sound[:100])
    report = place.add(folder)
    assert [source for source, _ in report.failed] == [str(file)]
    assert (report.documents, report.removed) == (2, ())

    file.rename(aside)
    (folder / "山.txt").write_text(TEXTS["山.txt"], "utf-8")
    report = place.add(folder)
    assert (report.documents, set(report.removed)) == (1, {f"{file}/自然/海.md", f"{file}/河.txt"})
