"""Hidden states of batches are those of each sequence alone, and a kept network is the one that was compiled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from rag.errors import ModelError
from rag.inference import cache as kept
from rag.inference import graph
from rag.inference.bert import Bert, Changed, Tokens, batches
from rag.inference.tensors import Tensor

HIDDEN, WIDE, LAYERS, HEADS, WORDS, PLACES = 32, 64, 2, 4, 50, 128
LENGTHS = (3, 70, 17, 16, 5, 33, 128, 20, 18, 4, 31)


def random_tensors(seed: int = 0) -> dict[str, Tensor]:
    """A small BERT's, of no sense."""
    random = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (WORDS, HIDDEN),
        "embeddings.position_embeddings.weight": (PLACES, HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, HIDDEN),
    }
    for name in ["embeddings.LayerNorm", *(f"encoder.layer.{i}.{n}" for i in range(LAYERS) for n in _LAYER_NORMS)]:
        shapes |= {f"{name}.weight": (HIDDEN,), f"{name}.bias": (HIDDEN,)}
    for layer in range(LAYERS):
        for name, shape in _LINEAR.items():
            shapes |= {f"encoder.layer.{layer}.{name}.weight": shape, f"encoder.layer.{layer}.{name}.bias": shape[:1]}
    return {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


_LAYER_NORMS = ("attention.output.LayerNorm", "output.LayerNorm")
_LINEAR = {
    "attention.self.query": (HIDDEN, HIDDEN),
    "attention.self.key": (HIDDEN, HIDDEN),
    "attention.self.value": (HIDDEN, HIDDEN),
    "attention.output.dense": (HIDDEN, HIDDEN),
    "intermediate.dense": (WIDE, HIDDEN),
    "output.dense": (HIDDEN, WIDE),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model's folder; the cache is beside it, and empty."""
    monkeypatch.setenv("WENYUAN_CACHE_DIR", str(tmp_path / "cache"))
    made = tmp_path / "model"
    made.mkdir()
    save_file(random_tensors(), made / "model.safetensors")
    config = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "layer_norm_eps": 1e-12,
    }
    (made / "config.json").write_text(json.dumps(config))
    return made


@pytest.fixture
def sequences() -> list[Tokens]:
    random = np.random.default_rng(1)
    return [random.integers(0, WORDS, length) for length in LENGTHS]


def states(bert: Bert, sequences: list[Tokens]) -> list[Tensor]:
    return bert.each(sequences, lambda one, _: one.copy())


def equal(some: list[Tensor], others: list[Tensor]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))


def kept_files(folder: Path) -> list[Path]:
    return sorted((folder.parent / "cache" / "compiled").glob("*.kept"))


def test_a_batch_holds_one_padded_length_and_few_tokens_longest_first() -> None:
    assert batches([20, 300, 5, 30, 16, 17, 90, 91], streams=1) == [[1], [7, 6], [3], [0, 5], [4], [2]]
    assert batches([32] * 10, streams=1) == [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9]]
    assert batches([], streams=2) == []


def test_every_core_gets_a_batch_if_there_are_so_many_sequences() -> None:
    assert batches([20, 20], streams=2) == [[0], [1]]
    assert batches([20] * 5, streams=2) == [[0, 1], [2, 3], [4]]
    assert batches([20], streams=2) == [[0]]


def test_states_of_a_sequence_do_not_depend_on_its_company(folder: Path, sequences: list[Tokens]) -> None:
    bert = Bert(folder)
    together = states(bert, sequences)
    assert [one.shape for one in together] == [(length, HIDDEN) for length in LENGTHS]
    for one, sequence in zip(together, sequences, strict=True):
        (alone,) = states(bert, [sequence])
        assert np.abs(one - alone).max() <= 1e-5


def test_one_sequence_on_several_cores_has_the_same_states(folder: Path, sequences: list[Tokens]) -> None:
    single = Bert(folder, single=True)
    for one, other in zip(states(Bert(folder), sequences), states(single, sequences), strict=True):
        assert np.abs(one - other).max() <= 1e-5
    for sequence, one in zip(sequences, states(single, sequences), strict=True):
        (alone,) = states(single, [sequence])
        assert np.abs(one - alone).max() <= 1e-5
    assert len(kept_files(folder)) == 1


def test_a_question_does_not_wait_for_all_that_is_to_be_indexed(folder: Path, sequences: list[Tokens]) -> None:
    bert = Bert(folder)
    indexing = bert.start(sequences * 200, lambda one, _: one.copy())
    bert.each(sequences[:1], lambda one, _: one.copy())
    assert not all(made.done() for _, made in indexing.batches)
    indexing.cancel()


def test_a_kept_network_gives_the_same_states_and_no_graph_is_made(
    folder: Path, sequences: list[Tokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = states(Bert(folder), sequences)
    assert len(kept_files(folder)) == 1
    monkeypatch.setattr(graph, "graph", lambda *_: pytest.fail("a graph was made"))
    assert equal(states(Bert(folder), sequences), first)


def test_other_weights_have_another_network(folder: Path, sequences: list[Tokens]) -> None:
    first = states(Bert(folder), sequences)
    name = "encoder.layer.0.output.dense.weight"
    changed = states(Bert(folder, Changed("twice", lambda below: {name: 2 * below[name]})), sequences)
    assert not np.allclose(changed[0], first[0], atol=1e-2)
    assert len(kept_files(folder)) == 2

    # The same size, and a time that a copy may have kept.
    save_file(random_tensors(seed=5), folder / "model.safetensors")
    other = states(Bert(folder), sequences)
    assert not np.allclose(other[0], first[0], atol=1e-2)
    assert len(kept_files(folder)) == 3


def test_a_damaged_network_is_compiled_anew(folder: Path, sequences: list[Tokens]) -> None:
    first = states(Bert(folder), sequences)
    (file,) = kept_files(folder)
    whole = file.read_bytes()
    for damaged in (b"", whole[:-1], whole[: len(whole) // 2], bytes(len(whole)), whole[:99] + b"\0" + whole[100:]):
        file.unlink()
        file.write_bytes(damaged)
        assert equal(states(Bert(folder), sequences), first)
        assert file.read_bytes()[-32:] == whole[-32:]


@pytest.mark.parametrize("content", [b"no network", bytes(5000)])
def test_what_openvino_does_not_take_is_compiled_anew(
    folder: Path, sequences: list[Tokens], content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = states(Bert(folder), sequences)
    monkeypatch.setattr(kept, "find", lambda *_: np.frombuffer(bytearray(content), np.uint8))
    assert equal(states(Bert(folder), sequences), first)


def test_without_a_cache_that_can_be_written_it_computes_the_same(
    folder: Path, sequences: list[Tokens], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = states(Bert(folder), sequences)
    monkeypatch.setenv("WENYUAN_CACHE_DIR", str(folder / "config.json" / "cache"))
    assert equal(states(Bert(folder), sequences), first)


@pytest.mark.slow
def test_processes_that_start_at_once_all_compute(folder: Path) -> None:
    code = (
        "import sys, numpy as np; from pathlib import Path; from rag.inference.bert import Bert\n"
        "print(Bert(Path(sys.argv[1])).each([np.arange(9)], lambda one, _: float(one.sum())))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, folder], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    said = {process.communicate(timeout=120)[0] for process in running}
    assert len(said) == 1
    assert said != {""}
    assert len(kept_files(folder)) == 1


def test_a_missing_tensor_is_an_error_that_names_the_folder(folder: Path) -> None:
    short = random_tensors()
    del short["encoder.layer.1.output.dense.bias"]
    save_file(short, folder / "model.safetensors")
    with pytest.raises(ModelError, match=str(folder)):
        Bert(folder)
