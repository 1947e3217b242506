"""BERT encoders on the processor, computed by OpenVINO: the only module that imports it.

The graph is made here, of the tensors in a sentence-transformers folder, so that asking needs no torch (seconds to
import) and nothing is converted. OpenVINO computes in bfloat16 where the processor has it and in float32 elsewhere.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError

if TYPE_CHECKING:
    from openvino import CompiledModel, InferRequest, Model

Tensor = NDArray[np.float32]
Tokens = NDArray[np.int64]

_WEIGHTS: Final = "model.safetensors"
# A length that was not met before is compiled for: lengths are rounded up to a multiple of this, so that few are met.
_STEP: Final = 32
_HIDDEN_BY_MASK: Final = -1e4


class Bert:
    """The last hidden states of sequences of tokens. Thread-safe; a sequence's states do not depend on any other's.

    Sequences are computed one by one, one on each core: that wastes nothing on padding, and costs no more than batches.
    """

    def __init__(self, folder: Path, changed: Mapping[str, Tensor] | None = None) -> None:
        """Load the encoder in ``folder``, with ``changed`` in place of its tensors of these names.

        Raises ModelError if it is missing, damaged, or none that this module knows.
        """
        try:
            shape = json.loads((folder / "config.json").read_text("utf-8"))
            weights = {**tensors(folder), **(changed or {})}
            self._words = weights["embeddings.word_embeddings.weight"]
            kind = weights["embeddings.token_type_embeddings.weight"][0]
            self._places: Tensor = weights["embeddings.position_embeddings.weight"] + kind
            streams = _cores()
            self._compiled = _compiled(_graph(weights, shape), streams)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(
                f"模型无法加载（{folder}）：{error}。请删除该文件夹后重试。",
                f"The model does not load ({folder}): {error}. Delete that folder and try again.",
            ) from error
        self._pool = ThreadPoolExecutor(streams, thread_name_prefix="bert")
        self._of_thread = threading.local()

    @property
    def dimension(self) -> int:
        """Numbers in a hidden state."""
        return int(self._words.shape[1])

    def states(self, sequences: Sequence[Tokens]) -> list[Tensor]:
        """Hidden states of each sequence of token ids, in order: shape ``(tokens, hidden)``, float32."""
        return list(self._pool.map(self._one, sequences))

    def _one(self, ids: Tokens) -> Tensor:
        request: InferRequest | None = getattr(self._of_thread, "request", None)
        if request is None:
            request = self._of_thread.request = self._compiled.create_infer_request()
        used = len(ids)
        padded = min(-(-used // _STEP) * _STEP, len(self._places))
        states = np.zeros((1, padded, self.dimension), dtype=np.float32)
        states[0, :used] = self._words[ids] + self._places[:used]
        mask = np.full((1, 1, 1, padded), _HIDDEN_BY_MASK, dtype=np.float32)
        mask[..., :used] = 0.0
        found: Tensor = request.infer([states, mask])[0]
        return found[0, :used]


def tensors(folder: Path) -> dict[str, Tensor]:
    """The tensors of the model in ``folder`` by name, mapped, not read: the word embeddings alone are 380 MB.

    Raises OSError, and ValueError for a file that is no safetensors file of float32.
    """
    file = folder / _WEIGHTS
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header: dict[str, Any] = json.loads(stream.read(length))
    header.pop("__metadata__", None)
    if other := {entry["dtype"] for entry in header.values()} - {"F32"}:
        raise ValueError(f"tensors are {other}, not F32")
    return {
        name: np.memmap(file, np.float32, "r", 8 + length + entry["data_offsets"][0], tuple(entry["shape"]))
        for name, entry in header.items()
    }


def _graph(weights: Mapping[str, Tensor], shape: Mapping[str, Any]) -> Model:
    """Devlin et al. 2019, from the sum of the embeddings to the last layer's states."""
    openvino = _openvino()
    op = openvino.opset13
    hidden, heads = shape["hidden_size"], shape["num_attention_heads"]

    def integers(*values: int) -> Any:
        return op.constant(np.array(values, dtype=np.int64))

    def linear(inputs: Any, name: str) -> Any:
        weight, bias = op.constant(weights[f"{name}.weight"]), op.constant(weights[f"{name}.bias"])
        return op.add(op.matmul(inputs, weight, transpose_a=False, transpose_b=True), bias)

    def normed(inputs: Any, name: str) -> Any:
        scaled = op.mvn(inputs, integers(-1), True, shape["layer_norm_eps"], "inside_sqrt")
        weight, bias = op.constant(weights[f"{name}.weight"]), op.constant(weights[f"{name}.bias"])
        return op.add(op.multiply(scaled, weight), bias)

    def by_head(inputs: Any) -> Any:
        return op.transpose(op.reshape(inputs, integers(0, 0, heads, hidden // heads), True), integers(0, 2, 1, 3))

    states = op.parameter([1, -1, hidden], np.float32, "states")
    mask = op.parameter([1, 1, 1, -1], np.float32, "mask")
    now = normed(states, "embeddings.LayerNorm")
    for layer in range(shape["num_hidden_layers"]):
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


def _compiled(graph: Model, streams: int) -> CompiledModel:
    """``graph`` for this processor: ``streams`` sequences at once, each on one core."""
    options = {"NUM_STREAMS": str(streams), "INFERENCE_NUM_THREADS": str(streams), "ENABLE_CPU_PINNING": False}
    return _openvino().Core().compile_model(graph, "CPU", options)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _openvino() -> Any:
    # Its converter, which is not used here, would report to its makers; without this package it can't.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
