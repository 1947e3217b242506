"""What a batch of questions with their passages costs: the losses of the reader's heads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax

from rag.reading.network import ReaderNetwork, Scores
from rag.reading.pairs import START, pad
from rag.training.batches import Group, Item
from rag.training.recipe import Recipe

_HIDDEN: Final = -1e4
# A batch's passages are computed in so many parts of like lengths.
_PARTS: Final = 4


def items_of(batch: Sequence[Group]) -> list[Item]:
    return [item for group in batch for item in group]


def scores_of(network: ReaderNetwork, batch: Sequence[Item], device: str) -> Scores:
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


def losses(scores: Scores, batch: Sequence[Group], recipe: Recipe, device: str) -> tuple[Tensor, Tensor]:
    """The whole loss, and of it that of start and end.

    Start and end have equal chances at each slice, at `START` where there is none. Inside, relevance and several are
    yes or no; several only where there is an answer.
    """
    items = items_of(batch)
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
