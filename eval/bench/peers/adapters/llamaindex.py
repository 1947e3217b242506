"""LlamaIndex: directory reader, sentence splitter, vector store index and retrievers."""

# mypy: disable-error-code="import-not-found, misc, no-any-return"
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PACKAGES = (
    "llama-index-core",
    "llama-index-embeddings-huggingface",
    "llama-index-retrievers-bm25",
    "bm25s",
    "sentence-transformers",
    "torch",
)


def documented(documents: dict[str, str], model: str, clock: Any) -> Any:
    """The starter tutorial, with every default: 1024 tokens a chunk, 200 of overlap, in-memory vector store.

    https://developers.llamaindex.ai/python/framework/getting_started/starter_example_local/
    """
    with clock("import"):
        from llama_index.core import Settings, SimpleDirectoryReader, VectorStoreIndex
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    with clock("load"):
        Settings.embed_model = HuggingFaceEmbedding(model_name=model)
    with clock("index"):
        loaded = SimpleDirectoryReader(input_files=list(documents.values())).load_data()
        index = VectorStoreIndex.from_documents(loaded)
    names = _names(documents)

    def search(query: str, k: int) -> list[tuple[str, str, float]]:
        return _hits(index.as_retriever(similarity_top_k=k).retrieve(query), names)

    return search


def documented_bm25(documents: dict[str, str], _model: str, clock: Any) -> Any:
    """The BM25 retriever's example: 512 tokens a chunk, an English stemmer.

    https://developers.llamaindex.ai/python/framework/integrations/retrievers/bm25_retriever/
    """
    with clock("import"):
        import Stemmer
        from llama_index.core import SimpleDirectoryReader
        from llama_index.core.node_parser import SentenceSplitter
        from llama_index.retrievers.bm25 import BM25Retriever
    with clock("index"):
        loaded = SimpleDirectoryReader(input_files=list(documents.values())).load_data()
        nodes = SentenceSplitter(chunk_size=512).get_nodes_from_documents(loaded)
        retriever = BM25Retriever.from_defaults(
            nodes=nodes, similarity_top_k=len(nodes), stemmer=Stemmer.Stemmer("english"), language="english"
        )
    names = _names(documents)

    def search(query: str, k: int) -> list[tuple[str, str, float]]:
        return _hits(retriever.retrieve(query)[:k], names)

    return search


def careful(documents: dict[str, str], model: str, clock: Any) -> Any:
    """Chinese sentences, sizes in characters, the model's prefixes, BM25 over jieba's words, RRF.

    Splitter: https://developers.llamaindex.ai/python/framework-api-reference/node_parsers/sentence_splitter/
    Prefixes: https://developers.llamaindex.ai/python/framework-api-reference/embeddings/huggingface/
    Fusion: https://developers.llamaindex.ai/python/framework/integrations/retrievers/reciprocal_rerank_fusion/
    """
    with clock("import"):
        import jieba
        from llama_index.core import Settings, SimpleDirectoryReader, VectorStoreIndex
        from llama_index.core.llms import MockLLM
        from llama_index.core.node_parser import SentenceSplitter
        from llama_index.core.retrievers import BaseRetriever, QueryFusionRetriever
        from llama_index.core.schema import NodeWithScore, TextNode
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding
        from llama_index.retrievers.bm25 import BM25Retriever

    class JiebaRetriever(BaseRetriever):
        """BM25 over the words of the nodes; it finds the nodes themselves. The retriever's own terms are a pattern."""

        def __init__(self, nodes: list[Any], k: int) -> None:
            super().__init__()
            self._nodes = {node.node_id: node for node in nodes}
            words = [TextNode(id_=node.node_id, text=cut(node.get_content())) for node in nodes]
            self._bm25 = BM25Retriever(
                nodes=words, similarity_top_k=k, token_pattern=r"\S+", language=[], skip_stemming=True
            )

        def _retrieve(self, query_bundle: Any) -> list[Any]:
            found = self._bm25.retrieve(cut(query_bundle.query_str))
            return [NodeWithScore(node=self._nodes[one.node.node_id], score=one.score) for one in found]

    def cut(text: str) -> str:
        return " ".join(jieba.lcut_for_search(text))

    with clock("load"):
        Settings.embed_model = HuggingFaceEmbedding(
            model_name=model, query_instruction="query: ", text_instruction="passage: "
        )
        jieba.initialize()
    with clock("index"):
        loaded = SimpleDirectoryReader(input_files=list(documents.values())).load_data()
        for document in loaded:
            # Else every vector would hold the path of the file, and every chunk be shorter by its length.
            document.excluded_embed_metadata_keys = document.excluded_llm_metadata_keys = list(document.metadata)
        splitter = SentenceSplitter(
            chunk_size=CHUNK,
            chunk_overlap=0,
            tokenizer=list,
            paragraph_separator="\n",
            chunking_tokenizer_fn=_sentences,
            secondary_chunking_regex="[^，；、]+[，；、]?|[，；、]",
        )
        nodes = splitter.get_nodes_from_documents(loaded)
        index = VectorStoreIndex(nodes)
        depth = min(50, len(nodes))
        retriever = QueryFusionRetriever(
            [index.as_retriever(similarity_top_k=depth), JiebaRetriever(nodes, depth)],
            llm=MockLLM(),
            mode="reciprocal_rerank",
            num_queries=1,
            similarity_top_k=depth,
            use_async=False,
        )
    names = _names(documents)

    def search(query: str, k: int) -> list[tuple[str, str, float]]:
        return _hits(retriever.retrieve(query)[:k], names)

    return search


CHUNK = 150
"""Characters; chosen on the tuning questions about the two articles."""


def _sentences(text: str) -> list[str]:
    return re.findall(r"[^。！？!?\n]*[。！？!?\n]+[”’」』）]*|[^。！？!?\n]+", text)


def _names(documents: dict[str, str]) -> dict[Path, str]:
    return {Path(path).resolve(): name for name, path in documents.items()}


def _hits(found: list[Any], names: dict[Path, str]) -> list[tuple[str, str, float]]:
    return [(names[Path(one.node.metadata["file_path"]).resolve()], one.node.text, one.score) for one in found]


VARIANTS = {"documented": documented, "documented-bm25": documented_bm25, "careful": careful}
