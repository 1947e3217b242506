"""The trained reader's network computed by OpenVINO."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from rag.bert import Bert, tensors
from rag.errors import ModelError
from rag.reading.pairs import Pair, PairScores
from rag.reading.weights import read

_ADDED: Final = ".parametrizations.weight.0"
_OWN: Final = "encoder."


class CompiledScorer:
    """Logits of pairs. The low-rank weights are added to the encoder's once: ``W + BA``."""

    def __init__(self, base: Path, weights: Path) -> None:
        """Load what `rag.reading.network.save` wrote, for the encoder in ``base``. Raises ModelError."""
        values, _ = read(weights)
        below = tensors(base)
        try:
            changed = {}
            for name in [name for name in values if name.endswith(f"{_ADDED}.a")]:
                layer = name.removesuffix(f"{_ADDED}.a")
                weight = f"{layer.removeprefix(_OWN)}.weight"
                changed[weight] = below[weight] + values[f"{layer}{_ADDED}.b"] @ values[name]
            # Columns: start, end, relevance.
            self._heads = np.concatenate([values["span.weight"], values["relevance.weight"]]).T
            self._bias = np.concatenate([values["span.bias"], values["relevance.bias"]])
        except (KeyError, ValueError) as error:
            raise ModelError("阅读器的权重与网络不符。", "The reader's weights do not fit its network.") from error
        self._bert = Bert(base, changed)

    def scores(self, pairs: Sequence[Pair]) -> list[PairScores]:
        """See `rag.reading.scoring.Scorer`."""
        logits = [states @ self._heads + self._bias for states in self._bert.states([pair.ids for pair in pairs])]
        return [PairScores(one[:, 0], one[:, 1], float(one[0, 2])) for one in logits]
