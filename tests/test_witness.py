"""What a document lacks of what another program reads in the same file is counted by characters."""

from __future__ import annotations

from pathlib import Path

import pytest
import samples

from eval.bench import witness
from eval.bench.witness import Compared, compared, counted, measured, table


def test_letters_and_digits_are_counted_as_search_sees_them() -> None:
    assert counted("豆包 ＡＩ\n100%，臺") == {"豆": 1, "包": 1, "a": 1, "i": 1, "1": 1, "0": 2, "台": 1}


def test_what_is_missing_is_counted_and_what_is_said_more_often_is_not() -> None:
    one = compared(Path("a.pdf"), "列：甲；列：乙", "pdftotext", "甲乙丙 列 甲")
    assert (one.characters, one.missing, one.share) == (5, 2, 0.4)


def test_a_line_says_what_a_format_lacks() -> None:
    found = [Compared(Path("a.pdf"), "pdftotext", 900, 1), Compared(Path("b.PDF"), "pdftotext", 100, 9)]
    assert list(table(found))[2:] == ["| .pdf | pdftotext | 2 | 1,000 | 1.00% | 1 |"]


def test_a_file_is_compared_with_the_witness_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pdf").write_bytes(samples.pdf([samples.line("Nordic tea", 50, 700)]))
    (tmp_path / "b.txt").write_text("没有证人。", "utf-8")
    monkeypatch.setitem(witness.WITNESSES, ".pdf", (("nobody-has-this", str), ("sh", lambda _: "Nordic tea X")))
    assert list(measured(tmp_path)) == [Compared(tmp_path / "a.pdf", "sh", 10, 1)]
