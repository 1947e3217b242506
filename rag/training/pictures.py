"""The curve of a training as a picture."""

from __future__ import annotations

from pathlib import Path

from rag.training.curve import read_curve

PICTURE = "curve.png"


def draw_curve(folder: Path) -> Path:
    """Draw the losses and the validation figures of the training in ``folder`` beside them, as ``curve.png``."""
    from matplotlib.figure import Figure

    lines = list(read_curve(folder))
    figure = Figure(figsize=(9, 3.2), layout="constrained", dpi=110)
    losses, quality = figure.subplots(1, 2)
    steps = [line.step for line in lines]
    losses.plot(steps, [line.loss for line in lines], label="all losses")
    losses.plot(steps, [line.span_loss for line in lines], label="start and end")
    losses.set(xlabel="step", ylim=(0, None), title="training loss")
    checked = [line for line in lines if line.checked]
    for name in ("exact", "overlap", "refused"):
        means = [sum(getattr(one, name) for one in line.checked.values()) / len(line.checked) for line in checked]
        quality.plot([line.step for line in checked], means, label=name)
    quality.set(xlabel="step", ylim=(0, 1), title="paragraphs kept aside, mean of the sets")
    for axes in (losses, quality):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(folder / PICTURE)
    return folder / PICTURE
