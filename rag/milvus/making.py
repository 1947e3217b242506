"""Files to documents that are ready to be written: parsed, split, cut into terms, embedded as far as they are new."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import LoadError, WenyuanError
from rag.index.dense import row_count, rows_of
from rag.indexing.pipeline import Pipeline
from rag.indexing.splitting import split
from rag.loading import SourceFile, parse, read
from rag.milvus.changes import Wanted
from rag.milvus.expressions import any_of
from rag.milvus.generation import MilvusGeneration
from rag.milvus.layout import number_of
from rag.milvus.rows import Made, check_size
from rag.types import Document, Omission, Passage, Row

if TYPE_CHECKING:
    from rag.types import Vectors


@dataclass(frozen=True, slots=True)
class Draft:
    """A document before it is embedded, and its rows."""

    document: Document
    path: Path
    passages: Sequence[Passage]
    rows: Sequence[Row]


class Maker:
    """Makes documents over a library that holds others; ``failed`` are the files that can't be read.

    ``replaced`` are the sources of those documents made that took another's place. What is worth telling of files is
    added to ``notices``.
    """

    def __init__(self, generation: MilvusGeneration, pipeline: Pipeline, notices: list[WenyuanError]) -> None:
        self.failed: list[tuple[SourceFile, LoadError]] = []
        self.replaced: set[str] = set()
        self._generation = generation
        self._pipeline = pipeline
        self._notices = notices
        self.omitted: list[tuple[str, Omission]] = []

    def drafts(self, wanted: Sequence[Wanted], rows: int) -> Iterator[list[Draft]]:
        """Documents read and split, in groups of at least so many ``rows``."""
        group: list[Draft] = []
        for one in wanted:
            try:
                draft = self._draft(one)
                check_size(draft.path, draft.passages)
                group.append(draft)
            except LoadError as error:
                self.failed.append((one.first.file, error))
            if sum(len(draft.rows) for draft in group) >= rows:
                yield group
                group = []
        if group:
            yield group

    def finished(self, drafts: Sequence[Draft]) -> list[Made]:
        """The documents with terms and vectors; what their former versions had is not embedded again."""
        held = self._held(drafts)
        missing = list(dict.fromkeys(row for draft in drafts for row in draft.rows if row not in held))
        if missing:
            encoder = self._pipeline.models.encoder.get()
            held |= dict(zip(missing, encoder.encode_rows(missing), strict=True))
        return [self._made(draft, held) for draft in drafts]

    def _draft(self, wanted: Wanted) -> Draft:
        file = wanted.first.file
        data, modified = read(file)
        if hashlib.sha256(data).hexdigest() != wanted.sha256:
            raise LoadError(
                f"{file.path} 在读取时变了。请重新运行。",
                f"{file.path} changed while it was being read. Run this again.",
            )
        document = parse(data, source=file.source, name=file.path, notices=self._notices)
        document = replace(document, modified=modified, copies=wanted.copies)
        self.omitted += [(file.source, one) for one in document.omitted]
        passages = split(document, self._pipeline.settings.split, number_of(document.doc_id))
        rows = [row for passage in passages for row in rows_of(passage, document.text)]
        return Draft(document, file.place, passages, rows)

    def _held(self, drafts: Sequence[Draft]) -> dict[Row, Vectors]:
        """The vectors by row, of the documents that stand where ``drafts`` are to stand."""
        generation = self._generation.about()
        paths = {str(draft.path): draft for draft in drafts}
        held: dict[Row, Vectors] = {}
        for row in self._generation.rows(any_of("path", list(paths))):
            if row["doc_id"] != paths[row["path"]].document.doc_id:
                self.replaced.add(paths[row["path"]].document.source)
            document = generation.store.document(row["doc_id"])
            if document is None:
                continue
            passages = generation.store.passages_between(range(row["id"], row["id"] + row["passages"]))
            generation.dense.read([passage.ordinal for passage in passages])
            for passage in passages:
                vectors = generation.dense.vectors(passage.ordinal)
                if len(vectors) == row_count(passage):
                    held |= dict(zip(rows_of(passage, document.text), vectors, strict=True))
        return held

    def _made(self, draft: Draft, vectors: dict[Row, Vectors]) -> Made:
        cutting, text = self._pipeline.cutting, draft.document.text
        cut = [
            (cutting(text[passage.start : passage.end]).terms(), cutting(passage.context).terms())
            for passage in draft.passages
        ]
        # In half precision, as an index folder keeps them, so that both give the same scores.
        rows = [
            np.array([vectors[one] for one in rows_of(p, text)], np.float16).astype(np.float32) for p in draft.passages
        ]
        return Made(draft.document, draft.path, draft.passages, cut, rows)
