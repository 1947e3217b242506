"""Training end to end, on a few paragraphs and with the real encoder."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from conftest import Command
from test_training_examples import FACTS, VERSIONS, article, golds

from rag.embedding import bundled
from rag.errors import TrainingError
from rag.inference.scales import read_scales
from rag.reading.compiled import weights_key
from rag.reading.readers import SCALES, WEIGHTS, load_network
from rag.reading.scoring import Text
from rag.reading.weights import HEADS, read, write
from rag.training.curve import read_curve
from rag.training.examples import ExampleSource
from rag.training.loop import train
from rag.training.recipe import Recipe, Stage
from rag.training.shipped import mix
from rag.types import Span

RECIPE = Recipe(
    stages=(
        Stage(parts={"a": 1.0}, epochs=4, learning_rate=4e-4, warmup=0.1),
        Stage(parts={"a": 1.0, "b": 0.5}, epochs=3, learning_rate=4e-4, last=0.0),
    ),
    tokens=1600,
    average=0.7,
)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExampleSource]:
    folder = tmp_path_factory.mktemp("pairs")
    pairs = golds([article(*facts) for facts in FACTS], folder)
    return {"a": ExampleSource(pairs), "b": ExampleSource(VERSIONS)}


@pytest.fixture(scope="module")
def base(cache: Path) -> Path:  # noqa: ARG001
    return bundled.unpack()


@pytest.fixture(scope="module")
def folder(sources: dict[str, ExampleSource], base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reader")
    train(sources, made, base, RECIPE, validation={"a": sources["a"]}, checkpoint_every=4)
    return made


def test_the_loss_falls_and_what_is_kept_aside_is_checked(folder: Path) -> None:
    lines = list(read_curve(folder))
    assert lines[-1].loss < 0.8 * lines[0].loss
    assert [line.step for line in lines[:2]] == [4, 8]
    assert {line.stage for line in lines} == {0, 1}
    assert all(0 <= line.checked["a"].overlap <= 1 for line in lines)


def test_an_interrupted_training_ends_with_the_same_weights(
    folder: Path, sources: dict[str, ExampleSource], base: Path, tmp_path: Path
) -> None:
    train(sources, tmp_path, base, RECIPE, checkpoint_every=4, limit=10)
    assert not (tmp_path / WEIGHTS).exists()
    train(sources, tmp_path, base, RECIPE, checkpoint_every=4)
    whole, resumed = (read(each / WEIGHTS) for each in (folder, tmp_path))
    for one, other in zip(whole[:2], resumed[:2], strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            np.testing.assert_allclose(other[name], value, atol=2e-3, rtol=5e-2)


def test_a_finished_training_reads_the_same_when_it_is_loaded_again(folder: Path) -> None:
    text = Text("月河大学", "月河大学由陈远山在1952年创立。", (Span(0, 18),))
    first, second = (load_network(folder).read("月河大学是谁创立的？", [text])[0] for _ in range(2))
    assert (first.extracts, first.relevance) == (second.extracts, second.relevance)


def test_going_on_with_other_options_is_refused(folder: Path, sources: dict[str, ExampleSource], base: Path) -> None:
    with pytest.raises(TrainingError, match=folder.name):
        train(sources, folder, base, msgspec.structs.replace(RECIPE, seed=2))


def test_a_stage_may_be_added_to_a_training_that_ended(
    sources: dict[str, ExampleSource], base: Path, tmp_path: Path
) -> None:
    first = msgspec.structs.replace(RECIPE, stages=(Stage(parts={"a": 1.0}),))
    longer = msgspec.structs.replace(RECIPE, stages=(*first.stages, Stage(parts={"b": 1.0})))
    train(sources, tmp_path, base, first)
    steps = [line.step for line in read_curve(tmp_path)]
    train(sources, tmp_path, base, longer)
    assert [line.stage for line in read_curve(tmp_path)] == [0] * len(steps) + [1]


def test_training_on_nothing_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError):
        train({"a": ExampleSource([])}, tmp_path, base, RECIPE)


def test_the_command_trains_goes_on_from_another_reader_and_draws_the_curve(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "pairs.json"
    questions = article(*FACTS[0])
    (paragraph,) = questions.paragraphs
    file.write_text(
        json.dumps(
            {
                "data": [
                    {
                        "title": questions.title,
                        "paragraphs": [
                            {
                                "context": paragraph.context,
                                "qas": [
                                    {"id": q.id, "question": q.question, "answers": [{"text": q.answers[0].text}]}
                                    for q in paragraph.qas
                                ],
                            }
                        ],
                    }
                ]
            }
        ),
        encoding="utf-8",
    )
    out = tmp_path / "mine"
    finished = command("train", "reader", out, "--questions", file, "--start", folder, "--epochs", "1")
    assert finished.code == 0, finished.err
    assert {path.name for path in out.iterdir()} >= {WEIGHTS, "curve.jsonl", "curve.png"}
    assert read_scales(out / SCALES, weights_key(out / WEIGHTS)) is not None
    assert read_scales(out / SCALES, weights_key(folder / WEIGHTS)) is None
    missing = command(
        "train", "reader", tmp_path / "other", "--questions", tmp_path / "nothing.json", WENYUAN_LANG="en"
    )
    assert missing.code == 1
    assert "nothing.json" in missing.err
    assert "Traceback" not in missing.err


def test_weights_are_moved_back_part_of_the_way_to_those_at_the_beginning(tmp_path: Path) -> None:
    def written(name: str, value: float) -> Path:
        differences = {"bias": np.full(3, value, np.float32), "dense": np.full((2, 3), value, np.float32)}
        heads = {f"{head}.{part}": np.full(2, value, np.float32) for head in HEADS for part in ("weight", "bias")}
        write(differences, heads, tmp_path / name, {"recipe": name})
        return tmp_path / name

    start, trained = written("start", 1.0), written("trained", 2.0)
    mix(start, trained, 0.6)
    differences, heads, notes = read(trained)
    for value in (*differences.values(), *heads.values()):
        np.testing.assert_allclose(value, 1.6, rtol=1e-2)
    assert notes["recipe"] == "trained"
