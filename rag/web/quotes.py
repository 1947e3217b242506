"""A citation's permanent address, opened: document, start and end name the same words for as long as it is indexed."""

from __future__ import annotations

from rag.errors import NotFoundError
from rag.library import Library
from rag.types import Document
from rag.web.schema.responses import Quote


def opened(library: Library, doc_id: str, start: int, end: int) -> Quote:
    """The document's text at ``[start, end)`` with the sentences and the paragraph it stands in.

    Raises NotFoundError for an unknown document, or a range that holds none of its words.
    """
    document = library.document(doc_id)
    quote = document.text[start:end] if 0 <= start < end <= len(document.text) else ""
    if not quote.strip():
        raise NotFoundError(
            f"文档 {doc_id} 里没有 {start} 到 {end} 这一段；全文 {len(document.text)} 字。",
            f"Document {doc_id} has no text from {start} to {end}; it has {len(document.text)} characters.",
        )
    first, last = _around(library, document, start, end)
    block = document.block_at(start)
    return Quote(
        doc_id=doc_id,
        title=document.title,
        source=document.source,
        paragraph=block.number,
        start=start,
        end=end,
        quote=quote,
        sentence=document.text[first:last],
        sentence_start=first,
        page=block.page,
        row=document.row(block, (start, end)),
    )


def _around(library: Library, document: Document, start: int, end: int) -> tuple[int, int]:
    """The sentences that ``[start, end)`` touches; what is in none of them stands for itself."""
    spans = {span for passage in library.passages(document.doc_id) for span in passage.sentences}
    touched = [span for span in spans if span.start < end and span.end > start]
    return min([start, *(s.start for s in touched)]), max([end, *(s.end for s in touched)])
