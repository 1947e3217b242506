"""Subtitles: what is said, in whole sentences, under the time at which it begins."""

from __future__ import annotations

import pytest
import samples

from rag.errors import LoadError
from rag.types import BlockKind

SRT = """1
00:00:01,000 --> 00:00:03,200
<i>各位同事，年假从今年起</i>

2
00:00:03,300 --> 00:00:06,000 X1:40 X2:600
{\\an8}改为十二天。
未休完的

3
00:01:10,000 --> 00:01:12,000
可以顺延到三月。
"""
VTT = """WEBVTT - 周会

NOTE 由机器听写
不必校对

STYLE
::cue { color: red }

intro
00:02.000 --> 00:04.500 align:start
<v 林溪>仓库几时盘点？

01:00:05.000 --> 01:00:07.000
<v.loud 周宁>周五<00:06.000><c> 下午</c>。R&amp;D 也来。
"""


def said(data: str, name: str) -> list[tuple[str, int, tuple[str, ...]]]:
    blocks = samples.load_bytes(data.encode(), name).blocks
    text = samples.load_bytes(data.encode(), name).text
    assert {block.kind for block in blocks} == {BlockKind.PARAGRAPH}
    return [(text[block.start : block.end], block.line, block.path) for block in blocks]


def test_cues_are_joined_to_the_end_of_a_sentence_and_stand_under_the_time_at_which_it_begins() -> None:
    assert said(SRT, "年会.srt") == [
        ("各位同事，年假从今年起改为十二天。未休完的可以顺延到三月。", 3, ("00:00:01",)),
    ]


def test_who_speaks_is_said_and_what_nobody_is_shown_is_not() -> None:
    assert said(VTT, "周会.vtt") == [
        ("林溪：仓库几时盘点？", 11, ("00:02",)),
        ("周宁：周五 下午。R&D 也来。", 14, ("01:00:05",)),
    ]


def test_where_no_sentence_has_an_end_each_cue_is_a_paragraph() -> None:
    cues = "\r\n".join(
        f"{n}\r\n00:00:0{n},0 --> 00:00:0{n},9\r\n{text}\r\n" for n, text in enumerate(["先拧开", "再倒水"])
    )
    assert said(cues, "a.srt") == [("先拧开", 3, ("00:00:00",)), ("再倒水", 7, ("00:00:01",))]


def test_captions_that_roll_up_say_each_line_once() -> None:
    rolling = (
        "WEBVTT\n\n00:00.000 --> 00:01.000\n \n大家好<00:00.500><c>今天</c>\n\n"
        "00:01.000 --> 00:01.010\n大家好今天\n \n\n"
        "00:01.010 --> 00:02.000\n大家好今天\n讲冲压\n"
    )
    assert [text for text, *_ in said(rolling, "a.vtt")] == ["大家好今天", "讲冲压"]


def test_a_blank_line_inside_of_a_subtitle_loses_nothing() -> None:
    data = "1\n00:00:01,000 --> 00:00:02,000\n押金\n\n三千元。\n\n2\n00:00:03,000 --> 00:00:04,000\n可退。\n"
    assert said(data, "a.srt") == [("押金三千元。", 3, ("00:00:01",)), ("可退。", 9, ("00:00:03",))]


def test_what_is_said_twice_or_by_two_in_one_cue_is_kept() -> None:
    data = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v 甲>同意。\n<v 乙>同意。\n\n00:02.000 --> 00:03.000\n同意。\n"
        "三票\n00:03.000 --> 00:04.000\n散会。\n"
    )
    assert [text for text, *_ in said(data, "a.vtt")] == ["甲：同意。", "乙：同意。", "同意。三票散会。"]


def test_a_text_without_times_is_refused() -> None:
    with pytest.raises(LoadError, match=r"a\.srt：里面没有带时间的字幕"):
        samples.load_bytes("只是一段话。".encode(), "a.srt")
