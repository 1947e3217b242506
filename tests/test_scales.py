"""Encoders in bytes: nearly the states of floats, only where that is faster, and only with the weights' own scales."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conftest import CORPUS
from safetensors.numpy import load_file
from test_bert import HEADS, HIDDEN, LAYERS, equal, folder, kept_files, sequences, states

from rag.embedding import SCALES as ENCODER_SCALES
from rag.embedding import load_encoder
from rag.embedding.bundled import FOLDER
from rag.errors import ModelError
from rag.inference import cache as kept
from rag.inference import compilation as network
from rag.inference import graph
from rag.inference.bert import Bert
from rag.inference.compilation import Network
from rag.inference.scales import Scale, Scales, fit, flows, read_scales, rounded, write_scales
from rag.inference.tensors import Tensor
from rag.reading.compiled import weights_key
from rag.reading.readers import SCALES, SHIPPED, WEIGHTS
from rag.text.normalization import sentences

__all__ = ["folder", "sequences"]
RANDOM = np.random.default_rng(3)


@pytest.fixture
def scales(folder: Path, sequences: list[Any]) -> Scales:
    return Bert(folder).fit(sequences * 4)


def choose(monkeypatch: pytest.MonkeyPatch, chosen: int) -> None:
    monkeypatch.setattr(network, "_better", lambda *_: chosen)


def cosine(one: Tensor, other: Tensor) -> float:
    return float((one * other).sum() / np.linalg.norm(one) / np.linalg.norm(other))


# --- scales ------------------------------------------------------------------------------------------------------


def test_a_rounded_matrix_is_within_half_a_step_in_every_row() -> None:
    weight = RANDOM.normal(size=(5, 40)).astype(np.float32) * np.array([[1], [100], [0.01], [3], [0]], np.float32)
    levels, steps = rounded(weight)
    assert levels.dtype == np.int8
    assert (np.abs(levels * steps - weight) <= steps / 2 + 1e-7).all()


def test_channels_that_are_a_hundred_times_the_others_cost_nothing_once_scaled() -> None:
    flow = RANDOM.normal(size=(500, 64)).astype(np.float32)
    flow[:, 7] *= 100
    weight = RANDOM.normal(size=(32, 64)).astype(np.float32)
    exact = flow @ weight.T

    def error(scale: Scale) -> float:
        step = (scale.high - scale.low) / 255
        levels = np.clip(np.round(flow * scale.factors / step), round(scale.low / step), round(scale.high / step))
        matrix, steps = rounded(weight / scale.factors)
        return float(np.abs(levels * step @ (matrix * steps).T - exact).mean())

    plain = Scale(np.ones(64, np.float32), float(flow.min()), float(flow.max()))
    assert error(fit(flow, [weight])) < error(plain) / 5


def test_zero_is_a_level_and_channels_without_anything_do_no_harm() -> None:
    flow = np.abs(RANDOM.normal(size=(50, 8))).astype(np.float32) + 1
    flow[:, 3] = 0
    scale = fit(flow, [RANDOM.normal(size=(4, 8)).astype(np.float32)])
    assert scale.low == 0
    assert np.isfinite(scale.factors).all()
    signed = fit(flow - 2, [RANDOM.normal(size=(4, 8)).astype(np.float32)])
    level = signed.low / ((signed.high - signed.low) / 255)
    assert level == pytest.approx(round(level), abs=1e-4)


def test_scales_are_read_as_they_were_written_for_their_weights_only(scales: Scales, tmp_path: Path) -> None:
    file = tmp_path / "scales.safetensors"
    assert read_scales(file, "these") is None
    write_scales(scales, file, "these")
    again = read_scales(file, "these")
    assert again is not None
    assert list(flows(LAYERS)) == sorted(flows(LAYERS), key=list(scales).index)
    for name, scale in scales.items():
        assert (again[name].low, again[name].high) == (scale.low, scale.high)
        assert np.array_equal(again[name].factors, scale.factors)
    assert read_scales(file, "others") is None


@pytest.mark.parametrize("content", [b"", b"no scales", bytes(5000)])
def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "scales.safetensors"
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"scales\.safetensors"):
        read_scales(file, "these")


# --- networks ----------------------------------------------------------------------------------------------------


def test_states_in_bytes_are_nearly_those_of_floats(
    folder: Path, sequences: list[Any], scales: Scales, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, 0)
    exact, found = states(Bert(folder), sequences), states(Bert(folder, scales=scales), sequences)
    assert not equal(found, exact)
    assert min(cosine(*pair) for pair in zip(found, exact, strict=True)) > 0.99


def test_where_floats_are_better_they_are_computed_with(
    folder: Path, sequences: list[Any], scales: Scales, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, 1)
    assert equal(states(Bert(folder, scales=scales), sequences), states(Bert(folder), sequences))


@pytest.mark.parametrize("chosen", [0, 1])
def test_what_was_chosen_is_remembered_and_only_that_is_kept(
    folder: Path, sequences: list[Any], scales: Scales, chosen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(kept_files(folder))
    choose(monkeypatch, chosen)
    first = states(Bert(folder, scales=scales), sequences)
    assert len(kept_files(folder)) == before + 1
    monkeypatch.setattr(network, "_better", lambda *_: pytest.fail("they were compared again"))
    monkeypatch.setattr(graph, "graph", lambda *_: pytest.fail("a graph was made"))
    assert equal(states(Bert(folder, scales=scales), sequences), first)


def test_other_scales_have_another_network(
    folder: Path, sequences: list[Any], scales: Scales, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, 0)
    first = states(Bert(folder, scales=scales), sequences)
    name = next(iter(scales))
    narrow = Scale(scales[name].factors, scales[name].low / 4, scales[name].high / 4)
    assert not equal(states(Bert(folder, scales={**scales, name: narrow}), sequences), first)


def test_a_graph_that_changes_is_of_a_new_version(folder: Path, scales: Scales) -> None:
    """If this fails, raise _VERSION, or caches keep the old networks, and write its number and the digest here."""
    shape = graph.Shape(HIDDEN, LAYERS, HEADS, 1e-12)
    made = [graph.graph(load_file(folder / "model.safetensors"), shape, scaled) for scaled in (None, scales)]
    nodes = [(op.get_type_name(), str(op.get_output_element_type(0))) for one in made for op in one.get_ordered_ops()]
    assert (network._VERSION, hashlib.sha256(repr(nodes).encode()).hexdigest()[:12]) == (1, "4677e551494f")


class Pretended:
    """A network that waits as long as it is told, and comes to the states that it is given."""

    def __init__(self, seconds: float, states: Tensor, clock: list[float]) -> None:
        self._seconds, self._states, self._clock = seconds, states, clock

    def create_infer_request(self) -> Pretended:
        return self

    def infer(self, inputs: list[Tensor]) -> list[Tensor]:  # noqa: ARG002
        self._clock[0] += self._seconds
        return [self._states]


@pytest.mark.parametrize(
    ("seconds_of_bytes", "seconds_of_floats", "unlike", "chosen"),
    [(1.0, 1.5, 0.0, 0), (1.1, 1.0, 0.0, 0), (1.3, 1.0, 0.0, 1), (1.0, 4.0, 3.0, 1)],
    ids=["faster", "about as fast, and smaller", "slower", "faster and wrong"],
)
def test_bytes_are_left_for_what_is_clearly_faster_or_right(
    seconds_of_bytes: float, seconds_of_floats: float, unlike: float, chosen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(network, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    exact = RANDOM.normal(size=(1, 16, 32)).astype(np.float32)
    other = exact + unlike * RANDOM.normal(size=(1, 1, 32)).astype(np.float32)
    pretended: list[Any] = [
        Pretended(seconds_of_bytes, other, clock),
        Pretended(seconds_of_floats, exact, clock),
    ]
    assert network._better([Network(one, None) for one in pretended], exact) == chosen


def test_a_choice_that_can_not_be_kept_is_made_again(
    folder: Path, sequences: list[Any], scales: Scales, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, 0)
    first = states(Bert(folder, scales=scales), sequences)
    monkeypatch.setattr(kept, "find", lambda *_: None)
    monkeypatch.setattr(kept, "keep", lambda *_: None)
    assert equal(states(Bert(folder, scales=scales), sequences), first)


# --- what is shipped ---------------------------------------------------------------------------------------------


def test_the_shipped_scales_are_those_of_the_shipped_weights() -> None:
    for scales in (read_scales(ENCODER_SCALES, FOLDER), read_scales(SHIPPED / SCALES, weights_key(SHIPPED / WEIGHTS))):
        assert scales is not None
        assert scales.keys() == flows(12).keys()


def test_the_bundled_encoder_s_vectors_in_bytes_are_nearly_those_in_floats(
    cache: Path,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [file.read_text("utf-8") for file in sorted(CORPUS.glob("2024*"))]
    lines = [text[span.start : span.end] for text in texts for span in sentences(text)][::3]
    choose(monkeypatch, 0)
    in_bytes: Any = load_encoder()
    in_floats: Any = load_encoder(engine="openvino-float")
    for one, other in (
        (in_bytes.encode_queries(lines), in_floats.encode_queries(lines)),
        (in_bytes.encode_passages(lines), in_floats.encode_passages(lines)),
    ):
        cosines = (one * other).sum(axis=1)
        # Vectors of unlike texts are at right angles, not far from each other.
        assert cosines.mean() > 0.996
        assert cosines.min() > 0.98
