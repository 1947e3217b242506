"""The READMEs and docs/ show the published results, and nothing that was typed."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from conftest import ROOT

from eval.bench.readme import PAGES, READMES, TABLES, places, renewed
from rag.errors import EvaluationError, Language
from rag.evaluation.results import RESULTS, Result

PUBLISHED = sorted((ROOT / RESULTS).glob("*.json"))
OF_QUESTIONS = [file for file in PUBLISHED if b'"fingerprint"' in file.read_bytes()]


@pytest.mark.parametrize("tongue", sorted(READMES))
def test_the_tables_are_those_of_the_published_results(tongue: Language) -> None:
    for file, names in places(tongue):
        page = file.read_text("utf-8")
        assert renewed(page, tongue, names) == page, "Run: python -m eval.bench.readme"


@pytest.mark.parametrize("tongue", sorted(READMES))
def test_each_table_has_one_place(tongue: Language) -> None:
    shown = [name for _, names in places(tongue) for name in names]
    assert sorted(shown) == sorted(TABLES)
    for file, names in places(tongue):
        assert re.findall(r"<!-- (\w+) -->", file.read_text("utf-8")) == list(names)


@pytest.mark.parametrize("tongue", sorted(READMES))
def test_a_changed_figure_would_be_seen(tongue: Language) -> None:
    page = PAGES[tongue].read_text("utf-8")
    changed = page.replace("| Recall@1 | 0.", "| Recall@1 | 1.", 1)
    assert changed != page
    assert renewed(changed, tongue, ["articles"]) == page


def test_a_table_without_its_place_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="<!-- articles -->"):
        renewed("# README", "en", ["articles"])


@pytest.mark.parametrize("file", PUBLISHED, ids=lambda file: file.stem)
def test_a_published_result_names_no_place_of_this_machine(file: Path) -> None:
    assert not re.search(r'"/\w+/', file.read_text("utf-8"))


@pytest.mark.parametrize("file", OF_QUESTIONS, ids=lambda file: file.stem)
def test_a_published_result_names_its_commit(file: Path) -> None:
    result = msgspec.json.decode(file.read_bytes(), type=Result)
    assert len(result.code.commit) == 40
    assert not result.code.changed
