"""Which reader answers, and how what it read re-orders the hits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.embedding.bundled import unpack
from rag.errors import ModelError, SettingsError
from rag.library import Library
from rag.reading import Candidate, Ranked
from rag.reading.pairs import Pair, PairScores
from rag.reading.readers import READERS, WEIGHTS, load_reader
from rag.reading.scoring import Text, TextReader
from rag.retrieval.ranking import reranked
from rag.types import Span


def test_a_reader_that_is_not_there_is_an_error_that_says_what_there_is(tmp_path: Path) -> None:
    for name in ("nothing", str(tmp_path)):
        with pytest.raises(ModelError, match="wenyuan train reader"):
            load_reader(name)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("question", ["豆包2024年11月的月活跃用户有多少？", "火星上有几家茶馆？"])
def test_a_reader_reads_the_same_twice_inside_of_the_sentences_of_what_it_is_given(
    name: str, question: str, library: Library
) -> None:
    reader = load_reader(name)
    asked, candidates = library.candidates(question)
    reading = reader.read(asked, candidates)
    assert reader.read(asked, candidates) == reading
    assert 0 <= reading.confidence <= 1
    given = {candidate.document.doc_id for candidate in candidates}
    for evidence in reading.evidence:
        assert evidence.document.doc_id in given
        sentence = evidence.sentence
        assert all(sentence.start <= span.start < span.end <= sentence.end for span in evidence.spans)
    places = [one.candidate for one in reading.ranking]
    assert len(set(places)) == len(places)
    assert set(places) <= set(range(len(candidates)))


@pytest.mark.parametrize("name", READERS)
def test_the_fewer_wrong_answers_are_allowed_the_more_confidence_a_reader_asks_for(name: str) -> None:
    reader, found = load_reader(name), []
    for allowed in (0.05, 0.1, 0.2, 0.4):
        try:
            found.append(reader.threshold(allowed))
        except SettingsError:
            assert found == []
    assert found == sorted(found, reverse=True)
    assert all(0 <= threshold <= 1 for threshold in found)


def test_a_damaged_reader_is_an_error(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(ModelError, match=WEIGHTS):
        load_reader(str(tmp_path))


def test_what_was_read_for_a_question_is_not_read_again() -> None:
    class Counting:
        started = 0

        def start(self, pairs: Sequence[Pair]) -> Callable[[], list[PairScores]]:
            self.started += 1
            nothing = [np.zeros(len(pair.ids), np.float32) for pair in pairs]
            return lambda: [PairScores(one, one, one, 0.5, 0.0) for one in nothing]

    scorer = Counting()
    reader = TextReader(unpack(), scorer)
    text = Text("通讯录", "分机是6102。", (Span(0, 8),))
    first = reader.read("分机是多少", [text])
    assert reader.read("分机是多少", [text]) is first
    assert scorer.started == 1
    assert reader.read("分机是多少", [text, text])[0].relevance == first[0].relevance == 0.5
    assert reader.read("是多少", [text])[0].relevance == 0.5
    assert scorer.started == 3


def test_read_passages_move_by_their_new_scores_and_the_others_keep_theirs(library: Library) -> None:
    _, candidates = library.candidates("豆包2024年11月的月活跃用户有多少？")
    shown: list[Candidate] = list(candidates[:4])
    scores = [candidate.hit.score for candidate in shown]
    ranking = [Ranked(1, scores[0] + 0.2), Ranked(0, scores[0])]
    hits = reranked(shown, ranking)
    assert [hit.passage for hit in hits] == [shown[i].hit.passage for i in (1, 0, 2, 3)]
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert [hit.score for hit in hits] == [scores[0] + 0.2, scores[0], scores[2], scores[3]]
    assert reranked(shown, ()) == tuple(candidate.hit for candidate in shown)
