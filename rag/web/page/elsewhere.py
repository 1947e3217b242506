"""Where a text stands once more, as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Elsewhere
from rag.web.page.markup import Place, both, esc, opener, shown_source


def also_in(others: Sequence[Elsewhere], doc_id: str) -> str:
    """A line that names the other files of document ``doc_id``, and opens the documents alike; empty without any."""
    names = "、".join(
        f"<span>{esc(shown_source(other.source))}</span>"
        if other.doc_id == doc_id
        else opener(Place(other.doc_id), esc(other.title), "link")
        for other in others
    )
    return f'<p class="also">{both("另见 ", "Also in ")}{names}</p>' if names else ""
