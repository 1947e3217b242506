"""What each part of retrieval is worth: the shipped system with one thing taken out or changed at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
from tqdm import tqdm

from rag.evaluation.asking import measuring_settings, search
from rag.evaluation.benchmark import measure, values
from rag.evaluation.corpus import Corpus
from rag.evaluation.datasets import Dataset
from rag.evaluation.measures.statistics import Difference, difference, estimate, holm
from rag.evaluation.outcome import Outcome
from rag.evaluation.report.tables import Table
from rag.index.dense import DenseIndex
from rag.index.generations import Generation, open_generation
from rag.index.manifest import build_settings
from rag.index.protocols import Snapshot
from rag.indexing.pipeline import Pipeline
from rag.indexing.update import index_paths
from rag.library import Library
from rag.messages import text
from rag.retrieval.fusion import Fused, Fusion, fuse
from rag.settings import Settings
from rag.text.normalization import Normalised
from rag.text.tokenization import Cutting

if TYPE_CHECKING:
    from rag.types import Vectors

_SHOWN = ("Recall@1", "Recall@5", "MRR@10", "nDCG@10", "evidence@500", "evidence@1000")
_TESTED = "nDCG@10"
_RRF_K = 60
_Ranking = Sequence[tuple[int, float]]


def _as_it_is(generation: Generation) -> Snapshot:
    return generation


def _reciprocal_ranks(dense: _Ranking, sparse: _Ranking, **_: object) -> list[Fused]:
    """Fusion by rank alone: RRF with k = 60 (Cormack, Clarke and Büttcher, 2009)."""
    scores: dict[int, float] = defaultdict(float)
    for ranking in (dense, sparse):
        for rank, (ordinal, _score) in enumerate(ranking, start=1):
            scores[ordinal] += 1 / (_RRF_K + rank)
    ordered = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Fused(ordinal, score, None, None) for ordinal, score in ordered]


class _PassagesAlone(DenseIndex):
    """Scores by the vectors of passages, whatever their sentences."""

    def scores(self, query: Vectors, ordinals: Sequence[int]) -> list[float]:
        first = np.array([self.rows(ordinal).start for ordinal in ordinals], np.int64)
        cosines: list[float] = (self.file.take(first) @ query).tolist()
        return cosines


def _without_sentence_vectors(generation: Generation) -> Snapshot:
    dense = generation.dense
    return replace(generation, dense=_PassagesAlone(dense.file, dense.owners, dense.codes))


def _unfolded(original: str) -> Normalised:
    """A text without folding width, case and script."""
    return Normalised(original, range(len(original)))


class Variant(NamedTuple):
    """A change of settings, or of a stage that no setting changes, since nobody should want to."""

    zh: str
    en: str
    change: Mapping[str, object] = {}
    cutting: Cutting = Cutting()
    """But for the user's words; another than this cuts what is in the index, too."""
    fusion: Fusion = fuse
    seen: Callable[[Generation], Snapshot] = _as_it_is
    """What is searched in the place of an index."""


VARIANTS = (
    Variant("出厂设置", "as shipped"),
    Variant("只用 BM25", "BM25 alone", {"retrieval": "bm25"}),
    Variant("只用向量", "dense alone", {"retrieval": "dense"}),
    Variant("按名次融合（RRF）", "fused by rank (RRF)", fusion=_reciprocal_ranks),
    Variant("BM25 权重 0.15", "BM25 weight 0.15", {"bm25_weight": 0.15}),
    Variant("BM25 权重 0.9", "BM25 weight 0.9", {"bm25_weight": 0.9}),
    Variant("没有句向量", "no sentence vectors", seen=_without_sentence_vectors),
    Variant("没有字对", "no character pairs", cutting=Cutting(pairs=False)),
    Variant("词语不归一", "words not normalised", cutting=Cutting(normalise=_unfolded)),
    Variant("没有标题等上下文", "no headings and list context", {"passage_context": False}),
    Variant("短段不合并", "short paragraphs not joined", {"passage_min_chars": 20}),
    Variant("段落至多 200 字", "passages up to 200 characters", {"passage_max_chars": 200}),
    Variant("段落至多 800 字", "passages up to 800 characters", {"passage_max_chars": 800}),
)


class AblationRow(msgspec.Struct, frozen=True):
    """One variant's means, and its difference in nDCG@10 from the shipped system; ``p`` is corrected (Holm)."""

    zh: str
    en: str
    questions: int
    passages: int
    measures: dict[str, float]
    difference: Difference | None
    p: float


def ablate(
    dataset: Dataset, settings: Settings, *, index: Path, quick: bool = False, progress: bool = False
) -> list[AblationRow]:
    """Search ``index``, which holds the dataset's documents, with every variant; the first row is the shipped system.

    What changes the index is indexed anew in a temporary folder, or left out if ``quick``. Questions with several parts
    are searched for as one.
    """
    shipped = Library.open(index, settings)
    paths = [record.path for record in shipped.documents()]
    variants = [one for one in VARIANTS if not (quick and _needs_index(one, settings))]
    measured: list[tuple[Variant, int, list[Outcome]]] = []
    with TemporaryDirectory(prefix="wenyuan-") as work:
        for variant in tqdm(variants, desc="消融 ablation", unit="variant", disable=not progress):
            changed = msgspec.structs.replace(settings, **variant.change)
            cutting = replace(variant.cutting, user_dictionary=settings.dictionary_path)
            folder = Path(work) / str(len(measured)) if _needs_index(variant, settings) else index
            if folder is not index:
                pipeline = replace(Pipeline.of(changed, progress=progress), cutting=cutting)
                index_paths(paths, folder, pipeline=pipeline)
            seen = variant.seen(open_generation(folder))
            library = Library(folder, seen, measuring_settings(changed), cutting=cutting, fusion=variant.fusion)
            measured.append((variant, library.manifest.passages, _search(dataset, library, changed)))
    return _rows(measured)


def ablation_table(title: str, rows: list[AblationRow]) -> Table:
    """The variants for people."""
    shown = [name for name in _SHOWN if name in rows[0].measures]
    heads = (text("系统", "system"), text("段落数", "passages"))
    columns = (*heads, *shown, f"Δ {_TESTED}", text("95% 区间", "95% interval"), "p (Holm)")
    note = text(
        f"{title}，{rows[0].questions} 个可答的问题。Δ 是与出厂设置之差，p 为费雪随机化检验，按系统个数校正。",
        f"{title}, {rows[0].questions} answerable questions. Δ is against the shipped system, p by Fisher's "
        "randomisation test, corrected for the number of systems.",
    )
    return Table(text("消融", "Ablation"), columns, tuple(_cells(row, shown) for row in rows), (), note)


def _needs_index(variant: Variant, settings: Settings) -> bool:
    changed = msgspec.structs.replace(settings, **variant.change)
    return variant.cutting != Cutting() or build_settings(changed) != build_settings(settings)


def _search(dataset: Dataset, library: Library, settings: Settings) -> list[Outcome]:
    corpus = Corpus(library)
    corpus.check(dataset.questions)
    asked = [search(question, library, corpus) for question in dataset.questions if question.answerable]
    return measure(dataset, asked, corpus, settings)


def _rows(found: list[tuple[Variant, int, list[Outcome]]]) -> list[AblationRow]:
    shipped = found[0][2]
    tested = [difference(values(shipped, _TESTED), values(outcomes, _TESTED)) for _, _, outcomes in found[1:]]
    corrected = holm([one.p for one in tested])
    return [
        AblationRow(
            zh=variant.zh,
            en=variant.en,
            questions=len(outcomes),
            passages=passages,
            measures={name: estimate(values(outcomes, name)).mean for name in _SHOWN if len(values(outcomes, name))},
            difference=against,
            p=p,
        )
        for (variant, passages, outcomes), against, p in zip(found, [None, *tested], [1.0, *corrected], strict=True)
    ]


def _cells(row: AblationRow, shown: list[str]) -> tuple[str, ...]:
    figures = (f"{row.measures[name]:.3f}" for name in shown)
    if row.difference is None:
        return (text(row.zh, row.en), str(row.passages), *figures, "", "", "")
    against = row.difference
    return (
        text(row.zh, row.en),
        str(row.passages),
        *figures,
        f"{against.mean:+.3f}",
        f"{against.low:+.3f} … {against.high:+.3f}",
        f"{row.p:.4f}",
    )
