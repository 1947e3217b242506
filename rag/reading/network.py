"""The trained reader's network: the bundled encoder with low-rank additions to its layers, and two small heads."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.utils import parametrize
from transformers import BertConfig, BertModel

from rag.errors import ModelError
from rag.reading.pairs import Pair, PairScores, pad
from rag.reading.weights import Array, read

RANK: Final = 32
_WEIGHTS: Final = "model.safetensors"
# Passages of one question are few: two batches of like lengths waste less than one, and more of them gain nothing.
_BATCHES: Final = 2


class Scores(NamedTuple):
    """Logits for a batch of pairs: ``start`` and ``end`` of the answer, shape ``(batch, tokens)``, and ``relevance``,
    shape ``(batch,)``. Position 0 of the first two stands for "no answer here".
    """

    start: Tensor
    end: Tensor
    relevance: Tensor


class LowRank(nn.Module):
    """``W + BA``: what training changes of a weight ``W`` of shape ``(outputs, inputs)`` (LoRA, Hu et al. 2021).

    ``B`` begins as zero, so that training begins from the encoder as it is.
    """

    def __init__(self, outputs: int, inputs: int, rank: int) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.randn(rank, inputs) / math.sqrt(inputs))
        self.b = nn.Parameter(torch.zeros(outputs, rank))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + (self.b @ self.a).to(weight.dtype)


class ReaderNetwork(nn.Module):
    """Reads pairs of question and passage; see `rag.reading.pairs` for the input."""

    def __init__(self, encoder: BertModel, *, rank: int = RANK) -> None:
        """Freeze ``encoder`` and add what is trained: low-rank weights in every linear layer, and the heads."""
        super().__init__()
        self.rank = rank
        self.encoder = encoder.requires_grad_(False)
        for layer in encoder.encoder.modules():
            if isinstance(layer, nn.Linear):
                added = LowRank(layer.out_features, layer.in_features, rank)
                parametrize.register_parametrization(layer, "weight", added, unsafe=True)
        self.span = nn.Linear(encoder.config.hidden_size, 2)
        self.relevance = nn.Linear(encoder.config.hidden_size, 1)

    def forward(self, ids: Tensor, mask: Tensor) -> Scores:
        """Scores of a batch; ``ids`` and ``mask`` as from `rag.reading.pairs.pad`."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        start, end = self.span(states).unbind(-1)
        return Scores(start, end, self.relevance(states[:, 0]).squeeze(-1))

    def trained(self) -> dict[str, Tensor]:
        """The parameters that training changes, by name."""
        return {name: value.detach() for name, value in self.named_parameters() if value.requires_grad}

    def load_trained(self, values: Mapping[str, Tensor | Array]) -> None:
        """Take over parameters from `trained` or a file. Raises ModelError if they are another network's."""
        own = {name: value for name, value in self.named_parameters() if value.requires_grad}
        if own.keys() != values.keys() or any(own[name].shape != value.shape for name, value in values.items()):
            raise ModelError("阅读器的权重与网络不符。", "The reader's weights do not fit its network.")
        with torch.no_grad():
            for name, value in values.items():
                own[name].copy_(torch.as_tensor(value))

    def merge(self) -> ReaderNetwork:
        """Add the low-rank weights to the encoder's for good: the same scores, faster."""
        for layer in self.encoder.encoder.modules():
            if isinstance(layer, nn.Linear) and parametrize.is_parametrized(layer):
                parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
        return self.requires_grad_(False).eval()


def compute_in(encoder: BertModel, dtype: torch.dtype) -> BertModel:
    """Convert the encoder's layers, in place; its embeddings stay as they are."""
    encoder.encoder.to(dtype)
    encoder.embeddings.LayerNorm.register_forward_hook(lambda _module, _inputs, states: states.to(dtype))
    return encoder


def preferred_dtype(device: str) -> torch.dtype:
    """bfloat16 where the processor computes in it, which is about twice as fast; float32 elsewhere."""
    fast = device != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.bfloat16 if fast else torch.float32


def load_base(folder: Path, *, attention: str) -> BertModel:
    """The encoder in a sentence-transformers folder, in float32; its word embeddings stay on disk, mapped.

    ``attention`` is ``sdpa`` to read with, ``eager`` to train with: on CPUs the former's gradient is the slower one.
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


def save(network: ReaderNetwork, file: Path, *, notes: dict[str, str]) -> None:
    """Write what was trained, in float16, with ``notes`` (base model, recipe, figures) as the file's metadata."""
    values = {name: value.half().contiguous() for name, value in network.trained().items()}
    save_file(values, file, metadata={"rank": str(network.rank), **notes})


class TorchScorer:
    """Logits of pairs by torch, on any device of its."""

    def __init__(self, base: Path, weights: Path, *, device: str = "cpu") -> None:
        """Load what `save` wrote, for the encoder in ``base``. Raises ModelError."""
        values, notes = read(weights)
        network = ReaderNetwork(load_base(base, attention="sdpa"), rank=int(notes["rank"]))
        network.load_trained(values)
        self._network = network.merge().to(device)
        compute_in(self._network.encoder, preferred_dtype(device))
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
            start, end, relevance = (values.float().cpu().numpy() for values in self._network(ids, mask))
            found |= {i: PairScores(start[row], end[row], float(relevance[row])) for row, i in enumerate(batch)}
        return [found[i] for i in range(len(pairs))]
