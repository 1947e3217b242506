"""Requests made up from the API's own description: none breaks the server, and every response is as described."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from documents import HashEncoder
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from rag.indexing.update import index_paths
from rag.indexing.uploads import UploadStore
from rag.settings import Settings
from rag.web import api
from rag.web.endpoints import Services
from rag.web.guard.admission import Admission
from rag.web.live_library import LiveLibrary
from rag.web.problems import HANDLERS

PLAIN = Settings(retrieval="bm25")
NOWHERE = Path("nowhere")
API = api.create_api(LiveLibrary(NOWHERE, PLAIN), UploadStore(NOWHERE, PLAIN))
SERVED = FastAPI(openapi_url=None, exception_handlers=HANDLERS)
SERVED.mount(api.PREFIX, API)
DESCRIBED = schemathesis.openapi.from_asgi(f"{api.PREFIX}/openapi.json", SERVED)

# What JSON schema can't say: that a question must hold a word, and that a file may hold any bytes.
UNSAYABLE: dict[str, list[Any]] = {
    "/ask": [positive_data_acceptance],
    "/search": [positive_data_acceptance],
    "/documents": [negative_data_rejection],
}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The API is over two small documents, asked without a model."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "a.md").write_text("# 豆包\n\n豆包的月活跃用户近6000万。\n", "utf-8")
    (folder / "b.txt").write_text("文心的日均调用量达15亿次。\n", "utf-8")
    encoder = HashEncoder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.models.encoder_name", lambda *_: encoder.name)
        patch.setattr("rag.models.load_encoder", lambda *_, **__: encoder)
        index_paths([folder / "a.md", folder / "b.txt"], folder / "index", PLAIN)
        live, upload_store = LiveLibrary(folder / "index", PLAIN), UploadStore(folder / "index", PLAIN)
        patch.setattr(API.state, "services", Services(live, upload_store, Admission()))
        yield


@DESCRIBED.parametrize()
@settings(max_examples=20, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@pytest.mark.usefixtures("documents")
def test_a_made_up_request_gets_a_described_response(case: Case[Any]) -> None:
    case.call_and_validate(excluded_checks=UNSAYABLE.get(case.path, []))
