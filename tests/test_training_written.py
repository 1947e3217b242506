"""The questions that stand beside the trainer: sound, and not answerable from their wording alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

import rag.training
from rag.training.golds import written_golds

WRITTEN = Path(rag.training.__file__).parent / "written"
FILES = sorted(WRITTEN.glob("*.questions.jsonl"))


def test_every_answer_stands_in_its_document() -> None:
    for file in FILES:
        written = len(file.read_text("utf-8").splitlines())
        assert len(written_golds(file)) == written, file.name


def test_no_question_stands_twice_in_a_set() -> None:
    for file in FILES:
        asked = [json.loads(line)["q"] for line in file.read_text("utf-8").splitlines()]
        assert len(asked) == len(set(asked)), file.name


def test_the_wording_of_a_question_hardly_tells_whether_it_is_answered() -> None:
    # Naive Bayes over one to three characters, cross-validated by document.
    golds = [gold for file in FILES for gold in written_golds(file)]
    asked = [gold.question for gold in golds]
    unanswerable = np.array([not gold.slices for gold in golds])
    model = make_pipeline(CountVectorizer(analyzer="char", ngram_range=(1, 3)), MultinomialNB())
    groups = [gold.document.doc_id for gold in golds]
    chances = cross_val_predict(model, asked, unanswerable, groups=groups, cv=GroupKFold(5), method="predict_proba")
    assert 0.5 < roc_auc_score(unanswerable, chances[:, 1]) < 0.66
