"""What is fitted on top of a network, on real questions that it was not trained on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rag.errors import TrainingError
from rag.reading.calibration import load_calibration
from rag.reading.readers import CALIBRATION, SCALES, SHIPPED, WEIGHTS
from rag.reading.trained import CERTAINTY, CHOICE
from rag.training.calibrate import calibrate, sets_aside
from rag.training.golds import Gold, as_document, divided, written_golds

WRITTEN = Path(__file__).parents[1] / "rag" / "training" / "written"


def test_only_what_was_kept_aside_is_asked_beside_the_other_documents() -> None:
    golds = written_golds(WRITTEN / "lists.questions.jsonl")
    _, aside = divided(golds)
    ((asked, beside),) = sets_aside({"lists": golds}).values()
    assert {gold.document.doc_id for gold in asked} == {gold.document.doc_id for gold in aside}
    assert not {gold.document.doc_id for gold in asked} & {document.doc_id for document in beside}


def test_nothing_kept_aside_is_an_error() -> None:
    document = as_document("成人票八十元。", "门票")
    assert document
    with pytest.raises(TrainingError):
        sets_aside({"few": [Gold("多少钱？", document, (), ())]})


@pytest.mark.slow
def test_a_reader_is_calibrated_on_them(tmp_path: Path) -> None:
    for name in (WEIGHTS, SCALES):
        shutil.copy(SHIPPED / name, tmp_path / name)
    sets = {name: written_golds(WRITTEN / f"{name}.questions.jsonl") for name in ("lists", "conditions")}
    some = {name: (asked[:40], beside[:20]) for name, (asked, beside) in sets_aside(sets).items()}
    lines = list(calibrate(tmp_path, some, tmp_path / "work"))
    fitted = load_calibration(tmp_path / CALIBRATION)
    assert set(fitted.choice_weights) == set(CHOICE)
    assert set(fitted.right.weights) == set(CERTAINTY)
    assert fitted.choice_weights["margin"] > 0
    assert len(fitted.errors) == sum(len(asked) for asked, _ in some.values())
    assert any(line.startswith("right span chosen") for line in lines)
