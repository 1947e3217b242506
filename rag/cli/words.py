"""``wenyuan words``: parses, calls, prints. Everything else is imported when a command runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli.options import (
    INDEX,
    ConfigOption,
    IndexOption,
    JsonOption,
    console,
    embedded_only,
    open_library,
    print_json,
)
from rag.errors import SettingsError
from rag.messages import text

if TYPE_CHECKING:
    from rag.words.finding import NewWord

words_app = typer.Typer()

_WORDS = typer.Argument(metavar="WORD…", help=text("与 --add 或 --remove 一起用的词", "for --add or --remove"))
_GOLD = typer.Option("--gold", metavar="FILE", help=text("用哪个问题集比较（默认自带）", "gold questions (built in)"))


@words_app.command(
    help=text(
        "列出被切开的新词；加进用户词典并更新索引，比较检索前后的差别。",
        "List new words that are cut apart; add them to the dictionary and the index, and measure what that does.",
    )
)
def words(
    chosen: Annotated[list[str] | None, _WORDS] = None,
    add: Annotated[bool, typer.Option("--add", help=text("加进用户词典", "add to the dictionary"))] = False,
    remove: Annotated[bool, typer.Option("--remove", help=text("从用户词典删去", "take out of it"))] = False,
    most: Annotated[int, typer.Option("--most", min=1, max=1000, help=text("列出几个", "how many"))] = 20,
    gold: Annotated[Path | None, _GOLD] = None,
    quick: Annotated[bool, typer.Option("--quick", help=text("不比较检索", "measure nothing"))] = False,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    if (add and remove) or bool(chosen) != (add or remove):
        raise SettingsError(
            "用法：wenyuan words 列出新词；wenyuan words --add 词… 或 --remove 词… 修改词典。",
            "Usage: wenyuan words lists new words; wenyuan words --add WORD… or --remove WORD… changes the dictionary.",
        )
    progress = not as_json and sys.stderr.isatty()
    if chosen:
        _change(chosen if add else [], chosen if remove else [], gold, index, config, quick=quick, as_json=as_json)
        return
    from rag.words.finding import find_words

    embedded_only(config)
    library = open_library(index, config)
    documents = [library.document(record.doc_id) for record in library.documents()]
    new_words = find_words(documents, library.settings.dictionary_path, most, progress=progress)
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(new_words))
        return
    for number, one in enumerate(new_words, start=1):
        typer.echo(_shown(number, one))
    if new_words:
        example = f"wenyuan words --add {new_words[0].word}"
        typer.echo(text(f"看过以后，把真正的词加进词典：{example}", f"Add those that are words indeed: {example}"))
    else:
        typer.echo(text("没有发现被切开的新词。", "No new word that is cut apart was found."))


def _change(
    add: list[str],
    remove: list[str],
    gold: Path | None,
    index: Path,
    config: Path | None,
    *,
    quick: bool,
    as_json: bool,
) -> None:
    from rag.words.editing import change_words
    from rag.words.setting import keep, with_dictionary

    progress = not as_json and sys.stderr.isatty()
    before = embedded_only(config)
    after, line = with_dictionary(before, config)
    measure = None
    if not quick:
        from rag.evaluation.before_after import Measuring

        measure = Measuring.of(gold, index, before, progress=progress)
    changed = change_words(index, after, add=add, remove=remove, progress=progress)
    kept = keep(line, config) if line else None
    compared = measure.against(after) if measure else None
    if as_json:
        import msgspec

        value: dict[str, Any] = msgspec.to_builtins(changed, enc_hook=str)
        print_json({**value, "gold": msgspec.to_builtins(compared)})
        return
    for word in changed.added:
        typer.echo(f"+ {word}")
    for word in changed.removed:
        typer.echo(f"- {word}")
    zh = f"词典 {changed.dictionary} 和索引已更新：{changed.passages} 个段落单元里有 {changed.changed} 个"
    zh += f"（{changed.documents} 篇文档）切法变了；没有重做任何向量；{changed.seconds:.1f} 秒"
    en = f"{changed.dictionary} and the index are changed: {changed.changed} of {changed.passages} passages (in "
    en += f"{changed.documents} documents) are cut otherwise; no vector was made again; {changed.seconds:.1f} s"
    typer.echo(text(zh, en))
    if kept:
        zh = f"已在 {kept} 里写入：{line.strip()}。正在运行的 wenyuan serve 要重新启动。"
        typer.echo(text(zh, f"Put into {kept}: {line.strip()}. Restart a wenyuan serve that is running."))
    if compared is not None:
        from rag.evaluation.compare import comparison_tables
        from rag.evaluation.report.terminal import show

        show(console(), comparison_tables(compared))
    elif not quick:
        zh = "自带的问题集问的是别的文档，没有比较检索；用 --gold 给出自己的问题集。"
        typer.echo(text(zh, "The built-in questions are about other documents; give your own with --gold to compare."))


def _shown(number: int, word: NewWord) -> str:
    sentence = " ".join(word.sentence.split())
    zh = f"{word.count} 次，{word.documents} 篇；现在切成 {' / '.join(word.cut)}；凝聚 {word.cohesion:.1f}，"
    zh += f"自由 {word.freedom:.1f}\n     《{word.title}》第 {word.paragraph} 段：{sentence}"
    en = f"{word.count} times in {word.documents} documents; now cut {' / '.join(word.cut)}; cohesion "
    en += f"{word.cohesion:.1f}, freedom {word.freedom:.1f}\n     {word.title}, paragraph {word.paragraph}: {sentence}"
    return f"{number:>3}. {word.word}  {text(zh, en)}"
