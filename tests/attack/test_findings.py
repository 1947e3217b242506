"""What was found once has a test that would fail if it came again, and SECURITY.md names it."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import ROOT

ROWS = re.findall(r"^\| (\d+|s) .* \| (`.*`) \|$", (ROOT / "SECURITY.md").read_text("utf-8"), re.MULTILINE)


def test_each_finding_names_tests_that_are_there() -> None:
    assert [number for number, _ in ROWS] == [*map(str, range(1, 17)), "s"]
    named = [name.split("::") for _, names in ROWS for name in re.findall(r"`([^`]+)`", names)]
    sources = {file: (Path(__file__).parent / file).read_text("utf-8") for file, _ in named}
    assert [test for file, test in named if f"\ndef {test}(" not in sources[file]] == []
