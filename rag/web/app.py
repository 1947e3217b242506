"""The web app: a view of `rag`, with no retrieval logic of its own.

``python app.py`` serves the index in ./index on http://127.0.0.1:7860/.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from rag.errors import BusyError, WenyuanError
from rag.indexing.uploads import UploadStore
from rag.loading.formats import FORMATS
from rag.settings import Settings, load_settings
from rag.web import api, mcp_server, serving
from rag.web.evaluation.routes import bench_router
from rag.web.framework import FOLDER
from rag.web.framework import gradio as gr
from rag.web.guard import access as guard
from rag.web.guard.admission import Admission
from rag.web.guard.surface import surfaced
from rag.web.live_library import LiveLibrary
from rag.web.page.fragments import fragments
from rag.web.page.markup import both
from rag.web.page.steps import Page, View
from rag.web.running import answering
from rag.web.tools import tools

_WEB = files("rag.web").joinpath("static")
_FONTS = (
    "system-ui", "-apple-system", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei",
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "sans-serif",
)  # fmt: skip
_STYLES = (
    "page.css",
    "conversations.css",
    "why.css",
    "bench.css",
    "confirm.css",
    "choice.css",
    "reading.css",
    "originals.css",
)
# What one does with answers, a program of the header; the first of them is what the others share.
_TOOLS = ("tools.js", "confirm.js", "keyboard.js", "spoken.js", "preview.js", "onward.js", "contents.js")
# Seconds that the models wait for the first page, which a browser opens at once: it has the processors for itself.
_FIRST_PAGE = 3.0
# What the page says with a question.
_ASKED = ("conversation", "question", "only", "beside")
# What the page loads before its own style: the same colours, so that nothing flashes.
_THEME = gr.themes.Base(font=_FONTS, font_mono=("ui-monospace", "monospace")).set(
    body_background_fill="#f6f5f1",
    body_background_fill_dark="#15181c",
    body_text_color="#20242a",
    body_text_color_dark="#e7e5df",
)


def serve(
    index: Path,
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    token: str | None = None,
    name: str = "",
    open_browser: bool = False,
) -> None:
    """Serve the page until Ctrl-C; port 0 takes any free one.

    ``token`` is what a visitor has to know; for other machines than this one it is made where none is given. ``name``
    is what others call it by, through a proxy on this machine. Raises ServeError if the port is not to be had, the
    token is too weak or the name is none.
    """
    with serving.listen(host, port) as listener:
        rules = guard.rules(listener.getsockname()[0], token, name)
        live = LiveLibrary(index, settings)
        new_token = "" if token else rules.token
        app = guard.guarded(surfaced(served(index, settings, live)), rules)
        warming = threading.Timer(_FIRST_PAGE, live.warm_up)
        warming.daemon = True
        with answering(index, settings, live.library):
            serving.run(
                app, listener, token=new_token, open_browser=open_browser, started=warming.start, ended=FOLDER.cleanup
            )


def served(index: Path, settings: Settings, live: LiveLibrary) -> FastAPI:
    """The page, and the API and the tools beside it: more than may be reached, see `rag.web.guard.surface`."""
    app = FastAPI(openapi_url=None)
    asking = Admission()
    upload_store = UploadStore(index, settings, models=live.models)
    api.mount(app, live, upload_store, asking, bench_router(index, settings, live.library))
    page = Page(live)
    app.include_router(fragments(page, asking))
    mcp_server.mount(app, tools(live, asking))
    blocks = _blocks(page, asking)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        theme=_THEME,
        css="".join(map(_part, _STYLES)),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        pwa=False,
        show_error=False,
        max_file_size=0,
        favicon_path=str(_WEB.joinpath("favicon.png")),
    )
    return app


_LOADED = """() => {
  document.documentElement.dataset.served = "";
  window.dispatchEvent(new Event("wenyuan-loaded"));
}"""


def _blocks(page: Page, asking: Admission) -> gr.Blocks:
    """The page for Gradio. Its questions wait with all others in ``asking``."""
    first = page.opening()

    async def ask(event: gr.EventData) -> AsyncIterator[tuple[Any, ...]]:
        conversation, question, *beside = (_said(event, name) for name in _ASKED)
        if (seconds := round(asking.wait)) > 1:
            yield _updates(await asyncio.to_thread(page.waiting, conversation, question, seconds))
        try:
            async for view in asking.steps(page.ask(conversation, question, *beside)):
                yield _updates(view)
        except BusyError as error:
            yield _updates(page.refused(error))

    def show(event: gr.EventData) -> tuple[Any, ...]:
        number, place = _said(event, "question"), _said(event, "place")
        view = page.conversation(_said(event, "conversation"), int(number) if number.isdecimal() else 0, place)
        return _updates(view if _said(event, "anew") else view._replace(conversation=None))

    def opening() -> tuple[Any, ...]:
        updates = _updates(page.opening())
        page.arrived()
        return updates

    blocks = gr.Blocks(title="问源 Wenyuan", analytics_enabled=False, fill_width=True)
    with blocks:
        _html(
            _part("header.html"),
            "top",
            js_on_load=_program("addresses.js", *_TOOLS),
        )
        with gr.Row(elem_id="desk"):
            _html(_part("conversations.html"), "conversations", js_on_load=_program("conversations.js"))
            with gr.Column(elem_id="talk"):
                conversation = _html(first.conversation, "conversation")
                notice = _html(first.notice, "notice")
                composer = _html(
                    _part("composer.html"),
                    "composer",
                    js_on_load=_program("addresses.js", "choice.js", "at.js", "page.js"),
                )
            _html(_part("split.html"), "split", js_on_load=_program("split.js"))
            with gr.Column(elem_id="side"):
                source = _html(first.source, "source")
                _html(
                    _part("find.html"),
                    "find",
                    js_on_load=_program("addresses.js", "find.js", "facsimile.js", "tables.js"),
                )
        zh, en = zip(*(one.name for one in FORMATS), strict=True)
        library = _part("library.html").replace("{formats}", both("、".join(zh), ", ".join(en)))
        _html(library, "library", js_on_load=_program("library.js", "collecting.js", "replacing.js", "searching.js"))
        _html(_part("clippings.html"), "aside", js_on_load=_program("addresses.js", "clippings.js"))
        _html(_part("bench.html"), "evaluation", js_on_load=_program("bench.js"))
        parts = [conversation, notice, source]
        # Names in quotes in page.js are this component's events.
        asked = composer.ask(ask, None, parts, show_progress="hidden", concurrency_limit=None, api_visibility="private")
        asked.then(None, js="() => { window.dispatchEvent(new Event('wenyuan-settled')); }")
        quick: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
        shown = composer.show(show, None, parts, trigger_mode="multiple", **quick)
        shown.then(None, js="() => { window.dispatchEvent(new Event('wenyuan-shown')); }")
        loaded = blocks.load(opening, None, parts, **quick)
        loaded.then(None, js=_LOADED)
    # No event goes round the queue. `queue` would say so, and make all of the framework's routes once more.
    blocks.api_open = False
    # Nothing of ours is in the framework's sessions, yet it keeps a copy of the page for each.
    blocks.state_session_capacity = 200
    return blocks


def _html(value: str | None, elem_id: str, js_on_load: str | None = None) -> gr.HTML:
    return gr.HTML(value or "", elem_id=elem_id, js_on_load=js_on_load, apply_default_css=False)


def _part(name: str) -> str:
    return _WEB.joinpath(name).read_text("utf-8")


def _program(*names: str) -> str:
    """Scripts that run as one, with what all of these share."""
    return "".join(map(_part, ("client.js", *names)))


def _said(event: gr.EventData, name: str) -> str:
    """What the page sent under ``name``; "" for nothing."""
    return str(getattr(event, name, ""))


def _updates(view: View) -> tuple[Any, ...]:
    return tuple(gr.skip() if part is None else part for part in view)


def main() -> None:
    """What ``python app.py`` does."""
    try:
        serve(Path("index"), load_settings(), token=os.environ.get("WENYUAN_TOKEN") or None)
    except WenyuanError as error:
        sys.exit(f"{error.zh}\n{error.en}")
