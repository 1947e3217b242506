"""Tune the bundled encoder: a question comes nearer to the passage that answers it than to those that look like it.

    python -m rag.training.retriever.tuning DATA FOLDER

``DATA`` is that of `rag.training.shipped`. The training stands in ``FOLDER``; the same command goes on, and at last
writes ``tuned.safetensors`` there.

Passages are scored as they are when one asks, by the mean of their own cosine and that of their best sentence, whose
vector is cut from the passage's states (`rag.embedding.late`); the loss is that of a softmax over the passages of a
batch (InfoNCE; van den Oord et al. 2018), and beside it one over all their sentences.
"""

from __future__ import annotations

import argparse
import copy
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import torch
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from tqdm import tqdm
from transformers import BertModel

from rag.embedding.bundled import TUNED_FILE, tuned, unpack
from rag.embedding.conversion import PROMPTS
from rag.embedding.late import Passage, passages
from rag.embedding.pieces import Pieces, load_pieces
from rag.index.dense import rows_of
from rag.inference.deltas import packed
from rag.reading.network import TRAINING, computing, load_base
from rag.reading.pairs import PADDING
from rag.training.checkpoints import CHECKPOINT, write_checkpoint
from rag.training.golds import divided
from rag.training.loop import keep_memory, layer_groups, move_average, return_memory
from rag.training.recipe import Stage
from rag.training.retriever.contrast import Batch, Contrast
from rag.training.shipped import NOT_ASKED, NOT_TRAINED, read_sets

_STEPS: Final = 640
_STAGE: Final = Stage(parts={}, learning_rate=1e-4, warmup=0.06, last=0.0)
# The factor of the rate from each layer to the one below it.
_LAYER_DECAY: Final = 0.95
_WEIGHT_DECAY: Final = 0.01
# Of the moving average of the weights, what stays at each step.
_AVERAGE: Final = 0.99
_TEMPERATURE: Final = 0.02
_OF_SENTENCES: Final = 0.3
"""Of the loss over sentences, beside that over passages."""
_SHARE: Final = 0.75
"""Of the way that training went, what is kept: weights between those before and after lose less of what is general."""
# A batch's passages are computed in so many parts of like lengths.
_PARTS: Final = 4
_SEED: Final = 1
_EVERY: Final = 100
"""Steps between two checkpoints."""
_HIDDEN: Final = -1e4
_LAYERS: Final = "encoder."


class Scores(NamedTuple):
    """Of a batch's questions with its passages, and with all their sentences: ``(queries, …)`` each.

    ``first`` is where each passage's sentences begin among them, and ``owners`` which passage each is of.
    """

    passages: Tensor
    sentences: Tensor
    first: Tensor
    owners: Tensor


def states_of(network: BertModel, sequences: Sequence[Sequence[int]], parts: int) -> list[Tensor]:
    """The last states of each sequence of tokens, ``(tokens, hidden)``, computed in parts of like lengths."""
    order = sorted(range(len(sequences)), key=lambda i: len(sequences[i]))
    size = -(-len(order) // parts)
    found: dict[int, Tensor] = {}
    for begin in range(0, len(order), size):
        some = order[begin : begin + size]
        ids = nn.utils.rnn.pad_sequence([torch.tensor(sequences[i]) for i in some], True, PADDING)
        states = network(input_ids=ids, attention_mask=(ids != PADDING).long()).last_hidden_state.float()
        found |= {i: one[: len(sequences[i])] for i, one in zip(some, states, strict=True)}
    return [found[i] for i in range(len(sequences))]


def scores_of(queries: Sequence[Tensor], held: Sequence[Passage], states: Sequence[Tensor]) -> Scores:
    """Scores by the states of the questions' and the passages' tokens."""
    asked = _unit([one.mean(0) for one in queries])
    wholes = [one.mean(0) for one in states]
    sentences = [
        own[place].mean(0) if place.start < place.stop else whole
        for passage, own, whole in zip(held, states, wholes, strict=True)
        for place in passage.sentences
    ]
    counts = torch.tensor([len(passage.sentences) for passage in held])
    owners = torch.repeat_interleave(torch.arange(len(held)), counts)
    cosines = asked @ _unit(sentences).T
    best = torch.full((len(asked), len(held)), -1.0).scatter_reduce(1, owners.expand(len(asked), -1), cosines, "amax")
    return Scores((asked @ _unit(wholes).T + best) / 2, cosines, counts.cumsum(0) - counts, owners)


def _unit(vectors: Sequence[Tensor]) -> Tensor:
    return normalize(torch.stack(list(vectors)), dim=-1)


def loss_of(scores: Scores, batch: Batch, contrast: Contrast) -> Tensor:
    """How far the questions are from the passages and the sentences that answer them.

    What has the words of an answer, but is not known to answer, counts for nothing.
    """
    places = {place: n for n, place in enumerate(batch.passages)}
    target = torch.tensor([places[query.passage] for query in batch.queries])
    answering = scores.first[target] + torch.tensor([query.sentence for query in batch.queries])
    unsure = torch.tensor(
        [
            [place != query.passage and contrast.may_answer(query, place) for place in batch.passages]
            for query in batch.queries
        ]
    )
    unsure_sentences = unsure[:, scores.owners]
    for n, query in enumerate(batch.queries):
        unsure_sentences[n, [int(scores.first[target[n]]) + k for k in contrast.doubtful(query)]] = True
    return _among(scores.passages, unsure, target) + _OF_SENTENCES * _among(
        scores.sentences, unsure_sentences, answering
    )


def _among(scores: Tensor, hidden: Tensor, target: Tensor) -> Tensor:
    return cross_entropy((scores / _TEMPERATURE).masked_fill(hidden, _HIDDEN), target)


class Tuning:
    """A training: the network, the moving average of its layers, and how far it has come."""

    def __init__(self, contrast: Contrast, folder: Path, steps: int = _STEPS) -> None:
        """Begin with the encoder as it is before any tuning, or go on from the checkpoint in ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(_SEED)
        self._folder, self._contrast, self._steps = folder, contrast, steps
        base = unpack()
        self._pieces = load_pieces(base)
        self._network = load_base(base, attention=TRAINING)
        self._network.requires_grad_(False)
        self._layers = self._network.encoder.requires_grad_(True)
        _untune(self._layers)
        self._before = copy.deepcopy(self._layers)
        self._average = copy.deepcopy(self._layers)
        groups = layer_groups(self._layers.layer, _LAYER_DECAY)
        self._optimiser = torch.optim.AdamW(groups, weight_decay=_WEIGHT_DECAY, fused=True)
        self._done = 0
        self._resume()

    def run(self) -> Path:
        """Train to the end, and write what came of it."""
        keep_memory()
        bar = tqdm(total=self._steps, initial=self._done, desc="训练 train", unit="step")
        for batch in self._batches():
            self._done += 1
            loss = self._step(batch)
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            bar.update()
            if self._done % _EVERY == 0 or self._done == self._steps:
                self._save()
                return_memory()
        bar.close()
        return self._write()

    def _batches(self) -> Iterator[Batch]:
        """Those that were not seen yet."""
        rng = random.Random(_SEED)
        made = 0
        while made < self._steps:
            for batch in self._contrast.epoch(rng):
                made += 1
                if self._done < made <= self._steps:
                    yield batch

    def _step(self, batch: Batch) -> float:
        rate = _STAGE.rate(self._done / self._steps)
        for group in self._optimiser.param_groups:
            group["lr"] = rate * group["share"]
        held = [passage_of(self._contrast, place, self._pieces) for place in batch.passages]
        asked = [self._pieces.sequence(PROMPTS["query"] + text) for text in batch.texts]
        with computing("cpu"):
            states = states_of(self._network, [one.ids for one in held], _PARTS)
            questions = states_of(self._network, asked, 1)
        loss = loss_of(scores_of(questions, held, states), batch, self._contrast)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._layers.parameters(), 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        move_average(self._average.parameters(), self._layers.parameters(), _AVERAGE, self._done)
        return loss.item()

    def _save(self) -> None:
        saved = {
            "network": self._layers.state_dict(),
            "average": self._average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "done": self._done,
        }
        write_checkpoint(self._folder, saved)

    def _resume(self) -> None:
        if (self._folder / CHECKPOINT).is_file():
            saved = torch.load(self._folder / CHECKPOINT, weights_only=True)
            self._layers.load_state_dict(saved["network"])
            self._average.load_state_dict(saved["average"])
            self._optimiser.load_state_dict(saved["optimiser"])
            self._done = saved["done"]

    def _write(self) -> Path:
        before = self._before.state_dict()
        moved = {
            _LAYERS + name: (_SHARE * (value - before[name])).numpy()
            for name, value in self._average.state_dict().items()
        }
        save_file(packed(moved), self._folder / TUNED_FILE.name)
        return self._folder / TUNED_FILE.name


def passage_of(contrast: Contrast, place: int, pieces: Pieces) -> Passage:
    """A passage's tokens, as they are embedded when it is indexed."""
    document, passage = contrast.passages[place]
    return next(passages(rows_of(passage, document.text)[:1], PROMPTS["passage"], pieces.ids))


@torch.no_grad()
def _untune(layers: nn.Module) -> None:
    moved = tuned()
    for name, value in layers.state_dict().items():
        value -= torch.from_numpy(moved[_LAYERS + name])


def main() -> None:
    """Train, or go on training."""
    parser = argparse.ArgumentParser(description="Tune the bundled encoder.")
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    sets = read_sets(options.data)
    trained, _ = divided([gold for golds in sets.values() for gold in golds])
    unused = {id(gold) for name in (*NOT_ASKED, *NOT_TRAINED) for gold in sets[name]}
    contrast = Contrast([gold for gold in trained if id(gold) not in unused], progress=True)
    print(Tuning(contrast, options.folder).run())


if __name__ == "__main__":
    main()
