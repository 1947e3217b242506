"""Two results are told apart by more than chance, or said not to be; the gate names what was lost."""

from __future__ import annotations

import pytest
from outcomes import outcome

from eval.bench.gate import regressions
from rag.errors import EvaluationError
from rag.evaluation.compare import compare, comparison_tables
from rag.evaluation.outcome import Outcome
from rag.evaluation.results import Result

MANY = 60


def result(name: str) -> Result:
    from rag.evaluation.environment import code, machine

    return Result(
        name=name, system="s", dataset="d", unit="passage", documents=1, passages=1, questions=MANY, answerable=MANY,
        created="", fingerprint="", code=code(), machine=machine(), packages={}, encoder="e", settings={}, summary={},
        latency_ms={},
    )  # fmt: skip


def outcomes(right: int) -> list[Outcome]:
    """The first ``right`` questions are answered rightly."""
    return [outcome(f"q{i}", accuracy=float(i < right)) for i in range(MANY)]


def test_wins_losses_and_ties_are_those_of_the_second() -> None:
    a = [outcome("1", accuracy=0), outcome("2", accuracy=1), outcome("3", accuracy=1)]
    b = [outcome("3", accuracy=1), outcome("1", accuracy=1), outcome("2", accuracy=0)]
    found = compare((result("a"), a), (result("b"), b))
    [row] = found.rows
    assert (row.difference.wins, row.difference.losses, row.difference.ties) == (1, 1, 1)
    assert ([one.id for one in found.won], [one.id for one in found.lost]) == (["1"], ["2"])
    assert not row.significant


def test_a_large_difference_is_shown_and_a_small_one_is_not() -> None:
    a, b, c = outcomes(20), outcomes(40), outcomes(21)
    better = compare((result("a"), a), (result("b"), b))
    assert better.rows[0].significant
    assert "更好" in comparison_tables(better)[0].rows[0]
    alike = compare((result("a"), a), (result("c"), c))
    assert not alike.rows[0].significant
    assert "看不出差别" in comparison_tables(alike)[0].rows[0]


def test_p_is_corrected_for_the_number_of_measures() -> None:
    """Six wins and no loss: 2 of 64 sign changes are as large, which two more measures make insignificant."""
    a = [outcome(f"q{i}", EM=0, F1=0, accuracy=0) for i in range(6)]
    b = [outcome(f"q{i}", EM=1, F1=0, accuracy=0) for i in range(6)]
    rows = {row.measure: row for row in compare((result("a"), a), (result("b"), b)).rows}
    assert rows["EM"].difference.p == pytest.approx(2 / 64)
    assert rows["EM"].p == pytest.approx(3 * 2 / 64)


def test_a_measure_counts_over_the_questions_that_both_have_it_for() -> None:
    a = [outcome("1", EM=1), outcome("2"), outcome("3", EM=0)]
    b = [outcome("1", EM=0), outcome("2", EM=1), outcome("3", EM=1)]
    [row] = compare((result("a"), a), (result("b"), b)).rows
    assert (row.a, row.b, row.difference.ties) == (0.5, 0.5, 0)


@pytest.mark.parametrize("short", ["a", "b"])
def test_a_run_that_lacks_questions_is_named_with_them(short: str) -> None:
    sides = {name: (result(name), outcomes(1)[: 50 if name == short else MANY]) for name in ("a", "b")}
    with pytest.raises(EvaluationError, match=rf"结果 {short} 缺少 10 个问题（q50、q51、q52、q53、q54…）"):
        compare(sides["a"], sides["b"])


def test_the_gate_names_the_measure_that_fell_and_the_questions_lost() -> None:
    [found] = regressions(outcomes(40), outcomes(30))
    assert (found.measure, found.before, found.after) == ("accuracy", 40 / MANY, 30 / MANY)
    assert found.questions == tuple(f"q{i}" for i in range(30, 40))
    assert str(found).startswith("accuracy fell from 0.667 to 0.500 (p = 0.00")


def test_the_gate_lets_chance_and_improvement_pass() -> None:
    assert regressions(outcomes(40), outcomes(38)) == []
    assert regressions(outcomes(40), outcomes(60)) == []


def test_the_gate_wants_a_baseline_of_the_same_questions() -> None:
    with pytest.raises(EvaluationError, match="make baseline"):
        regressions(outcomes(40)[1:], outcomes(40))
