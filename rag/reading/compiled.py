"""The trained reader's network computed by OpenVINO."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np

from rag.bert import Bert, Changed
from rag.errors import ModelError
from rag.reading.pairs import Pair, PairScores
from rag.reading.weights import read
from rag.scales import Scales, read_scales
from rag.weights import Tensor

_ADDED: Final = ".parametrizations.weight.0"
_OWN: Final = "encoder."


class CompiledScorer:
    """Logits of pairs. The low-rank weights are added to the encoder's once: ``W + BA``."""

    def __init__(self, base: Path, weights: Path, scales: Path | None = None) -> None:
        """Load what `rag.reading.network.save` wrote, for the encoder in ``base``.

        With the ``scales`` of these weights it may be computed in bytes; those of others count as none. Raises
        ModelError.
        """
        values, _ = read(weights)
        try:
            # Columns: start, end, relevance.
            self._heads = np.concatenate([values["span.weight"], values["relevance.weight"]]).T
            self._bias = np.concatenate([values["span.bias"], values["relevance.bias"]])
        except (KeyError, ValueError) as error:
            raise _misfit() from error
        key = weights_key(weights)
        changed = Changed(key, lambda below: _merged(below, values))
        self._bert = Bert(base, changed, read_scales(scales, key) if scales else None)

    def fit(self, pairs: Sequence[Pair]) -> Scales:
        """See `Bert.fit`."""
        return self._bert.fit([pair.ids for pair in pairs])

    def start(self, pairs: Sequence[Pair]) -> Callable[[], list[PairScores]]:
        """See `rag.reading.scoring.Scorer`."""
        return self._bert.start([pair.ids for pair in pairs], self._scored, soon=True).results

    def _scored(self, states: Tensor) -> PairScores:
        logits = states @ self._heads + self._bias
        return PairScores(logits[:, 0], logits[:, 1], float(logits[0, 2]))


def weights_key(weights: Path) -> str:
    """What tells a file of weights from others."""
    return sha256(weights.read_bytes()).hexdigest()


def _merged(below: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The encoder's matrices to which ``values`` add something. Raises ModelError if they do not fit."""
    merged = {}
    try:
        for name in [name for name in values if name.endswith(f"{_ADDED}.a")]:
            layer = name.removesuffix(f"{_ADDED}.a")
            weight = f"{layer.removeprefix(_OWN)}.weight"
            merged[weight] = np.asarray(below[weight]) + values[f"{layer}{_ADDED}.b"] @ values[name]
    except (KeyError, ValueError) as error:
        raise _misfit() from error
    return merged


def _misfit() -> ModelError:
    return ModelError("阅读器的权重与网络不符。", "The reader's weights do not fit its network.")
