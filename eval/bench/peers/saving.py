"""The systems' results as saved results, so that ``wenyuan eval --compare`` puts any two of them side by side."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from eval.bench.peers.table import Comparison, Row
from rag.evaluation.outcome import Asked, Cuts, Outcome
from rag.evaluation.results import RESULTS, Result, drafting, pretty


def save(comparison: Comparison, results: Path = RESULTS) -> list[str]:
    """Save each row as result ``CORPUS-SYSTEM-VARIANT`` and the whole, without questions, as ``peers-CORPUS.json``.

    Returns the names of the results. Raises StorageError.
    """
    names = []
    for row in comparison.rows:
        name = f"{comparison.corpus}-{row.peer}-{row.variant}"
        with drafting(name, name, results) as draft:
            draft.finish(_result(name, comparison, row), _outcomes(row))
        names.append(name)
    rows = tuple(msgspec.structs.replace(row, questions={}) for row in comparison.rows)
    (results / f"peers-{comparison.corpus}.json").write_bytes(pretty(msgspec.structs.replace(comparison, rows=rows)))
    return names


def _result(name: str, comparison: Comparison, row: Row) -> Result:
    return Result(
        name=name,
        system=f"{row.peer} {row.variant}",
        dataset=comparison.corpus,
        unit="passage",
        documents=comparison.documents,
        passages=0,
        questions=len(row.questions),
        answerable=len(row.questions),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        fingerprint="",
        code=comparison.code,
        machine=comparison.machine,
        packages=row.versions,
        encoder="",
        settings={},
        summary=row.summary,
        latency_ms={"total": Cuts(row.costs["p50_ms"], row.costs["p95_ms"])},
    )


def _outcomes(row: Row) -> list[Outcome]:
    return [
        Outcome(id=name, answerable=True, measures=measures, asked=Asked(id=name, hits=(), timings_ms={}))
        for name, measures in row.questions.items()
    ]
