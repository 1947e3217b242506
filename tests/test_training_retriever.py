"""Tuning the encoder, on a few paragraphs and with the real model."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from test_training_examples import FACTS, VERSIONS, article, golds

from rag.embedding import bundled
from rag.errors import TrainingError
from rag.inference.deltas import unpacked
from rag.training.retriever.contrast import Contrast
from rag.training.retriever.tuning import Tuning


@pytest.fixture(scope="module")
def contrast(tmp_path_factory: pytest.TempPathFactory) -> Contrast:
    read = golds([article(*facts) for facts in FACTS], tmp_path_factory.mktemp("pairs"))
    return Contrast([*read, *VERSIONS])


def test_a_question_stands_with_the_passage_and_the_sentence_that_answer_it(contrast: Contrast) -> None:
    asked = [query for some in contrast.queries.values() for query in some]
    assert len(asked) >= 3 * len(FACTS)
    for query in asked:
        document, passage = contrast.passages[query.passage]
        sentence = passage.sentences[query.sentence]
        assert any(answer in document.text[sentence.start : sentence.end] for answer in query.accepted)


def test_every_question_of_an_epoch_is_asked_once_beside_passages_that_do_not_answer_it(contrast: Contrast) -> None:
    batches = list(contrast.epoch(random.Random(0)))
    asked = [query for batch in batches for query in batch.queries]
    assert len(asked) == len(set(asked)) == sum(map(len, contrast.queries.values()))
    for batch in batches:
        for query in batch.queries:
            assert query.passage in batch.passages
            assert any(not contrast.may_answer(query, place) for place in batch.passages)


def test_a_passage_with_the_words_of_an_answer_is_no_sure_negative(contrast: Contrast) -> None:
    query = next(query for some in contrast.queries.values() for query in some if query.accepted == ("1952年",))
    held = [place for place in range(len(contrast.passages)) if contrast.may_answer(query, place)]
    assert query.passage in held
    assert len(held) < len(contrast.passages)


def test_without_an_answered_question_there_is_nothing_to_tune_on() -> None:
    with pytest.raises(TrainingError, match="没有可用"):
        Contrast([replace(gold, slices=()) for gold in VERSIONS])


@pytest.mark.slow
@pytest.mark.usefixtures("cache")
def test_a_tuning_that_was_interrupted_ends_as_one_that_was_not(
    contrast: Contrast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.training.retriever.tuning._EVERY", 2)
    whole = Tuning(contrast, tmp_path / "whole", steps=4).run()
    stopped = Tuning(contrast, tmp_path / "parts", steps=4)
    monkeypatch.setattr(stopped, "_save", lambda: _stop_after(stopped))
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    parts = Tuning(contrast, tmp_path / "parts", steps=4).run()
    assert whole.read_bytes() == parts.read_bytes()
    moved, shipped = unpacked(load_file(whole)), unpacked(load_file(bundled.TUNED_FILE))
    assert moved.keys() == shipped.keys()
    assert 0 < np.abs(moved["encoder.layer.11.output.dense.weight"]).max() < 0.01


def _stop_after(tuning: Tuning) -> None:
    Tuning._save(tuning)
    raise KeyboardInterrupt
