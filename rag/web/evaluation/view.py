"""A result as the page shows it, in both languages: figures, tables, pictures and failing questions, as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from rag.evaluation.outcome import Stage
from rag.evaluation.report.failures import Failure, Quote, failures
from rag.evaluation.report.headline import Figure, headline, shown_tables
from rag.evaluation.report.html_page import page
from rag.evaluation.report.pictures import Picture, pictures
from rag.evaluation.report.tables import Table, stage_name
from rag.evaluation.results import Evaluation
from rag.messages import speaking
from rag.web.evaluation.job import REPORTS, VIEW

_MOST_LISTED = 300


@dataclass(frozen=True, slots=True)
class Shown:
    """What is said in one language. ``stages``: what each stage is called and what was lost there."""

    headline: list[Figure]
    tables: list[Table]
    pictures: list[Picture]
    stages: dict[Stage, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Failed:
    """A failing question: what was expected and where that stands, what was answered and what was cited.

    ``answer`` is the best that there was; it was shown only if ``answered``.
    """

    id: str
    question: str
    stage: Stage
    expected: tuple[str, ...]
    evidence: tuple[Quote, ...]
    answered: bool
    answer: str
    confidence: float
    cited: tuple[Quote, ...]


def write_view(evaluation: Evaluation, folder: Path) -> None:
    """Write ``view.json`` and the whole report in each language into ``folder``.

    For a process of its own: it switches the language of messages for all of it.
    """
    view: dict[str, object] = {"failures": [_failed(one) for one in failures(evaluation, _MOST_LISTED)]}
    for language, report in REPORTS.items():
        with speaking(language):
            view[language] = Shown(
                headline(evaluation),
                shown_tables(evaluation),
                pictures(evaluation),
                {stage: stage_name(stage) for stage in Stage},
            )
            (folder / report).write_text(page(evaluation), "utf-8", newline="\n")
    (folder / VIEW).write_bytes(msgspec.json.encode(view))


def _failed(failure: Failure) -> Failed:
    asked = failure.outcome.asked
    return Failed(
        id=failure.question.id,
        question=failure.question.question,
        stage=failure.stage,
        expected=failure.question.answers,
        evidence=tuple(fact.places[0] for fact in failure.facts),
        answered=asked.answered,
        answer=asked.answer,
        confidence=asked.confidence,
        cited=failure.cited,
    )
