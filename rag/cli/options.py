"""What all commands share: the options for index, settings and JSON, and how they print."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.messages import text
from rag.wire import to_json

if TYPE_CHECKING:
    from rich.console import Console

    from rag.library import Library
    from rag.settings import Settings
    from rag.web.running import Running

IndexOption = Annotated[Path, typer.Option("--index", metavar="DIR", help=text("索引文件夹", "index folder"))]
JsonOption = Annotated[bool, typer.Option("--json", help=text("输出 JSON", "print JSON"))]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help=text("设置文件（默认 wenyuan.toml）", "settings (wenyuan.toml)")),
]
AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="GENERATION", help=text("用一个旧的索引版本", "use an old generation of the index")),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="STORE", help=text("embedded（本机文件夹）或 milvus", "embedded (a folder here) or milvus")
    ),
]
UriOption = Annotated[
    str | None,
    typer.Option("--uri", metavar="URI", help=text("Milvus 的地址，如 http://主机:19530", "where Milvus is")),
]
NoServerOption = Annotated[
    bool,
    typer.Option(
        "--no-server",
        help=text("不问正在运行的 wenyuan serve，自己来", "answer here, even if wenyuan serve is running"),
    ),
]
CollectionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--collection",
        metavar="NAME",
        help=text("只看这个文件夹里的文档（可重复）", "the documents of this folder only (may be repeated)"),
    ),
]
INDEX = Path("index")


def open_library(
    index: Path, config: Path | None, at: str | None = None, store: str | None = None, uri: str | None = None
) -> Library:
    """The library in folder ``index``, or an old generation of it; or the one in Milvus."""
    from rag.library import Library

    return Library.open(index, settings(config, store, uri), at=at)


def open_asked(
    index: Path,
    config: Path | None,
    at: str | None = None,
    store: str | None = None,
    uri: str | None = None,
    *,
    reading: bool = True,
    bm25_only: bool = False,
    no_server: bool = False,
) -> Library | Running:
    """The same, to be asked at once: that of a server which is running, or opened here.

    Here, what a question, or without ``reading`` a search, needs is loaded meanwhile.
    """
    chosen = settings(config, store, uri)
    if bm25_only:
        from msgspec.structs import replace

        chosen = replace(chosen, retrieval="bm25")

    def opened() -> Library:
        from rag.models import Models
        from rag.places import open_store

        models = Models(chosen)
        if open_store(chosen, index).exists():
            models.ahead(reading=reading)
        from rag.library import Library

        return Library.open(index, chosen, at=at, models=models)

    if at is None and not no_server:
        from rag.web.running import find

        return find(index, chosen, opened) or opened()
    return opened()


def settings(config: Path | None, store: str | None = None, uri: str | None = None) -> Settings:
    """The settings in force; ``store`` and ``uri`` are stronger than file and environment."""
    from rag.settings import load_settings

    given = {"WENYUAN_STORE": store, "WENYUAN_MILVUS_URI": uri}
    return load_settings(config, os.environ | {name: value for name, value in given.items() if value is not None})


def embedded_only(config: Path | None = None) -> Settings:
    """The settings in force, for a command that needs an index folder on this machine. Raises SettingsError."""
    made = settings(config)
    made.require_embedded()
    return made


def console() -> Console:
    """Where people read."""
    from rich.console import Console

    return Console(highlight=False)


def print_json(value: Any, indent: int | None = 2) -> None:
    """Print for programs; see `rag.wire.to_json`."""
    # A name of a file may hold bytes that are not UTF-8.
    typer.echo(json.dumps(to_json(value), ensure_ascii=False, indent=indent).encode("utf-8", "replace").decode())
