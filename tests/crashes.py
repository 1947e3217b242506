"""A program of tests/test_crashes.py: stop indexing at its first write, at its second, and so on to the last.

For each write a child process updates a copy of the same index and is killed there, or told that the disk is full.
One JSON line tells what became of it; a process of its own, so that it forks before any library starts threads.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
import traceback
from itertools import count
from pathlib import Path

from documents import HashEncoder, use

from rag.errors import StorageError
from rag.generations import GENERATIONS, open_generation
from rag.indexing import index_paths
from rag.settings import Settings

OLD, NEW = "旧的正文。", "新的正文，比旧的长一些。"
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_EVENTS = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "sqlite3.connect")


def main(how: str, folder: Path) -> None:
    use(HashEncoder())
    corpus, index, pristine = folder / "corpus", folder / "index", folder / "pristine"
    corpus.mkdir()
    for text in ("更早的正文。", OLD):
        (corpus / "a.md").write_text(text, "utf-8")
        update(corpus, pristine)
    (corpus / "a.md").write_text(NEW, "utf-8")
    for n in count(1):
        shutil.rmtree(index, ignore_errors=True)
        shutil.copytree(pristine, index)
        child = os.fork()
        if not child:
            stop_at(n, how, index)
            os._exit(attempt(corpus, index))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        held = text_in_force(index)
        left = sorted(p.name for p in (index / GENERATIONS).iterdir() if p.name.startswith("."))
        update(corpus, index)
        recovered = text_in_force(index)
        kept = len(list((index / GENERATIONS).iterdir()))
        pointers = len(list(index.glob(".CURRENT.*")))
        print(json.dumps([n, code, held, left, recovered, kept, pointers]), flush=True)
        if (index.parent / "reached").read_text() == "no":
            break


def update(corpus: Path, index: Path) -> None:
    index_paths([corpus], index, Settings())


def attempt(corpus: Path, index: Path) -> int:
    try:
        update(corpus, index)
    except StorageError:
        return 3
    except BaseException:
        traceback.print_exc()
        return 4
    return 0


def text_in_force(index: Path) -> str:
    """The text of the only document, from a generation whose every file is verified."""
    generation = open_generation(index)
    (record,) = generation.store.records()
    return generation.document(record.doc_id).text


def stop_at(n: int, how: str, index: Path) -> None:
    """Stop before the ``n``-th change of a file or folder inside ``index``."""
    reached = index.parent / "reached"
    reached.write_text("no")
    seen = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        writes = event in _EVENTS or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES)
        if not writes or not str(arguments[0]).startswith(str(index)):
            return
        seen += 1
        if seen == n:
            reached.write_text("yes")
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sys.addaudithook(hook)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
