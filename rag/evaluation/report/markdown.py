"""The report's tables in Markdown, for GitHub and pull requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag.evaluation.report.failures import failures, losses, why_secret
from rag.evaluation.report.headline import headline, shown_tables
from rag.evaluation.report.tables import Table, interval, stage_name
from rag.evaluation.results import REPORT, Evaluation
from rag.messages import text

_MOST_LISTED = 20
_LONGEST_CELL = 80
_MARKS = re.compile(r"([\\`*_{}\[\]<>|~#&!$])")


def markdown(evaluation: Evaluation) -> str:
    """The whole summary. The same evaluation gives the same text."""
    result = evaluation.result
    title = f"# {text('问源评测：', 'Wenyuan evaluation: ')}{escaped(result.name)}"
    about = text(
        f"{result.questions} 题（可答 {result.answerable}），{result.documents} 篇 {result.passages} 段",
        f"{result.questions} questions ({result.answerable} answerable), {result.documents} documents, "
        f"{result.passages} passages",
    )
    made = f"{result.system} {result.code.version} · {result.created[:10]}"
    figures = " · ".join(f"{figure.name} **{interval(figure.found)}**" for figure in headline(evaluation))
    more = text(f"图与失败的问题：[{REPORT}]({REPORT})", f"Pictures and failing questions: [{REPORT}]({REPORT})")
    parts = [title, f"{escaped(about)} · {escaped(made)}", figures, more]
    parts += [_section(table) for table in shown_tables(evaluation)]
    parts.append(f"## {text('失败的问题', 'Failing questions')}")
    parts.append(why_secret() if evaluation.dataset.is_secret else _failing(evaluation))
    return "\n\n".join(filter(None, parts)) + "\n"


def escaped(words: str) -> str:
    """``words`` on one line, none of their characters taken for Markdown or HTML."""
    return _MARKS.sub(r"\\\1", " ".join(words.split()))


def _section(table: Table) -> str:
    numbers = [table.is_number(column) for column in range(len(table.columns))]
    parts = (f"## {escaped(table.title)}", grid(table.columns, table.rows, numbers), escaped(table.note))
    return "\n\n".join(filter(None, parts))


def _failing(evaluation: Evaluation) -> str:
    total = len(losses(evaluation))
    if not total:
        return text("没有。", "None.")
    listed = failures(evaluation, _MOST_LISTED)
    said = text(f"共 {total} 题，列出 {len(listed)} 题。", f"{total} in all, {len(listed)} listed.")
    columns = (text("步骤", "stage"), text("问题", "question"), text("应当", "expected"), text("得到", "got"))
    decline, nothing = text("拒答", "decline"), text("（拒答）", "(declined)")
    rows = []
    for failure in listed:
        question, asked = failure.question, failure.outcome.asked
        wanted = next(iter(question.answers or question.documents), decline)
        got = asked.answer if asked.answered else f"{asked.answer}{nothing}"
        rows.append((stage_name(failure.stage)[0], question.question, wanted, got))
    return f"{said}\n\n{grid(columns, [tuple(map(_short, row)) for row in rows], [False] * 4)}"


def grid(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[bool]) -> str:
    """A table of GitHub's Markdown; ``numbers`` says which columns are set flush right."""
    lines = [columns, ["---:" if number else "---" for number in numbers]]
    shown = [[escaped(cell) for cell in columns], lines[1], *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in shown)


def _short(cell: str) -> str:
    return cell if len(cell) <= _LONGEST_CELL else f"{cell[: _LONGEST_CELL - 1]}…"
