"""The commands that look after an index: its generations, whether it is sound, and taking it elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rag.cli.options import INDEX, ConfigOption, IndexOption, JsonOption, console, embedded_only, print_json
from rag.errors import SavedAnswerError
from rag.messages import text
from rag.wire import to_json

upkeep_app = typer.Typer()

_GENERATION = typer.Argument(
    metavar="GENERATION", help=text("版本名，或它独有的开头或结尾", "its name, or how only it begins or ends")
)


@upkeep_app.command(help=text("列出磁盘上的索引版本，新的在前。", "List the index's generations, newest first."))
def generations(index: IndexOption = INDEX, as_json: JsonOption = False) -> None:
    from rag.contract.reports import Generation
    from rag.index.history import generations as listed

    embedded_only()
    records = listed(index)
    if as_json:
        print_json([Generation.of(record) for record in records])
    else:
        from rag.cli.console import show_generations

        show_generations(console(), records)


@upkeep_app.command(
    help=text("换回一个旧的索引版本（源文件不动）。", "Put an old generation in force again (files stay as they are).")
)
def rollback(generation: Annotated[str, _GENERATION], index: IndexOption = INDEX, config: ConfigOption = None) -> None:
    from rag.index.history import rollback as put_in_force

    manifest = put_in_force(generation, index, embedded_only(config))
    zh = f"现在使用 {manifest.generation}：{manifest.documents} 篇文档，{manifest.passages} 个段落单元。"
    zh += "源文件没有改动；再运行 wenyuan index 会按源文件更新。"
    en = f"Now in force: {manifest.generation}, {manifest.documents} documents, {manifest.passages} passages. "
    en += "The files are as they were; wenyuan index would bring the index up to date with them."
    typer.echo(text(zh, en))


@upkeep_app.command(help=text("删除旧的索引版本。", "Delete old generations of the index."))
def prune(
    index: IndexOption = INDEX,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep",
            min=1,
            max=1000,
            help=text(
                "留下几个，含正在使用的（默认按设置 keep_generations）",
                "how many stay, with the one in force (setting keep_generations)",
            ),
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    from rag.index.history import prune_generations

    made = embedded_only(config)
    gone = prune_generations(keep or made.keep_generations, index)
    for name in gone:
        typer.echo(name)
    typer.echo(text(f"已删除 {len(gone)} 个索引版本。", f"{len(gone)} generations deleted."))


@upkeep_app.command(help=text("检查索引是否完好，可以修复。", "Check whether the index is sound; can repair it."))
def check(
    index: IndexOption = INDEX,
    repair: Annotated[
        bool,
        typer.Option("--repair", help=text("用完好的部分重建损坏的部分", "rebuild what is damaged from what is not")),
    ] = False,
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers",
            metavar="FILE",
            help=text(
                "改为检查存下的回答：所引的原文变了没有", "check saved answers instead: has what they cite changed"
            ),
        ),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    made = embedded_only(config)
    if answers is not None:
        _check_answers(answers, index, repair=repair, as_json=as_json)
        return
    from rag.index.checking import check as examined

    health = examined(index)
    done: list[tuple[str, str]] = []
    left: list[tuple[str, str]] = []
    if repair and not health.sound:
        from rag.indexing.repair import repair as repaired

        report = repaired(index, made, progress=not as_json and sys.stderr.isatty())
        done, left = [*report.done], [*report.left]
        health = examined(index)
    if as_json:
        from rag.contract.reports import Check

        steps = {"done": [text(*step) for step in done], "left": [text(*step) for step in left]}
        print_json(to_json(Check.of(health)) | steps)
    else:
        from rag.cli.console import show_health

        for step in done:
            typer.echo(f"+ {text(*step)}")
        for step in left:
            typer.echo(f"! {text(*step)}")
        show_health(console(), health)
    if not health.sound:
        raise typer.Exit(1)


def _check_answers(file: Path, index: Path, *, repair: bool, as_json: bool) -> None:
    from rag.answering.comparing import check_answers

    if repair:
        raise SavedAnswerError(
            "--answers 只检查存下的回答，不能和 --repair 一起用。",
            "--answers only checks; it does not go with --repair.",
        )
    compared = check_answers(file, index)
    if as_json:
        from rag.contract.reports import ComparedAnswer

        print_json([ComparedAnswer.of(one) for one in compared])
    else:
        from rag.cli.console import show_compared

        show_compared(console(), compared)
    if not all(one.holds for one in compared):
        raise typer.Exit(1)


@upkeep_app.command(
    help=text(
        "把旧版问源建的索引升级到这一版，不需要源文件。",
        "Bring an index of an earlier version up to this one; needs no source file.",
    )
)
def upgrade(index: IndexOption = INDEX, config: ConfigOption = None) -> None:
    from rag.indexing.upgrading import upgrade as upgraded

    done = upgraded(index, embedded_only(config), progress=sys.stderr.isatty())
    if done is None:
        typer.echo(text("索引已是这一版的，没有改动。", "The index is of this version; nothing was changed."))
        return
    zh = f"已升级：{done.documents} 篇文档，{done.passages} 个段落单元。旧版本仍保留。"
    en = f"Upgraded: {done.documents} documents, {done.passages} passages. "
    en += "The old generation is kept."
    typer.echo(text(zh, en))


@upkeep_app.command(
    help=text("把整个资料库写成一个文件，可以核对。", "Write the library to one file that can be verified.")
)
def export(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=text("写到哪里，如 资料库.tar.gz", "such as library.tar.gz"))
    ],
    index: IndexOption = INDEX,
    force: Annotated[bool, typer.Option("--force", help=text("覆盖已有文件", "replace an existing file"))] = False,
) -> None:
    from rag.index.transfer.exporting import export_library

    embedded_only()
    size = export_library(file, index, force=force)
    typer.echo(text(f"已导出到 {file}（{size / 1e6:.1f} MB）。", f"Exported to {file} ({size / 1e6:.1f} MB)."))


@upkeep_app.command(
    "import",
    help=text("从导出的文件恢复资料库，先核对再启用。", "Take a library from an exported file, verified first."),
)
def import_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=text("wenyuan export 写的文件", "what wenyuan export wrote"))
    ],
    index: IndexOption = INDEX,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help=text("已有索引时导入为新版本", "into an index that is there, as a new generation")
        ),
    ] = False,
    config: ConfigOption = None,
) -> None:
    from rag.index.transfer.importing import import_library

    done = import_library(file, index, embedded_only(config), force=force)
    for notice in done.notices:
        typer.echo(f"! {text(notice.zh, notice.en)}")
    for kept in done.kept:
        typer.echo(text(f"原有的已存为 {kept}。", f"What was there is in {kept}."))
    zh = f"已导入 {done.generation}：{done.documents} 篇文档，{done.passages} 个段落单元，{done.uploads} 个上传的文件。"
    en = f"Imported {done.generation}: {done.documents} documents, {done.passages} passages, {done.uploads} uploads."
    typer.echo(text(zh, en))
