"""Training: epochs of batches, checkpoints to go on from, a curve to look at, and weights at the end."""

from __future__ import annotations

import ctypes
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from tqdm import tqdm

from rag.errors import TrainingError
from rag.reading.decoding import Window
from rag.reading.network import RANK, ReaderNetwork, Scores, compute_in, load_base, preferred_dtype, save
from rag.reading.pairs import START, PairEncoder, pad
from rag.reading.weights import read
from rag.training.batches import Item, batches, encoded
from rag.training.examples import SHARES, ExampleSource, GoldPair

WEIGHTS = "reader.safetensors"
CURVE = "curve.jsonl"
_CHECKPOINT = "checkpoint.pt"
_HIDDEN = -1e4


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that decides what training gives, beside the data."""

    epochs: int = 4
    rank: int = RANK
    learning_rate: float = 6e-4
    """At its peak; it rises over ``warmup`` of all steps and falls linearly to zero."""
    warmup: float = 0.05
    weight_decay: float = 0.01
    tokens: int = 5120
    """In a batch, padding included."""
    relevance_weight: float = 0.5
    """Of the loss of the relevance head, beside that of the span heads."""
    negatives: dict[str, float] = msgspec.field(default_factory=lambda: {str(o): share for o, share in SHARES.items()})
    """Examples without an answer beside each with one, by origin."""
    start: str = ""
    """The reader that training goes on from; empty for the encoder as it is."""
    seed: int = 1


class Progress(msgspec.Struct):
    """One line of the curve: mean losses since the last line, and, of the validation pairs, the share of exact spans,
    the mean overlap (F1 of characters) and the share of pairs without their answer that are recognised.
    """

    step: int
    epoch: float
    loss: float
    span_loss: float
    relevance_loss: float
    pairs_per_second: float
    exact: float | None = None
    overlap: float | None = None
    refused: float | None = None


def train(
    pairs: Sequence[GoldPair],
    folder: Path,
    base: Path,
    recipe: Recipe,
    *,
    validation: Sequence[GoldPair] = (),
    start: Path | None = None,
    device: str = "cpu",
    checkpoint_every: int = 200,
    limit: int | None = None,
    progress: bool = False,
    notes: dict[str, str] | None = None,
) -> Path:
    """Train a reader on ``pairs`` and return its weights' file in ``folder``; go on from a checkpoint there.

    ``base`` is the bundled encoder's folder, ``start`` weights to begin from, whose rank is kept, ``limit`` a number of
    steps after which to stop with a checkpoint. Raises TrainingError if there is nothing to train on, or if the
    checkpoint in ``folder`` is of another recipe.
    """
    if not pairs:
        raise TrainingError(
            "没有可用的训练问答：答案要是段落里的原文。",
            "No usable gold pairs: answers must be in their paragraphs verbatim.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    _keep_memory()
    begun = read(start) if start else None
    if begun:
        recipe = msgspec.structs.replace(recipe, rank=int(begun[1]["rank"]))
    torch.manual_seed(recipe.seed)
    layers = compute_in(load_base(base, attention="eager" if device == "cpu" else "sdpa"), preferred_dtype(device))
    network = ReaderNetwork(layers, rank=recipe.rank)
    if begun:
        network.load_trained(begun[0])
    network.to(device)
    encoder = PairEncoder(base)
    source = ExampleSource(pairs, progress=progress)
    checked = _validation_items(validation, encoder, recipe, progress=progress)
    optimiser = torch.optim.AdamW(
        [p for p in network.parameters() if p.requires_grad], lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    done = _resume(folder, network, optimiser, recipe)
    step, first = done.step, done.epoch
    made = _epoch(source, encoder, recipe, first)
    bar = tqdm(total=len(made) * recipe.epochs, initial=step, desc="训练 train", unit="step", disable=not progress)
    sums, since, count, began = [0.0, 0.0, 0.0], 0, 0, time.perf_counter()
    for epoch in range(first, recipe.epochs):
        if epoch > first:
            made = _epoch(source, encoder, recipe, epoch)
        for number, batch in enumerate(made):
            if epoch == first and number < done.batch:
                continue
            for group in optimiser.param_groups:
                share = (epoch + number / len(made)) / recipe.epochs
                group["lr"] = recipe.learning_rate * _schedule(share, recipe.warmup)
            losses = _losses(network, batch, recipe, device)
            torch.autograd.backward(losses[0])
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            step, since, count = step + 1, since + 1, count + len(batch)
            sums = [total_loss + loss.item() for total_loss, loss in zip(sums, losses, strict=True)]
            bar.update()
            bar.set_postfix(loss=f"{losses[0].item():.3f}")
            is_last = epoch == recipe.epochs - 1 and number == len(made) - 1
            if step % checkpoint_every == 0 or step == limit or is_last:
                loss, span_loss, relevance_loss = (round(one / since, 4) for one in sums)
                line = Progress(
                    step=step,
                    epoch=round(epoch + (number + 1) / len(made), 3),
                    loss=loss,
                    span_loss=span_loss,
                    relevance_loss=relevance_loss,
                    pairs_per_second=round(count / (time.perf_counter() - began), 2),
                    **_validate(network, checked, device),
                )
                _append(folder / CURVE, line)
                _save_checkpoint(folder, network, optimiser, recipe, _Done(step, epoch, number + 1))
                _return_memory()
                sums, since, count, began = [0.0, 0.0, 0.0], 0, 0, time.perf_counter()
            if step == limit:
                bar.close()
                return folder / _CHECKPOINT
    bar.close()
    save(network, folder / WEIGHTS, notes={"recipe": msgspec.json.encode(recipe).decode(), **(notes or {})})
    return folder / WEIGHTS


def _epoch(source: ExampleSource, encoder: PairEncoder, recipe: Recipe, number: int) -> list[list[Item]]:
    rng = random.Random(f"{recipe.seed}-{number}")
    shares = {origin: recipe.negatives[origin.value] for origin in SHARES}
    items = list(encoded(source.epoch(rng, shares), encoder))
    return batches(items, recipe.tokens, rng)


def _schedule(done: float, warmup: float) -> float:
    return done / warmup if done < warmup else max(0.0, (1 - done) / (1 - warmup))


def _scores(network: ReaderNetwork, batch: Sequence[Item], device: str) -> tuple[Scores, Tensor]:
    """Scores with the logits of everything but the passage and `START` hidden, and which passages answer."""
    ids, mask = pad([item.pair for item in batch])
    scores = network(torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device))
    readable = torch.zeros(ids.shape, dtype=torch.bool)
    readable[:, START] = True
    for row, item in zip(readable, batch, strict=True):
        row[item.pair.first : item.pair.first + len(item.pair.spans)] = True
    hidden = ~readable.to(device)
    masked = Scores(
        scores.start.masked_fill(hidden, _HIDDEN), scores.end.masked_fill(hidden, _HIDDEN), scores.relevance
    )
    return masked, torch.tensor([float(item.answers) for item in batch], device=device)


def _losses(
    network: ReaderNetwork, batch: Sequence[Item], recipe: Recipe, device: str
) -> tuple[Tensor, Tensor, Tensor]:
    """The whole loss and its parts: cross-entropy of start and end, and of the relevance of the passage."""
    scores, relevant = _scores(network, batch, device)
    start = torch.tensor([item.start for item in batch], device=device)
    end = torch.tensor([item.end for item in batch], device=device)
    span = (cross_entropy(scores.start, start) + cross_entropy(scores.end, end)) / 2
    relevance = binary_cross_entropy_with_logits(scores.relevance, relevant)
    return span + recipe.relevance_weight * relevance, span.detach(), relevance.detach()


def _validation_items(
    pairs: Sequence[GoldPair], encoder: PairEncoder, recipe: Recipe, *, progress: bool
) -> list[list[Item]]:
    """The validation pairs' passages, and one lookalike or sibling of each."""
    if not pairs:
        return []
    source = ExampleSource(pairs, progress=progress)
    items = list(encoded(source.plain(random.Random(0)), encoder))
    return batches(items, recipe.tokens, random.Random(0))


@torch.no_grad()
def _validate(network: ReaderNetwork, checked: Sequence[Sequence[Item]], device: str) -> dict[str, Any]:
    exact = overlap = answerable = refused = unanswerable = 0.0
    for batch in checked:
        scores, _ = _scores(network, batch, device)
        for item, start, end in zip(batch, scores.start.cpu().numpy(), scores.end.cpu().numpy(), strict=True):
            found = Window.of(item.pair, start, end).best()
            if not item.answers:
                unanswerable += 1
                refused += found.margin < 0
                continue
            answerable += 1
            gold = item.pair.spans[item.start - item.pair.first].start, item.pair.spans[item.end - item.pair.first].end
            shared = max(0, min(gold[1], found.span.end) - max(gold[0], found.span.start))
            exact += found.span == gold
            overlap += 2 * shared / (gold[1] - gold[0] + found.span.end - found.span.start)
    if not answerable:
        return {}
    return {
        "exact": round(exact / answerable, 4),
        "overlap": round(overlap / answerable, 4),
        "refused": round(refused / unanswerable, 4) if unanswerable else None,
    }


class _Done(NamedTuple):
    """How far a training has come: ``batch`` of ``epoch`` is the next, ``step`` batches were seen."""

    step: int
    epoch: int
    batch: int


def _save_checkpoint(
    folder: Path, network: ReaderNetwork, optimiser: torch.optim.Optimizer, recipe: Recipe, done: _Done
) -> None:
    state = {
        "recipe": msgspec.json.encode(recipe).decode(),
        "done": tuple(done),
        "trained": network.trained(),
        "optimiser": optimiser.state_dict(),
    }
    temporary = folder / f".{_CHECKPOINT}"
    torch.save(state, temporary)
    temporary.replace(folder / _CHECKPOINT)


def _resume(folder: Path, network: ReaderNetwork, optimiser: torch.optim.Optimizer, recipe: Recipe) -> _Done:
    """Load the checkpoint in ``folder``, if there is one."""
    file = folder / _CHECKPOINT
    if not file.is_file():
        return _Done(0, 0, 0)
    state = torch.load(file, weights_only=True)
    if json.loads(state["recipe"]) != msgspec.to_builtins(recipe):
        raise TrainingError(
            f"{folder} 里是另一种设置的训练，未作改动。请换一个文件夹，或用原来的设置继续。",
            f"{folder} holds a training with other options; nothing was changed. Choose another folder or use those.",
        )
    network.load_trained(state["trained"])
    optimiser.load_state_dict(state["optimiser"])
    return _Done(*state["done"])


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
