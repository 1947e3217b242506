"""The process of an evaluation: ``python -m rag.web.evaluation.worker`` reads a `Request`, one line of standard input.

It fails with one line of JSON that says why in both languages, and ends at once when standard input is closed: then
the server that started it is gone.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.web.evaluation.job import Request

# Asking goes before measuring: the page shares the machine.
_NICENESS = 5


def main() -> None:
    """Evaluate as asked."""
    line = sys.stdin.buffer.readline()
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    with suppress(AttributeError, OSError):
        os.nice(_NICENESS)
    import msgspec

    from rag.errors import WenyuanError
    from rag.web.evaluation.job import Request, Words

    try:
        _evaluate(msgspec.json.decode(line, type=Request))
    except WenyuanError as error:
        print(msgspec.json.encode(Words(error.zh, error.en)).decode())
        raise SystemExit(1) from error


def _evaluate(request: Request) -> None:
    import shutil
    from pathlib import Path

    from filelock import FileLock, Timeout

    from rag.errors import EvaluationError
    from rag.evaluation.datasets import Dataset
    from rag.evaluation.evaluate import evaluate
    from rag.web.evaluation.view import write_view

    results = Path(request.results)
    try:
        with FileLock(results / ".lock", timeout=0):
            # Nobody else is evaluating: what lies here was left by a process that was ended.
            for left in (*results.glob("*.partial"), *results.glob(".deleted-*")):
                shutil.rmtree(left, ignore_errors=True)
            evaluate(
                Dataset(request.dataset, request.questions, "passage"),
                request.settings,
                index=Path(request.index),
                name=request.id,
                results=results,
                with_cost=False,
                report=write_view,
            )
    except Timeout as error:
        raise EvaluationError(
            "另一个问源正在这个索引上评测。请等它结束。",
            "Another Wenyuan is evaluating on this index. Wait until it has finished.",
        ) from error


def _end_with_the_server() -> None:
    # Unbuffered, for a thread that waits in a buffered stream would stand in the way of the interpreter's own end.
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
