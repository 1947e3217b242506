"""A BERT encoder as OpenVINO's graph, made of the tensors in a sentence-transformers folder: nothing is converted.

The only module that imports OpenVINO.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.inference.scales import LEVELS, Scales, flows, rounded
from rag.inference.tensors import Tensor

if TYPE_CHECKING:
    from openvino import Model


@dataclass(frozen=True, slots=True)
class Shape:
    """What the tensors of an encoder do not say themselves."""

    hidden: int
    layers: int
    heads: int
    epsilon: float


def openvino() -> Any:
    """OpenVINO, half a second to import."""
    # Its converter, which is not used here, takes a third of that, and would report to its makers.
    sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def graph(weights: Mapping[str, Tensor], shape: Shape, scales: Scales | None = None, *, inner: bool = False) -> Model:
    """Devlin et al. 2019, from the sum of the embeddings to the last layer's states.

    With ``scales``, what flows into a layer and the weights that it meets there are bytes. ``inner`` adds outputs:
    what flows into the layers, in the order of `rag.inference.scales.flows`. Raises KeyError if a tensor is missing.
    """
    return _Maker(weights, shape, scales).model(inner=inner)


class _Maker:
    def __init__(self, weights: Mapping[str, Tensor], shape: Shape, scales: Scales | None) -> None:
        self._openvino = openvino()
        self._op = self._openvino.opset13
        self._weights = weights
        self._shape = shape
        self._scales = scales
        self._flows: dict[str, Any] = {}

    def model(self, *, inner: bool) -> Model:
        op, shape = self._op, self._shape
        states = op.parameter([-1, -1, shape.hidden], np.float32, "states")
        mask = op.parameter([-1, 1, 1, -1], np.float32, "mask")
        now, into = self._normed(states, "embeddings.LayerNorm")
        for layer in range(shape.layers):
            name = f"encoder.layer.{layer}"
            seen = self._attention(into(f"{name}.attention.self"), mask, name)
            seen = self._linear(seen, f"{name}.attention.output.dense")
            now, into = self._normed(op.add(now, seen), f"{name}.attention.output.LayerNorm")
            wide = op.gelu(self._linear(into(f"{name}.intermediate.dense"), f"{name}.intermediate.dense"), "erf")
            if self._scales is not None:
                wide = op.multiply(wide, self._made(self._scales[f"{name}.output.dense"].factors))
            narrow = self._linear(self._flow(wide, f"{name}.output.dense"), f"{name}.output.dense")
            now, into = self._normed(op.add(now, narrow), f"{name}.output.LayerNorm")
        outputs = [now, *(self._flows[name] for name in flows(shape.layers))] if inner else [now]
        return self._openvino.Model(outputs, [states, mask], "bert")

    def _attention(self, flow: Any, mask: Any, name: str) -> Any:
        """What flows into the layer after the attention."""
        op, hidden, heads = self._op, self._shape.hidden, self._shape.heads
        here, after = f"{name}.attention.self", f"{name}.attention.output.dense"

        def by_head(inputs: Any) -> Any:
            shape = self._integers(0, 0, heads, hidden // heads)
            return op.transpose(op.reshape(inputs, shape, True), self._integers(0, 2, 1, 3))

        # What is mixed of the values is scaled as they are.
        factors = None if self._scales is None else self._scales[after].factors
        query, key = (by_head(self._linear(flow, f"{here}.{one}", here)) for one in ("query", "key"))
        value = by_head(self._linear(flow, f"{here}.value", here, factors))
        seen = op.transpose(op.scaled_dot_product_attention(query, key, value, mask), self._integers(0, 2, 1, 3))
        return self._flow(op.reshape(seen, self._integers(0, 0, hidden), True), after)

    def _linear(self, flow: Any, name: str, into: str | None = None, factors: Tensor | None = None) -> Any:
        """The layer ``name`` of the flow ``into`` (``name`` too); what comes out is multiplied by ``factors``."""
        op = self._op
        if self._scales is None:
            matrix, bias = self._given(f"{name}.weight"), self._given(f"{name}.bias")
        else:
            weight, added = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
            if factors is not None:
                weight, added = weight * factors[:, np.newaxis], added * factors
            levels, steps = rounded(weight / self._scales[into or name].factors)
            matrix = op.multiply(op.convert(op.constant(levels), np.float32), self._made(steps))
            bias = self._made(added)
        return op.add(op.matmul(flow, matrix, transpose_a=False, transpose_b=True), bias)

    def _normed(self, states: Any, name: str) -> tuple[Any, Callable[[str], Any]]:
        """Normed states, and what makes of them what flows into a layer."""
        op = self._op
        centred = op.mvn(states, self._integers(-1), True, self._shape.epsilon, "inside_sqrt")
        normed = op.add(op.multiply(centred, self._given(f"{name}.weight")), self._given(f"{name}.bias"))

        def into(layer: str) -> Any:
            if self._scales is None:
                return self._flow(normed, layer)
            factors = self._scales[layer].factors
            weight, bias = (self._made(self._weights[f"{name}.{one}"] * factors) for one in ("weight", "bias"))
            return self._flow(op.add(op.multiply(centred, weight), bias), layer)

        return normed, into

    def _flow(self, states: Any, name: str) -> Any:
        """``states``, scaled already, as they flow into the layer ``name``."""
        self._flows[name] = states
        if self._scales is None:
            return states
        low, high = (self._made(np.array(end, np.float32)) for end in (self._scales[name].low, self._scales[name].high))
        return self._op.fake_quantize(states, low, high, low, high, LEVELS)

    def _given(self, name: str) -> Any:
        return self._op.constant(self._weights[name], shared_memory=True)

    def _made(self, values: Tensor) -> Any:
        return self._op.constant(np.asarray(values, np.float32))

    def _integers(self, *values: int) -> Any:
        return self._op.constant(np.array(values, dtype=np.int64))
