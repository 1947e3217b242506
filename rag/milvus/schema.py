"""How Milvus is to keep the collections: types, analyzer, BM25 function, indexes, and how wide they are searched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rag.milvus.layout import MOST_TERMS, Collection, Field, Kind
from rag.settings import DenseIndexKind

if TYPE_CHECKING:
    from rag.types import Vectors

# How thoroughly each kind of vector index is built; Milvus' own choice for the others.
_BUILD: Mapping[DenseIndexKind, Mapping[str, object]] = {
    "HNSW": {"M": 16, "efConstruction": 200},
    "HNSW_SQ": {"M": 16, "efConstruction": 200, "sq_type": "SQ8"},
    "IVF_SQ8": {"nlist": 4096},
}
# The constants of tantivy's BM25.
_BM25 = {"bm25_k1": 1.2, "bm25_b": 0.75}


def planned(
    collection: Collection, dimension: int, kind: DenseIndexKind, pymilvus: Any, *, lists: bool
) -> tuple[Any, list[tuple[str, Any]]]:
    """A collection's schema, and the indexes of its fields, each with the field's name, as ``pymilvus`` takes them.

    Vectors of text have ``dimension``, and an index of ``kind``; ``lists`` says whether lists can have an index.
    """
    schema = pymilvus.MilvusClient.create_schema(enable_dynamic_field=False)
    indexes: list[tuple[str, Any]] = []

    def index(name: str, **how: Any) -> None:
        made = pymilvus.MilvusClient.prepare_index_params()
        made.add_index(name, index_name=name, **how)
        indexes.append((name, made))

    for field in collection.fields:
        _add(schema, field, dimension, pymilvus)
        if field.kind is Kind.VECTOR:
            index(field.name, index_type=kind, metric_type="IP", params=dict(_BUILD.get(kind, {})))
        elif field.kind is Kind.NOTHING:
            index(field.name, index_type="FLAT", metric_type="IP", params={})
        elif field.kind is Kind.ANALYSED:
            index(field.weights, index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params=dict(_BM25))
        elif field.searched and (lists or field.kind is not Kind.TERMS):
            index(field.name, index_type="INVERTED")
    return schema, indexes


def how(value: Vectors | str, k: int, kind: DenseIndexKind) -> dict[str, Any]:
    """How to search for the ``k`` best by a text or a vector, in an index of ``kind``."""
    if isinstance(value, str):
        return {"metric_type": "BM25"}
    wide: Mapping[DenseIndexKind, Mapping[str, int]] = {
        "HNSW": {"ef": 2 * k},
        "HNSW_SQ": {"ef": 2 * k},
        "IVF_SQ8": {"nprobe": 64},
        "DISKANN": {"search_list": 2 * k},
    }
    return {"metric_type": "IP", "params": dict(wide.get(kind, {}))}


def _add(schema: Any, field: Field, dimension: int, pymilvus: Any) -> None:
    types = pymilvus.DataType
    more = {"is_primary": True} if field.name == "id" else {}
    match field.kind:
        case Kind.NUMBER:
            schema.add_field(field.name, types.INT64, **more)
        case Kind.TEXT:
            schema.add_field(field.name, types.VARCHAR, max_length=field.bytes, **more)
        case Kind.ANALYSED:
            jieba = {"enable_analyzer": True, "analyzer_params": {"tokenizer": "jieba"}}
            schema.add_field(field.name, types.VARCHAR, max_length=field.bytes, **jieba)
            schema.add_field(field.weights, types.SPARSE_FLOAT_VECTOR)
            schema.add_function(
                pymilvus.Function(
                    name=f"{field.name}_bm25",
                    function_type=pymilvus.FunctionType.BM25,
                    input_field_names=[field.name],
                    output_field_names=[field.weights],
                )
            )
        case Kind.TERMS:
            schema.add_field(
                field.name,
                types.ARRAY,
                element_type=types.VARCHAR,
                max_length=field.bytes,
                max_capacity=MOST_TERMS,
            )
        case Kind.NUMBERS:
            schema.add_field(field.name, types.ARRAY, element_type=types.INT32, max_capacity=MOST_TERMS)
        case Kind.VECTOR:
            schema.add_field(field.name, types.FLOAT_VECTOR, dim=dimension)
        case Kind.NOTHING:
            # A collection of Milvus must have a vector.
            schema.add_field(field.name, types.FLOAT_VECTOR, dim=2)
