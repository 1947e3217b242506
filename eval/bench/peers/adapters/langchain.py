"""LangChain: a text splitter, the in-memory vector store and retrievers."""

# mypy: disable-error-code="import-not-found"
from __future__ import annotations

from pathlib import Path
from typing import Any

PACKAGES = (
    "langchain",
    "langchain-core",
    "langchain-community",
    "langchain-classic",
    "langchain-huggingface",
    "langchain-text-splitters",
    "sentence-transformers",
    "torch",
)


def documented(documents: dict[str, str], model: str, clock: Any) -> Any:
    """The tutorial: recursive splitter of 1000 characters with 200 of overlap, in-memory vector store.

    https://docs.langchain.com/oss/python/langchain/knowledge-base
    """
    with clock("import"):
        from langchain_core.vectorstores import InMemoryVectorStore
        from langchain_huggingface import HuggingFaceEmbeddings
        from langchain_text_splitters import RecursiveCharacterTextSplitter
    with clock("load"):
        embeddings = HuggingFaceEmbeddings(model_name=model)
    with clock("index"):
        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
        store = InMemoryVectorStore(embeddings)
        store.add_documents(splitter.split_documents(_load(documents)))

    def search(query: str, k: int) -> list[tuple[str, str, float]]:
        return [
            (found.metadata["source"], found.page_content, score)
            for found, score in store.similarity_search_with_score(query, k=k)
        ]

    return search


def documented_bm25(documents: dict[str, str], _model: str, clock: Any) -> Any:
    """The tutorial's chunks in the BM25 retriever, whose default terms are what stands between white space.

    https://docs.langchain.com/oss/python/integrations/retrievers/bm25
    """
    with clock("import"):
        from langchain_community.retrievers import BM25Retriever
        from langchain_text_splitters import RecursiveCharacterTextSplitter
    with clock("index"):
        splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
        retriever = BM25Retriever.from_documents(splitter.split_documents(_load(documents)))

    def search(query: str, k: int) -> list[tuple[str, str, float]]:
        retriever.k = k
        return _ranked(retriever.invoke(query))

    return search


def careful(documents: dict[str, str], model: str, clock: Any) -> Any:
    """Chinese punctuation as separators, the model's prefixes, BM25 over jieba's words, reciprocal rank fusion.

    Separators: https://docs.langchain.com/oss/python/integrations/splitters/recursive_text_splitter
    Hybrid: https://reference.langchain.com/python/langchain-classic/retrievers/ensemble/EnsembleRetriever
    """
    with clock("import"):
        import jieba
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
        from langchain_core.vectorstores import InMemoryVectorStore
        from langchain_huggingface import HuggingFaceEmbeddings
        from langchain_text_splitters import RecursiveCharacterTextSplitter

    def words(text: str) -> list[str]:
        return [word for word in jieba.lcut_for_search(text.lower()) if word.strip()]

    with clock("load"):
        embeddings = HuggingFaceEmbeddings(
            model_name=model,
            encode_kwargs={"prompt": "passage: ", "normalize_embeddings": True},
            query_encode_kwargs={"prompt": "query: ", "normalize_embeddings": True},
        )
        jieba.initialize()
    with clock("index"):
        splitter = RecursiveCharacterTextSplitter(
            separators=["\n\n", "\n", "。", "！", "？", "；", "，", ""],
            keep_separator="end",
            chunk_size=CHUNK,
            chunk_overlap=0,
            add_start_index=True,
        )
        chunks = splitter.split_documents(_load(documents))
        store = InMemoryVectorStore(embeddings)
        store.add_documents(chunks)
        sparse = BM25Retriever.from_documents(chunks, preprocess_func=words)

    def search(query: str, k: int) -> list[tuple[str, str, float]]:
        sparse.k = k
        dense = store.as_retriever(search_kwargs={"k": k})
        return _ranked(EnsembleRetriever(retrievers=[dense, sparse], weights=[0.5, 0.5]).invoke(query)[:k])

    return search


CHUNK = 150
"""Characters; chosen on the tuning questions about the two articles."""


def _load(documents: dict[str, str]) -> list[Any]:
    """The tutorial's documents, https://docs.langchain.com/oss/python/langchain/knowledge-base#1-documents ."""
    from langchain_core.documents import Document

    return [
        Document(page_content=Path(path).read_text("utf-8"), metadata={"source": name})
        for name, path in documents.items()
    ]


def _ranked(found: list[Any]) -> list[tuple[str, str, float]]:
    # These retrievers give no scores.
    return [(one.metadata["source"], one.page_content, -float(rank)) for rank, one in enumerate(found)]


VARIANTS = {"documented": documented, "documented-bm25": documented_bm25, "careful": careful}
