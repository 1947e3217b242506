"""What is read at once around a passage that was found."""

from __future__ import annotations

from documents import document

from rag.indexing.splitting import SplitSettings, split
from rag.reading import Candidate
from rag.reading.stretches import LONGEST, Stretch, stretches
from rag.types import Document, Hit

LIST = "报名须带以下材料：\n\n身份证原件一份。\n\n一寸照片两张。\n\n体检表，须盖章。"


def candidates(made: Document, *places: int, small: int = 20) -> list[Candidate]:
    """The passages at ``places`` among those of ``made``, best first."""
    passages = split(made, SplitSettings(min_chars=small))
    hits = [
        Hit(rank, passages[i], 1 / rank, made.text[passages[i].start : passages[i].end])
        for rank, i in enumerate(places, 1)
    ]
    return [Candidate(hit, made, (0.0,) * len(hit.passage.sentences)) for hit in hits]


def texts(found: list[Stretch]) -> list[str]:
    return [one.text for one in found]


def test_a_passage_is_read_with_what_stands_around_it() -> None:
    made = document(LIST, "a.txt")
    (one,) = stretches(candidates(made, 1), 5)
    assert one.text == made.text
    assert [made.text[s.start : s.end] for s in one.sentences] == made.text.split("\n")
    assert one.candidates == (0,)


def test_a_candidate_that_lies_in_a_stretch_begins_none() -> None:
    found = stretches(candidates(document(LIST, "a.txt"), 1, 0), 5)
    assert [one.candidates for one in found] == [(0, 1)]


def test_no_stretch_is_longer_than_the_reader_takes() -> None:
    made = document("\n\n".join(f"第{i}条，本条规定了第{i}种情形下的处理办法和期限。" * 3 for i in range(30)), "a.txt")
    for one in stretches(candidates(made, 3, 20), 5):
        assert LONGEST / 2 < one.span.end - one.span.start <= LONGEST


def test_what_stands_under_another_heading_is_another_matter() -> None:
    made = document("# 门票\n\n成人票八十元。\n\n# 停车\n\n每小时五元。", "a.md")
    places = range(len(split(made, SplitSettings(min_chars=20))))
    found = texts(stretches(candidates(made, *places), 5))
    assert not [one for one in found if "八十" in one and "五元" in one]


def test_what_others_say_in_a_chat_is_read_with_what_they_answer() -> None:
    made = document("王工 09:12\n闭水试验要做多久？\n\n李工 09:15\n48小时。\n\n王工 09:16\n周三来看。\n", "群.txt")
    assert texts(stretches(candidates(made, 1), 5)) == [made.text]


def test_no_more_are_made_than_are_wanted() -> None:
    made = document("\n\n".join("一" * 390 + f"{i}。" for i in range(5)), "a.txt")
    assert len(stretches(candidates(made, 0, 1, 2, 3), 2)) == 2
