"""New words are found with evidence; the dictionary and the index change together, and nothing is embedded."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Command
from documents import HashEncoder, document

from rag.errors import IndexMismatchError, SettingsError, StorageError
from rag.index.generations import open_generation
from rag.indexing.update import index_paths
from rag.library import Library
from rag.settings import Settings, load_settings
from rag.text.dictionary import Entry, read_entries, with_words, without_words
from rag.text.tokenization import cut_words, reread, terms, words
from rag.words.editing import Change, change_words
from rag.words.finding import find_words
from rag.words.setting import keep, with_dictionary

TEXTS = (
    "昨天沐岚科技发布了新车。今年沐岚科技在上海招人。有人说沐岚科技很小。",
    "投资者看好沐岚科技的前景。记者采访沐岚科技时下着雨。沐岚科技，总部在杭州。",
    "这样的事情并不多见，也就是说，这样的人很少。这样的地方在南方，这样的天气常有。",
)
COMMENTS = "# 手写的说明\n\n豆豆云 10 nz\n"


def texts_in(folder: Path) -> list[Path]:
    for number, text in enumerate(TEXTS):
        (folder / f"{number}.md").write_text(f"# 第{number}篇\n\n{text}\n", "utf-8")
    return [folder]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "words.txt").write_text(COMMENTS, "utf-8")
    return Settings(user_dictionary=str(tmp_path / "words.txt"), retrieval="bm25")


@pytest.fixture
def index(tmp_path: Path, settings: Settings, hash_encoder: HashEncoder) -> Path:
    source = tmp_path / "source"
    source.mkdir()
    index_paths(texts_in(source), tmp_path / "index", settings)
    hash_encoder.passages.clear()
    return tmp_path / "index"


def test_a_name_in_many_surroundings_is_found_first_with_exact_counts_and_its_place() -> None:
    documents = [document(text, f"{number}.md") for number, text in enumerate(TEXTS)]
    first = find_words(documents)[0]
    assert (first.word, first.count, first.documents) == ("沐岚科技", 6, 2)
    assert first.cut == tuple(word.text for word in cut_words("沐岚科技")) == ("沐岚", "科技")
    assert (first.doc_id, first.paragraph, first.sentence) == (documents[0].doc_id, 1, "昨天沐岚科技发布了新车。")
    assert documents[0].text[first.start : first.end] == "沐岚科技"
    # jieba takes 说沐岚 for a word; beside the other five stand five different neighbours: log2(5).
    assert first.freedom == 2.322


def test_a_chain_of_function_words_is_held_far_below_a_name_however_well_it_keeps_together() -> None:
    found = {one.word: one for one in find_words([document(text) for text in TEXTS], most=1000)}
    name, chain = found["沐岚科技"], found["这样的"]
    assert (chain.count, chain.cut) == (4, ("这样", "的"))
    assert chain.cohesion > name.cohesion
    assert chain.score < name.score / 10


def test_a_sentence_that_stands_under_every_page_counts_once() -> None:
    pages = [document(f"第{number}页的内容。\n\n转载请联系沐岚科技编辑部。\n", f"{number}.txt") for number in range(9)]
    assert [one.word for one in find_words(pages) if "沐岚" in one.word] == []


def test_words_across_punctuation_or_space_are_none() -> None:
    split = [document("沐岚，科技好。沐岚、科技多。沐岚 科技大。沐岚。科技小。", "a.txt")]
    assert [one.word for one in find_words(split) if one.word.startswith("沐岚")] == []


def test_what_the_dictionary_has_is_not_found_again(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("沐岚科技\n", "utf-8")
    found = find_words([document(text) for text in TEXTS], file, most=1000)
    assert "沐岚科技" not in {one.word for one in found}


def test_the_same_documents_give_the_same_list() -> None:
    documents = [document(text) for text in TEXTS]
    assert find_words(documents, most=1000) == find_words(documents, most=1000)
    assert find_words([]) == []


def test_an_added_word_is_one_term_in_index_and_query_and_nothing_is_embedded(
    index: Path, settings: Settings, hash_encoder: HashEncoder
) -> None:
    before = open_generation(index)
    assert not before.sparse.knows("沐岚科技")
    score = Library.open(index, settings).search("沐岚科技")[0].score
    changed = change_words(index, settings, add=["沐岚科技"])
    after = open_generation(index)
    assert after.sparse.knows("沐岚科技")
    hit = Library.open(index, settings).search("沐岚科技")[0]
    assert hit.score > score
    assert (changed.added, changed.removed) == (("沐岚科技",), ())
    assert (changed.changed, changed.documents, changed.passages) == (2, 2, 3)
    assert hash_encoder.passages == []
    rows = range(len(before.dense))
    assert (after.dense.vectors(rows) == before.dense.vectors(rows)).all()
    assert list(after.store.contents()) == list(before.store.contents())


def test_the_index_is_the_one_that_indexing_the_files_would_make(
    index: Path, settings: Settings, hash_encoder: HashEncoder, tmp_path: Path
) -> None:
    change_words(index, settings, add=["沐岚科技"])
    index_paths([tmp_path / "source"], tmp_path / "other", settings)
    other = open_generation(tmp_path / "other")
    for query in ("沐岚科技", "新车", "上海"):
        asked = terms(query, settings.dictionary_path)
        assert open_generation(index).sparse.search(asked, 10) == other.sparse.search(asked, 10)
    hash_encoder.passages.clear()
    report = index_paths([tmp_path / "source"], index, settings)
    assert (len(report.unchanged), report.changed, hash_encoder.passages) == (3, (), [])


def test_files_need_not_be_there(index: Path, settings: Settings, tmp_path: Path) -> None:
    for file in (tmp_path / "source").iterdir():
        file.unlink()
    assert change_words(index, settings, add=["沐岚科技"]).changed == 2


def test_lines_by_hand_stay_and_removing_restores_the_file_and_the_terms(index: Path, settings: Settings) -> None:
    file = Path(settings.user_dictionary)
    change_words(index, settings, add=["沐岚科技", "云栖号角"])
    assert file.read_text("utf-8") == f"{COMMENTS}沐岚科技\n云栖号角\n"
    changed = change_words(index, settings, remove=["沐岚科技", "云栖号角"])
    assert file.read_text("utf-8") == COMMENTS
    assert (changed.removed, changed.changed) == (("沐岚科技", "云栖号角"), 2)
    assert not open_generation(index).sparse.knows("沐岚科技")
    Library.open(index, settings)


def test_an_open_library_cuts_by_what_another_process_added_once_it_is_refreshed(
    index: Path, settings: Settings, python: Command
) -> None:
    library = Library.open(index, settings)
    assert "沐岚科技" not in terms("沐岚科技", settings.dictionary_path)
    code = "import sys; from rag.words.editing import change_words; from rag.settings import Settings; "
    code += "change_words(sys.argv[1], Settings(user_dictionary=sys.argv[2], retrieval='bm25'), add=['沐岚科技'])"
    finished = python(code, index, settings.user_dictionary)
    assert (finished.code, finished.err) == (0, "")
    assert "沐岚科技" not in terms("沐岚科技", settings.dictionary_path)
    library.refresh()
    assert "沐岚科技" in terms("沐岚科技", settings.dictionary_path)


def test_indexing_takes_up_what_was_added_by_hand(
    index: Path, settings: Settings, hash_encoder: HashEncoder, tmp_path: Path
) -> None:
    assert "沐岚科技" not in terms("沐岚科技", settings.dictionary_path)
    Path(settings.user_dictionary).write_text("沐岚科技\n", "utf-8")
    index_paths([tmp_path / "source"], index, settings)
    assert open_generation(index).sparse.knows("沐岚科技")
    assert hash_encoder.passages == []


@pytest.mark.parametrize("word", ["", "  ", "，。", "沐岚 科技", "沐岚。", "沐", "长" * 33])
def test_what_is_no_word_is_refused_and_nothing_changes(index: Path, settings: Settings, word: str) -> None:
    generation = open_generation(index).manifest.generation
    with pytest.raises(SettingsError, match="不是一个词"):
        change_words(index, settings, add=["沐岚科技", word])
    assert Path(settings.user_dictionary).read_text("utf-8") == COMMENTS
    assert open_generation(index).manifest.generation == generation


@pytest.mark.parametrize(
    ("word", "said"), [("人工智能", "已知的词"), ("gpt-4o", "已知的词"), ("豆豆雲", "已在用户词典")]
)
def test_a_known_word_is_refused(index: Path, settings: Settings, word: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        change_words(index, settings, add=[word])


def test_a_word_that_the_dictionary_lacks_cannot_be_removed(index: Path, settings: Settings) -> None:
    with pytest.raises(SettingsError, match="里没有：沐岚科技"):
        change_words(index, settings, remove=["沐岚科技"])


def test_a_malformed_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("# 说明\n沐岚科技 10 nz\n沐岚 科技 很好 吗\n", "utf-8")
    with pytest.raises(SettingsError, match="第 3 行有误：沐岚 科技 很好 吗"):
        read_entries(file)


def test_a_dictionary_that_cannot_be_written_leaves_the_index_as_it_was(index: Path, tmp_path: Path) -> None:
    generation = open_generation(index).manifest.generation
    nowhere = Settings(user_dictionary=str(tmp_path / "nowhere" / "words.txt"), retrieval="bm25")
    with pytest.raises(StorageError, match="无法写入用户词典"):
        change_words(index, nowhere, add=["沐岚科技"])
    assert open_generation(index).manifest.generation == generation


def test_a_failing_index_takes_the_dictionary_back(
    index: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("磁盘已满", "disk full")

    monkeypatch.setattr("rag.words.editing.build", full)
    with pytest.raises(StorageError, match="磁盘已满"):
        change_words(index, settings, add=["沐岚科技"])
    assert Path(settings.user_dictionary).read_text("utf-8") == COMMENTS
    assert "沐岚科技" not in terms("沐岚科技", settings.dictionary_path)
    Library.open(index, settings)


def test_adding_again_brings_an_index_up_to_date_that_was_left_behind(index: Path, settings: Settings) -> None:
    Path(settings.user_dictionary).write_text(f"{COMMENTS}沐岚科技\n", "utf-8")
    reread()
    with pytest.raises(IndexMismatchError):
        Library.open(index, settings)
    assert change_words(index, settings, add=["沐岚科技"]).added == ()
    assert open_generation(index).sparse.knows("沐岚科技")
    Library.open(index, settings)


def test_an_index_of_other_settings_is_not_changed(index: Path, settings: Settings) -> None:
    import msgspec

    with pytest.raises(IndexMismatchError, match="passage_min_chars"):
        change_words(index, msgspec.structs.replace(settings, passage_min_chars=30), add=["沐岚科技"])


def test_a_word_of_two_scripts_is_kept_whole_with_its_parts(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("C919大飞机\n阿维塔e11\n", "utf-8")
    assert [word for word, _, _ in words("国产c919大飞机与阿维塔e11", file)] == [
        "国产",
        "c919大飞机",
        "与",
        "阿维塔e11",
    ]
    assert {"c919大飞机", "c919", "大飞机"} <= set(terms("C919大飞机", file))
    assert [word for word, _, _ in words("ac919大飞机", file)] == ["ac919", "大", "飞机"]


def test_entries_are_read_as_texts_are_compared(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_bytes("\ufeff# 注\n循環智能 20 nt\nＫｉｍｉ助手\r\n".encode())
    assert read_entries(file) == [Entry("循环智能", 20, "nt"), Entry("kimi助手", None, None)]


def test_lines_are_added_after_a_last_line_without_its_end_and_removed_alone() -> None:
    assert with_words("豆豆云", ["沐岚科技"]) == "豆豆云\n沐岚科技\n"
    assert without_words("# 沐岚科技\n沐嵐科技 10 nz\r\n豆豆云\n", ["沐岚科技"]) == "# 沐岚科技\n豆豆云\n"


def test_without_a_dictionary_one_is_made_beside_the_settings(tmp_path: Path, hash_encoder: HashEncoder) -> None:
    config = tmp_path / "my.toml"
    config.write_text("hits = 5", "utf-8")
    (tmp_path / "source").mkdir()
    index_paths(texts_in(tmp_path / "source"), tmp_path / "index", load_settings(config))
    with pytest.raises(SettingsError, match="user_dictionary"):
        change_words(tmp_path / "index", load_settings(config), add=["沐岚科技"])
    after, line = with_dictionary(load_settings(config), config)
    made: Change = change_words(tmp_path / "index", after, add=["沐岚科技"])
    keep(line, config)
    assert load_settings(config) == after
    assert (load_settings(config).hits, made.dictionary) == (5, tmp_path / "words.txt")
    assert hash_encoder.passages
    Library.open(tmp_path / "index", load_settings(config))


def test_a_file_that_is_there_is_not_taken_for_the_dictionary(tmp_path: Path) -> None:
    config = tmp_path / "my.toml"
    (tmp_path / "words.txt").write_text("别的\n", "utf-8")
    with pytest.raises(SettingsError, match="已经存在"):
        with_dictionary(Settings(), config)
