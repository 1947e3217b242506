"""``wenyuan eval``: parses, calls, prints. Everything else is imported when a command runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli.options import (
    INDEX,
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
from rag.errors import EvaluationError
from rag.messages import text

if TYPE_CHECKING:
    from rag.evaluation.datasets import Dataset
    from rag.evaluation.results import Evaluation
    from rag.settings import Settings

eval_app = typer.Typer(
    help=text(
        "评测检索、答案、引用和拒答，并比较结果。", "Measure retrieval, answers, citations, abstention; compare."
    ),
    invoke_without_command=True,
)

_RESULTS = Path("eval") / "results"
ResultsOption = Annotated[
    Path, typer.Option("--results", metavar="DIR", help=text("存放结果的文件夹", "folder of results"))
]
GoldOption = Annotated[
    Path | None,
    typer.Option("--gold", metavar="FILE", help=text("问题集（默认自带）", "gold questions (built in)")),
]
SquadOption = Annotated[
    Path | None, typer.Option("--squad", metavar="FILE", help=text("SQuAD 格式的数据集", "a SQuAD-style set"))
]
SampleOption = Annotated[
    int | None,
    typer.Option("--sample", min=1, metavar="N", help=text("只问其中固定的 N 题", "ask a fixed N of the questions")),
]
HeldOutOption = Annotated[bool, typer.Option("--held-out", help=text("用留出的问题集", "the held-out questions"))]
BeirOption = Annotated[
    Path | None, typer.Option("--beir", metavar="DIR", help=text("BEIR 格式的数据集", "a BEIR folder"))
]
SplitOption = Annotated[
    str, typer.Option("--split", help=text("BEIR 的哪份 qrels（默认 test）", "which qrels of BEIR (test)"))
]
StyleOption = Annotated[
    str,
    typer.Option(
        "--style",
        help=text(
            "把问题改写成某种写法再问，如 keywords、mistyped、traditional",
            "ask in another style, such as keywords, mistyped, traditional",
        ),
    ),
]
NameOption = Annotated[
    str, typer.Option("--name", help=text("结果的名字（默认为数据集的）", "name of the result (the set's)"))
]
CompareOption = Annotated[
    tuple[str, str] | None,
    typer.Option("--compare", metavar="A B", help=text("比较两个存下的结果", "compare two saved results")),
]
SpeedOption = Annotated[bool, typer.Option("--speed", help=text("只显示耗时和开销", "show times and cost only"))]
CostOption = Annotated[bool, typer.Option(help=text("再建一次索引以测量开销", "index once more to measure its cost"))]


@eval_app.callback()
def evaluate(
    context: typer.Context,
    index: IndexOption = INDEX,
    store: StoreOption = None,
    uri: UriOption = None,
    gold: GoldOption = None,
    held_out: HeldOutOption = False,
    squad: SquadOption = None,
    beir: BeirOption = None,
    split: SplitOption = "",
    sample: SampleOption = None,
    style: StyleOption = "",
    name: NameOption = "",
    results: ResultsOption = _RESULTS,
    compare: CompareOption = None,
    speed: SpeedOption = False,
    cost: CostOption = True,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    if context.invoked_subcommand is not None:
        return
    if compare is not None:
        _compare(*compare, results, as_json=as_json)
        return
    progress = sys.stderr.isatty()
    dataset = _as_asked(_dataset(gold, squad, beir, split, held_out=held_out, progress=progress), sample, style)
    made = _measured(dataset, settings(config, store, uri), index, name, results, cost=cost, progress=progress)
    _show(made, speed=speed, as_json=as_json)


def _as_asked(whole: Dataset, sample: int | None, style: str) -> Dataset:
    """A sample of a set, in another style; what is to be noticed of it is told."""
    from rag.evaluation import datasets

    dataset = datasets.sample(whole, sample)
    if style:
        dataset = datasets.restyled(dataset, style)
    for zh, en in dataset.notices:
        typer.echo(text(f"注意：{zh}", f"Note: {en}"), err=True)
    return dataset


def _measured(
    dataset: Dataset, made_with: Settings, index: Path, name: str, results: Path, *, cost: bool, progress: bool
) -> Evaluation:
    """What asking a set comes to; if it goes on where an earlier run stopped, that is told."""
    from rag.evaluation.evaluate import evaluate
    from rag.evaluation.report import write_report

    made = evaluate(
        dataset,
        made_with,
        index=index,
        name=name,
        results=results,
        with_cost=cost and made_with.is_embedded,
        progress=progress,
        report=write_report,
    )
    if made.resumed:
        told = text(f"接着上次做：{made.resumed} 题已问过。", f"Resumed: {made.resumed} questions were asked before.")
        typer.echo(told, err=True)
    return made


def _show(made: Evaluation, *, speed: bool, as_json: bool) -> None:
    """Print what was measured: all of it, or times and cost only."""
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins({"result": made.result, "questions": made.outcomes}))
        return
    from rag.evaluation.report.headline import shown_tables
    from rag.evaluation.report.tables import cost_table, latency_table
    from rag.evaluation.report.terminal import show

    timed = [table for table in (latency_table(made.result), cost_table(made.result)) if table.rows]
    show(console(), timed if speed else shown_tables(made))
    typer.echo(text(f"报告：{made.folder / 'report.html'}", f"Report: {made.folder / 'report.html'}"))


@eval_app.command(
    help=text(
        "检查问题集：证据与原文一致、编号唯一、没有重复、覆盖各段、题型均衡。",
        "Check gold files: quotes verbatim, ids unique, no duplicates, paragraphs covered, types balanced.",
    )
)
def check(
    gold: Annotated[
        list[Path] | None,
        typer.Option(
            "--gold", metavar="FILE", help=text("问题集，可多个（默认自带的两个）", "gold files (both built in)")
        ),
    ] = None,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    import msgspec

    from rag.evaluation.check import check, check_tables
    from rag.evaluation.gold import GOLD, HELD_OUT
    from rag.evaluation.report.terminal import show

    report = check(gold or [GOLD, HELD_OUT], open_library(index, config))
    if as_json:
        print_json(msgspec.to_builtins(report))
    else:
        show(console(), check_tables(report))
    if report.errors:
        raise typer.Exit(1)


@eval_app.command(
    help=text(
        "逐项去掉或更换系统的部件，看检索因此变好还是变差。",
        "Take parts of the system out or change them, and see what that does to retrieval.",
    )
)
def ablation(
    gold: GoldOption = None,
    squad: SquadOption = None,
    sample: SampleOption = None,
    quick: Annotated[
        bool, typer.Option("--quick", help=text("只试不必重建索引的", "only what needs no new index"))
    ] = False,
    index: IndexOption = INDEX,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    import msgspec

    from rag.evaluation import datasets
    from rag.evaluation.ablation import ablate, ablation_table
    from rag.evaluation.evaluate import index_dataset
    from rag.evaluation.report.terminal import show

    progress = sys.stderr.isatty()
    dataset = datasets.sample(_dataset(gold, squad, None, "", held_out=False, progress=progress), sample)
    shipped = settings(config)
    if dataset.folder is not None:
        index, _ = index_dataset(dataset, dataset.folder, shipped, progress=progress)
    rows = ablate(dataset, shipped, index=index, quick=quick, progress=progress)
    if as_json:
        print_json(msgspec.to_builtins(rows))
    else:
        show(console(), [ablation_table(dataset.name, rows)])


def _compare(a: str, b: str, results: Path, *, as_json: bool) -> None:
    import msgspec

    from rag.evaluation.compare import compare, comparison_tables
    from rag.evaluation.report.terminal import show
    from rag.evaluation.results import load_result

    comparison = compare(load_result(a, results), load_result(b, results))
    if as_json:
        print_json(msgspec.to_builtins(comparison))
    else:
        show(console(), comparison_tables(comparison))


def _dataset(
    gold: Path | None, squad: Path | None, beir: Path | None, split: str, *, held_out: bool, progress: bool
) -> Dataset:
    """The set that the options name."""
    from rag.evaluation import datasets
    from rag.evaluation.evaluate import work_folder
    from rag.evaluation.gold import GOLD, HELD_OUT

    if sum((gold is not None, held_out, squad is not None, beir is not None)) > 1:
        raise EvaluationError(
            "--gold、--held-out、--squad、--beir 只能用一个。",
            "Only one of --gold, --held-out, --squad and --beir can be used.",
        )
    if squad is not None:
        from rag.evaluation.datasets import squad as squad_files

        return squad_files.load(squad, work_folder(squad) / "documents", progress=progress)
    if beir is not None:
        from rag.evaluation.datasets import beir as beir_folders

        return beir_folders.load(beir, work_folder(beir) / "documents", split=split, progress=progress)
    return datasets.gold(gold or (HELD_OUT if held_out else GOLD))
