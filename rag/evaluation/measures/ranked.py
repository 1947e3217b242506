"""How well a ranking begins. Computed by ir_measures, of all questions at once; see `rag.evaluation.measures.trec`."""

from __future__ import annotations

from rag.evaluation.measures.measure import Group, Measure

SUCCESS = Measure(
    names=("Success@1", "Success@5"),
    shown=("Success@1、@5", "Success@1, @5"),
    group=Group.RETRIEVAL,
    means=("前 k 个里有相关的为 1，否则 0", "1 if any of the first k is relevant, else 0"),
    ranked={"Success@1": "Success@1", "Success@5": "Success@5"},
)
MRR = Measure(
    names=("MRR@10",),
    group=Group.RETRIEVAL,
    means=(
        "第一个相关的名次的倒数；前十没有为 0",
        "1 / rank of the first relevant one; 0 if none of ten is",
    ),
    ranked={"MRR@10": "RR@10"},
)
NDCG = Measure(
    names=("nDCG@10",),
    group=Group.RETRIEVAL,
    means=(
        "段落为二元增益，文档按等级；没有段落完整包含的片段算作相关而丢失",
        "binary gain for passages, the grade for documents; a place that no passage holds whole counts as relevant and "
        "lost",
    ),
    ranked={"nDCG@10": "nDCG@10"},
)
