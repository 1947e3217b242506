"""What is fitted on top of the network."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import ModelError, SettingsError
from rag.reading.calibration import Calibration, Logistic, load_calibration

PLAIN = Calibration({"margin": 2.0, "own": -1.0}, Logistic(-1.0, {"gap": 0.5}), (), Logistic(0.0, {"margin": 1.0}), 0.4)


def test_a_choice_is_a_weighted_sum() -> None:
    assert PLAIN.choice({"margin": 3.0, "own": 1.5, "other": 9.0}) == 4.5


def test_a_confidence_without_steps_is_the_regression() -> None:
    assert PLAIN.confidence({"gap": 2.0}) == 0.5


def test_steps_are_interpolated_and_flat_beyond_their_ends() -> None:
    stepped = msgspec.structs.replace(PLAIN, steps=((0.2, 0.1), (0.4, 0.5), (0.8, 0.7)))
    low, high = (stepped.confidence({"gap": gap}) for gap in (-50.0, 50.0))
    assert (low, high) == (0.1, 0.7)
    assert stepped.confidence({"gap": 2.0}) == pytest.approx(0.55)


def test_an_opinion_is_made_of_chances() -> None:
    assert PLAIN.opinion(0.0, 0.0) == (0.5, 0.5, 0.5)
    sure = PLAIN.opinion(-1e9, 1e9)
    assert (sure.relevance < 1e-9, sure.margin > 1 - 1e-9, sure.answers > 1 - 1e-9) == (True, True, True)


def test_a_boost_is_bounded() -> None:
    assert PLAIN.boost(0.0, 0.0) == 0.2
    assert 0 <= PLAIN.boost(0.0, -1e9) < PLAIN.boost(0.0, 1e9) <= 0.4


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=40, max_size=120),
    st.floats(min_value=0.05, max_value=0.9),
)
def test_a_threshold_leaves_no_more_errors_than_allowed(errors: list[tuple[float, bool]], max_error: float) -> None:
    fitted = msgspec.structs.replace(PLAIN, errors=tuple(errors))
    threshold = fitted.threshold(max_error)
    wrong = sum(not right and confidence >= threshold for confidence, right in errors)
    assert (wrong + 1) / (len(errors) + 1) <= max_error + 1e-9


def test_a_threshold_answers_as_much_as_is_allowed() -> None:
    errors = tuple((i / 100, i >= 50) for i in range(100))
    fitted = msgspec.structs.replace(PLAIN, errors=errors)
    # (wrong + 1) / 101 <= 0.1 allows nine wrong answers: those of 0.41 to 0.49.
    assert 0.40 < fitted.threshold(0.1) < 0.41
    assert fitted.threshold(0.6) == 0.0


def test_a_promise_that_the_data_can_not_carry_is_refused() -> None:
    with pytest.raises(SettingsError, match="max_error"):
        msgspec.structs.replace(PLAIN, errors=((0.5, True),) * 50).threshold(0.01)


def test_a_missing_or_malformed_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    with pytest.raises(ModelError, match=r"calibration\.json"):
        load_calibration(file)
    file.write_text('{"choice_weights": 3}')
    with pytest.raises(ModelError, match=r"calibration\.json"):
        load_calibration(file)
