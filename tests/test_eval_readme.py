"""The READMEs show the published results, and nothing that was typed."""

from __future__ import annotations

import re

import msgspec
import pytest
from conftest import ROOT

from eval.readme import READMES, renewed
from eval.results import RESULTS, Result
from rag.errors import EvaluationError, Language


@pytest.mark.parametrize("tongue", sorted(READMES))
def test_the_tables_are_those_of_the_published_results(tongue: Language) -> None:
    readme = READMES[tongue].read_text("utf-8")
    assert renewed(readme, tongue) == readme, "Run: python -m eval.readme"


@pytest.mark.parametrize("tongue", sorted(READMES))
def test_a_changed_figure_would_be_seen(tongue: Language) -> None:
    readme = READMES[tongue].read_text("utf-8")
    assert renewed(readme.replace("| Recall@1 | 0.", "| Recall@1 | 1.", 1), tongue) == readme


def test_a_table_without_its_place_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="<!-- articles -->"):
        renewed("# README", "en")


@pytest.mark.parametrize("file", sorted((ROOT / RESULTS).glob("*.json")), ids=lambda file: file.stem)
def test_a_published_result_names_its_commit_and_no_place_of_this_machine(file: object) -> None:
    text = (ROOT / RESULTS / str(getattr(file, "name", ""))).read_text("utf-8")
    assert not re.search(r'"/\w+/', text)
    if '"fingerprint"' in text:
        result = msgspec.json.decode(text, type=Result)
        assert len(result.code.commit) == 40
        assert not result.code.changed
