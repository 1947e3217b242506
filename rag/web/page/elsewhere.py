"""Where a text stands once more, and what its other versions are, as HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.retrieval.versions import Standing
from rag.types import Elsewhere
from rag.web.page.markup import Place, both, esc, exact, opener, shown_source


def also_in(others: Sequence[Elsewhere], doc_id: str) -> str:
    """A line that names the other files of document ``doc_id``, and opens the documents alike; empty without any."""
    names = "、".join(
        f"<span>{esc(shown_source(other.source))}</span>"
        if other.doc_id == doc_id
        else opener(Place(other.doc_id), esc(other.title), "link")
        for other in others
    )
    return f'<p class="also">{both("另见 ", "Also in ")}{names}</p>' if names else ""


def other_versions(doc_id: str, versions: Standing, title: Callable[[str], str]) -> str:
    """A line that opens a document's older versions or, of an older one, the current one; empty if it has no other.

    ``title`` gives that of a document by its id.
    """
    if doc_id not in versions.older:
        before = "".join(
            opener(Place(one), edition_mark(edition), "link") for one, edition in versions.older_than(doc_id)
        )
        # A mark alone would say that this is the older one.
        return f'<p class="versions">{both("现行版；另有", "The current one; there is")}{before}</p>' if before else ""
    now, edition = versions.older[doc_id]
    is_old = both("平时不问它；现行的是", "Not asked by default. The current one:")
    box = f'<input type="checkbox" data-choose="documents" value="{exact(doc_id)}">'
    ask = f"<label>{box}<span>{both('只问这一版', 'Ask this version only')}</span></label>"
    current = opener(Place(now), esc(title(now)), "link")
    return f'<p class="versions is-older">{edition_mark(edition)}<span>{is_old}</span>{current}{ask}</p>'


def edition_mark(edition: str) -> str:
    """That a document is an older version, and of when."""
    return f'<span class="edition">{both(f"旧版 {edition}", f"Older version {edition}")}</span>'
