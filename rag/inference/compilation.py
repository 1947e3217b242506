"""An encoder's network, computed by OpenVINO: compiled once, then mapped from the user's cache.

It computes in bytes where scales for them are given and this processor is fast at it, else in bfloat16 where the
processor has that, else in float32. Which it is, is measured once on each machine.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from rag.inference import cache as kept
from rag.inference import graph, scales
from rag.inference.graph import Shape, openvino
from rag.inference.scales import Scales
from rag.inference.tensors import Tensor

if TYPE_CHECKING:
    from openvino import CompiledModel, InferRequest

Precision = Literal["int8", "float"]

# To be raised when this module, `graph` or `scales` makes other networks: what was compiled before is not taken then.
_VERSION: Final = 1
_KIND: Final = "compiled"
_CHOICE: Final = "precision"
_PRECISIONS: Final[tuple[Precision, ...]] = ("int8", "float")
_ROUNDS: Final = 5
# Bytes are a quarter of the memory too: they are left only for what is clearly faster, or where they come out wrong, as
# on processors whose sums of products overflow.
_SLOWER: Final = 1.2
_LIKE: Final = 0.98

_log = logging.getLogger("wenyuan")


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


@dataclass(frozen=True, slots=True)
class Source:
    """What a network is made of: ``weights``, which ``key`` stands for, and for bytes also ``scales``.

    ``sample`` is an input, ``(1, tokens, hidden)``, on which bytes and floats are compared.
    """

    key: str
    shape: Shape
    weights: Callable[[], Mapping[str, Tensor]]
    scales: Scales | None
    sample: Callable[[], Tensor]


def network(source: Source, streams: int, cores: int) -> Network:
    """The network of ``source`` for ``streams`` inputs at once, which share ``cores``.

    Its inputs are the sums of the embeddings, float32 of shape ``(n, tokens, hidden)``, and what is added to the
    attention to each token, ``(n, 1, 1, tokens)``; its output the last hidden states, of the first's shape.
    Raises KeyError if a tensor is missing, RuntimeError if one does not fit.
    """
    core = openvino().Core()
    options = {"NUM_STREAMS": str(streams), "INFERENCE_NUM_THREADS": str(cores), "ENABLE_CPU_PINNING": False}
    key = json.dumps([source.key, repr(source.shape), openvino().__version__, _processor(core), _VERSION])

    def taken(precision: Precision) -> Network | None:
        if (stored := kept.find(_KIND, f"{key} {precision}")) is not None:
            # Whatever OpenVINO does not take back is compiled again.
            with suppress(RuntimeError):
                compiled = core.import_model(openvino().Tensor(stored, shared_memory=True), "CPU", options)
                return Network(compiled, stored, stored)
        return None

    def made(precision: Precision) -> Network:
        memory = source.weights()
        scaled = source.scales if precision == "int8" else None
        return Network(core.compile_model(graph.graph(memory, source.shape, scaled), "CPU", options), memory)

    precision: Precision | None = "float"
    if source.scales is not None:
        known = kept.find(_CHOICE, key)
        precision = None if known is None else _PRECISIONS[known[0]]
    if precision is not None:
        if (stored := taken(precision)) is not None:
            return stored
        one = made(precision)
    else:
        both = [made(precision) for precision in _PRECISIONS]
        chosen = _better(both, source.sample())
        kept.keep(_CHOICE, key, bytes([chosen]))
        one, precision = both[chosen], _PRECISIONS[chosen]
    kept.keep(_KIND, f"{key} {precision}", one.compiled.export_model().getvalue())
    return one


def observed(source: Source, inputs: Iterable[Tensor]) -> Iterator[dict[str, Tensor]]:
    """What flows into the layers, ``(tokens, channels)`` by the names of `rag.inference.scales.flows`, for each input.

    An input is ``(1, tokens, hidden)``. Computed in float32.
    """
    made = graph.graph(memory := source.weights(), source.shape, inner=True)
    request = openvino().Core().compile_model(made, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    for states in inputs:
        outputs = request.infer([states, _seen(states)])
        yield {name: outputs[place][0] for place, name in enumerate(scales.flows(source.shape.layers), start=1)}
    del memory


def _seen(states: Tensor) -> Tensor:
    """A mask that hides nothing."""
    return np.zeros((len(states), 1, 1, states.shape[1]), np.float32)


def _better(networks: list[Network], sample: Tensor) -> int:
    """Which of two networks computes ``sample`` faster, the first in doubt, if it comes to like states."""
    inputs = [sample, _seen(sample)]
    requests = [network.request() for network in networks]
    means = [request.infer(inputs)[0][0].mean(axis=0) for request in requests]
    means = [mean / np.linalg.norm(mean) for mean in means]
    seconds: list[list[float]] = [[], []]
    for _ in range(_ROUNDS):
        for request, taken in zip(requests, seconds, strict=True):
            began = time.perf_counter()
            request.infer(inputs)
            taken.append(time.perf_counter() - began)
    first, second = map(min, seconds)
    like = float(means[0] @ means[1])
    chosen = int(like < _LIKE or first > _SLOWER * second)
    _log.debug("int8 %.1f ms, float %.1f ms, cosine %.4f: %s", 1000 * first, 1000 * second, like, _PRECISIONS[chosen])
    return chosen


def _processor(core: Any) -> list[str]:
    return [core.get_property("CPU", "FULL_DEVICE_NAME"), *core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")]
