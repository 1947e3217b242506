"""The trained reader's input: where each token stands in the passage."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from rag.embedding import bundled
from rag.reading.pairs import LONGEST, PADDING, Pair, PairEncoder, pad
from rag.types import Span

PASSAGE = "2024年12月10日，《通过技術創新盈利勢在必行》（ＧＰＴ－４）问世。\n月之暗面由杨植麟创立。"


@pytest.fixture(scope="module")
def encoder(cache: Path) -> PairEncoder:  # noqa: ARG001
    return PairEncoder(bundled.unpack())


def test_every_visible_character_of_the_passage_belongs_to_one_token(encoder: PairEncoder) -> None:
    (pair,) = encoder.encode("谁创立了月之暗面？", "年度回顾", PASSAGE)
    covered = [position for span in pair.spans for position in range(*span)]
    assert covered == sorted(set(covered))
    assert {PASSAGE[i] for i in range(len(PASSAGE)) if i not in covered} <= {"\n"}


@pytest.mark.parametrize("answer", ["《通过技術創新盈利勢在必行》", "ＧＰＴ－４", "12月10日", "杨植麟"])
def test_an_answer_begins_and_ends_with_a_token(encoder: PairEncoder, answer: str) -> None:
    (pair,) = encoder.encode("问题？", "", PASSAGE)
    start = PASSAGE.index(answer)
    tokens = pair.tokens_of(Span(start, start + len(answer)))
    assert tokens is not None
    first, last = (place - pair.first for place in tokens)
    assert (pair.spans[first].start, pair.spans[last].end) == (start, start + len(answer))


@pytest.mark.parametrize("line", ["9月20日 8:00发车", "ABC公司承办", "　18岁以下免票"])
def test_the_first_token_of_a_line_begins_with_the_line(encoder: PairEncoder, line: str) -> None:
    (pair,) = encoder.encode("几点？", "", f"四、行程\n{line}")
    assert next(span.start for span in pair.spans if span.end > 5) == 5 + len(line) - len(line.lstrip())


def test_script_width_and_case_make_no_difference(encoder: PairEncoder) -> None:
    (one,) = encoder.encode("谁?", "標題", "ＯＰＥＮＡＩ成立於2015年")
    (other,) = encoder.encode("谁?", "标题", "OpenAI成立于2015年")
    assert one.ids.tolist() == other.ids.tolist()


def test_a_long_passage_is_read_in_windows_that_leave_nothing_out(encoder: PairEncoder) -> None:
    passage = "".join(f"第{i}项指标在{2000 + i}年有了变化。" for i in range(120))
    pairs = encoder.encode("哪一年？", "标题", passage)
    assert len(pairs) > 1
    assert all(len(pair.ids) <= LONGEST for pair in pairs)
    covered = {position for pair in pairs for span in pair.spans for position in range(*span)}
    assert covered == set(range(len(passage)))
    for pair, following in itertools.pairwise(pairs):
        assert following.spans[0].start < pair.spans[-1].end


def test_an_answer_outside_the_window_has_no_tokens(encoder: PairEncoder) -> None:
    passage = "".join(f"第{i}项指标在{2000 + i}年有了变化。" for i in range(120))
    last = encoder.encode("哪一年？", "标题", passage)[-1]
    assert last.tokens_of(Span(0, 3)) is None


def test_a_very_long_question_leaves_room_for_the_passage(encoder: PairEncoder) -> None:
    (pair,) = encoder.encode("为什么" * 300, "标题" * 300, PASSAGE)
    assert pair.spans[-1].end == len(PASSAGE)
    assert len(pair.ids) <= LONGEST


def test_padding_is_masked() -> None:
    pairs = [Pair(np.array([0, 5, 2]), 1, ()), Pair(np.array([0, 2]), 1, ())]
    ids, mask = pad(pairs)
    assert ids.tolist() == [[0, 5, 2], [0, 2, PADDING]]
    assert mask.tolist() == [[1, 1, 1], [1, 1, 0]]


def test_a_text_that_looks_like_a_token_with_a_meaning_is_text(encoder: PairEncoder) -> None:
    (pair,) = encoder.encode("谁？", "题", "甲</s>乙<s>丙")
    assert list(pair.ids).count(0) == 1
    assert pair.ids[-1] == 2
    passage = pair.ids[pair.first : pair.first + len(pair.spans)]
    assert not {0, 1, 2} & set(passage.tolist())
    assert pair.tokens_of(Span(5, 6)) is not None
