"""Logits to spans."""

from __future__ import annotations

import numpy as np

from rag.reading.decoding import Extract, Window
from rag.reading.pairs import Pair, PairScores
from rag.types import Span

# <s>, one token of the question, then five of the passage, two characters each, and </s>.
PAIR = Pair(np.arange(8), 2, tuple(Span(2 * i, 2 * i + 2) for i in range(5)))


def logits(**at: float) -> np.ndarray:
    values = np.zeros(8, dtype=np.float32)
    for place, value in at.items():
        values[int(place[1:])] = value
    return values


NOTHING_INSIDE = np.full(8, -1.0, dtype=np.float32)


def window(
    pair: Pair, start: np.ndarray, end: np.ndarray, inside: np.ndarray = NOTHING_INSIDE, several: float = -1.0
) -> Window:
    return Window.of(pair, PairScores(start, end, inside, 0.0, several))


def extract(pair: Pair, start: np.ndarray, end: np.ndarray) -> Extract:
    return window(pair, start, end).best()


def test_the_best_span_has_the_highest_sum_of_its_ends() -> None:
    found = extract(PAIR, logits(p0=1, p3=4, p5=3), logits(p0=1, p4=2, p6=5))
    assert found == Extract(Span(2, 10), 4 + 5 - 2)


def test_a_span_does_not_end_before_it_begins() -> None:
    found = extract(PAIR, logits(p6=4), logits(p2=4, p6=1))
    assert found == Extract(Span(8, 10), 5)


def test_only_the_passage_is_extracted_from() -> None:
    found = extract(PAIR, logits(p1=9, p7=9, p4=1), logits(p1=9, p7=9, p4=1))
    assert found.span == Span(4, 6)


def test_each_sentence_has_the_best_span_that_begins_in_it() -> None:
    found = window(PAIR, logits(p3=1, p5=2), logits(p6=3)).extracts([Span(0, 4), Span(4, 6), Span(6, 10), Span(10, 11)])
    assert found == [
        Extract(Span(2, 10), 4),
        Extract(Span(4, 10), 3),
        Extract(Span(6, 10), 5),
        None,
    ]


def test_the_margin_is_what_the_span_has_over_no_answer() -> None:
    assert extract(PAIR, logits(p0=5, p2=1), logits(p0=2, p2=1)).margin == -5


def test_any_span_of_the_window_has_a_margin() -> None:
    seen = window(PAIR, logits(p0=1, p3=4), logits(p4=2, p5=3))
    assert seen.margin(Span(2, 6)) == 4 + 2 - 1
    assert seen.margin(Span(3, 7)) == 4 + 3 - 1
    assert seen.margin(Span(8, 12)) is None


def test_several_slices_are_the_best_span_and_the_other_runs_inside_the_answer() -> None:
    inside = logits(p2=1, p3=1, p5=1) - 0.5
    seen = window(PAIR, logits(p2=5), logits(p3=5), inside, several=1.0)
    assert seen.slices(seen.best().span) == (Span(0, 4), Span(6, 8))
    alone = window(PAIR, logits(p2=5), logits(p3=5), inside, several=-1.0)
    assert alone.slices(alone.best().span) == (Span(0, 4),)


def test_a_run_that_touches_the_best_span_is_no_slice_of_its_own() -> None:
    seen = window(PAIR, logits(p2=5), logits(p3=5), logits(p3=1, p4=1) - 0.5, several=1.0)
    assert seen.slices(seen.best().span) == (Span(0, 4),)
