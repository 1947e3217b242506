"""What the whole run shares: the model is loaded and the two articles are indexed once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from documents import HashEncoder

from rag.embedding import BUNDLED, Engine, bundled, load_encoder
from rag.embedding.encoder import SentenceTransformerEncoder
from rag.loading import SourceFile, load
from rag.paths import cache_dir
from rag.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from rag.library import Library
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


@dataclass(frozen=True)
class Finished:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Finished]


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
        patch.setattr("rag.building.load_encoder", loaded)
        patch.setattr("rag.models.load_encoder", loaded)
        yield


@pytest.fixture(scope="session")
def index_dir(tmp_path_factory: pytest.TempPathFactory, shared_encoder: None) -> Path:  # noqa: ARG001
    """The two articles, indexed with the real model. Tests that write take a copy."""
    from rag.indexing import index_paths

    folder = tmp_path_factory.mktemp("library") / "index"
    index_paths([CORPUS], folder, Settings())
    return folder


@pytest.fixture(scope="session")
def library(index_dir: Path) -> Library:
    from rag.library import Library

    return Library.open(index_dir, Settings())


@pytest.fixture(scope="session")
def articles() -> dict[str, Document]:
    """Both articles by file name."""
    return {name: load(SourceFile(CORPUS / name, name)) for name in (ARTICLE, FUNNEL)}


@pytest.fixture(scope="session")
def command() -> Command:
    """Run the installed command in a process of its own."""

    def run(*arguments: str | Path, **environment: str) -> Finished:
        return _run(["from rag.cli import main; main()", *map(str, arguments)], environment)

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
    from rag.indexing import index_paths

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
    from playwright.sync_api import expect

    with browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN") as context:
        opened = context.new_page()
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        opened.goto(server)
        expect(opened.locator(".chip").first).to_be_visible(timeout=90_000)
        yield opened
        assert errors == []


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
    for place in ("rag.indexing", "rag.building"):
        monkeypatch.setattr(f"{place}.encoder_name", lambda *_: encoder.name)
    monkeypatch.setattr("rag.building.load_encoder", lambda *_, **__: encoder)
    monkeypatch.setattr("rag.models.load_encoder", lambda *_, **__: encoder)
    return encoder


@pytest.fixture
def wenyuan(
    shared_encoder: None,  # noqa: ARG001
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Command:
    """Run the command in this process, from arguments to output, with the model that is loaded already."""
    from rag.cli import main

    def run(*arguments: str | Path) -> Finished:
        monkeypatch.setattr(sys, "argv", ["wenyuan", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return Finished(code if isinstance(code, int) else 0, *capfd.readouterr())

    return run


@pytest.fixture
def index(tmp_path: Path, corpus: Path, hash_encoder: HashEncoder) -> Path:
    """An index of the folder ``corpus``, which a test module makes, with a small model that has forgotten its texts."""
    from rag.indexing import index_paths

    index_paths([corpus], tmp_path / "index", Settings())
    hash_encoder.passages.clear()
    return tmp_path / "index"
