"""The curve of a training: losses as it goes, and what the questions kept aside say of it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import torch

from rag.reading.decoding import Window
from rag.reading.network import ReaderNetwork, computing
from rag.reading.pairs import PairEncoder, PairScores
from rag.training.batches import Item, batches, encoded
from rag.training.checkpoints import Done
from rag.training.examples import ExampleSource
from rag.training.losses import items_of, scores_of

CURVE: Final = "curve.jsonl"


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


def read_curve(folder: Path) -> Iterator[Progress]:
    """The lines of the curve in ``folder``."""
    for line in (folder / CURVE).read_bytes().splitlines():
        yield msgspec.json.decode(line, type=Progress)


def append(folder: Path, line: Progress) -> None:
    """Add a line to the curve in ``folder``."""
    with (folder / CURVE).open("ab") as opened:
        opened.write(msgspec.json.encode(line) + b"\n")


class Meter:
    """Sums since the last line of the curve."""

    def __init__(self) -> None:
        self._loss = self._span_loss = 0.0
        self._steps = self._tokens = 0
        self._began = time.perf_counter()

    def add(self, loss: float, span_loss: float, tokens: int) -> None:
        """Count a batch."""
        self._loss, self._span_loss = self._loss + loss, self._span_loss + span_loss
        self._steps, self._tokens = self._steps + 1, self._tokens + tokens

    def line(self, done: Done, epoch: float, checked: dict[str, Checked]) -> Progress:
        """The line of the curve that these sums make."""
        steps, seconds = max(1, self._steps), time.perf_counter() - self._began
        loss, span_loss = round(self._loss / steps, 4), round(self._span_loss / steps, 4)
        return Progress(done.step, done.stage, round(epoch, 3), loss, span_loss, round(self._tokens / seconds), checked)


def validation_batches(source: ExampleSource, encoder: PairEncoder, tokens: int) -> list[list[Item]]:
    """The validation questions' passages, and one lookalike of each."""
    alone = [[item] for item in encoded(source.plain(random.Random(0)), encoder)]
    made = batches(alone, tokens, random.Random(0))
    return list(map(items_of, made))


@torch.no_grad()
def check(network: ReaderNetwork, checked: Sequence[Sequence[Item]], device: str) -> Checked:
    """What ``network`` makes of the batches of one set."""
    exact = overlap = answerable = refused = unanswerable = 0.0
    for batch in checked:
        with computing(device):
            scores = scores_of(network, batch, device)
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
