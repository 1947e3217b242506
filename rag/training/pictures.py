"""The curve of a training as a picture."""

from __future__ import annotations

from pathlib import Path

from rag.training.loop import curve

PICTURE = "curve.png"


def draw_curve(folder: Path) -> Path:
    """Draw the losses and the validation figures of the training in ``folder`` beside them, as ``curve.png``."""
    from matplotlib.figure import Figure

    lines = list(curve(folder))
    epochs = [line.epoch for line in lines]
    figure = Figure(figsize=(9, 3.2), layout="constrained", dpi=110)
    losses, quality = figure.subplots(1, 2)
    losses.plot(epochs, [line.span_loss for line in lines], label="span loss")
    losses.plot(epochs, [line.relevance_loss for line in lines], label="relevance loss")
    losses.set(xlabel="epoch", ylim=(0, None), title="training loss")
    checked = [line for line in lines if line.exact is not None]
    for name in ("exact", "overlap", "refused"):
        quality.plot([line.epoch for line in checked], [getattr(line, name) for line in checked], label=name)
    quality.set(xlabel="epoch", ylim=(0, 1), title="validation pairs")
    for axes in (losses, quality):
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.savefig(folder / PICTURE)
    return folder / PICTURE
