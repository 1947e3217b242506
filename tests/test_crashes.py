"""Whatever stops a writer, the index is the old one or the new one, whole."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from conftest import Command

from rag.errors import StorageError
from rag.indexing import index_paths
from rag.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and limits as POSIX does")

RUN = "import runpy, sys; sys.argv[0] = 'crashes.py'; runpy.run_module('crashes', run_name='__main__')"
OLD, NEW = "旧的正文。", "新的正文，比旧的长一些。"
KILLED, REFUSED, DONE = -9, 3, 0

Stop = tuple[int, int, str, list[str], str, int, int]


def stops(python: Command, how: str, folder: Path) -> list[Stop]:
    finished = python(RUN, how, folder)
    assert finished.code == 0, finished.err
    assert not finished.err
    return [json.loads(line) for line in finished.out.splitlines()]


def test_a_writer_killed_at_any_write_leaves_the_old_index_or_the_new_one(python: Command, tmp_path: Path) -> None:
    found = stops(python, "kill", tmp_path)
    *killed, last = found
    # The folder, its draft, four files and two folders in it, the manifest, two renames, what is pruned.
    assert len(killed) >= 12
    assert {code for _, code, *_ in killed} == {KILLED}
    assert (last[1], last[2]) == (DONE, NEW)
    held = [text for _, _, text, *_ in found]
    assert held == [OLD] * held.count(OLD) + [NEW] * held.count(NEW)
    assert held.count(OLD) >= 11
    for *_, recovered, generations, pointers in found:
        assert (recovered, pointers) == (NEW, 0)
        assert generations <= 3


def test_a_writer_refused_at_any_write_reports_it_and_leaves_the_old_index(python: Command, tmp_path: Path) -> None:
    found = stops(python, "fail", tmp_path)
    assert {(code, text) for _, code, text, *_ in found} == {(REFUSED, OLD), (DONE, NEW)}
    assert sum(code == REFUSED for _, code, *_ in found) >= 10
    assert all(drafts == [] for _, _, _, drafts, *_ in found)
    assert {(recovered, pointers) for *_, recovered, _, pointers in found} == {(NEW, 0)}


def test_a_full_disk_is_an_error_and_the_old_index_still_answers(python: Command, tmp_path: Path) -> None:
    """Whichever file it is that no longer fits."""
    code = """
import resource, sys
from pathlib import Path
from documents import HashEncoder, use
from rag.indexing import index_paths
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
