"""Files that are made to do harm, indexed with two good ones: each gets its line, and nothing else happens."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import ROOT, Command
from documents import HashEncoder
from lxml import etree

from rag.errors import LoadError
from rag.indexing.update import index_paths
from rag.library import Library
from rag.loading import SourceFile, load
from rag.printable import printable
from rag.settings import Settings
from rag.types import Answer, AnswerItem, AnswerPart, Citation, Document, Status
from rag.web.conversation import Turn
from rag.web.page import sources
from rag.web.page.markup import NOWHERE, Place
from rag.web.page.takeaway import to_html, to_markdown

sys.path.insert(0, str(ROOT / "tests" / "adversarial"))
from make import CASES, make, table

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, links and limits are those of Unix")

# Far less than the 2 GiB that the process which reads may take; there is no model in it.
MOST_MEMORY_MB = 1500
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
# The command, with a small model and less patience; at the end the peaks of its memory and of those that it started.
RUN = """
import atexit, sys
from rag.evaluation.stages import peak_mb

def peaks():
    print("peaks", peak_mb("self"), peak_mb("children"), file=sys.stderr)

atexit.register(peaks)
from documents import HashEncoder, use
use(HashEncoder())
import rag.loading.sandbox.apart
rag.loading.sandbox.apart._READER._seconds, rag.loading.sandbox.apart.SECONDS_PER_MB = 20, 0
from rag.cli.main import main
main()
"""


class Run(NamedTuple):
    """What ``wenyuan index`` made of the folder."""

    folder: Path
    built: Path
    report: dict[str, list[dict[str, str]]]
    peak: int
    before: dict[str, str]
    after: dict[str, str]
    shown: str


def listing(folder: Path) -> dict[str, str]:
    """By path: kind, size, time and digest of everything in ``folder``."""
    found = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        plain = path.is_file() and not path.is_symlink() and state.st_size < 2**30
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if plain else ""
        found[str(path.relative_to(folder))] = f"{state.st_mode} {state.st_size} {state.st_mtime_ns} {digest}"
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, python: Command) -> Run:
    """Everything but the index lies in ``outside``, the user's home and cache too."""
    top = tmp_path_factory.mktemp("adversarial")
    outside, index = top / "outside", top / "index"
    folder, cache = outside / "documents", outside / "cache"
    for made in (folder, cache, outside / "home", outside / "tmp", outside / "secret"):
        made.mkdir(parents=True)
    (outside / "secret" / "secret.txt").write_text("保险柜的密码是一二三四。", "utf-8")
    (folder / "good.md").write_text("# 好的\n\n豆包的月活是6000万。", "utf-8")
    environment = {"HOME": str(outside / "home"), "WENYUAN_CACHE_DIR": str(cache), "TMPDIR": str(outside / "tmp")}
    # The dictionary's cache is made once, by whatever is indexed first.
    first = python(RUN, "index", folder, "--index", top / "warm", **environment)
    assert first.code == 0, first.err
    make(folder)
    (folder / "好.txt").write_text("青桥站在2031年通车。", "utf-8")
    before = listing(outside)
    finished = python(RUN, "index", folder, "--index", index, "--json", **environment)
    assert finished.code == 1, finished.err
    *said, peaks = finished.err.splitlines()
    assert said == []
    after = listing(outside)
    shown = python(RUN, "index", folder, "--index", index, **environment).out
    peak = sum(map(int, peaks.split()[1:]))
    return Run(folder, index, json.loads(finished.out), peak, before, after, shown)


@pytest.fixture(scope="module")
def read(run: Run) -> dict[str, Document]:
    """The documents of that index by file name."""
    from rag.index.generations import open_generation

    generation = open_generation(run.built)
    documents = [generation.document(record.doc_id) for record in generation.store.records()]
    return {Path(one.source).name: one for one in documents}


def test_every_bad_file_gets_its_line_and_every_harmless_one_is_read(run: Run, read: dict[str, Document]) -> None:
    told = {Path(one["source"]).name: one["error"] for one in run.report["failed"]}
    refused = {Path(printed(case.place)).name: case for case in CASES if case.refused}
    assert set(told) == set(refused)
    for name, case in refused.items():
        message = told[name].replace(f"{run.folder}/", "")
        assert message.startswith(case.refused.replace("{}", case.place)), message
        assert f"✗ {run.folder}/{printable(case.place)}: {told[name]}\n" in run.shown
    for case in CASES:
        if case.read:
            assert case.read in read[case.name].text
    assert set(read) == {case.name for case in CASES if case.read} | {"good.md", "好.txt"}


def printed(name: str) -> str:
    """A name as output can hold it."""
    return name.encode("utf-8", "replace").decode()


def test_it_takes_bounded_memory(run: Run) -> None:
    assert 50 < run.peak < MOST_MEMORY_MB


def test_nothing_but_the_index_is_written_and_nothing_is_run(run: Run) -> None:
    assert run.after == run.before
    assert not [name for name in run.after if "pwned" in name or "escaped" in name]


def test_the_second_run_changes_nothing(run: Run) -> None:
    found = re.search(r"新增 (\d+)，更新 (\d+)，不变 (\d+)，移除 (\d+)", run.shown)
    assert found
    assert found.groups() == ("0", "0", str(len(run.report["added"])), "0")
    assert len(list((run.built / "generations").iterdir())) == 1


def test_a_terminal_is_shown_no_control_of_theirs(run: Run) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", run.shown)
    assert not TURNING.search(run.shown)


def test_the_good_ones_are_found(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = HashEncoder()
    monkeypatch.setattr("rag.models.load_encoder", lambda *_, **__: encoder)
    library = Library.open(run.built, Settings())
    assert "好的\n豆包的月活是6000万。" in [hit.text for hit in library.search("豆包的月活", 5)]
    assert library.search("青桥站通车")[0].text == "青桥站在2031年通车。"
    assert not [hit for hit in library.search("保险柜的密码", 50) if "一二三四" in hit.text]


def test_the_page_shows_them_harmlessly(read: dict[str, Document]) -> None:
    for one in read.values():
        assert_harmless(sources.document(one, Place(one.doc_id, NOWHERE, NOWHERE)), {"button", "mark", "details"})
    turned = sources.document(read["turned.txt"], Place("a"))
    assert "甲\ufffd乙丙\ufffd丁\ufffd\u200b\u200f戊。" in turned
    assert sources.document(read["script.txt"], Place("a")).count("&lt;script&gt;window.pwned=1&lt;/script&gt;") == 1


@pytest.mark.parametrize("name", ["script.txt", "script.html", "turned.txt", "名\u202etxt.md", "escape.txt"])
def test_what_is_taken_away_is_harmless(read: dict[str, Document], name: str) -> None:
    one = read[name]
    quote = one.text
    citation = Citation(1, one.doc_id, one.title, one.source, 1, 0, len(quote), quote, quote, 0)
    item = AnswerPart("问", (AnswerItem(quote, (1,)),))
    answer = Answer("问", Status.ANSWERED, quote, quote, 1.0, (citation,), (), parts=(item,))
    when = datetime(2031, 1, 1, tzinfo=UTC)
    turns = [Turn("问", answer, {one.doc_id: one.title})]
    assert_harmless(to_html(turns, language="zh", generated=when, version="1"), {"style", "meta", "title"})
    written = to_markdown(turns, language="zh", generated=when, version="1")
    assert not TURNING.search(written)
    assert not re.search(r"(?<!\\)<(?!https?:)", written)


def assert_harmless(page: str, known: set[str]) -> None:
    """No element that runs or fetches anything, and nothing that turns words around."""
    assert not TURNING.search(page)
    root = etree.fromstring(page, etree.HTMLParser())
    tags = {element.tag for element in root.iter() if isinstance(element.tag, str)}
    assert not tags & {"script", "svg", "iframe", "object", "embed", "link", "form", "base"}
    # Where a page of a file will be drawn: it fetches nothing by itself.
    assert all(dict(image.attrib) == {"alt": ""} for image in root.iter("img"))
    assert known & tags
    for element in root.iter():
        assert not [name for name in element.attrib if name.startswith("on")]
        assert not (element.get("href") or "").lower().startswith(("javascript", "data"))


def test_the_list_of_them_is_complete() -> None:
    assert table() in (ROOT / "tests" / "adversarial" / "README.md").read_text("utf-8")


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_not_read(tmp_path: Path) -> None:
    os.mknod(tmp_path / "a.txt", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    with pytest.raises(LoadError, match="不是普通文件"):
        load(SourceFile(tmp_path / "a.txt", "a.txt"))


def test_a_file_that_grows_is_read_as_long_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "log.txt"
    file.write_text("开始。", "utf-8")
    state = os.fstat

    def grown(descriptor: int) -> os.stat_result:
        before = state(descriptor)
        file.write_text("开始。又一行。", "utf-8")
        return before

    monkeypatch.setattr("rag.loading.os.fstat", grown)
    assert load(SourceFile(file, "log.txt")).text == "开始。"
    assert load(SourceFile(file, "log.txt")).text == "开始。又一行。"


@pytest.mark.usefixtures("hash_encoder")
def test_a_clock_that_jumps_back_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("第一版。", "utf-8")
    index = tmp_path / "index"
    index_paths([tmp_path], index, Settings())

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # noqa: ARG003
            return datetime(1999, 12, 31, tzinfo=UTC)

    monkeypatch.setattr("rag.index.switching.datetime", Clock)
    monkeypatch.setattr("rag.index.generations.datetime", Clock)
    for n in range(2, 7):
        (tmp_path / "a.txt").write_text(f"第{n}版。", "utf-8")
        report = index_paths([tmp_path], index, Settings())
        assert (report.changed, report.failed) == ((str(tmp_path / "a.txt"),), ())
        assert [hit.text for hit in Library.open(index, Settings()).search("第")] == [f"第{n}版。"]
