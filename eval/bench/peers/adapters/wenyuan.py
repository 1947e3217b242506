"""Wenyuan itself, by its public `Library`, its index in a temporary folder on disk."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Literal

PACKAGES = ("wenyuan", "torch", "sentence-transformers", "tantivy", "faiss-cpu")


def build(
    documents: dict[str, str], _model: str, clock: Any, *, retrieval: Literal["hybrid", "dense", "bm25"] = "hybrid"
) -> Any:
    """The settings as shipped, except for ``retrieval``. Its own unpacked model is the folder that the peers get."""
    with clock("import"):
        from rag.embedding import load_encoder
        from rag.library import Library
        from rag.settings import Settings
    settings = Settings(retrieval=retrieval)
    with clock("load"):
        # It is kept for indexing and asking, as a peer's script has it, so that loading is not counted as indexing.
        load_encoder(settings.model, device=settings.device)
    index = tempfile.mkdtemp(prefix="wenyuan-")
    atexit.register(shutil.rmtree, index, ignore_errors=True)
    with clock("index"):
        Library.index([Path(path) for path in documents.values()], index, settings)
        library = Library.open(index, settings)
    names = {Path(path).resolve(): name for name, path in documents.items()}
    ids = {record.doc_id: names[record.path] for record in library.documents()}

    def search(query: str, k: int) -> list[tuple[str, str, float]]:
        return [(ids[hit.passage.doc_id], hit.text, hit.score) for hit in library.search(query, k)]

    return search


VARIANTS = {
    "shipped": build,
    "bm25": partial(build, retrieval="bm25"),
    "dense": partial(build, retrieval="dense"),
}
