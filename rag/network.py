"""A BERT encoder's network, computed by OpenVINO: the only module that imports it.

The graph is made here, of the tensors in a sentence-transformers folder, so that asking needs no torch (seconds to
import) and nothing is converted. OpenVINO computes in bfloat16 where the processor has it and in float32 elsewhere.
What it compiles is kept in the user's cache, and mapped from there the next time: less to do, and less memory.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rag import kept
from rag.weights import Tensor

if TYPE_CHECKING:
    from openvino import CompiledModel, InferRequest, Model

_KIND: Final = "compiled"


@dataclass(frozen=True, slots=True)
class Shape:
    """What the tensors of an encoder do not say themselves."""

    hidden: int
    layers: int
    heads: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Network:
    """A compiled network. ``memory`` is what its numbers are in: it must not go before the network does.

    ``kept`` is the same where it is a file's.
    """

    compiled: CompiledModel
    memory: object
    kept: kept.Bytes | None = None

    def request(self) -> InferRequest:
        """What computes it, for one thread at a time: hidden states of ``(states, mask)``, see `network`."""
        return self.compiled.create_infer_request()

    def spare(self) -> None:
        """Give back memory that is needed no more once the network has been computed: it has packed its own numbers."""
        if self.kept is not None:
            kept.spare(self.kept)


def network(key: str, shape: Shape, streams: int, weights: Callable[[], Mapping[str, Tensor]]) -> Network:
    """The network of ``weights``, which ``key`` stands for, for ``streams`` inputs at once, each on one core.

    Its inputs are the sums of the embeddings, float32 of shape ``(n, tokens, hidden)``, and what is added to the
    attention to each token, ``(n, 1, 1, tokens)``; its output the last hidden states, of the first's shape.
    Raises KeyError if a tensor is missing, RuntimeError if one does not fit.
    """
    openvino = _openvino()
    core = openvino.Core()
    options = {"NUM_STREAMS": str(streams), "INFERENCE_NUM_THREADS": str(streams), "ENABLE_CPU_PINNING": False}
    whole_key = json.dumps([key, repr(shape), options, openvino.__version__, _processor(core), _code()])
    if (found := kept.find(_KIND, whole_key)) is not None:
        # Whatever OpenVINO does not take back is compiled again.
        with suppress(RuntimeError):
            compiled = core.import_model(openvino.Tensor(found, shared_memory=True), "CPU", options)
            return Network(compiled, found, found)
    memory = weights()
    compiled = core.compile_model(_graph(memory, shape), "CPU", options)
    kept.keep(_KIND, whole_key, compiled.export_model().getvalue())
    return Network(compiled, memory)


def _graph(weights: Mapping[str, Tensor], shape: Shape) -> Model:
    """Devlin et al. 2019, from the sum of the embeddings to the last layer's states."""
    openvino = _openvino()
    op = openvino.opset13
    hidden, heads = shape.hidden, shape.heads

    def integers(*values: int) -> Any:
        return op.constant(np.array(values, dtype=np.int64))

    def constant(name: str) -> Any:
        return op.constant(weights[name], shared_memory=True)

    def linear(inputs: Any, name: str) -> Any:
        product = op.matmul(inputs, constant(f"{name}.weight"), transpose_a=False, transpose_b=True)
        return op.add(product, constant(f"{name}.bias"))

    def normed(inputs: Any, name: str) -> Any:
        scaled = op.mvn(inputs, integers(-1), True, shape.epsilon, "inside_sqrt")
        return op.add(op.multiply(scaled, constant(f"{name}.weight")), constant(f"{name}.bias"))

    def by_head(inputs: Any) -> Any:
        return op.transpose(op.reshape(inputs, integers(0, 0, heads, hidden // heads), True), integers(0, 2, 1, 3))

    states = op.parameter([-1, -1, hidden], np.float32, "states")
    mask = op.parameter([-1, 1, 1, -1], np.float32, "mask")
    now = normed(states, "embeddings.LayerNorm")
    for layer in range(shape.layers):
        name = f"encoder.layer.{layer}"
        query, key, value = (
            by_head(linear(now, f"{name}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        seen = op.transpose(op.scaled_dot_product_attention(query, key, value, mask), integers(0, 2, 1, 3))
        seen = linear(op.reshape(seen, integers(0, 0, hidden), True), f"{name}.attention.output.dense")
        now = normed(op.add(now, seen), f"{name}.attention.output.LayerNorm")
        inner = op.gelu(linear(now, f"{name}.intermediate.dense"), "erf")
        now = normed(op.add(now, linear(inner, f"{name}.output.dense")), f"{name}.output.LayerNorm")
    return openvino.Model([now], [states, mask], "bert")


def _processor(core: Any) -> list[str]:
    return [core.get_property("CPU", "FULL_DEVICE_NAME"), *core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")]


def _code() -> str:
    """A digest of this module: what another version of it has compiled is another network."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def _openvino() -> Any:
    # Its converter, which is not used here, would report to its makers; without this package it can't.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
