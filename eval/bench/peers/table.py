"""Systems side by side: measures with their intervals, costs, and the best of each column marked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval.bench.peers.scoring import CUTOFFS, LENGTH
from eval.bench.peers.tasks import Run
from rag.evaluation.environment import Code, Machine
from rag.evaluation.measures import BUDGETS
from rag.evaluation.measures.statistics import Difference, Estimate, difference, estimate, holm
from rag.messages import text

MEASURES = tuple(f"evidence@{budget}" for budget in BUDGETS) + tuple(f"Recall@{k}" for k in CUTOFFS)
_COSTS = {
    "import_s": ("导入 s", "import s", 1),
    "load_s": ("载入 s", "load s", 1),
    "index_s": ("建索引 s", "index s", 2),
    "p50_ms": ("查询 p50 ms", "query p50 ms", 1),
    "p95_ms": ("查询 p95 ms", "query p95 ms", 1),
    "peak_mb": ("内存峰值 MB", "peak MB", 0),
}
COMPARED = "evidence@500"


class Row(msgspec.Struct, frozen=True):
    """One system in one variant: means over questions, costs, the questions' own measures, and ours against it.

    ``against_us`` is this system's ``evidence@500`` minus that of Wenyuan as shipped; ``p`` is corrected for the number
    of systems.
    """

    peer: str
    variant: str
    versions: dict[str, str]
    summary: dict[str, Estimate]
    costs: dict[str, float]
    questions: dict[str, dict[str, float]]
    against_us: Difference | None = None


class Comparison(msgspec.Struct, frozen=True):
    """All rows over one corpus, and with what they were measured."""

    corpus: str
    documents: int
    characters: int
    questions: int
    left_out: int
    threads: int
    code: Code
    machine: Machine
    rows: tuple[Row, ...]


def row(peer: str, variant: str, run: Run, questions: Mapping[str, Mapping[str, float]]) -> Row:
    """What ``run`` comes to; ``questions`` are the measures of each by id."""
    names = (*MEASURES, LENGTH)
    values = {name: np.array([measures[name] for measures in questions.values()]) for name in names}
    p50, p95 = np.percentile([reply.ms for reply in run.results], (50, 95))
    return Row(
        peer,
        variant,
        run.versions,
        {name: estimate(found) for name, found in values.items()},
        {
            "import_s": run.import_s,
            "load_s": run.load_s,
            "index_s": run.index_s,
            "p50_ms": float(p50),
            "p95_ms": float(p95),
            "peak_mb": run.peak_mb,
        },
        {key: dict(measures) for key, measures in questions.items()},
    )


def compared(rows: Sequence[Row], ours: tuple[str, str]) -> tuple[Row, ...]:
    """The rows with the paired comparison of each to the one that is ours, if that is among them."""
    base = next((one for one in rows if (one.peer, one.variant) == ours), None)
    if base is None:
        return tuple(rows)
    found = {
        index: difference(_values(base, base), _values(one, base)) for index, one in enumerate(rows) if one is not base
    }
    p_values = dict(zip(found, holm([one.p for one in found.values()]), strict=True))
    return tuple(
        msgspec.structs.replace(one, against_us=msgspec.structs.replace(found[i], p=p_values[i])) if i in found else one
        for i, one in enumerate(rows)
    )


def markdown(comparison: Comparison) -> str:
    """The tables for a README, the best of each column in bold."""
    lines = []
    for heads, rows in _tables(comparison):
        lines += [f"| {' | '.join(heads)} |", f"|{'---|' * 2}{'---:|' * (len(heads) - 2)}"]
        lines += [f"| {' | '.join(f'**{cell}**' if best else cell for cell, best in cells)} |" for cells in rows]
        lines.append("")
    return "\n".join([*lines, _caption(comparison), ""])


def show(console: Console, comparison: Comparison) -> None:
    """The same for a terminal."""
    for heads, rows in _tables(comparison):
        table = Table(title=comparison.corpus, box=box.SIMPLE_HEAD, header_style="bold")
        for place, head in enumerate(heads):
            table.add_column(head, justify="left" if place < 2 else "right")
        for cells in rows:
            table.add_row(*(f"[bold green]{escape(cell)}[/]" if best else escape(cell) for cell, best in cells))
        console.print(table)
    console.print(_caption(comparison))


def _values(one: Row, base: Row) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([one.questions[key][COMPARED] for key in base.questions])


def _caption(comparison: Comparison) -> str:
    return text(
        f"{comparison.documents} 篇文档，{comparison.characters} 字，{comparison.questions} 个问题；"
        f"{comparison.machine.cpu}，{comparison.threads} 线程。粗体为该列最佳。片段越长，Recall@k 越容易得高分。",
        f"{comparison.documents} documents, {comparison.characters} characters, {comparison.questions} questions; "
        f"{comparison.machine.cpu}, {comparison.threads} threads. Bold: best of the column. "
        "Longer chunks make Recall@k easier.",
    )


_Cell = tuple[str, bool]
"""What it says, and whether it is the best of its column."""


def _tables(comparison: Comparison) -> list[tuple[list[str], list[list[_Cell]]]]:
    """Column heads and rows: of quality, then of costs."""
    names = [text("系统", "system"), text("用法", "variant")]
    quality = [
        *names,
        *MEASURES,
        text("片段字数", "chunk length"),
        text(f"{COMPARED} 与我们之差", f"{COMPARED} − ours"),
    ]
    costs = [*names, *(text(zh, en) for zh, en, _ in _COSTS.values())]
    labels: list[list[_Cell]] = [[(one.peer, False), (one.variant, False)] for one in comparison.rows]
    rows = comparison.rows
    return [
        (quality, [[*label, *cells] for label, cells in zip(labels, _quality(rows), strict=True)]),
        (costs, [[*label, *cells] for label, cells in zip(labels, _costs(rows), strict=True)]),
    ]


def _quality(rows: Sequence[Row]) -> list[list[_Cell]]:
    highest = {name: max(round(one.summary[name].mean, 3) for one in rows) for name in MEASURES}
    found = []
    for one in rows:
        cells = []
        for name in MEASURES:
            mean, low, high = one.summary[name].mean, one.summary[name].low, one.summary[name].high
            shown = f"{mean:.3f} ({low:.3f}–{high:.3f})" if name == COMPARED else f"{mean:.3f}"
            cells.append((shown, round(mean, 3) == highest[name]))
        found.append([*cells, (f"{one.summary[LENGTH].mean:.0f}", False), (_against(one.against_us), False)])
    return found


def _costs(rows: Sequence[Row]) -> list[list[_Cell]]:
    lowest = {
        name: min((round(one.costs[name], digits) for one in rows if _applies(one, name)), default=0.0)
        for name, (_, _, digits) in _COSTS.items()
    }
    return [
        [
            (f"{one.costs[name]:.{digits}f}", round(one.costs[name], digits) == lowest[name])
            if _applies(one, name)
            else ("–", False)
            for name, (_, _, digits) in _COSTS.items()
        ]
        for one in rows
    ]


def _applies(one: Row, cost: str) -> bool:
    """Keyword search loads no model: that is no merit of the one that loads fastest."""
    return cost != "load_s" or not math.isclose(one.costs[cost], 0.0, abs_tol=0.05)


def _against(found: Difference | None) -> str:
    if found is None:
        return "–"
    return f"{found.mean:+.3f} (p {'< 0.001' if found.p < 0.001 else f'= {found.p:.3f}'})"
