"""Runs and qrels in the format of TREC, and the measures of ranked lists by ir_measures.

What is ranked is a passage, ``file%20name.md#start-end``, or a whole document, ``name``; names are percent-encoded
because the format separates by white space. The second column of qrels, unused by most tools, is the number of the
fact that the passage states, so that subtopic recall can be computed. Runs score by rank, because the passages of a
question with several parts are listed in turn, whatever their scores.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import ir_measures
from ir_measures import Qrel, ScoredDoc

from rag.evaluation.datasets import SUFFIX, Dataset, Unit
from rag.evaluation.gold import GoldQuestion, Located, holds
from rag.evaluation.measures import MEASURES
from rag.evaluation.outcome import Asked


def qrels(dataset: Dataset, passages: Mapping[str, Sequence[Located]]) -> list[Qrel]:
    """What is relevant to each answerable question; ``passages`` are those of each document, by its name.

    A place that no passage holds is relevant under a name that nothing retrieved has, and so counts as lost.
    """
    if dataset.unit == "document":
        return [
            Qrel(question.id, _document(name), grade, "0")
            for question in dataset.questions
            for name, grade in question.documents.items()
        ]
    return [qrel for question in dataset.questions for qrel in _of_facts(question, passages)]


def run(asked: Iterable[Asked], unit: Unit) -> list[ScoredDoc]:
    """The rankings of all questions. A document stands where its first passage does."""
    return [
        ScoredDoc(one.id, unit_id, 1 / rank)
        for one in asked
        for rank, unit_id in enumerate(_ranking(one, unit), start=1)
    ]


def measure(relevant: Sequence[Qrel], ranked: Sequence[ScoredDoc], unit: Unit) -> dict[str, dict[str, float]]:
    """By question and name: Success, MRR and nDCG, and for documents Recall (of facts: `rag.evaluation.measures`)."""
    among = [one for one in MEASURES if unit == "document" or one.of_one is None]
    names = {ir_measures.parse_measure(known): name for one in among for name, known in one.ranked.items()}
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for metric in ir_measures.iter_calc(list(names), relevant, ranked):
        values[metric.query_id][names[metric.measure]] = float(metric.value)
    return values


def write_qrels(relevant: Iterable[Qrel], file: Path) -> None:
    """``query fact unit relevance`` a line."""
    lines = (f"{quote(q.query_id, safe='')} {q.iteration} {q.doc_id} {q.relevance}\n" for q in relevant)
    file.write_text("".join(lines), "utf-8")


def write_run(ranked: Iterable[ScoredDoc], file: Path, tag: str) -> None:
    """``query Q0 unit rank score tag`` a line."""
    lines = []
    ranks: dict[str, int] = defaultdict(int)
    for one in ranked:
        ranks[one.query_id] += 1
        query = quote(one.query_id, safe="")
        lines.append(f"{query} Q0 {one.doc_id} {ranks[one.query_id]} {one.score:.6f} {quote(tag, safe='')}\n")
    file.write_text("".join(lines), "utf-8")


def _of_facts(question: GoldQuestion, passages: Mapping[str, Sequence[Located]]) -> list[Qrel]:
    of_fact = {}
    for number, fact in enumerate(question.evidence):
        for place in fact:
            held = [p for p in passages.get(place.document, ()) if holds(p, place)]
            unit = _passage(held[0]) if held else f"lost:{_passage(Located(place.document, place.start, place.end))}"
            of_fact[number, unit] = Qrel(question.id, unit, 1, str(number))
    return list(of_fact.values())


def _ranking(one: Asked, unit: Unit) -> list[str]:
    if unit == "passage":
        return [_passage(hit.located) for hit in one.hits]
    return list(dict.fromkeys(_document(hit.document) for hit in one.hits))


def _passage(span: Located) -> str:
    return f"{quote(span.document)}#{span.start}-{span.end}"


def _document(name: str) -> str:
    """The id that the set gave the document: its file's name has it percent-encoded already."""
    return name.removesuffix(SUFFIX)
