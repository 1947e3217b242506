"""The tables of a result, as rows of text; console, Markdown and HTML show the same ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.evaluation.measures import NAMES
from rag.evaluation.measures.statistics import Estimate
from rag.evaluation.outcome import Outcome, Stage
from rag.evaluation.results import Result
from rag.messages import text

_TIMED = {"retrieve": "检索", "read": "阅读", "total": "合计"}
_OF_GROUPS = ("Recall@1", "Recall@5", "EM", "F1")
_STAGES = {
    Stage.SPLIT: ("切分", "没有一个段落完整包含证据", "no passage holds the evidence whole"),
    Stage.RETRIEVE: ("检索", "两路检索都没有提出含证据的段落", "no retriever proposed a passage with the evidence"),
    Stage.RANK: ("排序", "提出了，但没排进要阅读的段落", "proposed, but not among the passages that are read"),
    Stage.READ: ("阅读", "读到了，却引用了别的句子", "read, but another sentence was cited"),
    Stage.EXTRACT: ("摘取", "句子对了，摘取的词不对", "the right sentence, the wrong words cut out"),
    Stage.DECLINE: ("拒答", "答案对了，但可信度低于门槛", "the right answer, but too little confidence"),
    Stage.ANSWER: ("误答", "资料里没有，却作了回答", "answered though nothing answers"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """A title, column heads and rows; columns after the first are numbers unless named in ``words``."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[str, ...] = ()
    note: str = ""

    def is_number(self, column: int) -> bool:
        """Whether the column is set flush right."""
        return column > 0 and self.columns[column] not in self.words


def interval(estimate: Estimate) -> str:
    """``mean (low–high)``."""
    return f"{estimate.mean:.3f} ({estimate.low:.3f}–{estimate.high:.3f})"


def measures_table(result: Result) -> Table:
    """Every measure with its interval."""
    rows = tuple(
        (name, f"{estimate.mean:.3f}", f"{estimate.low:.3f}–{estimate.high:.3f}", str(estimate.n))
        for name in NAMES
        if (estimate := result.summary.get(name))
    )
    columns = (text("指标", "measure"), text("均值", "mean"), text("95% 区间", "95% interval"), "n")
    return Table(text("全部问题", "All questions"), columns, rows)


def groups_table(outcomes: Sequence[Outcome], attribute: str) -> Table:
    """The main measures of answerable questions by ``type`` or ``style``; no rows if there is one group only."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.answerable:
            groups[getattr(outcome, attribute) or "—"].append(outcome)
    rows = []
    for name, members in sorted(groups.items()):
        means = [_mean([o.measures[measure] for o in members if measure in o.measures]) for measure in _OF_GROUPS]
        declined = _mean([float(not o.asked.answered) for o in members])
        rows.append((name, str(len(members)), *means, declined))
    title = text("按题型", "By type") if attribute == "type" else text("按问法", "By style")
    columns = (text("组", "group"), "n", *_OF_GROUPS, text("拒答", "declined"))
    return Table(title, columns, tuple(rows) if len(rows) > 1 else ())


def stages_table(outcomes: Sequence[Outcome]) -> Table:
    """How many questions were lost at each stage, in the order of the data flow."""
    counts = Counter(outcome.lost_at for outcome in outcomes if outcome.lost_at)
    rows = tuple(
        (f"{zh} {stage}", str(counts[stage]), text(zh_why, en_why))
        for stage, (zh, zh_why, en_why) in _STAGES.items()
        if counts[stage]
    )
    meaning = text("含义", "meaning")
    return Table(
        text("问题丢在哪一步", "Where questions are lost"), (text("步骤", "stage"), "n", meaning), rows, (meaning,)
    )


def latency_table(result: Result) -> Table:
    """Milliseconds by stage."""
    rows = tuple(
        (timed_stage(stage), f"{cuts.p50:.1f}", f"{cuts.p95:.1f}") for stage, cuts in result.latency_ms.items()
    )
    return Table(text("耗时（毫秒）", "Latency (ms)"), (text("阶段", "stage"), "p50", "p95"), rows)


def cost_table(result: Result) -> Table:
    """What the index costs; no rows if that was not measured."""
    cost = result.cost
    title = text("开销", "Cost")
    if cost is None:
        return Table(title, (), ())
    rows = (
        (text("文档字数", "characters of the documents"), f"{cost.characters:,}"),
        (text("建索引（秒，含加载模型）", "indexing (s, loading the model included)"), f"{cost.index_s:.1f}"),
        (text("建索引内存峰值（MB）", "peak memory while indexing (MB)"), f"{cost.index_peak_mb:,.0f}"),
        (text("索引大小（MB）", "index size (MB)"), f"{cost.index_mb:.2f}"),
        (text("启动到可以提问（秒）", "start until it can be asked (s)"), f"{cost.start_s:.1f}"),
        (text("提问内存峰值（MB）", "peak memory while asking (MB)"), f"{cost.ask_peak_mb:,.0f}"),
    )
    return Table(title, (text("项目", "item"), text("数值", "value")), rows)


def setup_table(result: Result) -> Table:
    """What it was measured with."""
    machine, code = result.machine, result.code
    commit = code.commit[:10] or "—"
    if code.changed:
        commit += text("（有改动）", " (with changes)")
    packages = ", ".join(f"{name} {number}" for name, number in result.packages.items())
    cpu = text(f"{machine.cpu}，{machine.cores} 核", f"{machine.cpu}, {machine.cores} cores")
    asked = text(
        f"{result.dataset}：{result.questions} 题（可答 {result.answerable}）",
        f"{result.dataset}: {result.questions} questions ({result.answerable} answerable)",
    )
    searched = text(
        f"{result.documents} 篇，{result.passages} 段", f"{result.documents} documents, {result.passages} passages"
    )
    rows = (
        (text("数据", "data"), f"{asked}, {searched}"),
        (text("时间", "time"), result.created),
        (text("代码", "code"), f"{result.code.version} · {commit}"),
        (text("模型", "model"), result.encoder),
        (text("机器", "machine"), f"{cpu}, {machine.memory_gb} GB, {machine.system}, Python {machine.python}"),
        (text("软件包", "packages"), packages),
        (text("设置", "settings"), ", ".join(f"{name}={value}" for name, value in result.settings.items())),
    )
    item, value = text("项目", "item"), text("内容", "value")
    return Table(text("测量条件", "Measured with"), (item, value), rows, (value,))


def tables(result: Result, outcomes: Sequence[Outcome]) -> list[Table]:
    """All tables that have rows, in the order of a report."""
    made = [
        measures_table(result),
        stages_table(outcomes),
        groups_table(outcomes, "style"),
        groups_table(outcomes, "type"),
        latency_table(result),
        cost_table(result),
        setup_table(result),
    ]
    return [table for table in made if table.rows]


def stage_name(stage: Stage) -> tuple[str, str]:
    """What a stage is called, and what was lost there."""
    zh, zh_why, en_why = _STAGES[stage]
    return text(zh, stage.value), text(zh_why, en_why)


def timed_stage(name: str) -> str:
    """What a stage that takes time is called."""
    return text(_TIMED.get(name, name), name)


def _mean(values: Sequence[float]) -> str:
    return f"{np.mean(values):.2f}" if values else "—"
