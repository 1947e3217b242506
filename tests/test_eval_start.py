"""What a command takes is measured in a process of its own, and one that fails is no measurement."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.bench.start import imported, started
from rag.errors import EvaluationError


def test_a_command_is_measured_by_itself(tmp_path: Path) -> None:
    # What this process holds, which is far more, is not counted.
    held = bytearray(200_000_000)
    found = started(("--help",), tmp_path, 1)
    assert found.what == "--help"
    assert 0 < found.cpu_s < 60
    assert 5 < found.peak_mb < len(held) / 1e6


def test_a_command_that_fails_is_an_error_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="还没有索引"):
        started(("list",), tmp_path / "nothing", 1)


def test_imports_are_the_heaviest_first_and_numpy_is_among_them() -> None:
    found = imported()
    assert [one.ms for one in found] == sorted((one.ms for one in found), reverse=True)
    assert {"numpy", "rag"} <= {one.package for one in found}
