"""A program of tests/test_crashes.py: stop each operation at its first write, at its second, and so on to the last.

For each write a child process runs the operation on a copy of the same index and is killed there, or told that the
disk is full; or it may write no file longer than some limit. One JSON line tells what became of it; a process of its
own, so that it forks before any library starts threads.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from documents import HashEncoder, use

from rag.errors import StorageError
from rag.index.checking import check
from rag.index.generations import GENERATIONS, open_generation
from rag.index.history import prune_generations, rollback
from rag.index.switching import names
from rag.index.transfer.exporting import export_library
from rag.index.transfer.importing import import_library
from rag.indexing import seen
from rag.indexing.update import index_paths
from rag.indexing.uploads import Upload, UploadStore
from rag.settings import Settings

EARLIER, OLD, NEW = "更早的正文。", "旧的正文。", "新的正文，比旧的长一些。"
# Between them lie the ends of the smallest and the largest file that any operation writes.
LIMITS = [0, 1, 9, 40, 100, 150, 200, 300, 400, 600, 900, 1500, 2500, 4000, 4097, 8000, 12000, 16000, 20000, 30000]
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_EVENTS = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink", "sqlite3.connect")

Operation = Callable[[], object]


def main(how: str, folder: Path, every: int) -> None:
    use(HashEncoder())
    # What is known of files is written, too, though they are new.
    seen._TICK = -(10**12)
    corpus, pristine, index = folder / "corpus", folder / "pristine", folder / "index"
    corpus.mkdir()
    build(corpus, pristine)
    for number, (name, operation) in enumerate(operations(folder, corpus, pristine, index)):
        for n in points(how, number, every, lambda: writes(index, pristine, operation)):  # noqa: B023
            copied(pristine, index)
            code = stopped(how, n, index, operation)
            held, sound = state(index), check(index).sound
            left = sorted(p.name for p in (index / GENERATIONS).iterdir() if p.name.startswith("."))
            operation()
            again = state(index), check(index).sound
            kept = len(list((index / GENERATIONS).iterdir()))
            print(json.dumps([name, n, code, held, sound, left, *again, kept, litter(index)]), flush=True)


def points(how: str, number: int, every: int, total: Callable[[], int]) -> list[int]:
    """Where to stop the operation of that number: a sample is spread over the operations, and ends with no stop."""
    if how.startswith("limit"):
        return [*LIMITS[number % every :: every]]
    last = total() + 1
    return [*range(1 + number % every, last, every), last]


def writes(index: Path, pristine: Path, operation: Operation) -> int:
    """How many there are, in a child that is not stopped."""
    copied(pristine, index)
    stopped("count", 0, index, operation)
    return int((index.parent / "seen").read_text())


def copied(pristine: Path, index: Path) -> None:
    shutil.rmtree(index, ignore_errors=True)
    shutil.copytree(pristine, index)


def build(corpus: Path, pristine: Path) -> None:
    """An index of three generations with an upload, and gold pairs that quote the text in force."""
    (corpus / "b.txt").write_text("另一篇。", "utf-8")
    for text in (EARLIER, OLD):
        (corpus / "a.txt").write_text(text, "utf-8")
        index_paths([corpus], pristine, Settings())
    UploadStore(pristine, Settings()).add([Upload("u.txt", "上传的。".encode())])
    (pristine / "gold.jsonl").write_text(json.dumps(quote(OLD)), "utf-8")


def quote(text: str) -> dict[str, object]:
    place = {"document": "a.txt", "start": 0, "end": len(text), "quote": text}
    return {"id": "u-001", "question": "？", "answers": [text], "evidence": [[place]]}


def operations(folder: Path, corpus: Path, pristine: Path, index: Path) -> Iterator[tuple[str, Operation]]:
    """Each with the files on disk as it wants them; all of them may be run again."""

    def update() -> None:
        index_paths([corpus], index, Settings())

    (corpus / "c.txt").write_text("新来的一篇。", "utf-8")
    yield "add", update
    (corpus / "c.txt").unlink()
    (pristine / "gold.jsonl").rename(folder / "gold.jsonl")
    (corpus / "a.txt").write_text(NEW, "utf-8")
    yield "change", update
    (corpus / "a.txt").unlink()
    yield "delete", update
    (folder / "gold.jsonl").rename(pristine / "gold.jsonl")
    yield "prune", lambda: prune_generations(1, index)

    other = folder / "other"
    (corpus / "a.txt").write_text(NEW, "utf-8")
    index_paths([corpus], other, Settings())
    UploadStore(other, Settings()).add([Upload("u.txt", "别处上传的。".encode()), Upload("v.txt", "也是。".encode())])
    (other / "gold.jsonl").write_text(json.dumps(quote(NEW)), "utf-8")
    export_library(folder / "library.tar.gz", other)
    yield "import", lambda: import_library(folder / "library.tar.gz", index, Settings(), force=True)

    (pristine / "gold.jsonl").unlink()
    oldest = names(pristine)[-1]
    yield "rollback", lambda: rollback(oldest, index, Settings())


def stopped(how: str, n: int, index: Path, operation: Operation) -> int:
    """Run ``operation`` in a child that stops at its ``n``-th write, or writes no file longer than ``n`` bytes."""
    child = os.fork()
    if not child:
        if how.startswith("limit"):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (n, n))
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL if how == "limit-kill" else signal.SIG_IGN)
        else:
            stop_at(n, how, index)
        os._exit(attempt(operation))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def attempt(operation: Operation) -> int:
    try:
        operation()
    except StorageError:
        return 3
    except BaseException:
        traceback.print_exc()
        return 4
    return 0


def state(index: Path) -> str:
    """The texts of all documents, from a generation whose every file is verified."""
    generation = open_generation(index)
    return "|".join(sorted(generation.document(record.doc_id).text for record in generation.store.records()))


def litter(index: Path) -> int:
    """How many files lie about that no generation, upload or gold pair needs."""
    return sum(len(list(index.glob(name))) for name in (".CURRENT.*", ".gold.jsonl.*-*", "..seen.*"))


def stop_at(n: int, how: str, index: Path) -> None:
    """Stop before the ``n``-th change of a file or folder inside ``index``."""
    seen = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        writes = event in _EVENTS or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES)
        if not writes or not str(arguments[0]).startswith(str(index)):
            return
        seen += 1
        if how == "count":
            (index.parent / "seen").write_text(str(seen))
        if seen == n:
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sys.addaudithook(hook)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
