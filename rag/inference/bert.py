"""BERT encoders on the processor: tokens to hidden states, in batches of sequences of about one length."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError
from rag.inference.compilation import Network, Source, network, observed
from rag.inference.graph import Shape
from rag.inference.scales import Scales, digest, fit_all
from rag.inference.tensors import Tensor, header, mark, tensors

if TYPE_CHECKING:
    from openvino import InferRequest

Tokens = NDArray[np.int64]
Result = TypeVar("Result")

# Lengths are rounded up to a multiple of this: a shape that was not met before costs 10 ms, one token of padding 0.2.
# Short ones, questions and sentences, come in fewer shapes.
_STEP: Final = 16
_SHORT_STEP: Final = 8
_SHORT: Final = 64
# Tokens of a batch. Fewer leave the processor waiting for the weights; more fill its caches and gain nothing.
_BATCH: Final = 256
# Cores that compute one sequence at most: more of them wait for each other.
_TOGETHER: Final = 4
_LATER_PLACES: Final = ("roberta", "xlm-roberta")
# Tokens on which bytes and floats are compared.
_SAMPLE: Final = 128
_HIDDEN_BY_MASK: Final = -1e4


@dataclass(frozen=True, slots=True)
class Changed:
    """Tensors that stand in the place of a model's own: ``of`` makes them of those, ``key`` tells them from others."""

    key: str
    of: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]


@dataclass(frozen=True, slots=True)
class Computing(Generic[Result]):
    """Results that are being computed, by the places of their inputs."""

    count: int
    batches: Sequence[tuple[Sequence[int], Future[list[Result]]]]

    def results(self) -> list[Result]:
        """One result an input, in order, when all are there."""
        by_place = {
            place: one for places, made in self.batches for place, one in zip(places, made.result(), strict=True)
        }
        return [by_place[place] for place in range(self.count)]

    def cancel(self) -> None:
        """Compute no more of it."""
        for _, made in self.batches:
            made.cancel()


class _Line:
    """A network for ``streams`` inputs at once. Thread-safe."""

    def __init__(self, made: Network, streams: int) -> None:
        self.streams = streams
        self._network = made
        self._of_thread = threading.local()

    def infer(self, states: Tensor, mask: Tensor) -> Tensor:
        """Hidden states; they hold until this thread infers again. See `rag.inference.compilation.network`."""
        request: InferRequest | None = getattr(self._of_thread, "request", None)
        if first := request is None:
            request = self._of_thread.request = self._network.request()
        hidden: Tensor = request.infer([states, mask], share_outputs=True)[0]
        if first:
            self._network.spare()
        return hidden


class Bert:
    """The last hidden states of sequences of tokens. Thread-safe.

    A sequence's states do not depend on what it is computed with: to the bit where the processor computes bfloat16
    in tiles (AMX), up to float32 rounding elsewhere (1e-6 an element of a unit vector).
    """

    def __init__(
        self, folder: Path, changed: Changed | None = None, scales: Scales | None = None, *, single: bool = False
    ) -> None:
        """Load the encoder in ``folder``, with tensors of it ``changed``; with ``scales`` it may compute in bytes.

        ``single``: what is wanted soon is mostly one sequence, and is computed on several cores. Raises ModelError if
        the encoder is missing, damaged, or none that this module knows.
        """
        self._folder = folder
        self._cores = _cores()
        self._single = single and self._cores > 1
        self._lines: dict[bool, _Line] = {}
        self._loading = threading.Lock()
        with self._told():
            self._source = self._load(folder, changed, scales)
        self._line(self._single)
        # Whoever waits for an answer does not stand in line behind a thousand texts to index.
        self._pools = {soon: ThreadPoolExecutor(self._cores, thread_name_prefix="bert") for soon in (False, True)}

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong while the model loads is a ModelError."""
        try:
            yield
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(
                f"模型无法加载（{self._folder}）：{error}。请删除该文件夹后重试。",
                f"The model does not load ({self._folder}): {error}. Delete that folder and try again.",
            ) from error

    def _line(self, single: bool) -> _Line:
        """What computes one sequence on several cores, or on each core a batch; made when it is first wanted."""
        with self._loading:
            if single not in self._lines:
                streams = max(1, self._cores // _TOGETHER) if single else self._cores
                with self._told():
                    self._lines[single] = _Line(network(self._source, streams, self._cores), streams)
            return self._lines[single]

    def _load(self, folder: Path, changed: Changed | None, scales: Scales | None) -> Source:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        weights = tensors(folder)
        self._words = weights["embeddings.word_embeddings.weight"]
        kind = weights["embeddings.token_type_embeddings.weight"][0]
        # RoBERTa's places begin after that of its padding.
        first = config["pad_token_id"] + 1 if config["model_type"] in _LATER_PLACES else 0
        self._places: Tensor = np.add(weights["embeddings.position_embeddings.weight"][first:], kind, dtype=np.float32)
        shape = Shape(
            config["hidden_size"],
            config["num_hidden_layers"],
            config["num_attention_heads"],
            config["layer_norm_eps"],
        )
        key = mark(folder) + (changed.key if changed else "") + (digest(scales) if scales else "")

        def layers() -> dict[str, Tensor]:
            return _float32({**weights, **(changed.of(weights) if changed else {})})

        return Source(key, shape, layers, scales, self._sample)

    def _sample(self) -> Tensor:
        """The states of words from all over the vocabulary."""
        length = min(_SAMPLE, len(self._places))
        return self._summed(np.linspace(0, len(self._words) - 1, length).astype(np.int64))[np.newaxis]

    def _summed(self, ids: Tokens) -> Tensor:
        states: Tensor = np.add(self._words[ids], self._places[: len(ids)], dtype=np.float32)
        return states

    @property
    def dimension(self) -> int:
        """Numbers in a hidden state."""
        return int(self._words.shape[1])

    def start(
        self, sequences: Sequence[Tokens], make: Callable[[Tensor, int], Result], *, soon: bool = False
    ) -> Computing[Result]:
        """Begin to compute what ``make`` makes of each sequence's hidden states, ``(tokens, hidden)`` in float32.

        It is given the sequence's place, too, and must keep no view of the states. What is wanted ``soon`` does not
        wait for what is not.
        """
        line = self._line(self._single and soon and len(sequences) == 1)
        groups = batches([len(ids) for ids in sequences], line.streams)
        submit = self._pools[soon].submit
        return Computing(
            len(sequences),
            [(group, submit(self._batch, line, sequences, group, make)) for group in groups],
        )

    def each(self, sequences: Sequence[Tokens], make: Callable[[Tensor, int], Result]) -> list[Result]:
        """What ``make`` makes of each sequence's hidden states, in order, soon; see `start`."""
        return self.start(sequences, make, soon=True).results()

    def fit(self, sequences: Sequence[Tokens]) -> Scales:
        """The scales with which this encoder is best computed in bytes, by what ``sequences`` make of it."""
        from tqdm import tqdm

        source = self._source
        inputs = (
            self._summed(ids)[np.newaxis]
            for ids in tqdm(sequences, desc="观察 observe", unit="text", delay=2, disable=None)
        )
        return fit_all(observed(source, inputs), source.weights(), source.shape.layers)

    def _batch(
        self, line: _Line, sequences: Sequence[Tokens], places: Sequence[int], make: Callable[[Tensor, int], Result]
    ) -> list[Result]:
        length = _padded(max(len(sequences[place]) for place in places))
        states = np.zeros((len(places), length, self.dimension), dtype=np.float32)
        mask = np.full((len(places), 1, 1, length), _HIDDEN_BY_MASK, dtype=np.float32)
        for row, place in enumerate(places):
            ids = sequences[place]
            states[row, : len(ids)] = self._summed(ids)
            mask[row, ..., : len(ids)] = 0.0
        hidden = line.infer(states, mask)
        return [make(one[: len(sequences[place])], place) for one, place in zip(hidden, places, strict=True)]


def batches(lengths: Sequence[int], streams: int) -> list[list[int]]:
    """Sequences by their places in ``lengths``, of one padded length a batch, longest first.

    There are at least as many batches as ``streams`` if there are so many sequences.
    """
    groups: list[list[int]] = []
    share = max(1, len(lengths) // streams)
    for place in sorted(range(len(lengths)), key=lambda one: -lengths[one]):
        length = _padded(lengths[place])
        most = min(share, max(1, _BATCH // length))
        if groups and len(groups[-1]) < most and _padded(lengths[groups[-1][0]]) == length:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _padded(length: int) -> int:
    step = _SHORT_STEP if length <= _SHORT else _STEP
    return -(-length // step) * step


def understands(folder: Path, config: Mapping[str, Any]) -> bool:
    """Whether `Bert` computes the model in ``folder`` by its ``config.json``. Raises OSError, ValueError, KeyError."""
    return (
        config["model_type"] in ("bert", *_LATER_PLACES)
        and config["hidden_act"] == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder")
        and {"F32", "F16", "I64"}.issuperset(entry["dtype"] for entry in header(folder)[0].values())
    )


def _float32(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All that the network computes with, as it wants it; the embeddings are summed outside it."""
    return {
        name: np.ascontiguousarray(tensor, np.float32)
        for name, tensor in weights.items()
        if not name.endswith("_embeddings.weight")
    }


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
