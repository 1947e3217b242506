"""``wenyuan train``: parses, calls, prints. Everything else is imported when a command runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rag.messages import text

train_app = typer.Typer(
    help=text("用自己的问答训练、校准阅读器。", "Train and calibrate a reader on your own questions."),
    no_args_is_help=True,
)

QuestionsOption = Annotated[
    list[Path],
    typer.Option(
        "--questions",
        metavar="FILE",
        help=text(
            "问答：SQuAD 格式的 .json，或 名称.questions.jsonl（旁边有 名称.documents.jsonl）；可多次",
            "SQuAD-style .json, or NAME.questions.jsonl with NAME.documents.jsonl beside it; may be repeated",
        ),
    ),
]
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
    questions: QuestionsOption,
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
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, help=text("所有问答读几遍", "how often all questions are seen"))
    ] = 2,
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", min=1e-6, max=1e-2, help=text("最高学习率", "at its peak"))
    ] = 1e-4,
    seed: Annotated[
        int, typer.Option("--seed", help=text("随机种子：相同则例子和次序相同", "the same one gives the same examples"))
    ] = 1,
    device: Annotated[str, typer.Option("--device", help=text("cpu、cuda 或 mps", "cpu, cuda or mps"))] = "cpu",
) -> None:
    from rag.embedding.bundled import unpack
    from rag.reading.readers import TRAINED, WEIGHTS, reader_folder
    from rag.training.examples import ExampleSource
    from rag.training.golds import divided, read_golds
    from rag.training.loop import train
    from rag.training.pictures import draw_curve
    from rag.training.recipe import Recipe, Stage
    from rag.training.scaling import write_reader_scales

    begun = None if start == _NONE else reader_folder(start or TRAINED)
    golds = [gold for file in questions for gold in read_golds(file)]
    trained, aside = divided(golds)
    stage = Stage(parts={"own": 1.0}, epochs=epochs, learning_rate=learning_rate, warmup=0.1, last=0.0)
    shown = sys.stderr.isatty()
    weights = train(
        {"own": ExampleSource(trained, progress=shown)},
        folder,
        unpack(),
        Recipe(stages=(stage,), seed=seed, start=begun.name if begun else ""),
        validation={"own": ExampleSource(aside)} if aside else {},
        start=begun / WEIGHTS if begun else None,
        device=device,
        progress=shown,
        notes={"data": ", ".join(file.name for file in questions), "questions": str(len(trained))},
    )
    draw_curve(folder)
    write_reader_scales(folder, trained)
    names = " ".join(f"--questions {file}" for file in questions)
    typer.echo(
        text(
            f"已训练：{weights}（{len(trained)} 个问答，另有 {len(aside)} 个未参与）。接着用未参与的校准："
            f"wenyuan train calibrate {folder} {names}",
            f"Trained: {weights} ({len(trained)} questions; {len(aside)} were kept aside). Now calibrate on those: "
            f"wenyuan train calibrate {folder} {names}",
        )
    )


@train_app.command(
    help=text(
        "校准阅读器的可信度和排序，只用训练时没有用过的段落（每十段一段）。",
        "Fit a reader's confidence and ranking, on the paragraphs that training kept aside: one in ten.",
    )
)
def calibrate(folder: FolderArgument, questions: QuestionsOption) -> None:
    from rag.paths import cache_dir
    from rag.training.calibrate import calibrate as fit
    from rag.training.calibrate import sets_aside
    from rag.training.golds import read_golds

    sets = {file.name.partition(".")[0]: read_golds(file) for file in questions}
    for line in fit(folder, sets_aside(sets), cache_dir() / "calibrate"):
        typer.echo(line)
