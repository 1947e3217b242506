"""How long answers take when several people ask at once, beside one who asks alone.

    python -m eval.bench.served.askers [--index DIR] [--people 8] [--seconds 15] [--rounds 3] [--page]

serves an index (one of ``corpus/`` if none is given) on a free port of this machine and asks the tuning questions over
HTTP: by turns alone and with PEOPLE at once, each without a pause, so that whatever else the machine does touches both.
Prints the figures and saves them in ``eval/results/askers.json``. Processor time is the server's own: divided by the
cores it is the least that a question can take where all of them are busy, however questions are put together. With
``--page`` everyone also fetches, as the page does, questions to go on with, and does not wait for them.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import numpy as np

from eval.bench.served import ROOT, Served, index_of_corpus, served
from rag.evaluation.environment import Code, Machine, code, machine
from rag.evaluation.gold import GOLD, load_gold
from rag.evaluation.results import RESULTS, pretty

_UNTIL_WARM = 4


class Asking(msgspec.Struct, frozen=True):
    """``people`` at once: milliseconds to an answer, answers a second, milliseconds of processor time an answer.

    The last is 0 where the system does not tell.
    """

    people: int
    p50: float
    p95: float
    n: int
    per_second: float
    processor_ms: float


class Askers(msgspec.Struct, frozen=True):
    """``alone`` and ``together``, of all rounds; ``ratio`` is how many times as long the median takes together."""

    created: str
    code: Code
    machine: Machine
    rounds: int
    alone: Asking
    together: Asking
    ratio: float


class _Crowd:
    """So many people at once who ask a server, each the next of ``questions`` as soon as the one before is answered."""

    def __init__(self, server: Served, questions: Iterator[str], people: int, *, page: bool) -> None:
        self.people = people
        self._server = server
        self._page = page
        self._questions = questions
        self._lock = threading.Lock()
        self._took: list[float] = []
        self._seconds = self._processor = 0.0

    def ask(self, seconds: float) -> None:
        """Ask for so long."""
        processor, began = self._server.processor_seconds(), time.perf_counter()
        people = [threading.Thread(target=self._one, args=(began + seconds,)) for _ in range(self.people)]
        for one in people:
            one.start()
        for one in people:
            one.join()
        self._seconds += time.perf_counter() - began
        self._processor += self._server.processor_seconds() - processor

    def _one(self, until: float) -> None:
        while time.perf_counter() < until:
            with self._lock:
                question = next(self._questions)
            took = answer_ms(self._server.address, question)
            with self._lock:
                self._took.append(took)
            if self._page:
                threading.Thread(target=_go_on, args=(self._server.address, question), daemon=True).start()

    def result(self) -> Asking:
        """What all that was asked took."""
        count = len(self._took)
        p50, p95 = (round(float(np.percentile(self._took, part)), 1) for part in (50, 95))
        processor = round(1000 * self._processor / count, 1)
        return Asking(self.people, p50, p95, count, round(count / self._seconds, 2), processor)


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description="How long answers take when several people ask at once.")
    parser.add_argument("--index", type=Path, help="an index of corpus/ (made if not given)")
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=15.0, help="how long they ask in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--page", action="store_true", help="fetch what the page fetches after an answer, too")
    parser.add_argument("--out", type=Path, default=ROOT / RESULTS / "askers.json")
    options = parser.parse_args()
    with index_of_corpus(options.index) as index, served(index) as server:
        # One after the other, since what was read lately is not read again.
        questions = cycle(_questions())
        crowds = [_Crowd(server, questions, people, page=options.page) for people in (1, options.people)]
        alone, together = measured(server, crowds, options.seconds, options.rounds)
    found = Askers(
        created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        code=code(),
        machine=machine(),
        rounds=options.rounds,
        alone=alone,
        together=together,
        ratio=round(together.p50 / alone.p50, 2),
    )
    for one in (alone, together):
        answers = f"p50 {one.p50:6.0f} ms   p95 {one.p95:6.0f} ms   n {one.n}"
        print(f"{one.people} at once   {answers}   {one.per_second:.1f} a second   processor {one.processor_ms} ms")
    print(f"{together.people} take {found.ratio} times as long as one")
    options.out.write_bytes(pretty(found))


def measured(server: Served, crowds: Sequence[_Crowd], seconds: float, rounds: int) -> list[Asking]:
    """What each of ``crowds`` waits, by turns. Raises URLError where anyone is refused."""
    for question in islice(_questions(), _UNTIL_WARM):
        answer_ms(server.address, question)
    for _ in range(rounds):
        for crowd in crowds:
            crowd.ask(seconds)
    return [crowd.result() for crowd in crowds]


def _go_on(address: str, question: str) -> None:
    # What is not found in time, or refused, the page does without.
    with suppress(OSError):
        urllib.request.urlopen(f"{address}page/instead?{urlencode({'question': question})}", timeout=60).read()


def answer_ms(address: str, question: str) -> float:
    """Milliseconds until the server has answered. Raises URLError, HTTPError among them."""
    body = json.dumps({"question": question}).encode()
    request = urllib.request.Request(f"{address}api/v1/ask", body, {"content-type": "application/json"})
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=600) as response:
        response.read()
    return 1000 * (time.perf_counter() - began)


def _questions() -> Iterator[str]:
    return (one.question for one in load_gold(GOLD) if one.answerable and one.style == "plain")


if __name__ == "__main__":
    main()
