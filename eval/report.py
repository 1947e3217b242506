"""Benchmark results as tables and as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.benchmark import Outcome, latencies, summary
from rag.contract import answer_json
from rag.messages import text

_BY_GROUP = ("Recall@1", "Recall@5", "EM", "F1")


def show_summary(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Every measure with its 95 % interval, then the main ones by type and by style of question."""
    table = Table(title=text("全部问题", "All questions"), box=None, header_style="bold")
    for column in (text("指标", "measure"), text("均值", "mean"), text("95% 区间", "95% interval"), "n"):
        table.add_column(column, justify="left" if column in ("指标", "measure") else "right")
    for name, estimate in summary(outcomes).items():
        interval = f"{estimate.low:.3f}–{estimate.high:.3f}"
        table.add_row(name, f"{estimate.mean:.3f}", interval, str(estimate.n))
    console.print(table)
    for title, attribute in ((text("按题型", "By type"), "type"), (text("按问法", "By style"), "style")):
        console.print(_by_group(title, attribute, outcomes))


def show_latencies(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Milliseconds by stage."""
    table = Table(title=text("耗时（毫秒）", "Latency (ms)"), box=None, header_style="bold")
    for column in (text("阶段", "stage"), "p50", "p95"):
        table.add_column(column, justify="right")
    for stage, cuts in latencies(outcomes).items():
        table.add_row(stage, f"{cuts['p50']:.1f}", f"{cuts['p95']:.1f}")
    console.print(table)


def report_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything: the summary, latencies, and each question with its answer and measures."""
    return {
        "summary": {name: asdict(estimate) for name, estimate in summary(outcomes).items()},
        "latency_ms": latencies(outcomes),
        "questions": [
            {**answer_json(o.answer, o.gold.id), "accepted": o.gold.answers, "measures": dict(o.measures)}
            for o in outcomes
        ],
    }


def _by_group(title: str, attribute: str, outcomes: Sequence[Outcome]) -> Table:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.gold.answerable:
            groups[str(getattr(outcome.gold, attribute))].append(outcome)
    table = Table(title=title, box=None, header_style="bold")
    table.add_column("")
    for column in ("n", *_BY_GROUP, text("拒答", "declined")):
        table.add_column(column, justify="right")
    for name, members in sorted(groups.items()):
        means = [f"{fmean(o.measures[measure] for o in members):.2f}" for measure in _BY_GROUP]
        declined = fmean(o.answer.status.value == "abstained" for o in members)
        table.add_row(name, str(len(members)), *means, f"{declined:.2f}")
    return table
