"""The mapped dictionary cuts and tags as jieba's own does, and its file is made anew whatever happens to it."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jieba
import pytest
from conftest import CORPUS, ROOT, Command
from jieba import posseg

from rag.text import lexicon as lexicons
from rag.text.cutting import Cutter
from rag.text.equal import CHINESE
from rag.text.lexicon import NAMES_FILE, lexicon
from rag.text.normalization import HAN
from rag.text.tagging import Tagger

ODD = (
    "",
    "𠮷野家与㐀〇",
    "GPT-4o T恤 3.5% AA制\r\n c++",
    "的是了在和\u200b",
    "龘龘龘龘",
    "研究生命起源的南京市长江大桥",
    "了么呢吒哩夥後",
)
# Words that are added, made likelier, and forbidden; the last two end in the middle of others.
ADDED = (("绝影灵犀体", 10), ("南京市长", 100_000), ("研究生", 0), ("模型", 5), ("大语言模", None), ("豆包大", None))


class Plain(jieba.Tokenizer):  # type: ignore[misc]
    """jieba as it comes, without its file in /tmp."""

    def initialize(self, dictionary: str | None = None) -> None:
        assert dictionary is None
        self.FREQ, self.total = self.gen_pfdict(self.get_dict_file())
        self.initialized = True


@pytest.fixture(scope="module")
def plain() -> Plain:
    """What jieba is with the words that come with us."""
    made = Plain()
    made.load_userdict(str(NAMES_FILE))
    for word in sorted(CHINESE):
        if not made.FREQ.get(word):
            made.add_word(word)
    return made


@pytest.fixture(scope="module")
def texts() -> tuple[str, ...]:
    """The two articles by line, all gold questions, and odd texts."""
    found = [line for file in sorted(CORPUS.iterdir()) for line in file.read_text("utf-8").splitlines()]
    for file in sorted((ROOT / "eval" / "data").glob("*.jsonl")):
        records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        found += [record["question"] for record in records if "question" in record]
    assert len(found) > 500
    return (*found, *ODD)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the lexicon is kept: an empty cache, for this test alone."""
    monkeypatch.setenv("WENYUAN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(lexicons, "_made", lambda _: _small())
    lexicons._lexicon.cache_clear()
    yield tmp_path / "cache" / "jieba"
    lexicons._lexicon.cache_clear()


def _small() -> bytes:
    """A file of one word."""
    return lexicons.packed({"问源": 7}, {"问源": "nz"}, 60)


def test_every_word_has_jiebas_frequency_and_every_beginning_of_one_is_known(plain: Plain) -> None:
    known = lexicon()
    assert known.total == plain.total
    assert {word: known.frequency(word) for word in plain.FREQ} == plain.FREQ
    assert [known.frequency(word) for word in ("龘龘", "\ud800", "豆包豆")] == [None, None, None]


@pytest.mark.parametrize("hmm", [True, False])
def test_texts_are_cut_as_jieba_cuts_them(plain: Plain, texts: tuple[str, ...], hmm: bool) -> None:
    cutter = Cutter()
    assert [list(cutter.cut(text, HMM=hmm)) for text in texts] == [list(plain.cut(text, HMM=hmm)) for text in texts]


def test_chinese_words_have_the_places_that_jieba_gives_them(plain: Plain, texts: tuple[str, ...]) -> None:
    han = re.compile(HAN)
    cutter = Cutter()
    for text in texts:
        assert list(cutter.chinese(text, 0, len(text))) == [one for one in plain.tokenize(text) if han.search(one[0])]


def test_added_and_forbidden_words_change_the_cuts_as_they_do_in_jieba(texts: tuple[str, ...]) -> None:
    cutter, other = Cutter(), Plain()
    other.load_userdict(str(NAMES_FILE))
    for word in sorted(CHINESE):
        if not other.FREQ.get(word):
            other.add_word(word)
    try:
        for word, frequency in ADDED:
            cutter.add_word(word, frequency)
            other.add_word(word, frequency)
            assert (cutter.FREQ.get(word), cutter.total) == (other.FREQ[word], other.total)
        assert [list(cutter.cut(text)) for text in texts] == [list(other.cut(text)) for text in texts]
        assert [w for w, _, _ in cutter.chinese("研究生命", 0, 4)] == ["研究", "生命"]
        # What one tokenizer is told no other knows.
        assert list(Cutter().cut("绝影灵犀体")) != ["绝影灵犀体"] == list(cutter.cut("绝影灵犀体"))
    finally:
        jieba.finalseg.Force_Split_Words.discard("研究生")


def test_texts_are_tagged_as_jieba_tags_them(plain: Plain, texts: tuple[str, ...]) -> None:
    theirs = posseg.POSTokenizer(plain)
    ours = Tagger(Cutter())
    for text in texts:
        assert list(ours.cut(text)) == [(pair.word, pair.flag) for pair in theirs.cut(text)]


def test_the_lexicon_is_made_once_in_the_users_own_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (lexicon().frequency("问源"), lexicon().tag("问源"), lexicon().total) == (7, "nz", 60)
    (file,) = folder.iterdir()
    assert file.suffix == ".lexicon"
    lexicons._lexicon.cache_clear()
    monkeypatch.setattr(lexicons, "_made", lambda _: pytest.fail("it was made again"))
    assert lexicon().words("问源问") == [((2, math.log(7)),), (), ()]


@pytest.mark.parametrize("damage", ["empty", "cut short", "one bit", "foreign"])
def test_a_damaged_file_is_made_anew(folder: Path, damage: str) -> None:
    lexicon()
    (file,) = folder.iterdir()
    good = file.read_bytes()
    bad = {"empty": b"", "cut short": good[:-1], "one bit": good[:-3] + bytes([good[-3] ^ 1]) + good[-2:]}
    file.unlink()
    file.write_bytes(bad.get(damage, b"\x00" * 4096))
    lexicons._lexicon.cache_clear()
    assert lexicon().frequency("问源") == 7
    assert file.read_bytes() == good


def test_other_words_have_another_file(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lexicon()
    more = tmp_path / "names.txt"
    more.write_text("新词 5\n", "utf-8")
    monkeypatch.setattr(lexicons, "NAMES_FILE", more)
    lexicons._lexicon.cache_clear()
    lexicon()
    assert len(list(folder.iterdir())) == 2


def test_a_cache_that_cannot_be_written_costs_time_and_is_said(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be", "utf-8")
    with caplog.at_level(logging.WARNING, "wenyuan"):
        assert lexicon().frequency("问源") == 7
    assert "Can't keep jieba's dictionary" in caplog.text


def test_threads_that_ask_at_once_get_the_same_lexicon(folder: Path) -> None:  # noqa: ARG001
    with ThreadPoolExecutor(8) as pool:
        assert len(set(map(id, pool.map(lambda _: lexicon(), range(32))))) == 1


def test_tagging_leaves_jiebas_own_dictionary_unread(python: Command) -> None:
    code = """
import sys, jieba
from rag.text.tokenization import tagged
print(tagged("豆包")[0][3], jieba.dt.initialized, "jieba.posseg" in sys.modules)
"""
    assert python(code).out == "nz False False\n"
