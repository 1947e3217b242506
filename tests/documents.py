"""Documents that hypothesis makes, and a small model for tests in which vectors only need to differ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import strategies as st

from rag.errors import LoadError
from rag.index.generations import open_generation
from rag.index.segments import texts
from rag.index.store import Part, Store, writing
from rag.indexing.splitting import SplitSettings, split
from rag.loading import parse
from rag.types import Document, Origin, Row

if TYPE_CHECKING:
    from rag.types import Vectors

BEFORE, AFTER = "豆包的月活是6000万。", "豆包的月活是7000万。"
_PIECES = st.sampled_from(
    ["豆包", "大模型", "2024年", "GPT-4o", "3.33", "，", "。", "！”", "“", "《论语。上》", "……", "；", " ", "🎉", "ａ"]
)
_SENTENCES = st.lists(_PIECES, min_size=1, max_size=30).map("".join)
_LONG = st.integers(300, 1200).map(lambda n: "长" * n)
_LINES = st.tuples(
    st.sampled_from(["", "# ", "## ", "- ", "1. ", "   - ", "> ", "首先，", "**", "    "]), st.one_of(_SENTENCES, _LONG)
).map("".join)


def held(index: Path) -> dict[str, str]:
    """The texts of the documents that an index holds, by their files' names."""
    opened = open_generation(index)
    return {record.path.name: opened.document(record.doc_id).text for record in opened.store.records()}


def document(text: str, name: str = "a.md") -> Document:
    """A document with the given text; its format is that of ``name``."""
    return parse(text.encode(), source=name, name=Path(name))


def _document_or_none(made: tuple[str, str]) -> Document | None:
    try:
        return document(*made)
    except LoadError:
        return None


def stored(folder: Path, *documents: tuple[Document, Path]) -> Store:
    """A store of documents in this order, each from the file at its path, in ``folder``."""
    parts, ordinal = [], 0
    with texts.writing(folder / "texts") as segment:
        for document, _ in documents:
            passages = split(document, SplitSettings(), ordinal)
            segment.add(document, passages)
            sizes = len(document.text), len(document.blocks), document.omitted
            parts.append(Part(0, ordinal, len(passages), *sizes))
            ordinal += len(passages)
    with writing(folder / "list") as listed:
        for (document, path), part in zip(documents, parts, strict=True):
            origin = Origin(str(path), document.source, document.title, document.modified)
            listed.add(document.doc_id, document.sha256, (origin, *document.copies), part, document.alike)
    return Store(folder / "list", [folder / "texts"])


DOCUMENTS = (
    st.tuples(st.lists(_LINES, min_size=1, max_size=12).map("\n\n".join), st.sampled_from(["a.md", "a.txt"]))
    .map(_document_or_none)
    .filter(lambda made: made is not None)
)


class HashEncoder:
    """An encoder whose vectors depend on the text's characters alone; it counts what it has encoded."""

    def __init__(self, name: str = "hash@1", dimension: int = 16) -> None:
        self.name = name
        self.dimension = dimension
        self.passages: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def encode_rows(self, rows: Sequence[Row]) -> Vectors:
        self.passages += [row.own for row in rows]
        return self._encode([row.own for row in rows])

    def _encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for character in text:
                row[hashlib.sha256(character.encode()).digest()[0] % self.dimension] += 1
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: Vectors = rows / np.maximum(norms, np.float32(1e-9))
        return unit


@contextmanager
def using(encoder: HashEncoder) -> Iterator[None]:
    """Indexes and libraries have ``encoder`` inside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.models.load_encoder", lambda *_, **__: encoder)
        patch.setattr("rag.models.encoder_name", lambda *_: encoder.name)
        yield


def use(encoder: HashEncoder) -> None:
    """Give ``encoder`` to all indexes and libraries of this process, for good; tests have a fixture for it."""
    import rag.models

    vars(rag.models).update(load_encoder=lambda *_, **__: encoder, encoder_name=lambda *_: encoder.name)
