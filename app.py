"""The web app: a view of `rag`, with no retrieval logic of its own.

``python app.py`` serves the index in ./index on http://127.0.0.1:7860/.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.events import api as api_event

from eval.web.routes import bench_router
from rag.errors import ServeError, WenyuanError
from rag.loading import PARSERS
from rag.running import answering
from rag.settings import Settings, load_settings
from rag.uploads import Shelf
from rag.web import api, guard, serving
from rag.web.admission import Admission
from rag.web.conversation import Turn
from rag.web.desk import Desk
from rag.web.fragments import fragments
from rag.web.page import Page, View
from rag.web.tools import Tool, tools

_WEB = files("rag.web")
_FONTS = (
    "system-ui", "-apple-system", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei",
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "sans-serif",
)  # fmt: skip
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
    open_browser: bool = False,
) -> None:
    """Serve the page until Ctrl-C; port 0 takes any free one.

    ``token`` is what a visitor has to know; for other machines than this one it is made where none is given.
    Raises ServeError if the port is not to be had or the token is too weak.
    """
    with serving.listen(host, port) as listener:
        rules = guard.rules(listener.getsockname()[0], token)
        desk = Desk(index, settings)
        new_token = "" if token else rules.token
        app = guard.guarded(_app(index, settings, desk), rules)
        with answering(index, settings, desk.library):
            serving.run(app, listener, token=new_token, open_browser=open_browser, started=desk.warm_up)


def _app(index: Path, settings: Settings, desk: Desk) -> FastAPI:
    """The page, and the API beside it."""
    app = FastAPI(openapi_url=None)
    asking = Admission()
    api.mount(app, desk, Shelf(index, settings), asking, bench_router(index, settings, desk.library))
    page = Page(desk)
    app.include_router(fragments(page))
    blocks = _blocks(page, tools(desk, asking))
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        theme=_THEME,
        css="".join(_part(name) for name in ("page.css", "why.css", "bench.css")),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=True,
        show_error=False,
        max_file_size=0,
        favicon_path=str(_WEB.joinpath("favicon.png")),
    )
    if blocks.mcp_error:
        raise ServeError(f"MCP 服务启动失败：{blocks.mcp_error}", f"MCP could not be started: {blocks.mcp_error}")
    return app


def _blocks(page: Page, offered: Sequence[Tool]) -> gr.Blocks:
    """The page for Gradio, which also offers the tools over MCP."""
    first = page.opening()

    def opening() -> tuple[Any, ...]:
        return ([], *_updates(page.opening()))

    def ask(turns: list[Turn], event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        for after, view in page.ask(turns, str(getattr(event, "question", ""))):
            yield (after, *_updates(view))

    def show(event: gr.EventData) -> tuple[Any, ...]:
        return _updates(page.open(str(getattr(event, "place", ""))))

    def home() -> tuple[Any, ...]:
        view = page.opening()
        return _updates(View(None, view.notice, view.source))

    def take(turns: list[Turn], event: gr.EventData) -> str:
        return page.take(turns, *(str(getattr(event, name, "")) for name in ("format", "language", "base")))

    blocks = gr.Blocks(title="问源 Wenyuan", analytics_enabled=False, fill_width=True)
    with blocks:
        turns = gr.State([])
        header = _html(_part("header.html"), "top", js_on_load=_program("tools.js"))
        parcel = _html("", "parcel")
        with gr.Row(elem_id="desk"):
            with gr.Column(elem_id="talk"):
                conversation = _html(first.conversation, "conversation")
                notice = _html(first.notice, "notice")
                composer = _html(_part("composer.html"), "composer", js_on_load=_part("page.js"))
            with gr.Column(elem_id="side"):
                source = _html(first.source, "source")
        shelf = _part("library.html").replace("{formats}", " ".join(PARSERS))
        _html(shelf, "library", js_on_load=_program("library.js"))
        _html(_part("bench.html"), "evaluation", js_on_load=_program("bench.js"))
        parts = [conversation, notice, source]
        # Names in quotes in page.js are this component's events.
        asked = composer.ask(
            ask, turns, [turns, *parts], show_progress="hidden", concurrency_limit=4, api_visibility="private"
        )
        asked.then(None, js="() => { window.dispatchEvent(new Event('wenyuan-settled')); }")
        quick: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
        composer.place(show, None, parts, trigger_mode="always_last", **quick)
        composer.home(home, None, parts, trigger_mode="always_last", **quick)
        composer.fresh(opening, None, [turns, *parts], **quick)
        header.take(take, turns, parcel, **quick)
        loaded = blocks.load(opening, None, [turns, *parts], **quick)
        loaded.then(None, js="() => { window.dispatchEvent(new Event('wenyuan-loaded')); }")
        for tool in offered:
            api_event(tool, api_name=tool.__name__, queue=False)
    return blocks


def _html(value: str | None, elem_id: str, js_on_load: str | None = None) -> gr.HTML:
    return gr.HTML(value or "", elem_id=elem_id, js_on_load=js_on_load, apply_default_css=False)


def _part(name: str) -> str:
    return _WEB.joinpath(name).read_text("utf-8")


def _program(name: str) -> str:
    """A script that speaks to the server, with what all of these share."""
    return _part("client.js") + _part(name)


def _updates(view: View) -> tuple[Any, ...]:
    return tuple(gr.skip() if part is None else part for part in view)


if __name__ == "__main__":
    try:
        serve(Path("index"), load_settings(), token=os.environ.get("WENYUAN_TOKEN") or None)
    except WenyuanError as error:
        sys.exit(f"{error.zh}\n{error.en}")
