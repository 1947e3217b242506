"""A conversation to take away: its questions, answers and sources as one file."""

from rag.web.page.takeaway.exchanges import entries
from rag.web.page.takeaway.markdown import to_markdown
from rag.web.page.takeaway.templates import to_docx, to_html

__all__ = ["entries", "to_docx", "to_html", "to_markdown"]
