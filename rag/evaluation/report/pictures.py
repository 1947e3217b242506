"""Pictures as inline SVG: recall by depth, risk by coverage, calibration, latency.

Colours are those of the page around them (light or dark), text is text in the page's font.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from rag.evaluation.benchmark import confidences
from rag.evaluation.measures import Floats, calibration, risk_coverage
from rag.evaluation.measures.statistics import Estimate
from rag.evaluation.outcome import Outcome, evidence_ranks
from rag.evaluation.report.tables import timed_stage
from rag.evaluation.results import Evaluation
from rag.messages import text

DEPTH = 50
_MARKED_DEPTHS = (1, 5, 10, 50)
_RESAMPLES, _BATCH = 1000, 100
_CURVE_POINTS = 500

# SVG units are points of 1/72 inch; the page scales the whole picture.
_WIDTH, _HEIGHT, _FONT = 380, 264, 12
_INK, _MUTED, _LINE, _ACCENT, _WARN = "#010101", "#010102", "#010103", "#010104", "#010105"
_COLOURS = {
    _INK: "currentColor",
    _MUTED: "var(--muted)",
    _LINE: "var(--line)",
    _ACCENT: "var(--accent)",
    _WARN: "var(--warn)",
}
_STYLE: dict[Any, object] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "wenyuan",
    "font.size": _FONT,
    "text.color": _INK,
    "axes.edgecolor": _LINE,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": _LINE,
    "grid.linewidth": 0.8,
    "xtick.color": _LINE,
    "ytick.color": _LINE,
    "xtick.labelcolor": _MUTED,
    "ytick.labelcolor": _MUTED,
    "ytick.major.size": 0,
    "lines.linewidth": 2,
    "lines.solid_capstyle": "round",
    "path.simplify": False,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """``svg`` to stand inside HTML; ``says`` is its content in words, ``caption`` how to read it."""

    name: str
    title: str
    svg: str
    says: str
    caption: str


def pictures(evaluation: Evaluation) -> list[Picture]:
    """All pictures that the result has figures for, in the order of the data flow."""
    drawn: list[Callable[[Evaluation], Picture | None]] = [recall, coverage, reliability, latency]
    with style.context(["default", _STYLE]), warnings.catch_warnings():
        # The font that matplotlib measures with has no Chinese; the browser's font draws it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        return [picture for draw in drawn if (picture := draw(evaluation))]


def recall_by_depth(evaluation: Evaluation) -> Floats:
    """For each question with evidence (rows) the share of it that the first 1, 2, … passages hold (columns).

    In sets of relevant documents: the share of them among the first 1, 2, … different documents.
    """
    hits = {outcome.id: outcome.asked.hits for outcome in evaluation.outcomes}
    depth = min(DEPTH, max(map(len, hits.values()), default=0))
    documents = evaluation.dataset.unit == "document"
    ranks = [
        evidence_ranks(question, hits[question.id], documents=documents)
        for question in evaluation.dataset.questions
        if question.answerable and question.id in hits
    ]
    rows = [
        [sum(r is not None and r <= k for r in of_facts) / len(of_facts) for k in range(1, depth + 1)]
        for of_facts in ranks
        if of_facts
    ]
    return np.array(rows).reshape(len(rows), depth)


def recall(evaluation: Evaluation) -> Picture | None:
    """Recall@k by k, with a bootstrap band."""
    rows = recall_by_depth(evaluation)
    if not rows.size:
        return None
    means = rows.mean(axis=0)
    low, high = _band(rows)
    depths = np.arange(1, rows.shape[1] + 1)
    figure, axes = _axes()
    axes.fill_between(depths, low, high, color=_ACCENT, alpha=0.16, linewidth=0)
    axes.plot(depths, means, color=_ACCENT)
    marked = [depth for depth in _MARKED_DEPTHS if depth <= len(depths)]
    axes.plot(marked, means[np.array(marked) - 1], "o", color=_ACCENT, markersize=5)
    bottom = min(0.8, np.floor(min(low) * 5) / 5)
    top = 1 + 0.1 * (1 - bottom)
    for depth in marked:
        ends = {1: ("left", 6), len(depths): ("right", 2)}
        align, dx = ends.get(depth, ("center", 0))
        # The curve rises to the right of the first point and leaves no room above it.
        above = depth > 1 and means[depth - 1] + 0.13 * (1 - bottom) < top
        at = (dx, 9 if above else -17)
        axes.annotate(_percent(means[depth - 1]), (depth, means[depth - 1]), at, textcoords="offset points", ha=align)
    axes.set_xscale("log")
    axes.set_xlim(0.94, len(depths) * 1.06)
    axes.set_ylim(bottom, top)
    ticks = [depth for depth in (1, 2, 5, 10, 20, 50) if depth <= len(depths)]
    _ticks(axes, ticks, [str(depth) for depth in ticks], np.linspace(bottom, 1, 5))
    passages = evaluation.dataset.unit == "passage"
    _name(
        axes,
        text("前 k 段", "first k passages") if passages else text("前 k 篇", "first k documents"),
        text("找到的证据", "evidence found") if passages else text("找到的相关文档", "relevant documents found"),
    )
    values = "，".join(f"k={depth}: {_percent(means[depth - 1])}" for depth in marked)
    return Picture(
        "recall",
        "Recall@k",
        _svg(figure, "recall"),
        text(f"前 k 段的召回率：{values}", f"Recall of the first k: {values.replace('，', ', ')}"),
        text(
            "越早贴近 100% 越好：证据多半排在最前。浅色带是 95% 区间；横轴为对数。",
            "Better the sooner it nears 100%. The band is the 95% interval; the depth is on a log scale.",
        ),
    )


def coverage(evaluation: Evaluation) -> Picture | None:
    """Risk by coverage, with the threshold that is set."""
    judged = _judged(evaluation.outcomes)
    if judged is None:
        return None
    confidence, right = judged
    covered, risk = risk_coverage(confidence, right)
    size = len(right)
    ideal = np.maximum(0, np.arange(1, size + 1) - right.sum()) / np.arange(1, size + 1)
    threshold = float(evaluation.result.settings["min_confidence"])
    answered = int((confidence >= threshold).sum())
    figure, axes = _axes()
    kept = np.unique(np.linspace(0, size - 1, _CURVE_POINTS).round().astype(int))
    axes.plot(covered[kept], ideal[kept], color=_MUTED, linewidth=1.2, linestyle=(0, (3, 3)))
    axes.plot(covered[kept], risk[kept], color=_ACCENT)
    top = min(1.0, max(0.1, np.ceil(max(risk) * 10) / 10))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, top * 1.06)
    says = text("没有一题达到门槛", "no question reaches the threshold")
    if answered:
        at = (covered[answered - 1], risk[answered - 1])
        says = text(
            f"门槛 {threshold:g}：回答 {_percent(at[0])}，其中错 {_percent(at[1])}",
            f"at {threshold:g}: answers {_percent(at[0])}, of these {_percent(at[1])} wrong",
        )
        axes.vlines(at[0], 0, at[1], color=_WARN, linewidth=1.2)
        axes.plot(*at, "o", color=_WARN, markersize=7, clip_on=False)
        axes.text(0.02, 0.93, says, transform=axes.transAxes, color=_WARN, va="top")
    _ticks(axes, np.linspace(0, 1, 5), [_percent(x) for x in np.linspace(0, 1, 5)], np.linspace(0, top, 5))
    _name(axes, text("覆盖率：作答的题", "coverage: questions answered"), text("其中答错的", "wrong answers"))
    area = evaluation.result.summary.get("AURC")
    return Picture(
        "coverage",
        text("风险与覆盖率", "Risk and coverage") + _value("AURC", area),
        _svg(figure, "coverage"),
        says,
        text(
            "只答最有把握的题时错多少：越低越好，圆点是现用的门槛。虚线是完美的把握：先答所有能答对的。",
            "How much is wrong if only the surest are answered: lower is better. The dot is the threshold in use. "
            "Dashed: perfect confidence, all right answers first.",
        ),
    )


def reliability(evaluation: Evaluation) -> Picture | None:
    """Confidence against accuracy by bins, and how many questions each bin has."""
    judged = _judged(evaluation.outcomes)
    if judged is None:
        return None
    bins = calibration(*judged)
    figure, axes = _axes(bottom=108)
    axes.plot((0, 1), (0, 1), color=_MUTED, linewidth=1.2, linestyle=(0, (3, 3)))
    said, true = [b.confidence for b in bins], [b.accuracy for b in bins]
    axes.vlines(said, said, true, color=_WARN, linewidth=2)
    axes.plot(said, true, color=_ACCENT, linewidth=1.4)
    axes.plot(said, true, "o", color=_ACCENT, markersize=6, clip_on=False)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.04)
    _ticks(axes, np.linspace(0, 1, 6), [""] * 6, np.linspace(0, 1, 5))
    _name(axes, "", text("实际答对", "really right"))
    below = figure.add_axes((axes.get_position().x0, 44 / _HEIGHT, axes.get_position().width, 40 / _HEIGHT))
    below.bar([b.low + 0.05 for b in bins], [b.size for b in bins], 0.086, color=_ACCENT, alpha=0.35)
    largest = max(b.size for b in bins)
    for b in bins:
        below.annotate(str(b.size), (b.low + 0.05, b.size), (0, 3), textcoords="offset points", ha="center", size=10.5)
    below.set_xlim(0, 1)
    below.set_ylim(0, largest * 1.05)
    below.grid(visible=False)
    below.yaxis.set_major_locator(NullLocator())
    ticks = np.linspace(0, 1, 6)
    below.xaxis.set_major_locator(FixedLocator(list(ticks)))
    below.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.1f}"))
    _name(below, text("可信度", "confidence"), "")
    each = "；".join(f"{b.confidence:.2f}→{b.accuracy:.2f} (n={b.size})" for b in bins)
    return Picture(
        "reliability",
        text("校准", "Calibration") + _value("ECE", evaluation.result.summary.get("ECE")),
        _svg(figure, "reliability"),
        text(f"可信度与实际正确率：{each}", f"Confidence and accuracy: {each.replace('；', '; ')}"),
        text(
            "点在虚线上，可信度就名副其实；在下方是过于自信，在上方是过于谨慎。下面的柱是各档的题数。",
            "On the dashed line confidence is what it says; below it is too sure, above too careful. "
            "The bars count the questions.",
        ),
    )


def latency(evaluation: Evaluation) -> Picture | None:
    """How long the stages take: range, quartiles and median of all questions."""
    times: dict[str, list[float]] = defaultdict(list)
    for outcome in evaluation.outcomes:
        for name, taken in outcome.asked.timings_ms.items():
            times[name].append(taken)
    if not times:
        return None
    names = list(times)
    figure, axes = _axes(left=64, right=20)
    cuts = [np.percentile(times[name], (5, 25, 50, 75, 95)) for name in names]
    for row, (p5, p25, p50, p75, p95) in enumerate(cuts):
        axes.plot((p5, p95), (row, row), color=_ACCENT, linewidth=2, alpha=0.45)
        axes.plot((p25, p75), (row, row), color=_ACCENT, linewidth=12, solid_capstyle="butt", alpha=0.45)
        axes.plot(p50, row, "o", color=_ACCENT, markersize=8)
        label = f"{_milliseconds(p50)} · {_milliseconds(p95)} ms"
        axes.annotate(label, (np.sqrt(p5 * p95), row), (0, 13), textcoords="offset points", ha="center")
    axes.set_xscale("log")
    low, high = min(c[0] for c in cuts), max(c[4] for c in cuts)
    axes.set_xlim(low / 1.5, high * 1.5)
    axes.set_ylim(len(names) - 0.5, -0.7)
    shown = dict(zip(names, map(timed_stage, names), strict=True))
    axes.yaxis.set_major_locator(FixedLocator(list(range(len(names)))))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda row, _: shown[names[int(row)]]))
    axes.tick_params(axis="y", labelcolor=_INK, pad=6)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator([t for t in _round_steps() if low / 1.5 <= t <= high * 1.5]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _milliseconds(x)))
    _name(axes, text("毫秒", "milliseconds"), "p50 · p95")
    each = "；".join(f"{shown[n]} p50 {c[2]:.1f} ms, p95 {c[4]:.1f} ms" for n, c in zip(names, cuts, strict=True))
    return Picture(
        "latency",
        text("耗时", "Latency"),
        _svg(figure, "latency"),
        text(f"各阶段耗时：{each}", f"Latency by stage: {each.replace('；', '; ')}"),
        text(
            "每题用时：圆点是中位数，粗段占中间一半的题，细线占 90%；数字是中位数和第 95 百分位，横轴为对数。",
            "Time a question: the dot is the median, the thick part half of all questions, the line 90%; the figures "
            "are median and 95th percentile, on a log scale.",
        ),
    )


def _band(rows: Floats) -> tuple[Floats, Floats]:
    """The 95 % interval of each column's mean by bootstrap over rows."""
    draw = np.random.default_rng(0)
    size = len(rows)
    means = []
    for _ in range(_RESAMPLES // _BATCH):
        chosen = draw.integers(0, size, (_BATCH, size))
        weights = np.stack([np.bincount(one, minlength=size) for one in chosen])
        means.append(weights @ rows / size)
    low, high = np.percentile(np.concatenate(means), (2.5, 97.5), axis=0)
    return low, high


def _judged(outcomes: Sequence[Outcome]) -> tuple[Floats, Floats] | None:
    """Confidence and rightness of each question; None where there are no answers to judge."""
    if not any("accuracy" in outcome.measures for outcome in outcomes):
        return None
    confidence, right, _ = confidences(outcomes)
    return confidence, right


def _axes(left: float = 44, right: float = 14, bottom: float = 44, top: float = 26) -> tuple[Figure, Axes]:
    """A figure with one pair of axes, margins in SVG units."""
    figure = Figure(figsize=(_WIDTH / 72, _HEIGHT / 72), facecolor="none")
    box = (left / _WIDTH, bottom / _HEIGHT, (_WIDTH - left - right) / _WIDTH, (_HEIGHT - bottom - top) / _HEIGHT)
    axes = figure.add_axes(box, facecolor="none")
    return figure, axes


def _ticks(axes: Axes, places: Sequence[float] | Floats, labels: Sequence[str], shares: Floats) -> None:
    """Labelled places on the x axis, percentages on the y axis."""
    named = dict(zip(map(float, places), labels, strict=True))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(list(named)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: named[min(named, key=lambda place: abs(place - x))]))
    axes.yaxis.set_major_locator(FixedLocator(list(shares)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _percent(y)))


def _name(axes: Axes, x: str, y: str) -> None:
    """What the axes show: below at the right end, and above at the left end, so that nothing is set sideways."""
    box = axes.get_position()
    figure = axes.get_figure()
    assert figure is not None
    figure.text(box.x1, 8 / _HEIGHT, x, ha="right", va="bottom", color=_MUTED)
    figure.text(0, 1 - 4 / _HEIGHT, y, ha="left", va="top", color=_MUTED)


def _svg(figure: Figure, name: str) -> str:
    """The figure as an element of an HTML page: same input, same text; its ids begin with ``name``."""
    stream = StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawn = stream.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"<svg[^>]*>", f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true">', drawn, count=1)
    drawn = re.sub(r' transform="rotate\(-0 [^"]*"', "", drawn.replace("xlink:href", "href"))
    used = set(re.findall(r'(?:url\(|href=")#([\w-]+)', drawn))
    drawn = re.sub(r' id="([^"]*)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", drawn)
    drawn = re.sub(r'(url\(|href=")#', rf"\1#{name}-", drawn)
    drawn = re.sub(r"font(?:-family)?: [^;\"]*(?=[;\"])", _font_size, drawn)
    for sentinel, colour in _COLOURS.items():
        drawn = drawn.replace(sentinel, colour)
    return "\n".join(line.rstrip() for line in drawn.splitlines() if line.strip())


def _font_size(found: re.Match[str]) -> str:
    """Of a font, its size alone: the family is the page's."""
    size = re.search(r"[\d.]+px", found.group())
    return f"font-size: {size.group()}" if size else ""


def _value(name: str, found: Estimate | None) -> str:
    return f" · {name} {found.mean:.3f}" if found else ""


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _milliseconds(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _round_steps() -> Iterable[float]:
    return (step * 10.0**power for power in range(-3, 6) for step in (1, 3))
