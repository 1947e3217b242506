"""A document as rows of Milvus' collections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from rag.errors import LoadError
from rag.index.dense import row_count
from rag.milvus.client import Row
from rag.milvus.layout import MOST_BYTES, MOST_TERM_BYTES, MOST_TERMS, ROWS, State, number_of, pieces
from rag.text.normalization import normalise
from rag.types import Document, Origin, Passage

if TYPE_CHECKING:
    from rag.types import Vectors

NOTHING = [1.0, 0.0]
"""The vector of a row that has none."""


@dataclass(frozen=True, slots=True)
class Made:
    """A document with all that is written of it: by passage its terms, those of its context, and its vectors."""

    document: Document
    path: Path
    passages: Sequence[Passage]
    terms: Sequence[tuple[list[str], list[str]]]
    vectors: Sequence[Vectors]


def document_row(made: Made, made_by: str) -> Row:
    """The row of a document of which nothing else is there yet; ``made_by`` is what made it."""
    document = made.document
    return {
        "id": number_of(document.doc_id),
        "state": State.WRITING,
        "doc_id": document.doc_id,
        "sha256": document.sha256,
        "title": fitting(document.title),
        "source": document.source,
        "path": str(made.path),
        "modified": document.modified,
        "copies": copies_text(document.copies),
        "characters": len(document.text),
        "paragraphs": len(document.blocks),
        "passages": len(made.passages),
        "sentences": sum(map(len, made.vectors)) - len(made.passages),
        "parts": sum(1 for _ in part_rows(made)),
        "terms": sum(len(body) for body, _ in made.terms),
        "context_terms": sum(len(context) for _, context in made.terms),
        "made_by": made_by,
        "nothing": NOTHING,
    }


def passage_rows(made: Made) -> Iterator[Row]:
    """The rows of a document's passages."""
    for passage, (body, context), vectors in zip(made.passages, made.terms, made.vectors, strict=True):
        yield {
            "id": passage.ordinal,
            "start": passage.start,
            "stop": passage.end,
            "paragraph": passage.paragraph,
            "context": fitting(passage.context),
            "sentences": [position for span in passage.sentences for position in span],
            "words": _words(made.document.text[passage.start : passage.end], body),
            "context_words": _words(passage.context, context),
            **_counted("terms", "counts", body),
            **_counted("context_terms", "context_counts", context),
            "vector": vectors[0].tolist(),
        }


def sentence_rows(made: Made) -> Iterator[Row]:
    """The rows of the sentences of those passages that have several."""
    number = number_of(made.document.doc_id)
    for passage, vectors in zip(made.passages, made.vectors, strict=True):
        for place, vector in enumerate(vectors[1:]):
            yield {"id": number, "passage": passage.ordinal, "place": place, "vector": vector.tolist()}
            number += 1


def part_rows(made: Made) -> Iterator[Row]:
    """The rows of a document's text and blocks, and what it lacks."""
    content = msgspec.json.encode((made.document.text, made.document.blocks, made.document.omitted)).decode()
    for number, piece in enumerate(pieces(content), start=number_of(made.document.doc_id)):
        yield {"id": number, "text": piece, "nothing": NOTHING}


def copies_text(copies: Sequence[Origin]) -> str:
    """The other files of a document, as its row has them: as many as fit; the next run looks at the others again."""
    kept = list(copies)
    while len(text := msgspec.json.encode(kept)) > MOST_BYTES:
        kept = kept[: len(kept) * MOST_BYTES // len(text)]
    return text.decode()


def fitting(text: str) -> str:
    """``text``, or as much of it as a string in Milvus holds."""
    return next(pieces(text), "")


def _words(text: str, terms: Iterable[str]) -> str:
    """What Milvus' analyzer is given: the normalised text, and the terms that stand for other writings in it."""
    folded = normalise(text).text
    return fitting(" ".join([folded, *(term for term in dict.fromkeys(terms) if term not in folded)]))


def _counted(terms_field: str, counts_field: str, terms: Iterable[str]) -> Row:
    counts: dict[str, int] = {}
    for term in terms:
        if len(term.encode()) <= MOST_TERM_BYTES and (term in counts or len(counts) < MOST_TERMS):
            counts[term] = counts.get(term, 0) + 1
    return {terms_field: list(counts), counts_field: list(counts.values())}


def check_size(path: Path, passages: Sequence[Passage]) -> None:
    """Raise LoadError for a document that has more passages or sentences than it has numbers."""
    most = sum(max(1, row_count(passage) - 1) for passage in passages)
    if most > ROWS:
        raise LoadError(
            f"{path} 太长：有 {most:,} 个段落单元或句子，Milvus 里的一篇文档最多 {ROWS:,} 个。请拆成几个文件。",
            f"{path} is too long: {most:,} passages or sentences; a document in Milvus has {ROWS:,} at most. "
            "Divide it up.",
        )
