"""The JSON that Wenyuan gives to other programs. Its fields are kept stable; docs/en/json.md lists them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rag.loading.unread import Lost
from rag.messages import text
from rag.types import Answer, CellSpan, Citation, Document, Elsewhere, Hit, Omission, TableRow

if TYPE_CHECKING:
    from rag.answering.comparing import Compared, ComparedAnswer
    from rag.index.checking import Health
    from rag.index.history import GenerationRecord
    from rag.index.inspection import Problem
    from rag.index.store import DocumentRecord
    from rag.indexing.update import IndexReport


def answer_json(answer: Answer, question_id: str | None = None) -> dict[str, Any]:
    """An answer; ``start`` and ``end`` everywhere are code points of the document's text."""
    return {
        "id": question_id,
        "question": answer.question,
        "status": answer.status.value,
        "answer": answer.answer,
        "text": answer.text,
        "parts": [
            {
                "question": part.question,
                "items": [
                    {
                        "text": item.text,
                        "citations": list(item.citations),
                        "differs": item.differs,
                        "edition": item.edition or None,
                        "heading": item.heading or None,
                    }
                    for item in part.items
                ],
                "missing": list(part.missing),
                "related": citation_json(part.related) if part.related else None,
                "confirmed": part.confirmed or None,
                "outdated": part.outdated or None,
                "more": part.more,
            }
            for part in answer.parts
        ],
        "corrections": [{"asked": asked, "searched": searched} for asked, searched in answer.corrections],
        "confidence": answer.confidence,
        "citations": [citation_json(citation) for citation in answer.citations],
        "hits": [hit_json(hit) for hit in answer.hits],
        "timings_ms": dict(answer.timings_ms),
    }


def citation_json(citation: Citation) -> dict[str, Any]:
    """A citation."""
    return {
        "n": citation.n,
        "doc_id": citation.doc_id,
        "title": citation.title,
        "source": citation.source,
        "paragraph": citation.paragraph,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "sentence": citation.sentence,
        "role": citation.role.value,
        "page": citation.page,
        "also_in": [elsewhere_json(other) for other in citation.also_in],
        "row": row_json(citation.row) if citation.row else None,
    }


def row_json(row: TableRow) -> dict[str, Any]:
    """A table's row; ``cited`` are places in ``cells``, from 0."""
    return {"header": list(row.header), "cells": list(row.cells), "cited": list(row.cited)}


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit."""
    return {
        "rank": hit.rank,
        "doc_id": hit.passage.doc_id,
        "paragraph": hit.passage.paragraph,
        "start": hit.passage.start,
        "end": hit.passage.end,
        "score": hit.score,
        "text": hit.text,
        "also_in": [elsewhere_json(other) for other in hit.also_in],
    }


def elsewhere_json(other: Elsewhere) -> dict[str, Any]:
    """Where a text stands once more: the same ``doc_id`` in a file of the same bytes, another in a document alike."""
    return {"doc_id": other.doc_id, "title": other.title, "source": other.source}


def document_json(document: Document) -> dict[str, Any]:
    """A document with its text and blocks, so that anyone can verify a quote."""
    return {
        "doc_id": document.doc_id,
        "title": document.title,
        "source": document.source,
        "sha256": document.sha256,
        "text": document.text,
        "blocks": [
            {
                "paragraph": block.number,
                "kind": block.kind.value,
                "start": block.start,
                "end": block.end,
                "line": block.line,
                "page": block.page,
                "ocr": block.ocr or None,
                "path": list(block.path),
                "header": block.header,
                "cells": [_cell_json(cell, document.text) for cell in block.cells],
            }
            for block in document.blocks
        ],
        "omitted": [omission_json(one) for one in document.omitted],
    }


def _cell_json(cell: CellSpan, text: str) -> dict[str, Any]:
    """A cell of a row of the document's ``text``, with the name of its column as the row says it."""
    name = text[cell.begin : max(cell.begin, cell.start - 1)]
    return {"column": cell.column, "name": name, "start": cell.start, "end": cell.end}


def record_json(record: DocumentRecord, collections: Sequence[str] = ()) -> dict[str, Any]:
    """A document as listed, with the names of the collections that it is in."""
    return {
        "doc_id": record.doc_id,
        "title": record.title,
        "source": record.source,
        "collections": list(collections),
        "sha256": record.sha256,
        "characters": record.characters,
        "paragraphs": record.paragraphs,
        "passages": len(record.passages),
        "modified": record.modified or None,
        "also_in": [elsewhere_json(other) for other in record.also_in],
        "omitted": [omission_json(one) for one in record.omitted],
    }


def omission_json(omitted: Omission) -> dict[str, Any]:
    """What a document lacks of its file."""
    zh, en = Lost.said(omitted)
    places = list(dict.fromkeys(omitted.after))
    return {"kind": omitted.kind, "count": len(omitted.after), "after": places, "detail": en, "detail_zh": zh}


def report_json(report: IndexReport) -> dict[str, Any]:
    """What indexing did."""
    return {
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "duplicates": [{"source": a, "same_as": b} for a, b in report.duplicates],
        "failed": [{"source": s, "error": text(e.zh, e.en)} for s, e in report.failed],
        "unsupported": report.unsupported,
        "omitted": [{"source": source, **omission_json(one)} for source, one in report.omitted],
        "documents": report.documents,
        "passages": report.passages,
        "seconds": round(report.seconds, 3),
    }


def generation_json(record: GenerationRecord) -> dict[str, Any]:
    """A generation as listed; ``error`` is null unless it is damaged."""
    return {
        "generation": record.name,
        "in_force": record.in_force,
        "created": record.created.isoformat() if record.created else None,
        "documents": record.documents,
        "passages": record.passages,
        "bytes": record.size,
        "error": record.error.message("en") if record.error else None,
    }


def health_json(health: Health) -> dict[str, Any]:
    """What a check found."""
    return {
        "sound": health.sound,
        "generations": [
            {
                "generation": one.name,
                "in_force": one.in_force,
                "sound": one.inspection.sound,
                "problems": [problem_json(problem) for problem in one.inspection.problems],
            }
            for one in health.generations
        ],
        "problems": [problem_json(problem) for problem in health.problems],
        "notes": [problem_json(note) for note in health.notes],
    }


def compared_json(compared: ComparedAnswer) -> dict[str, Any]:
    """A saved answer, and what has become of what it cites."""
    return {
        "id": compared.answer.id,
        "question": compared.answer.question,
        "holds": compared.holds,
        "citations": [_now_json(one) for one in compared.citations],
    }


def _now_json(one: Compared) -> dict[str, Any]:
    """A saved citation; ``now`` is null if its document is gone, its ``start`` and ``end`` if the quote is."""
    saved, now = one.citation, None
    if one.document:
        now = {
            "doc_id": one.document.doc_id,
            "title": one.document.title,
            "source": one.document.source,
            "paragraph": one.paragraph,
            "start": one.quote.start if one.quote else None,
            "end": one.quote.end if one.quote else None,
            "sentence": one.text,
        }
    return {
        "n": saved.n,
        "state": one.state.value,
        "doc_id": saved.doc_id,
        "source": saved.source,
        "paragraph": saved.paragraph,
        "quote": saved.quote,
        "sentence": saved.sentence,
        "now": now,
        "difference": [list(step) for step in one.difference],
    }


def problem_json(problem: Problem) -> dict[str, Any]:
    """What is wrong with a file or document."""
    return {"place": problem.place, "problem": problem.en, "problem_zh": problem.zh}
