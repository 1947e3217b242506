"""The few figures that a report begins with."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rag.evaluation.measures.statistics import Estimate
from rag.evaluation.report.tables import Table, groups_table, tables
from rag.evaluation.results import Evaluation
from rag.messages import text

_MOST = 6
# The first ones that a result has are shown: sets with answers have the upper six, others the lower ones.
_HEADLINE = {
    "accuracy": ("答对，或该拒答时拒答", "answered right, or rightly declined"),
    "F1": ("答案与标准答案的重合", "overlap with the accepted answers"),
    "citation exactness": ("引文与原文逐字相同", "citations that are the source's words"),
    "Recall@5": ("前 5 条找到的证据", "evidence among the first 5"),
    "evidence@1000": ("前 1000 字含全部证据", "all evidence in the first 1,000 characters"),
    "abstention AUROC": ("可信度区分能否回答", "confidence tells what can be answered"),
    "nDCG@10": ("前 10 条的排序质量", "quality of the first 10"),
    "MRR@10": ("首个相关结果的名次倒数", "reciprocal rank of the first relevant one"),
    "Recall@10": ("前 10 条找到的证据", "evidence among the first 10"),
    "Success@1": ("第 1 条就相关", "the first one is relevant"),
    "reading F1": ("只读所属段落时的重合", "overlap when reading the right document alone"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure with its interval and what it says in a few words."""

    name: str
    found: Estimate
    says: str


def headline(evaluation: Evaluation) -> list[Figure]:
    """At most six figures, the most telling ones that the result has."""
    summary = evaluation.result.summary
    return [
        Figure(name, summary[name], text(*says))
        for name, says in _HEADLINE.items()
        if name in summary and not math.isnan(summary[name].mean)
    ][:_MOST]


def shown_tables(evaluation: Evaluation) -> list[Table]:
    """All tables; without the groups of a secret set, which would say what is in it."""
    made = tables(evaluation.result, evaluation.outcomes)
    if not evaluation.dataset.is_secret:
        return made
    groups = [groups_table(evaluation.outcomes, attribute) for attribute in ("style", "type")]
    return [table for table in made if table not in groups]
