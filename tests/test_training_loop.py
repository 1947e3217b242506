"""Training end to end, on a few paragraphs and with the real encoder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from conftest import Command
from test_training_examples import FACTS, article

from rag.embedding import bundled
from rag.errors import TrainingError
from rag.reading.compiled import weights_key
from rag.reading.readers import SCALES, WEIGHTS, load_network
from rag.reading.scoring import Text
from rag.reading.weights import read
from rag.scales import read_scales
from rag.training.examples import GoldPair, gold_pairs
from rag.training.loop import Recipe, curve, train
from rag.types import Span

RECIPE = Recipe(epochs=8, rank=4, tokens=1600, learning_rate=2e-3)


@pytest.fixture(scope="module")
def pairs() -> list[GoldPair]:
    return gold_pairs([article(*facts) for facts in FACTS])


@pytest.fixture(scope="module")
def base(cache: Path) -> Path:  # noqa: ARG001
    return bundled.unpack()


@pytest.fixture(scope="module")
def folder(pairs: list[GoldPair], base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reader")
    train(pairs, made, base, RECIPE, validation=pairs[:4], checkpoint_every=4)
    return made


def test_the_loss_falls(folder: Path) -> None:
    lines = list(curve(folder))
    assert lines[-1].loss < 0.8 * lines[0].loss
    assert [line.step for line in lines[:2]] == [4, 8]
    assert all(line.exact is not None and 0 <= line.exact <= 1 for line in lines)


def test_an_interrupted_training_ends_with_the_same_weights(
    folder: Path, pairs: list[GoldPair], base: Path, tmp_path: Path
) -> None:
    train(pairs, tmp_path, base, RECIPE, checkpoint_every=4, limit=14)
    assert not (tmp_path / WEIGHTS).exists()
    train(pairs, tmp_path, base, RECIPE, checkpoint_every=4)
    whole, resumed = (read(each / WEIGHTS)[0] for each in (folder, tmp_path))
    assert whole.keys() == resumed.keys()
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, atol=2e-3, rtol=2e-2)


def test_a_finished_training_reads_the_same_when_it_is_loaded_again(folder: Path) -> None:
    text = Text("月河大学", "月河大学由陈远山在1952年创立。", (Span(0, 18),))
    first, second = (load_network(folder).read("月河大学是谁创立的？", [text])[0] for _ in range(2))
    assert (first.extracts, first.relevance) == (second.extracts, second.relevance)


def test_going_on_with_other_options_is_refused(folder: Path, pairs: list[GoldPair], base: Path) -> None:
    with pytest.raises(TrainingError, match=folder.name):
        train(pairs, folder, base, Recipe(epochs=1))


def test_training_on_nothing_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError):
        train([], tmp_path, base, RECIPE)


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
    finished = command("train", "reader", out, "--squad", file, "--validate", file, "--start", folder, "--epochs", "1")
    assert finished.code == 0, finished.err
    assert {path.name for path in out.iterdir()} >= {WEIGHTS, "curve.jsonl", "curve.png"}
    assert read_scales(out / SCALES, weights_key(out / WEIGHTS)) is not None
    assert read_scales(out / SCALES, weights_key(folder / WEIGHTS)) is None
    missing = command("train", "reader", tmp_path / "other", "--squad", tmp_path / "nothing.json", WENYUAN_LANG="en")
    assert missing.code == 1
    assert "nothing.json" in missing.err
    assert "Traceback" not in missing.err
