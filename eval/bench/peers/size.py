"""What other systems and Wenyuan cost with thousands of articles: ``python -m eval.bench.peers.size --news FOLDER``.

The same articles as in `eval.bench.growth`, each system as its documentation sets it up, in processes and environments
of its own, one after the other. The beginnings of sentences are searched for. What is found is not judged here.
Figures are printed and saved in ``eval/results/peers-size.json`` after each run.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import numpy as np

from eval.bench.articles import write_articles
from eval.bench.peers.environments import OURS, PEERS, python_of
from eval.bench.peers.tasks import Corpus, fetch
from rag.embedding.bundled import unpack
from rag.errors import WenyuanError
from rag.evaluation.environment import Code, Machine, code, machine
from rag.evaluation.gold import GoldQuestion
from rag.evaluation.results import RESULTS, pretty
from rag.messages import language

_ROOT = Path(__file__).parents[3]
_ASKED = 100
_SHORTEST, _LONGEST = 8, 24


class Row(msgspec.Struct, frozen=True):
    """One system with so many ``articles``; milliseconds a search."""

    peer: str
    variant: str
    articles: int
    start_s: float
    index_s: float
    search_p50: float
    search_p95: float
    peak_mb: int


class Sizes(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    created: str
    code: Code
    machine: Machine
    rows: tuple[Row, ...]


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description="What other systems cost with thousands of articles.")
    every = (OURS, *PEERS)
    parser.add_argument("--news", type=Path, required=True, help="a folder of part-*.txt with an article a line")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000])
    parser.add_argument("--peer", action="append", choices=every, help="one of the systems; again for more")
    parser.add_argument("--work", type=Path, default=_ROOT / ".venv-peers" / "work", help="for files and results")
    parser.add_argument("--environments", type=Path, default=_ROOT / ".venv-peers", help="for the peers' packages")
    parser.add_argument("--out", type=Path, default=_ROOT / RESULTS / "peers-size.json")
    options = parser.parse_args()
    rows: list[Row] = []
    try:
        for articles in options.sizes:
            taken = _corpus(options.news, articles, options.work)
            for peer in options.peer or every:
                row = _row(peer, taken, options.work, options.environments)
                print(
                    f"{row.peer:11} {row.articles:6} articles  start {row.start_s:5.1f} s  index {row.index_s:7.1f} s  "
                    f"search p50 {row.search_p50:6.1f} p95 {row.search_p95:6.1f} ms  {row.peak_mb} MB",
                    flush=True,
                )
                rows.append(row)
                found = Sizes(time.strftime("%Y-%m-%dT%H:%M:%S%z"), code(), machine(), tuple(rows))
                options.out.write_bytes(pretty(found))
    except WenyuanError as error:
        sys.exit(error.message(language()))


def _corpus(news: Path, articles: int, work: Path) -> Corpus:
    """So many articles and questions about them; nothing is known of where their evidence is."""
    name = f"news-{articles}"
    folder = work / name / "documents"
    write_articles(news, articles, folder)
    files = {str(file.relative_to(folder)): file for file in sorted(folder.rglob("*.txt"))}
    texts = {one: file.read_text("utf-8") for one, file in files.items()}
    return Corpus(name, texts, files, tuple(_questions(texts)), 0)


def _questions(texts: Mapping[str, str]) -> Iterator[GoldQuestion]:
    draw = random.Random(7)
    clauses = [part[:_LONGEST] for text in texts.values() for part in re.split(r"[，。！？；：\s]", text)]
    for number, clause in enumerate(draw.sample([one for one in clauses if len(one) >= _SHORTEST], _ASKED)):
        yield GoldQuestion(str(number), f"{clause}的情况怎么样？")


def _row(peer: str, corpus: Corpus, work: Path, environments: Path) -> Row:
    variant = "shipped" if peer == OURS else "documented"
    python = python_of(peer, environments)
    threads = machine().cores
    run = fetch(peer, variant, corpus, python, model=unpack(), work=work, threads=threads, fresh=True)
    p50, p95 = np.percentile([reply.ms for reply in run.results], (50, 95))
    return Row(
        peer=peer,
        variant=variant,
        articles=len(corpus.files),
        start_s=round(run.import_s + run.load_s, 2),
        index_s=round(run.index_s, 1),
        search_p50=round(float(p50), 1),
        search_p95=round(float(p95), 1),
        peak_mb=round(run.peak_mb),
    )


if __name__ == "__main__":
    main()
