"""The trained reader's network: the bundled encoder, all of whose layers are trained, and two small heads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, BertConfig, BertModel
from transformers.masking_utils import eager_mask

from rag.inference.deltas import Array
from rag.reading.pairs import Pair, PairScores, pad
from rag.reading.weights import HEADS, misfit, read, write

TRAINING: Final = "wenyuan-lean"
"""Attention to train with: written out, as on CPUs the fused kernel's gradient is slow, and in the states' own type.

Transformers' own adds the mask in float32, and so holds the scores of ``(batch, heads, tokens, tokens)`` in it: 1.4
times slower.
"""
READING: Final = "sdpa"
_FIXED: Final = "encoder.embeddings."
_WEIGHTS: Final = "model.safetensors"
# Passages of one question are few: two batches of like lengths waste less than one, and more of them gain nothing.
_BATCHES: Final = 2


class Scores(NamedTuple):
    """Logits for a batch of pairs.

    ``start``, ``end`` and ``inside`` of the answer, shape ``(batch, tokens)``; position 0 of the first two stands for
    "no answer here". ``relevance``: that the passage answers, ``several``: with several slices; shape ``(batch,)``.
    """

    start: Tensor
    end: Tensor
    inside: Tensor
    relevance: Tensor
    several: Tensor


class ReaderNetwork(nn.Module):
    """Reads pairs of question and passage; see `rag.reading.pairs` for the input."""

    def __init__(self, encoder: BertModel) -> None:
        """Train the layers of ``encoder``, not its embeddings, and heads on top."""
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        encoder.encoder.requires_grad_(True)
        width = encoder.config.hidden_size
        self.tokens, self.passage = (nn.Linear(width, outputs) for outputs in HEADS.values())

    def forward(self, ids: Tensor, mask: Tensor) -> Scores:
        """Scores of a batch; ``ids`` and ``mask`` as from `rag.reading.pairs.pad`."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        with torch.autocast(states.device.type, enabled=False):
            return Scores(*self.tokens(states).unbind(-1), *self.passage(states[:, 0]).unbind(-1))

    def trained(self) -> dict[str, Tensor]:
        """The parameters that training changes, by name: all but the embeddings."""
        return {name: value.detach() for name, value in self.named_parameters() if not name.startswith(_FIXED)}

    def load_trained(self, values: Mapping[str, Tensor]) -> None:
        """Take over parameters from `trained`. Raises ModelError if they are another network's."""
        own = self.trained()
        if own.keys() != values.keys() or any(own[name].shape != value.shape for name, value in values.items()):
            raise misfit()
        with torch.no_grad():
            for name, value in values.items():
                own[name].copy_(value)

    def load(self, file: Path) -> dict[str, str]:
        """Take over what `save` wrote, onto the encoder as it was, and return its notes. Raises ModelError."""
        differences, heads, notes = read(file)
        own = self.trained()
        moved = {f"encoder.{name}": torch.from_numpy(value) for name, value in differences.items()}
        if {**moved, **heads}.keys() != own.keys():
            raise misfit()
        self.load_trained(
            {name: own[name] + value for name, value in moved.items()}
            | {name: torch.from_numpy(value) for name, value in heads.items()}
        )
        return notes


def save(network: ReaderNetwork, base: BertModel, file: Path, *, notes: dict[str, str]) -> None:
    """Write how ``network`` differs from the encoder that it began as, ``base``; see `rag.reading.weights`."""
    values = {name: value.float().cpu() for name, value in network.trained().items()}
    begun = {f"encoder.{name}": value.detach() for name, value in base.named_parameters()}
    differences: dict[str, Array] = {
        name.removeprefix("encoder."): (value - begun[name]).numpy() for name, value in values.items() if name in begun
    }
    write(differences, {name: value.numpy() for name, value in values.items() if name not in begun}, file, notes)


def computing(device: str) -> torch.autocast:
    """Computation in bfloat16 where the processor has that, which is about twice as fast; in float32 elsewhere."""
    fast = device != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.autocast(device, torch.bfloat16, enabled=fast)


def _attend(
    _module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **_: object
) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention in the type of ``query``; shapes ``(batch, heads, tokens, size)``."""
    scores = torch.matmul(query * query.size(-1) ** -0.5, key.transpose(2, 3))
    if attention_mask is not None:
        scores += attention_mask.to(scores.dtype)
    shares = torch.softmax(scores, -1, dtype=scores.dtype)
    return torch.matmul(shares, value).transpose(1, 2).contiguous(), shares


AttentionInterface.register(TRAINING, _attend)
AttentionMaskInterface.register(TRAINING, eager_mask)


def load_base(folder: Path, *, attention: str) -> BertModel:
    """The encoder in a sentence-transformers folder, in float32; its word embeddings stay on disk, mapped.

    ``attention`` is `READING` or `TRAINING`.
    """
    config = BertConfig.from_pretrained(folder, attn_implementation=attention)
    with torch.device("meta"):
        model = BertModel(config, add_pooling_layer=False)
    weights = {name: value for name, value in load_file(folder / _WEIGHTS).items() if not name.startswith("pooler.")}
    model.load_state_dict(weights, strict=False, assign=True)
    length = config.max_position_embeddings
    model.embeddings.register_buffer("position_ids", torch.arange(length).expand((1, -1)), persistent=False)
    zeros = torch.zeros((1, length), dtype=torch.long)
    model.embeddings.register_buffer("token_type_ids", zeros, persistent=False)
    model.eval()
    return model


class TorchScorer:
    """Logits of pairs by torch, on any device of its."""

    def __init__(self, base: Path, weights: Path, *, device: str = "cpu") -> None:
        """Load what `save` wrote, for the encoder in ``base``. Raises ModelError."""
        self._network = ReaderNetwork(load_base(base, attention=READING))
        self._network.load(weights)
        self._network.requires_grad_(False).eval().to(device)
        self._device = device

    def start(self, pairs: Sequence[Pair]) -> Callable[[], list[PairScores]]:
        """See `rag.reading.scoring.Scorer`; computed when it is asked for."""
        return partial(self._scores, pairs)

    @torch.inference_mode()
    def _scores(self, pairs: Sequence[Pair]) -> list[PairScores]:
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i].ids))
        size = max(1, -(-len(order) // _BATCHES))
        found: dict[int, PairScores] = {}
        for begin in range(0, len(order), size):
            batch = order[begin : begin + size]
            ids, mask = (torch.from_numpy(array).to(self._device) for array in pad([pairs[i] for i in batch]))
            with computing(self._device):
                scores = self._network(ids, mask)
            rows = zip(*(values.float().cpu().numpy() for values in scores), strict=True)
            found |= {
                i: PairScores(start, end, inside, float(relevance), float(several))
                for i, (start, end, inside, relevance, several) in zip(batch, rows, strict=True)
            }
        return [found[i] for i in range(len(pairs))]
