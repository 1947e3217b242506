"""What all commands share: the options for index, settings and JSON, and how they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.messages import text

if TYPE_CHECKING:
    from rich.console import Console

    from rag.library import Library
    from rag.settings import Settings

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
INDEX = Path("index")


def open_library(index: Path, config: Path | None, at: str | None = None) -> Library:
    """The library in folder ``index``, or an old generation of it."""
    from rag.library import Library

    return Library.open(index, settings(config), at=at)


def open_asked(
    index: Path, config: Path | None, at: str | None = None, *, reading: bool = True, bm25_only: bool = False
) -> Library:
    """The same, to be asked at once: what a question, or without ``reading`` a search, needs is loaded meanwhile."""
    from rag.models import Models
    from rag.switching import name_in_force

    chosen = settings(config)
    if bm25_only:
        from msgspec.structs import replace

        chosen = replace(chosen, retrieval="bm25")
    models = Models(chosen)
    if name_in_force(index):
        models.ahead(reading=reading)
    from rag.library import Library

    return Library.open(index, chosen, at=at, models=models)


def settings(config: Path | None) -> Settings:
    """The settings in force."""
    from rag.settings import load_settings

    return load_settings(config)


def console() -> Console:
    """Where people read."""
    from rich.console import Console

    return Console(highlight=False)


def print_json(value: Any, indent: int | None = 2) -> None:
    """Print for programs."""
    # A name of a file may hold bytes that are not UTF-8.
    typer.echo(json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8", "replace").decode())
