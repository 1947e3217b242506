"""The commands that ask: ``ask`` and ``search``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.options import (
    INDEX,
    AtOption,
    CollectionOption,
    ConfigOption,
    IndexOption,
    JsonOption,
    NoServerOption,
    StoreOption,
    UriOption,
    console,
    open_asked,
    print_json,
)
from rag.errors import QuestionError
from rag.messages import text
from rag.printable import printable

if TYPE_CHECKING:
    from rag.library import Library
    from rag.web.running import Running

DocumentOption = Annotated[
    list[str] | None,
    typer.Option(
        "--document", metavar="DOC_ID", help=text("只看这一篇（可重复）", "this document only (may be repeated)")
    ),
]


def ask(
    question: Annotated[str | None, typer.Argument(help=text("问题", "the question"))] = None,
    index: IndexOption = INDEX,
    collection: CollectionOption = None,
    document: DocumentOption = None,
    as_json: JsonOption = False,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch", metavar="FILE", help=text('每行一个 {"id", "question"}', 'a {"id", "question"} a line')
        ),
    ] = None,
    at: AtOption = None,
    store: StoreOption = None,
    uri: UriOption = None,
    config: ConfigOption = None,
    no_server: NoServerOption = False,
) -> None:
    if (question is None) == (batch is None):
        raise QuestionError(
            "请给出一个问题，或用 --batch 给出一个问题文件（二选一）。",
            "Give either a question or a file of questions with --batch.",
        )
    if batch is not None:
        questions = _read_batch(batch)
        asked = open_asked(index, config, at, store, uri, no_server=no_server)
        _ask_batch(questions, asked, collection or (), document or (), as_json=as_json)
        return
    assert question is not None
    from rag.question.validation import validate

    validate(question)
    asked = open_asked(index, config, at, store, uri, no_server=no_server)
    if as_json:
        print_json(asked.ask(question, collections=collection or (), documents=document or ()))
        return
    # While the models are loaded, not when the answer is there.
    from rag.cli.console import show_answer

    shown = console()
    show_answer(shown, asked.ask(question, collections=collection or (), documents=document or ()), asked.document)


def _ask_batch(
    questions: Sequence[tuple[str | None, str]],
    asked: Library | Running,
    collections: Sequence[str],
    documents: Sequence[str],
    *,
    as_json: bool,
) -> None:
    from rag.contract import answer_json

    failed = False
    for question_id, question in questions:
        try:
            answer = asked.ask(question, collections=collections, documents=documents)
        except QuestionError as error:
            failed = True
            message = text(error.zh, error.en)
            if as_json:
                print_json({"id": question_id, "question": question, "status": "error", "error": message}, indent=None)
            else:
                typer.echo(f"{question_id or ''}\t{question}\terror\t{message}")
            continue
        if as_json:
            print_json(answer_json(answer, question_id), indent=None)
        else:
            typer.echo(printable(f"{question_id or ''}\t{question}\t{answer.status.value}\t{answer.answer}"))
    if failed:
        raise typer.Exit(1)


def search(
    query: Annotated[str, typer.Argument(help=text("查询", "the query"))],
    index: IndexOption = INDEX,
    k: Annotated[
        int | None,
        typer.Option("-k", min=1, max=1000, help=text("返回条数（默认按设置 hits）", "how many (setting hits)")),
    ] = None,
    bm25_only: Annotated[
        bool, typer.Option("--bm25-only", help=text("只按词检索，不用模型", "by words only, without the model"))
    ] = False,
    collection: CollectionOption = None,
    document: DocumentOption = None,
    as_json: JsonOption = False,
    at: AtOption = None,
    store: StoreOption = None,
    uri: UriOption = None,
    config: ConfigOption = None,
    no_server: NoServerOption = False,
) -> None:
    asked = open_asked(index, config, at, store, uri, reading=False, bm25_only=bm25_only, no_server=no_server)
    hits = asked.search(query, k, collections=collection or (), documents=document or ())
    if as_json:
        print_json(hits)
    else:
        from rag.cli.console import show_hits

        titles = {hit.passage.doc_id: asked.document(hit.passage.doc_id).title for hit in hits}
        show_hits(console(), hits, titles)


def _read_batch(file: Path) -> list[tuple[str | None, str]]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionError(f"无法读取 {file}：{error}", f"Can't read {file}: {error}") from error
    questions: list[tuple[str | None, str]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            question = record["question"]
            if not isinstance(question, str):
                raise TypeError
        except (ValueError, KeyError, TypeError) as error:
            wanted = '{"id": "…", "question": "…"}'
            raise QuestionError(
                f"{file} 第 {number} 行不是 {wanted} 这样的 JSON。", f"{file}, line {number}: not JSON like {wanted}."
            ) from error
        question_id = record.get("id")
        questions.append((None if question_id is None else str(question_id), question))
    return questions
