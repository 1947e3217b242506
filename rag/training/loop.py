"""Training: stages of batches, checkpoints to go on from, a curve to look at, and weights at the end."""

from __future__ import annotations

import copy
import ctypes
import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import torch
from torch import Tensor, nn
from tqdm import tqdm

from rag.reading.network import READING, TRAINING, ReaderNetwork, computing, load_base, save
from rag.reading.pairs import PairEncoder
from rag.training.batches import Group, batches, encoded
from rag.training.checkpoints import CHECKPOINT, Done, State, resume, save_checkpoint
from rag.training.curve import Meter, append, check, validation_batches
from rag.training.examples import SHARES, ExampleSource
from rag.training.golds import nothing_usable
from rag.training.losses import items_of, losses, scores_of
from rag.training.recipe import Recipe

WEIGHTS: Final = "reader.safetensors"


def train(
    sources: Mapping[str, ExampleSource],
    folder: Path,
    base: Path,
    recipe: Recipe,
    *,
    validation: Mapping[str, ExampleSource] | None = None,
    start: Path | None = None,
    device: str = "cpu",
    checkpoint_every: int = 250,
    limit: int | None = None,
    progress: bool = False,
    notes: Mapping[str, str] | None = None,
) -> Path:
    """Train a reader on ``sources`` and return its weights' file in ``folder``; go on from a checkpoint there.

    ``base`` is the bundled encoder's folder, ``start`` weights to begin from, ``limit`` a number of steps after which
    to stop with a checkpoint. A recipe that begins with the stages of the checkpoint's goes on where that ended. Raises
    TrainingError if there is nothing to train on, or if the checkpoint in ``folder`` is of another recipe.
    """
    if not any(source.golds for source in sources.values()):
        raise nothing_usable()
    folder.mkdir(parents=True, exist_ok=True)
    keep_memory()
    torch.manual_seed(recipe.seed)
    network = ReaderNetwork(load_base(base, attention=TRAINING if device == "cpu" else READING)).to(device)
    if start:
        network.load(start)
    optimiser = torch.optim.AdamW(_groups(network, recipe), weight_decay=recipe.weight_decay, fused=True)
    average = copy.deepcopy(network)
    state = State(network, average, optimiser, Done())
    resume(folder, state, recipe)
    encoder = PairEncoder(base)
    checked = {name: validation_batches(source, encoder, recipe.tokens) for name, source in (validation or {}).items()}
    meter = Meter()
    for place, batch in _remaining(sources, encoder, recipe, state.done, progress=progress):
        for group in optimiser.param_groups:
            group["lr"] = group["share"] * place.rate
        items = items_of(batch)
        with computing(device):
            scores = scores_of(network, items, device)
        total, span_loss = losses(scores, batch, recipe, device)
        torch.autograd.backward(total)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        move_average(average.trained().values(), network.trained().values(), recipe.average, place.done.step)
        meter.add(total.item(), span_loss.item(), sum(len(item.pair.ids) for item in items))
        state.done = place.done
        if place.is_last or place.done.step % checkpoint_every == 0 or place.done.step == limit:
            found = {name: check(average, made, device) for name, made in checked.items()}
            append(folder, meter.line(place.done, place.epoch, found))
            save_checkpoint(folder, state, recipe)
            return_memory()
            meter = Meter()
        if place.done.step == limit:
            return folder / CHECKPOINT
    known = {"recipe": msgspec.json.encode(recipe).decode(), **(notes or {})}
    save(average, load_base(base, attention=READING), folder / WEIGHTS, notes=known)
    return folder / WEIGHTS


class _Place(NamedTuple):
    """A batch's place: what is done after it, the epoch with its fraction, and the rate at it."""

    done: Done
    epoch: float
    rate: float
    is_last: bool


def _remaining(
    sources: Mapping[str, ExampleSource], encoder: PairEncoder, recipe: Recipe, done: Done, *, progress: bool
) -> Iterator[tuple[_Place, list[Group]]]:
    """The batches after ``done``, each with its place."""
    step = done.step
    for stage_number in range(done.stage, len(recipe.stages)):
        stage = recipe.stages[stage_number]
        for epoch in range(done.epoch if stage_number == done.stage else 0, stage.epochs):
            made = _epoch(sources, encoder, recipe, stage_number, epoch)
            first = done.batch if (stage_number, epoch) == (done.stage, done.epoch) else 0
            title = f"训练 train {stage_number + 1}.{epoch + 1}"
            bar = tqdm(total=len(made), initial=first, desc=title, unit="step", disable=not progress)
            for number in range(first, len(made)):
                step += 1
                share = (epoch + number / len(made)) / stage.epochs
                last_of_all = (stage_number, epoch, number) == (len(recipe.stages) - 1, stage.epochs - 1, len(made) - 1)
                place = Done(step, stage_number, epoch, number + 1)
                yield (
                    _Place(place, epoch + (number + 1) / len(made), stage.rate(share), last_of_all),
                    made[number],
                )
                bar.update()
            bar.close()


def _epoch(
    sources: Mapping[str, ExampleSource], encoder: PairEncoder, recipe: Recipe, stage_number: int, epoch: int
) -> list[list[Group]]:
    stage = recipe.stages[stage_number]
    rng = random.Random(f"{recipe.seed}-{stage_number}-{epoch}")
    shares = {origin: stage.negatives[origin.value] for origin in SHARES}
    groups = [
        group
        for name, part in stage.parts.items()
        if name in sources
        for examples in sources[name].epoch(rng, shares, part)
        if (group := list(encoded(examples, encoder)))
    ]
    return batches(groups, recipe.tokens, rng)


def _groups(network: ReaderNetwork, recipe: Recipe) -> list[dict[str, Any]]:
    """The parameters by layer, each layer with its share of the rate; the heads have all of it."""
    heads = [*network.tokens.parameters(), *network.passage.parameters()]
    return [*layer_groups(network.encoder.encoder.layer, recipe.layer_decay), {"params": heads, "share": 1.0}]


def layer_groups(layers: Iterable[nn.Module], decay: float) -> list[dict[str, Any]]:
    """The parameters by layer; the rate is multiplied by ``decay`` from each layer to the one below it."""
    below = reversed(list(layers))
    groups = [{"params": list(layer.parameters()), "share": decay**depth} for depth, layer in enumerate(below)]
    return groups[::-1]


@torch.no_grad()
def move_average(average: Iterable[Tensor], now: Iterable[Tensor], most: float, step: int) -> None:
    """Move a moving average of weights, of which ``most`` stays at a step and less at the first ones."""
    kept = min(most, step / (step + 10))
    torch._foreach_lerp_(list(average), list(now), 1 - kept)


def keep_memory() -> None:
    """Have glibc keep freed memory: otherwise each step's large tensors are mapped anew, which costs a fifth."""
    if _LIBC is not None and hasattr(_LIBC, "mallopt"):
        trim_threshold, mmap_threshold, largest = -1, -3, 2**31 - 1
        _LIBC.mallopt(mmap_threshold, largest)
        _LIBC.mallopt(trim_threshold, largest)


def return_memory() -> None:
    """Give back what is kept, which batches of ever other shapes would let grow without end."""
    if _LIBC is not None and hasattr(_LIBC, "malloc_trim"):
        _LIBC.malloc_trim(0)


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
