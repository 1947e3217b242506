"""txtai: Textractor's segments in an embeddings database, dense, by keyword or both."""

# mypy: disable-error-code="import-not-found"
from __future__ import annotations

from typing import Any

PACKAGES = ("txtai", "transformers", "torch", "faiss-cpu")


def documented(documents: dict[str, str], model: str, clock: Any) -> Any:
    """The quick start: sections, dense. A plain text without form feeds or runs of three line breaks is one section.

    https://github.com/neuml/txtai/blob/master/examples/rag_quickstart.py
    """
    return _build(documents, clock, {"sections": True}, {"path": model})


def documented_hybrid(documents: dict[str, str], model: str, clock: Any) -> Any:
    """Paragraphs, and keyword search besides: what its documentation offers next.

    https://github.com/neuml/txtai/blob/master/examples/10_Extract_text_from_documents.ipynb
    https://neuml.github.io/txtai/embeddings/configuration/general/#hybrid
    """
    return _build(documents, clock, {"paragraphs": True}, {"path": model, "hybrid": True})


def documented_bm25(documents: dict[str, str], _model: str, clock: Any) -> Any:
    """Paragraphs, keyword search alone. Terms follow Unicode's word boundaries: single Chinese characters.

    https://neuml.github.io/txtai/embeddings/configuration/general/#keyword
    """
    return _build(documents, clock, {"paragraphs": True}, {"keyword": True})


def careful(documents: dict[str, str], model: str, clock: Any) -> Any:
    """Chinese sentences by its chunker, the model's prefixes, BM25 over characters and their pairs, RRF.

    Terms can't be given by a function; n-grams are the setting that suits Chinese. Scores that are not normalised are
    fused by rank.
    https://neuml.github.io/txtai/pipeline/data/segmentation/
    https://neuml.github.io/txtai/embeddings/configuration/scoring/
    https://neuml.github.io/txtai/embeddings/configuration/vectors/#instructions
    """
    segments = {
        "chunker": "sentence",
        "tokenizer": "character",
        "chunk_size": CHUNK,
        "chunk_overlap": 0,
        "min_sentences_per_chunk": 1,
        "min_characters_per_sentence": 1,
        "delim": ["。", "！", "？", "\n"],
    }
    scoring = {"method": "bm25", "terms": True, "tokenizer": {"ngrams": {"nmin": 1, "nmax": 2}}}
    instructions = {"query": "query: ", "data": "passage: "}
    return _build(documents, clock, segments, {"path": model, "scoring": scoring, "instructions": instructions})


CHUNK = 150
"""Characters; chosen on the tuning questions about the two articles."""


def _build(documents: dict[str, str], clock: Any, segments: dict[str, Any], settings: dict[str, Any]) -> Any:
    with clock("import"):
        from txtai import Embeddings
        from txtai.pipeline import Textractor
    with clock("load"):
        textractor = Textractor(**segments)
        embeddings = Embeddings(content=True, **settings)
    with clock("index"):
        chunks = [(name, text) for name, path in documents.items() for text in textractor(path)]
        embeddings.index([(number, text, None) for number, (_, text) in enumerate(chunks)])

    def search(query: str, k: int) -> list[tuple[str, str, float]]:
        return [(*chunks[int(hit["id"])], hit["score"]) for hit in embeddings.search(query, k)]

    return search


VARIANTS = {
    "documented": documented,
    "documented-hybrid": documented_hybrid,
    "documented-bm25": documented_bm25,
    "careful": careful,
}
