"""The command line: parses, calls, prints. Everything else is imported when a command runs."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from rag.cli.ask import ask, search
from rag.cli.eval import eval_app
from rag.cli.options import (
    INDEX,
    AtOption,
    CollectionOption,
    ConfigOption,
    IndexOption,
    JsonOption,
    StoreOption,
    UriOption,
    console,
    open_library,
    print_json,
    settings,
)
from rag.cli.train import train_app
from rag.cli.upkeep import upkeep_app
from rag.cli.words import words_app
from rag.errors import SettingsError, VersionError, WenyuanError
from rag.messages import text
from rag.printable import printable

if TYPE_CHECKING:
    from rag.index.store import DocumentRecord
    from rag.settings import Settings
    from rag.types import IndexReport

app = typer.Typer(
    name="wenyuan",
    help=text(
        "问源：用文档自己的话回答中文文档的问题，每个答案都可核对出处。",
        "Wenyuan: answers questions over Chinese documents in their own words, every answer with its source.",
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from rag import __version__

        typer.echo(f"wenyuan {__version__}")
        raise typer.Exit


@app.callback()
def wenyuan(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help=text("显示版本", "print the version")),
    ] = False,
) -> None:
    """Options of no command."""


app.add_typer(eval_app, name="eval")
app.add_typer(train_app, name="train")
app.add_typer(upkeep_app)
app.add_typer(words_app)


def main() -> None:
    """Entry point of ``wenyuan``: every expected error is one line on standard error and a non-zero exit.

    An interrupt, and a reader of the output that goes away, end it quietly; typer sees to that.
    """
    logging.getLogger("wenyuan").addHandler(_notices())
    logging.getLogger("wenyuan").setLevel(logging.INFO)
    try:
        app()
    except WenyuanError as error:
        _fail(error)


@app.command(
    help=text("索引文件和文件夹，只处理有变化的部分。", "Index files and folders; only what changed is processed.")
)
def index(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help=text("文件或文件夹", "files or folders"))],
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", help=text("没有变化就不输出", "print only changes"))] = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help=text("之后文件一有变化就更新，Ctrl-C 结束", "then again whenever files change; Ctrl-C ends it"),
        ),
    ] = False,
    checksum: Annotated[
        bool,
        typer.Option(
            "--checksum",
            help=text("每个文件都重新读，不看大小和时间", "read every file, whatever its size and times say"),
        ),
    ] = False,
    share: Annotated[
        str | None,
        typer.Option(
            "--share",
            metavar="I/N",
            help=text(
                "只做第 I 份（共 N 份），几个进程可同时写 Milvus",
                "only the Ith of N parts: several at once into Milvus",
            ),
        ),
    ] = None,
    replaces: Annotated[
        str | None,
        typer.Option(
            "--replaces",
            metavar="DOC_ID",
            help=text(
                "PATH 是一个文件，是这篇文档的新版；原来的留作旧版",
                "PATH is one file, a newer version of this document, which stays as an older one",
            ),
        ),
    ] = None,
    store: StoreOption = None,
    uri: UriOption = None,
    config: ConfigOption = None,
) -> None:
    progress = not as_json and sys.stderr.isatty()
    made = settings(config, store, uri)
    part = _share(share)
    if replaces is not None:
        _check_replacing(paths, replaces, index, made, watch=watch)
    if watch:
        made.require_embedded()
        from rag.indexing.watching import follow

        rounds = follow(paths, index, made, progress=progress, checksum=checksum)
        _show_rounds(rounds, as_json=as_json, quiet=quiet)
        return
    from rag.library import Library

    report = Library.index(paths, index, made, share=part, progress=progress, checksum=checksum)
    _show_indexed(report, as_json=as_json, quiet=quiet)
    if report.failed:
        raise typer.Exit(1)
    if replaces is not None:
        library = Library.open(index, made)
        library.replace(replaces, next(one.doc_id for one in library.documents() if _is_of(one, paths[0])))


def _check_replacing(paths: list[Path], replaces: str, index: Path, made: Settings, *, watch: bool) -> None:
    """Raise what would come too late once the file is indexed: VersionError, NotFoundError."""
    from rag.library import Library
    from rag.loading.files import is_archive

    if watch or len(paths) != 1 or paths[0].is_dir() or is_archive(paths[0]):
        raise VersionError(
            "--replaces 要正好一个文件，不能和 --watch 一起用。",
            "--replaces takes exactly one file, and no --watch.",
        )
    Library.open(index, made).check_current(replaces)


def _is_of(record: DocumentRecord, path: Path) -> bool:
    """Whether the file at ``path`` holds the document."""
    return any(file.path == str(path.resolve()) for file in record.files)


def _show_indexed(report: IndexReport, *, as_json: bool, quiet: bool, indent: int | None = 2) -> None:
    if as_json:
        from rag.contract.reports import Report

        print_json(Report.of(report), indent)
    elif not quiet or report.added or report.changed or report.removed or report.failed:
        from rag.cli.console import show_report

        show_report(console(), report)


def _show_rounds(rounds: Iterator[IndexReport | WenyuanError], *, as_json: bool, quiet: bool) -> None:
    """Each report or error as it comes, until the user has had enough."""
    try:
        for number, told in enumerate(rounds):
            if not isinstance(told, WenyuanError):
                _show_indexed(told, as_json=as_json, quiet=quiet, indent=None)
            elif as_json:
                print_json({"error": text(told.zh, told.en)}, indent=None)
            else:
                _say(told)
            if not number and not as_json and not quiet:
                typer.echo(text("继续关注文件的变化；Ctrl-C 结束。", "Watching for changes; Ctrl-C ends it."))
    except KeyboardInterrupt:
        return


app.command(help=text("提问，得到带出处的答案。", "Ask a question, get a cited answer."))(ask)
app.command(help=text("检索段落，不生成回答。", "Search for passages without answering."))(search)


@app.command("list", help=text("列出索引里的文档。", "List the documents in the index."))
def list_documents(
    index: IndexOption = INDEX,
    collection: CollectionOption = None,
    as_json: JsonOption = False,
    at: AtOption = None,
    store: StoreOption = None,
    uri: UriOption = None,
    config: ConfigOption = None,
) -> None:
    from rag.contract.documents import Record

    library = open_library(index, config, at, store, uri)
    scope = library.scope(collection) if collection else None
    if as_json:
        print_json([one for one in Record.all(library) if scope is None or one.doc_id in scope])
    else:
        from rag.cli.console import show_collections, show_documents

        records = [one for one in library.documents() if scope is None or one.doc_id in scope]
        show_documents(console(), records, library.versions().older)
        if scope is None:
            show_collections(console(), library.collections())


@app.command(help=text("显示一篇文档的全文和段落编号。", "Show a document's text with its paragraph numbers."))
def show(
    doc_id: Annotated[str, typer.Argument(metavar="DOC_ID", help=text("文档编号", "the document's id"))],
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
    at: AtOption = None,
    store: StoreOption = None,
    uri: UriOption = None,
    config: ConfigOption = None,
) -> None:
    from rag.contract.documents import Document

    document = open_library(index, config, at, store, uri).document(doc_id)
    if as_json:
        print_json(Document.of(document))
    else:
        from rag.cli.console import show_document

        show_document(console(), document)


@app.command(help=text("从索引里移除文档（不动源文件）。", "Remove documents from the index (their files stay)."))
def remove(
    doc_ids: Annotated[list[str], typer.Argument(metavar="DOC_ID…", help=text("文档编号", "document ids"))],
    index: IndexOption = INDEX,
    store: StoreOption = None,
    uri: UriOption = None,
    config: ConfigOption = None,
) -> None:
    from rag.places import open_store

    open_store(settings(config, store, uri), index).remove(doc_ids)
    typer.echo(text(f"已移除 {len(doc_ids)} 篇。", f"{len(doc_ids)} removed."))


@app.command(
    help=text(
        "让旧版重新成为现行的文档，和替换它的那篇并列。",
        "Make an older version current again, beside the document that had replaced it.",
    )
)
def reinstate(
    doc_id: Annotated[str, typer.Argument(metavar="DOC_ID", help=text("文档编号", "the document's id"))],
    index: IndexOption = INDEX,
    store: StoreOption = None,
    uri: UriOption = None,
    config: ConfigOption = None,
) -> None:
    library = open_library(index, config, None, store, uri)
    library.reinstate(doc_id)
    title = printable(library.document(doc_id).title)
    typer.echo(text(f"《{title}》是现行的文档了。", f"“{title}” is a current document."))


@app.command(
    help=text("打开网页界面；默认只有本机能访问。", "Serve the web app; by default only this machine can reach it.")
)
def serve(
    index: IndexOption = INDEX,
    host: Annotated[str, typer.Option("--host", help=text("监听地址", "address to listen on"))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help=text("端口", "port"))] = 7860,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            envvar="WENYUAN_TOKEN_FILE",
            show_default=False,
            help=text(
                "从这个文件读访问口令（- 为在终端输入），或用环境变量 WENYUAN_TOKEN；"
                "监听本机以外的地址时必需，不给就生成",
                "file to read the access token from (- to type it), or set WENYUAN_TOKEN; for other hosts made if "
                "not given",
            ),
        ),
    ] = None,
    name: Annotated[
        str,
        typer.Option(
            "--name",
            metavar="HOST",
            show_default=False,
            help=text("别人经本机的反向代理访问时用的主机名", "host name by which others come, through a proxy here"),
        ),
    ] = "",
    open_browser: Annotated[bool, typer.Option("--open", help=text("打开浏览器", "open the browser"))] = False,
    store: StoreOption = None,
    uri: UriOption = None,
    config: ConfigOption = None,
) -> None:
    from rag.web.app import serve as serve_app
    from rag.web.guard.access_token import read_token

    token = read_token(token_file) if token_file else os.environ.get("WENYUAN_TOKEN") or None
    chosen = settings(config, store, uri)
    serve_app(index, chosen, host=host, port=port, token=token, name=name, open_browser=open_browser)


def _share(given: str | None) -> tuple[int, int]:
    """``2/8`` as two numbers. Raises SettingsError."""
    which, _, of = (given or "1/1").partition("/")
    if not (which.isascii() and which.isdigit() and of.isascii() and of.isdigit() and 1 <= int(which) <= int(of)):
        raise SettingsError(
            f"--share {given} 不对：写成 I/N，如 2/8 是八份里的第二份。",
            f"--share {given} is wrong: write I/N; 2/8 is the second of eight parts.",
        )
    return int(which), int(of)


def _notices() -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def _fail(error: WenyuanError) -> NoReturn:
    _say(error)
    sys.exit(1)


def _say(error: WenyuanError) -> None:
    message = " ".join(text(error.zh, error.en).split())
    typer.secho(text("错误：", "Error: ") + message, fg=typer.colors.RED, err=True)
