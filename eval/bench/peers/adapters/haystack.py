"""Haystack: an indexing pipeline into the in-memory document store, and its retrievers."""

# mypy: disable-error-code="import-not-found"
from __future__ import annotations

from typing import Any

PACKAGES = ("haystack-ai", "sentence-transformers-haystack", "sentence-transformers", "torch")


def documented(documents: dict[str, str], model: str, clock: Any) -> Any:
    """The tutorial: clean, split into 150 words with 50 of overlap, embed, write. A word ends at a space.

    https://haystack.deepset.ai/tutorials/30_file_type_preprocessing_index_pipeline
    """
    with clock("import"):
        from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
            SentenceTransformersTextEmbedder,
        )

        _import_pipeline()
    with clock("load"):
        embedder = SentenceTransformersDocumentEmbedder(model=model, progress_bar=False)
        asker = SentenceTransformersTextEmbedder(model=model, progress_bar=False)
        embedder.warm_up()
        asker.warm_up()
    with clock("index"):
        store = InMemoryDocumentStore()
        _index(documents, store, _tutorial_splitter(), embedder)
        retriever = InMemoryEmbeddingRetriever(store)

    def search(query: str, k: int) -> list[tuple[str, str, float]]:
        vector = asker.run(text=query)["embedding"]
        return _hits(retriever.run(query_embedding=vector, top_k=k)["documents"])

    return search


def documented_bm25(documents: dict[str, str], _model: str, clock: Any) -> Any:
    """The tutorial's chunks in the BM25 retriever, whose default terms are single Chinese characters.

    https://docs.haystack.deepset.ai/docs/inmemorybm25retriever
    """
    with clock("import"):
        from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        _import_pipeline()
    with clock("index"):
        store = InMemoryDocumentStore()
        _index(documents, store, _tutorial_splitter())
        retriever = InMemoryBM25Retriever(store)

    def search(query: str, k: int) -> list[tuple[str, str, float]]:
        return _hits(retriever.run(query=query, top_k=k)["documents"])

    return search


def careful(documents: dict[str, str], model: str, clock: Any) -> Any:
    """Chinese punctuation as separators, the model's prefixes, BM25 over jieba's words, reciprocal rank fusion.

    Splitter: https://docs.haystack.deepset.ai/docs/recursivesplitter
    Prefixes: https://docs.haystack.deepset.ai/docs/sentencetransformersdocumentembedder
    Fusion: https://docs.haystack.deepset.ai/docs/documentjoiner
    """
    with clock("import"):
        import jieba
        from haystack import Document
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.preprocessors import RecursiveDocumentSplitter
        from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
            SentenceTransformersTextEmbedder,
        )

        _import_pipeline()

    def cut(text: str) -> str:
        return " ".join(jieba.lcut_for_search(text))

    with clock("load"):
        embedder = SentenceTransformersDocumentEmbedder(model=model, prefix="passage: ", progress_bar=False)
        asker = SentenceTransformersTextEmbedder(model=model, prefix="query: ", progress_bar=False)
        embedder.warm_up()
        asker.warm_up()
        jieba.initialize()
    with clock("index"):
        store = InMemoryDocumentStore()
        splitter = RecursiveDocumentSplitter(
            split_length=CHUNK,
            split_overlap=0,
            split_unit="char",
            separators=["\n\n", "\n", "。", "！", "？", "；", "，"],
        )
        _index(documents, store, splitter, embedder)
        chunks = {one.id: one for one in store.filter_documents()}
        # Terms are found by a pattern; a store of words separated by spaces stands beside that of the texts.
        words = InMemoryDocumentStore(bm25_tokenization_regex=r"\S+")
        words.write_documents([Document(id=one.id, content=cut(one.content)) for one in chunks.values()])
        dense, sparse = InMemoryEmbeddingRetriever(store), InMemoryBM25Retriever(words)
        joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion")

    def search(query: str, k: int) -> list[tuple[str, str, float]]:
        vector = asker.run(text=query)["embedding"]
        lists = [
            dense.run(query_embedding=vector, top_k=k)["documents"],
            sparse.run(query=cut(query), top_k=k)["documents"],
        ]
        found = joiner.run(documents=lists, top_k=k)["documents"]
        return [(chunks[one.id].meta["name"], chunks[one.id].content, one.score) for one in found]

    return search


CHUNK = 150
"""Characters; chosen on the tuning questions about the two articles."""


def _import_pipeline() -> None:
    import haystack.components.converters
    import haystack.components.preprocessors
    import haystack.components.writers  # noqa: F401


def _tutorial_splitter() -> Any:
    from haystack.components.preprocessors import DocumentSplitter

    return DocumentSplitter(split_by="word", split_length=150, split_overlap=50)


def _index(documents: dict[str, str], store: Any, splitter: Any, embedder: Any = None) -> None:
    """The tutorial's pipeline, without the converters of other formats."""
    from haystack import Pipeline
    from haystack.components.converters import TextFileToDocument
    from haystack.components.preprocessors import DocumentCleaner
    from haystack.components.writers import DocumentWriter

    # The cleaner folds white space; line breaks are where the recursive splitter cuts first.
    cleaner = DocumentCleaner() if type(splitter).__name__ == "DocumentSplitter" else None
    steps = {"converter": TextFileToDocument(), "cleaner": cleaner, "splitter": splitter, "embedder": embedder}
    pipeline, last = Pipeline(), ""
    for name, step in {**steps, "writer": DocumentWriter(store)}.items():
        if step is None:
            continue
        pipeline.add_component(name, step)
        if last:
            pipeline.connect(last, name)
        last = name
    names = [{"name": name} for name in documents]
    pipeline.run({"converter": {"sources": list(documents.values()), "meta": names}})


def _hits(found: list[Any]) -> list[tuple[str, str, float]]:
    return [(one.meta["name"], one.content, one.score) for one in found]


VARIANTS = {"documented": documented, "documented-bm25": documented_bm25, "careful": careful}
