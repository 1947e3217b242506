"""The report as one HTML page that needs nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from rag.evaluation.outcome import Stage
from rag.evaluation.report.failures import failures, losses, why_secret
from rag.evaluation.report.headline import headline, shown_tables
from rag.evaluation.report.pictures import pictures
from rag.evaluation.report.tables import measures_table, setup_table, stage_name, stages_table
from rag.evaluation.results import Evaluation
from rag.messages import language, text
from rag.templating import environment

_FOLDER = Path(__file__).parent
_TEMPLATE, _STYLE = "page.html.jinja", "page.css"
_MOST_LISTED = 300


def page(evaluation: Evaluation) -> str:
    """The whole page. The same evaluation gives the same text."""
    result, secret = evaluation.result, evaluation.dataset.is_secret
    setup, measures = setup_table(result), measures_table(result)
    apart = [setup] if secret else [setup, stages_table(evaluation.outcomes)]
    listed = failures(evaluation, _MOST_LISTED)
    templates = environment(_FOLDER)
    templates.globals.update(t=text, stage_name=stage_name, svg=Markup)
    return templates.get_template(_TEMPLATE).render(
        language="en" if language() == "en" else "zh-CN",
        style=Markup((_FOLDER / _STYLE).read_text("utf-8")),
        result=result,
        headline=headline(evaluation),
        pictures=pictures(evaluation),
        tables=[table for table in shown_tables(evaluation) if table not in apart],
        measures=measures,
        setup=setup,
        has_answers=evaluation.dataset.has_answers,
        why_secret=why_secret() if secret else "",
        failures=listed,
        lost=_by_stage(evaluation),
        styles=_counts([failure.outcome.style for failure in listed]),
        types=_counts([failure.outcome.type or "" for failure in listed]),
    )


def _by_stage(evaluation: Evaluation) -> dict[Stage, int]:
    """How many questions each stage lost, in the order of the data flow."""
    counts = Counter(stage for _, stage in losses(evaluation))
    return {stage: counts[stage] for stage in Stage if counts[stage]}


def _counts(values: Sequence[str]) -> dict[str, int]:
    return dict(sorted(Counter(filter(None, values)).items()))
