"""Measure other systems and Wenyuan on the same files and questions: ``python -m eval.bench.peers.run``.

Each system has an environment of its own and runs in processes of its own, one after the other.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from tqdm import tqdm

from eval.bench.peers.environments import OURS, PEERS, python_of
from eval.bench.peers.harness import load_adapter
from eval.bench.peers.saving import save
from eval.bench.peers.scoring import Locator, measure
from eval.bench.peers.table import Comparison, Row, compared, row, show
from eval.bench.peers.tasks import ARTICLES, Corpus, Run, corpus, fetch
from rag.embedding.bundled import unpack
from rag.errors import EvaluationError, WenyuanError
from rag.evaluation.environment import code, machine
from rag.evaluation.results import RESULTS
from rag.messages import language, text

_ROOT = Path(__file__).parents[3]
_SHIPPED = (OURS, "shipped")


def scored(peer: str, variant: str, run: Run, corpus: Corpus, locator: Locator) -> Row:
    """Locate every chunk and measure every question. Raises EvaluationError."""
    replies = {reply.id: reply for reply in run.results}
    questions = {}
    for question in corpus.questions:
        hits = replies[question.id].hits
        chunks = [locator.locate(hit.document, hit.text, peer=f"{peer}（{variant}）") for hit in hits]
        questions[question.id] = measure(question, chunks)
    return row(peer, variant, run, questions)


def compare(
    corpus: Corpus, variants: list[tuple[str, str]], *, work: Path, environments: Path, threads: int, fresh: bool
) -> tuple[Comparison, list[EvaluationError]]:
    """Run ``variants``, each a system and its variant, in order; what failed comes back beside the rest."""
    locator, model = Locator(corpus.texts), unpack()
    rows: list[Row] = []
    failed: list[EvaluationError] = []
    pythons: dict[str, Path | None] = {}
    for peer, variant in _shown(variants, corpus.name):
        try:
            if peer not in pythons:
                pythons[peer] = None
                pythons[peer] = python_of(peer, environments)
            if not (python := pythons[peer]):
                continue
            run = fetch(peer, variant, corpus, python, model=model, work=work, threads=threads, fresh=fresh)
            rows.append(scored(peer, variant, run, corpus, locator))
        except EvaluationError as error:
            tqdm.write(f"！{error.message(language())}", file=sys.stderr)
            failed.append(error)
    characters = sum(map(len, corpus.texts.values()))
    comparison = Comparison(
        corpus.name,
        len(corpus.texts),
        characters,
        len(corpus.questions),
        corpus.left_out,
        threads,
        code(),
        machine(),
        compared(rows, _SHIPPED),
    )
    return comparison, failed


def _shown(variants: list[tuple[str, str]], name: str) -> Iterator[tuple[str, str]]:
    with tqdm(variants, desc=name, unit="run") as bar:
        for peer, variant in bar:
            bar.set_postfix_str(f"{peer} {variant}")
            yield peer, variant


def main() -> None:
    """Print the table of each corpus and save each system's result for ``wenyuan eval --compare``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = (OURS, *PEERS)
    parser.add_argument("--peer", action="append", choices=every, help="one of the systems; again for more")
    parser.add_argument("--corpus", action="append", help=f"{ARTICLES} (default) or squad:FILE; again for more")
    parser.add_argument("--variant", action="append", help="only variants of this name; again for more")
    parser.add_argument("--sample", type=int, help="ask only so many questions of a squad:FILE, always the same")
    parser.add_argument("--work", type=Path, default=_ROOT / ".venv-peers" / "work", help="for files and results")
    parser.add_argument("--environments", type=Path, default=_ROOT / ".venv-peers", help="for the peers' packages")
    parser.add_argument("--threads", type=int, default=machine().cores, help="of each system; default: all cores")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the results are saved")
    parser.add_argument("--fresh", action="store_true", help="measure again what was measured before")
    options = parser.parse_args()
    variants = [
        (peer, variant)
        for peer in every
        for variant in load_adapter(peer).VARIANTS
        if peer in (options.peer or every) and variant in (options.variant or [variant])
    ]
    failures = 0
    try:
        for source in options.corpus or [ARTICLES]:
            taken = corpus(source, options.work, _ROOT / "corpus", options.sample)
            comparison, failed = compare(
                taken,
                variants,
                work=options.work,
                environments=options.environments,
                threads=options.threads,
                fresh=options.fresh,
            )
            failures += len(failed)
            if not comparison.rows:
                continue
            show(Console(), comparison)
            saved = save(comparison, options.results)
            print(text(f"已存：{', '.join(saved)}", f"Saved: {', '.join(saved)}"))
    except WenyuanError as error:
        sys.exit(error.message(language()))
    if failures:
        sys.exit(text(f"{failures} 项没有测成，见上。", f"{failures} runs failed, see above."))


if __name__ == "__main__":
    main()
