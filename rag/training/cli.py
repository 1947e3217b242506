"""``wenyuan train``: parses, calls, prints. Everything else is imported when a command runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rag.errors import TrainingError
from rag.messages import text

train_app = typer.Typer(
    help=text("用自己的问答训练、校准阅读器。", "Train and calibrate a reader on your own questions."),
    no_args_is_help=True,
)

SquadOption = Annotated[
    list[Path],
    typer.Option(
        "--squad", metavar="FILE", help=text("SQuAD 格式的问答（可多次）", "SQuAD-style pairs (may be repeated)")
    ),
]
# Pairs of the validation file that the curve is drawn from.
_VALIDATED = 200
# For --start: the encoder as it is.
_NONE = "none"
FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help=text("阅读器的文件夹", "the reader's folder"))]


@train_app.command(
    help=text(
        "训练阅读器：中断后再次运行即从断点继续。之后运行 wenyuan train calibrate。",
        "Train a reader; run again to go on after an interruption. Then run `wenyuan train calibrate`.",
    )
)
def reader(
    folder: FolderArgument,
    squad: SquadOption,
    validate: Annotated[
        Path | None,
        typer.Option(
            "--validate", metavar="FILE", help=text("不参与训练的问答，用于画曲线", "pairs for the curve only")
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--start",
            metavar="READER",
            help=text(
                "从哪个阅读器继续，默认是自带的；none 表示从头训练",
                "the reader to go on from, by default the shipped one; none begins anew",
            ),
        ),
    ] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1)] = 2,
    learning_rate: Annotated[
        float | None, typer.Option("--learning-rate", min=1e-6, max=1e-2, help=text("最高学习率", "at its peak"))
    ] = None,
    seed: Annotated[int, typer.Option("--seed")] = 1,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, mps")] = "cpu",
) -> None:
    import random

    from rag.embedding.bundled import unpack
    from rag.reading.readers import TRAINED, WEIGHTS, reader_folder
    from rag.squad import read_squad
    from rag.training.examples import gold_pairs
    from rag.training.loop import Recipe, train
    from rag.training.pictures import draw_curve
    from rag.training.scaling import write_reader_scales

    pairs = [pair for file in squad for pair in gold_pairs(read_squad(file))]
    checked = gold_pairs(read_squad(validate)) if validate else []
    random.Random(seed).shuffle(checked)
    begun = None if start == _NONE else reader_folder(start or TRAINED)
    # What goes on from a trained reader needs smaller steps.
    rate = learning_rate or (6e-4 if begun is None else 2e-4)
    weights = train(
        pairs,
        folder,
        unpack(),
        Recipe(epochs=epochs, learning_rate=rate, seed=seed, start=begun.name if begun else ""),
        validation=checked[:_VALIDATED],
        start=begun / WEIGHTS if begun else None,
        device=device,
        progress=sys.stderr.isatty(),
        notes={"data": ", ".join(file.name for file in squad), "pairs": str(len(pairs))},
    )
    draw_curve(folder)
    write_reader_scales(folder, pairs)
    typer.echo(
        text(
            f"已训练：{weights}（{len(pairs)} 个问答）。接着校准：wenyuan train calibrate {folder} --squad 另一份问答",
            f"Trained: {weights} ({len(pairs)} pairs). Now calibrate: wenyuan train calibrate {folder} --squad OTHERS",
        )
    )


@train_app.command(
    help=text(
        "在没有训练过的问答上校准阅读器的可信度和排序。", "Fit a reader's confidence and ranking on pairs it never saw."
    )
)
def calibrate(
    folder: FolderArgument,
    squad: SquadOption = [],  # noqa: B006  # typer wants a list
    gold: Annotated[
        Path | None,
        typer.Option("--gold", metavar="FILE", help=text("问题集（同 eval）", "gold questions, as for eval")),
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", metavar="DIR", help=text("问题集的文档", "the gold questions' documents"))
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", min=50, help=text("每份问答用多少题", "questions of each file"))
    ] = 800,
) -> None:
    if (gold is None) != (corpus is None):
        raise TrainingError("--gold 和 --corpus 要一起给出。", "Give --gold and --corpus together.")
    if not squad and gold is None:
        raise TrainingError("请给出 --squad，或 --gold 和 --corpus。", "Give --squad, or --gold and --corpus.")
    from eval.calibrate import calibrate as fit

    for line in fit(folder, squad, (gold, corpus) if gold and corpus else None, sample):
        typer.echo(line)
