"""Pages of originals, drawn apart and kept for a while, and where a citation stands on them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import LoadError, NotFoundError
from rag.loading.facsimile import Facsimile, PlacedLine, has_pages
from rag.loading.facsimile.framing import Frame, framed
from rag.loading.sandbox.apart import draw_apart
from rag.types import Document, Span
from rag.web.originals.original_file import original_name, read_original

if TYPE_CHECKING:
    from rag.index.store import DocumentRecord
    from rag.web.live_library import LiveLibrary

# Of the order of 200 KB each.
_KEPT = 24


class Facsimiles:
    """The pages of the documents of ``live``. Safe to use from several threads."""

    def __init__(self, live: LiveLibrary) -> None:
        self._live = live
        self._drawn = lru_cache(maxsize=_KEPT)(self._draw)

    def original(self, doc_id: str) -> tuple[str, bytes]:
        """The name and the bytes of a document's file. Raises NotFoundError."""
        record = self._record(doc_id)
        return original_name(record), read_original(record)

    def image(self, doc_id: str, number: int) -> bytes:
        """Page ``number``, from 1, as WebP. Raises NotFoundError and LoadError."""
        self._record(doc_id)
        return self._page(doc_id, number).image

    def frames(self, doc_id: str, span: Span) -> tuple[int, list[Frame]]:
        """How many pages a document has, and the frames around ``span``, which may be empty. Raises as `image`.

        Without frames the words were not found where they should stand.
        """
        self._record(doc_id)
        document = self._live.library().document(doc_id)
        look = _is_recognised(document, span)
        first = document.block_at(span.start).page or 1 if document.blocks else 1
        pages = self._page(doc_id, first, look=look).pages

        def lines(number: int) -> Sequence[PlacedLine]:
            return self._page(doc_id, number, look=look).lines if number <= pages else ()

        return pages, framed(document, span, lines)

    def _record(self, doc_id: str) -> DocumentRecord:
        library = self._live.library()
        library.document(doc_id)
        return next(record for record in library.documents() if record.doc_id == doc_id)

    def _page(self, doc_id: str, number: int, *, look: bool = False) -> Facsimile:
        page = self._drawn(doc_id, number, look)
        if not page.image:
            raise NotFoundError(
                f"没有第 {number} 页，一共 {page.pages} 页。", f"There is no page {number}; there are {page.pages}."
            )
        return page

    def _draw(self, doc_id: str, number: int, look: bool) -> Facsimile:
        record = self._record(doc_id)
        name = original_name(record)
        if not has_pages(name):
            raise NotFoundError(f"{name} 没有可以画出来的页。", f"{name} has no pages to be drawn.")
        data = read_original(record)
        try:
            return draw_apart(data, Path(name), number, look=look)
        except LoadError as error:
            raise LoadError(
                f"画不出 {name} 的第 {number} 页：它可能已损坏，或太复杂。文字仍可以看。",
                f"Page {number} of {name} can't be drawn: it may be damaged, or too complex. Its text is still there.",
            ) from error


def _is_recognised(document: Document, span: Span) -> bool:
    """Whether what stands at ``span`` was recognised in a picture."""
    return bool(document.blocks) and document.block_at(span.start).ocr > 0
