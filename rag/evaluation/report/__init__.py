"""Results for people: tables in the terminal, in Markdown and in one self-contained HTML page with pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.evaluation.results import Evaluation


def write_report(evaluation: Evaluation, folder: Path) -> None:
    """Write ``report.html`` and ``report.md`` into ``folder``, in the language of messages."""
    from rag.evaluation.report.html_page import page
    from rag.evaluation.report.markdown import markdown
    from rag.evaluation.results import REPORT, SUMMARY

    (folder / REPORT).write_text(page(evaluation), "utf-8", newline="\n")
    (folder / SUMMARY).write_text(markdown(evaluation), "utf-8", newline="\n")
