"""The trained reader's network computed by OpenVINO."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from rag.inference import cache
from rag.inference.bert import Bert, Changed
from rag.inference.scales import Scales, read_scales
from rag.inference.tensors import Tensor
from rag.reading.pairs import Pair, PairScores
from rag.reading.weights import HEADS, misfit, read, read_heads


class CompiledScorer:
    """Logits of pairs. What training changed is added to the encoder's weights once."""

    def __init__(self, base: Path, weights: Path, scales: Path | None = None) -> None:
        """Load what `rag.reading.network.save` wrote, for the encoder in ``base``.

        With the ``scales`` of these weights it may be computed in bytes; those of others count as none. Raises
        ModelError.
        """
        heads = read_heads(weights)
        self._tokens, self._passage = ((heads[f"{head}.weight"].T, heads[f"{head}.bias"]) for head in HEADS)
        key = weights_key(weights)
        # Read when the network is compiled: what was compiled before needs none of it.
        changed = Changed(key, lambda below: _moved(below, read(weights)[0]))
        self._bert = Bert(base, changed, read_scales(scales, key) if scales else None)

    def fit(self, pairs: Sequence[Pair]) -> Scales:
        """See `Bert.fit`."""
        return self._bert.fit([pair.ids for pair in pairs])

    def start(self, pairs: Sequence[Pair]) -> Callable[[], list[PairScores]]:
        """See `rag.reading.scoring.Scorer`."""
        return self._bert.start([pair.ids for pair in pairs], self._scored, soon=True).results

    def _scored(self, states: Tensor, _: int) -> PairScores:
        (weight, bias), (passage_weight, passage_bias) = self._tokens, self._passage
        start, end, inside = (states @ weight + bias).T
        relevance, several = states[0] @ passage_weight + passage_bias
        return PairScores(start, end, inside, float(relevance), float(several))


def weights_key(weights: Path) -> str:
    """What tells a file of weights from others."""
    return cache.digest(weights)


def _moved(below: Mapping[str, Tensor], differences: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The encoder's tensors as training left them. Raises ModelError if they do not fit."""
    try:
        return {name: np.asarray(below[name]) + difference for name, difference in differences.items()}
    except (KeyError, ValueError) as error:
        raise misfit() from error
