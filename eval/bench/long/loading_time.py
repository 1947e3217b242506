"""How the time of loading a document grows with its length, for every format: at one size and at four times it.

    python -m eval.bench.long.loading_time [--units 1000] [FORMAT…]

prints the processor time (ms) of loading and of splitting documents of several shapes, of so many units, and how many
times that is at four times the size: 4 where the time grows as the document does, 16 where with its square. What is
above 6 is marked.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

from eval.bench.long.shapes import SHAPES
from rag.indexing.splitting import split
from rag.loading.blocks import Parsed, assemble
from rag.loading.formats import PARSED_BY
from rag.settings import SplitSettings
from rag.text.duplicates import sketch
from rag.text.enumerations import enumerations

_TIMES, _MUCH = 4, 6.0
# A time below this, in milliseconds, says nothing.
_LEAST = 5.0
_ROUNDS = 2


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.long.loading_time", description=__doc__)
    parser.add_argument("--units", type=int, default=1000, help="items, rows, sentences of the smaller document")
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help="suffixes without the dot; all by default")
    said = parser.parse_args()
    print(f"{'':6} {'':20} {'load':>8} {'x':>5}   {'split':>8} {'x':>5}")
    for suffix in said.formats or SHAPES:
        write, shapes = SHAPES[suffix]
        for shape, body in shapes.items():
            small, large = (costs(write(body(times * said.units)), suffix) for times in (1, _TIMES))
            columns = "   ".join(_column(*pair) for pair in zip(small, large, strict=True))
            print(f"{suffix:6} {shape:20} {columns}", flush=True)


def costs(data: bytes, suffix: str) -> tuple[float, float]:
    """The processor time of loading a file and of splitting what it holds, in milliseconds."""
    module, _, function = PARSED_BY[f".{suffix}"].partition(":")
    load = getattr(import_module(f"rag.loading.{module}"), function)
    parse: Callable[[], Parsed] = partial(load, data, Path(f"a.{suffix}"))
    loading = _least(parse)
    made = assemble(parse().blocks, source="a", default_title="a", sha256="0" * 64)

    def divide() -> None:
        enumerations.cache_clear()
        split(made, SplitSettings())
        sketch(made.text)

    return loading, _least(divide)


def _least(work: Callable[[], object]) -> float:
    found = []
    for _ in range(_ROUNDS):
        gc.collect()
        begin = time.process_time()
        work()
        found.append(time.process_time() - begin)
    return 1000 * min(found)


def _column(small: float, large: float) -> str:
    times = large / max(small, 0.01)
    return f"{small:8.1f} {times:5.1f}{'*' if times > _MUCH and large > _LEAST else ' '}"


if __name__ == "__main__":
    main()
