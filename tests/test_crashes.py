"""Whatever stops a writer, the index is the old one or the new one, whole."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import Command

from rag.errors import StorageError
from rag.indexing.update import index_paths
from rag.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and limits as POSIX does")

RUN = "import runpy, sys; sys.argv[0] = 'crashes.py'; runpy.run_module('crashes', run_name='__main__')"
KILLED, CUT, REFUSED, DONE = -9, -25, 3, 0
OLD = "上传的。|另一篇。|旧的正文。"
NEW = {
    "add": "上传的。|另一篇。|新来的一篇。|旧的正文。",
    "change": "上传的。|另一篇。|新的正文，比旧的长一些。",
    "delete": "上传的。|另一篇。",
    "prune": OLD,
    "import": "也是。|别处上传的。|另一篇。|新的正文，比旧的长一些。",
    "rollback": "另一篇。|更早的正文。",
}
# All points take two minutes on one slow core: by default every second one is tried.
EVERY = "1" if os.environ.get("CRASH_POINTS") == "all" else "2"


class Stop(NamedTuple):
    """What became of an index where an operation was stopped, and then run again."""

    operation: str
    n: int
    code: int
    held: str
    sound: bool
    drafts: list[str]
    again: str
    again_sound: bool
    kept: int
    litter: int


def stops(python: Command, how: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[Stop]:
    finished = python(RUN, how, folder, EVERY)
    assert finished.code == 0, finished.err
    assert not finished.err
    found = [Stop(*json.loads(line)) for line in finished.out.splitlines()]
    with capsys.disabled():
        counts = ", ".join(f"{name} {sum(one.operation == name for one in found)}" for name in NEW)
        print(f"\n{how}: {len(found)} points ({counts})")
    return found


def assert_the_old_or_the_new(found: list[Stop], fewest: int) -> None:
    """After each stop the index is sound and holds one state, and running again brings the new one."""
    assert len(found) >= fewest // int(EVERY)
    assert {one.operation for one in found} == set(NEW)
    for one in found:
        assert one.held in (OLD, NEW[one.operation]), one
        assert one.code != DONE or one.held == NEW[one.operation], one
        assert one.code != REFUSED or one.held == OLD, one
        assert (one.sound, one.again_sound, one.again) == (True, True, NEW[one.operation]), one
        assert (one.litter, one.kept <= 5) == (0, True), one


def test_whoever_is_killed_at_any_write_leaves_the_old_index_or_the_new_one(
    python: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = stops(python, "kill", tmp_path, capsys)
    assert_the_old_or_the_new(found, 110)
    for name, fewest in (("add", 14), ("change", 14), ("delete", 14), ("prune", 8), ("import", 45), ("rollback", 6)):
        mine = [one for one in found if one.operation == name]
        assert len(mine) >= fewest // int(EVERY)
        assert [one.code for one in mine] == [KILLED] * (len(mine) - 1) + [DONE]
        # Once the new one is in force it stays.
        held = [one.held for one in mine]
        assert held == sorted(held, key=lambda text: text == NEW[name])


def test_whoever_is_refused_at_any_write_reports_it_and_leaves_the_old_index(
    python: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = stops(python, "fail", tmp_path, capsys)
    assert_the_old_or_the_new(found, 110)
    assert {one.code for one in found} == {REFUSED, DONE}
    # A folder that the disk does not let go of is the one thing that may lie about, until the next write.
    assert sum(bool(one.drafts) for one in found) <= 1
    for name in ("add", "change", "delete"):
        assert sum(one.code == REFUSED for one in found if one.operation == name) >= 10 // int(EVERY)


@pytest.mark.parametrize(("how", "code"), [("limit-kill", CUT), ("limit-fail", REFUSED)])
def test_whoever_has_no_room_for_a_file_leaves_the_old_index(
    python: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str, code: int
) -> None:
    """Inside any write, those of SQLite and tantivy too: at that byte the writer is killed, or told so."""
    found = stops(python, how, tmp_path, capsys)
    assert_the_old_or_the_new(found, 120)
    for name in ("add", "change", "delete", "import"):
        codes = [one.code for one in found if one.operation == name]
        assert codes.count(code) >= 18 // int(EVERY)
    # Pruning writes nothing, and the name of a generation is 27 bytes.
    assert {one.code for one in found if one.operation == "prune"} == {DONE}
    assert {one.n for one in found if one.operation == "rollback" and one.code == code} <= {0, 1, 9}


def test_a_full_disk_is_an_error_and_the_old_index_still_answers(python: Command, tmp_path: Path) -> None:
    """Whichever file it is that no longer fits."""
    code = """
import resource, sys
from pathlib import Path
from documents import HashEncoder, use
from rag.indexing.update import index_paths
from rag.library import Library
from rag.errors import StorageError
from rag.settings import Settings
use(HashEncoder(dimension=64))
folder = Path(sys.argv[1])
(folder / "a.md").write_text("豆包的月活是6000万。", "utf-8")
index_paths([folder], folder / "index", Settings())
(folder / "b.md").write_text("\\n\\n".join(f"第{n}段说了{n * n}这个数，别处没有说过。" for n in range(200)), "utf-8")
for limit in map(int, sys.argv[2:]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        index_paths([folder], folder / "index", Settings())
        error = "none"
    except StorageError as caught:
        error = caught.message("en")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    library = Library.open(folder / "index", Settings())
    drafts = [path.name for path in (folder / "index" / "generations").iterdir() if path.name[0] == "."]
    print(error, library.search("月活")[0].text, len(library.documents()), drafts, sep="|")
"""
    finished = python(code, tmp_path, "100", "3000", "12000", "60000")
    assert (finished.code, finished.err) == (0, "")
    for line in finished.out.splitlines():
        error, answer, documents, drafts = line.split("|")
        assert error.startswith("Can't write the index")
        assert error.endswith("Check disk space and permissions; the old index is unchanged.")
        assert (answer, documents, drafts) == ("豆包的月活是6000万。", "1", "[]")
    assert len(finished.out.splitlines()) == 4


@pytest.mark.usefixtures("hash_encoder")
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no such folder that nobody can write")
def test_a_place_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("字。", "utf-8")
    with pytest.raises(StorageError, match="无法写入索引 /proc/wenyuan/index："):
        index_paths([tmp_path], "/proc/wenyuan/index", Settings())
