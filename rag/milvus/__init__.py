"""Documents and their index in Milvus, for what one machine can't hold; see rag/milvus/deploy/README.md.

The same passages, scores and citations as those of an index folder: Milvus proposes candidates (vectors, and BM25 over
jieba's words), and what is proposed is scored by exactly the same formulas.
"""
