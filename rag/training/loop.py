"""Training: stages of batches, checkpoints to go on from, a curve to look at, and weights at the end."""

from __future__ import annotations

import copy
import ctypes
import json
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax
from tqdm import tqdm

from rag.errors import TrainingError
from rag.reading.decoding import Window
from rag.reading.network import READING, TRAINING, ReaderNetwork, Scores, load_base, preferred_dtype, save
from rag.reading.pairs import START, PairEncoder, PairScores, pad
from rag.training.batches import Group, Item, batches, encoded
from rag.training.examples import SHARES, ExampleSource

WEIGHTS: Final = "reader.safetensors"
CURVE: Final = "curve.jsonl"
_CHECKPOINT: Final = "checkpoint.pt"
_HIDDEN: Final = -1e4
# A batch's passages are computed in so many parts of like lengths.
_PARTS: Final = 4


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A stretch of training: what is drawn in each epoch, how often, and how large the steps are.

    ``parts`` is the share of each set's questions that an epoch draws. The rate rises over ``warmup`` of the stage to
    ``learning_rate`` and from there falls linearly to ``last`` of it.
    """

    parts: dict[str, float]
    epochs: int = 1
    learning_rate: float = 2e-4
    warmup: float = 0.0
    last: float = 1.0
    negatives: dict[str, float] = msgspec.field(default_factory=lambda: {str(o): share for o, share in SHARES.items()})
    """Examples without an answer beside each question, by origin."""


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that decides what training gives, beside the data."""

    stages: tuple[Stage, ...]
    layer_decay: float = 0.95
    """The factor of the rate from each layer to the one below it (Clark et al. 2020, ELECTRA)."""
    weight_decay: float = 0.01
    average: float = 0.998
    """Of the weights that are kept, what stays at each step; the rest is the step's (an exponential moving average)."""
    tokens: int = 5120
    """In a batch, without padding."""
    inside_weight: float = 2.0
    relevance_weight: float = 0.5
    several_weight: float = 0.3
    """Of the other heads' losses, beside that of start and end."""
    shared_weight: float = 1.0
    """Of the loss of start and end over all passages of a question at once."""
    start: str = ""
    """The reader that training goes on from; empty for the encoder as it is."""
    seed: int = 1


class Checked(msgspec.Struct, frozen=True):
    """Of the questions kept aside of one set, given their passage: the share of exact spans, the overlap (F1 of
    characters), and the share of passages without an answer that are recognised.
    """

    exact: float
    overlap: float
    refused: float


class Progress(msgspec.Struct):
    """One line of the curve: mean losses since the last line, and what `Checked` says of each set."""

    step: int
    stage: int
    epoch: float
    loss: float
    span_loss: float
    tokens_per_second: float
    checked: dict[str, Checked] = {}


class Done(NamedTuple):
    """How far a training has come: ``batch`` of ``epoch`` of ``stage`` is the next, ``step`` batches were seen."""

    step: int = 0
    stage: int = 0
    epoch: int = 0
    batch: int = 0


@dataclass
class _State:
    """What a checkpoint holds."""

    network: ReaderNetwork
    average: ReaderNetwork
    optimiser: torch.optim.Optimizer
    done: Done


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
        raise TrainingError(
            "没有可用的训练问答：答案要是段落里的原文。",
            "No usable gold pairs: answers must be in their paragraphs verbatim.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    _keep_memory()
    torch.manual_seed(recipe.seed)
    network = ReaderNetwork(load_base(base, attention=TRAINING if device == "cpu" else READING)).to(device)
    if start:
        network.load(start)
    optimiser = torch.optim.AdamW(_groups(network, recipe), weight_decay=recipe.weight_decay, fused=True)
    average = copy.deepcopy(network)
    state = _State(network, average, optimiser, Done())
    _resume(folder, state, recipe)
    encoder = PairEncoder(base)
    checked = {name: _validation_batches(source, encoder, recipe) for name, source in (validation or {}).items()}
    meter = _Meter()
    for place, batch in _remaining(sources, encoder, recipe, state.done, progress=progress):
        for group in optimiser.param_groups:
            group["lr"] = group["share"] * place.rate
        items = _items(batch)
        with torch.autocast(device, preferred_dtype(device)):
            scores = _scores(network, items, device)
        total, span_loss = _losses(scores, batch, recipe, device)
        torch.autograd.backward(total)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        _move_average(average, network, min(recipe.average, place.done.step / (place.done.step + 10)))
        meter.add(total.item(), span_loss.item(), sum(len(item.pair.ids) for item in items))
        state.done = place.done
        if place.is_last or place.done.step % checkpoint_every == 0 or place.done.step == limit:
            found = {name: _check(average, made, device) for name, made in checked.items()}
            _append(folder / CURVE, meter.line(place.done, place.epoch, found))
            _save_checkpoint(folder, state, recipe)
            _return_memory()
            meter = _Meter()
        if place.done.step == limit:
            return folder / _CHECKPOINT
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
                    _Place(place, epoch + (number + 1) / len(made), _rate(stage, share), last_of_all),
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


def _rate(stage: Stage, share: float) -> float:
    if share < stage.warmup:
        return stage.learning_rate * share / stage.warmup
    fallen = (share - stage.warmup) / (1 - stage.warmup)
    return stage.learning_rate * (1 - fallen * (1 - stage.last))


def _groups(network: ReaderNetwork, recipe: Recipe) -> list[dict[str, Any]]:
    """The parameters by layer, each layer with its share of the rate; the heads have all of it."""
    layers = list(network.encoder.encoder.layer)
    decay = recipe.layer_decay
    groups = [
        {"params": list(layer.parameters()), "share": decay ** (len(layers) - 1 - i)} for i, layer in enumerate(layers)
    ]
    heads = [*network.tokens.parameters(), *network.passage.parameters()]
    return [*groups, {"params": heads, "share": 1.0}]


@torch.no_grad()
def _move_average(average: ReaderNetwork, network: ReaderNetwork, kept: float) -> None:
    own = list(average.trained().values())
    torch._foreach_lerp_(own, list(network.trained().values()), 1 - kept)


def _items(batch: Sequence[Group]) -> list[Item]:
    return [item for group in batch for item in group]


def _scores(network: ReaderNetwork, batch: Sequence[Item], device: str) -> Scores:
    """Scores of a batch, computed in a few parts of like lengths; a padded token's logits are 0."""
    order = sorted(range(len(batch)), key=lambda i: len(batch[i].pair.ids))
    longest, size = len(batch[order[-1]].pair.ids), -(-len(order) // _PARTS)
    made: list[list[Tensor]] = [[] for _ in Scores._fields]
    for begin in range(0, len(order), size):
        ids, mask = pad([batch[i].pair for i in order[begin : begin + size]])
        scores: Scores = network(torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device))
        for values, one in zip(made, scores, strict=True):
            values.append(torch.nn.functional.pad(one, (0, longest - ids.shape[1])) if one.dim() > 1 else one)
    back = torch.tensor(order, device=device).argsort()
    return Scores(*(torch.cat(values)[back] for values in made))


def _losses(scores: Scores, batch: Sequence[Group], recipe: Recipe, device: str) -> tuple[Tensor, Tensor]:
    """The whole loss, and of it that of start and end.

    Start and end have equal chances at each slice, at `START` where there is none. Inside, relevance and several are
    yes or no; several only where there is an answer.
    """
    items = _items(batch)
    shape = scores.start.shape
    readable = torch.zeros(shape, dtype=torch.bool)
    start, end, inside = torch.zeros(shape), torch.zeros(shape), torch.zeros(shape)
    for row, item in enumerate(items):
        readable[row, item.pair.first : item.pair.first + len(item.pair.spans)] = True
        for first, last in item.slices or ((START, START),):
            start[row, first] += 1 / max(1, len(item.slices))
            end[row, last] += 1 / max(1, len(item.slices))
        for first, last in item.slices:
            inside[row, first : last + 1] = 1
    within = readable.clone()
    readable[:, START] = True
    answers = torch.tensor([float(bool(item.slices)) for item in items], device=device)
    several = torch.tensor([float(len(item.slices) > 1) for item in items], device=device)
    hidden, within = ~readable.to(device), within.to(device)
    ends = torch.stack([scores.start, scores.end]).masked_fill(hidden, _HIDDEN)
    wanted = torch.stack([start, end]).to(device)
    span = -(wanted * log_softmax(ends, -1)).sum(-1).mean()
    tags = binary_cross_entropy_with_logits(scores.inside[within], inside.to(device)[within])
    relevance = binary_cross_entropy_with_logits(scores.relevance, answers)
    many = binary_cross_entropy_with_logits(scores.several, several, weight=answers)
    total = span + recipe.inside_weight * tags + recipe.relevance_weight * relevance + recipe.several_weight * many
    total = total + recipe.shared_weight * _shared_loss(ends, wanted, batch)
    return total, span.detach()


def _shared_loss(ends: Tensor, wanted: Tensor, batch: Sequence[Group]) -> Tensor:
    """The loss of start and end among the tokens of all of a question's passages, where one of them answers.

    Each token counts by how far it is above "no answer here" of its passage, so that margins of different passages
    can be compared (shared normalisation, Clark and Gardner 2018). ``ends`` and ``wanted`` have the shape
    ``(2, items, tokens)``.
    """
    margins = ends - ends[:, :, START, None]
    margins = margins.masked_fill(ends <= _HIDDEN, _HIDDEN)[:, :, START + 1 :]
    losses, row = [], 0
    for group in batch:
        rows = slice(row, row + len(group))
        row += len(group)
        if len(group) > 1 and any(item.slices for item in group):
            chances = log_softmax(margins[:, rows].flatten(1), -1)
            losses.append(-(wanted[:, rows, START + 1 :].flatten(1) * chances).sum(-1).mean())
    return torch.stack(losses).sum() / len(batch) if losses else margins.new_zeros(())


def _validation_batches(source: ExampleSource, encoder: PairEncoder, recipe: Recipe) -> list[list[Item]]:
    """The validation questions' passages, and one lookalike of each."""
    alone = [[item] for item in encoded(source.plain(random.Random(0)), encoder)]
    made = batches(alone, recipe.tokens, random.Random(0))
    return list(map(_items, made))


@torch.no_grad()
def _check(network: ReaderNetwork, checked: Sequence[Sequence[Item]], device: str) -> Checked:
    exact = overlap = answerable = refused = unanswerable = 0.0
    for batch in checked:
        with torch.autocast(device, preferred_dtype(device)):
            scores = _scores(network, batch, device)
        rows = zip(*(values.float().cpu().numpy() for values in scores), strict=True)
        for item, row in zip(batch, rows, strict=True):
            window = Window.of(item.pair, PairScores(*row))
            best = window.best()
            if not item.slices:
                unanswerable += 1
                refused += best.margin < 0
                continue
            answerable += 1
            spans = item.pair.spans
            gold = {
                place
                for first, last in item.slices
                for place in range(spans[first - item.pair.first].start, spans[last - item.pair.first].end)
            }
            found = {place for span in window.slices(best.span) for place in range(span.start, span.end)}
            exact += found == gold
            overlap += 2 * len(found & gold) / (len(found) + len(gold))
    return Checked(
        round(exact / max(1, answerable), 4),
        round(overlap / max(1, answerable), 4),
        round(refused / max(1, unanswerable), 4),
    )


class _Meter:
    """Sums since the last line of the curve."""

    def __init__(self) -> None:
        self._loss = self._span_loss = 0.0
        self._steps = self._tokens = 0
        self._began = time.perf_counter()

    def add(self, loss: float, span_loss: float, tokens: int) -> None:
        self._loss, self._span_loss = self._loss + loss, self._span_loss + span_loss
        self._steps, self._tokens = self._steps + 1, self._tokens + tokens

    def line(self, done: Done, epoch: float, checked: dict[str, Checked]) -> Progress:
        steps, seconds = max(1, self._steps), time.perf_counter() - self._began
        loss, span_loss = round(self._loss / steps, 4), round(self._span_loss / steps, 4)
        return Progress(done.step, done.stage, round(epoch, 3), loss, span_loss, round(self._tokens / seconds), checked)


def _save_checkpoint(folder: Path, state: _State, recipe: Recipe) -> None:
    saved = {
        "recipe": msgspec.json.encode(recipe).decode(),
        "done": tuple(state.done),
        "trained": state.network.trained(),
        "average": state.average.trained(),
        "optimiser": state.optimiser.state_dict(),
    }
    temporary = folder / f".{_CHECKPOINT}"
    torch.save(saved, temporary)
    temporary.replace(folder / _CHECKPOINT)


def _resume(folder: Path, state: _State, recipe: Recipe) -> None:
    """Load the checkpoint in ``folder``, if there is one."""
    file = folder / _CHECKPOINT
    if not file.is_file():
        return
    saved = torch.load(file, weights_only=True)
    done = Done(*saved["done"])
    if not _continues(json.loads(msgspec.json.encode(recipe)), json.loads(saved["recipe"]), done):
        raise TrainingError(
            f"{folder} 里是另一种设置的训练，未作改动。请换一个文件夹，或用原来的设置继续。",
            f"{folder} holds a training with other options; nothing was changed. Choose another folder or use those.",
        )
    state.network.load_trained(saved["trained"])
    state.average.load_trained(saved["average"])
    state.optimiser.load_state_dict(saved["optimiser"])
    state.done = done


def _continues(recipe: dict[str, Any], saved: dict[str, Any], done: Done) -> bool:
    """Whether ``recipe`` is ``saved``, at least in what was done of it: stages that were not begun may change."""
    begun = done.stage + 1
    return all(
        recipe[name][:begun] == saved[name][:begun] if name == "stages" else recipe[name] == saved[name]
        for name in recipe
    )


def _append(file: Path, line: Progress) -> None:
    with file.open("ab") as opened:
        opened.write(msgspec.json.encode(line) + b"\n")


def curve(folder: Path) -> Iterator[Progress]:
    """The lines of the curve in ``folder``."""
    for line in (folder / CURVE).read_bytes().splitlines():
        yield msgspec.json.decode(line, type=Progress)


def _keep_memory() -> None:
    """Have glibc keep freed memory: otherwise each step's large tensors are mapped anew, which costs a fifth."""
    if _LIBC is not None and hasattr(_LIBC, "mallopt"):
        trim_threshold, mmap_threshold, largest = -1, -3, 2**31 - 1
        _LIBC.mallopt(mmap_threshold, largest)
        _LIBC.mallopt(trim_threshold, largest)


def _return_memory() -> None:
    """Give back what is kept, which batches of ever other shapes would let grow without end."""
    if _LIBC is not None and hasattr(_LIBC, "malloc_trim"):
        _LIBC.malloc_trim(0)


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
