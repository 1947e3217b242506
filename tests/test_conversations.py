"""Conversations beside the index: kept as they were, found, named, deleted with a way back, bounded, taken away."""

from __future__ import annotations

import io
import re
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from rag.errors import NotFoundError
from rag.indexing.uploads import UploadStore
from rag.settings import Settings
from rag.types import Answer, AnswerItem, AnswerPart, Citation, Correction, Elsewhere, Hit, Passage, Span, Status
from rag.web.api import create_api
from rag.web.conversation import Turn
from rag.web.conversations.conversation_file import MOST_CONVERSATIONS, MOST_TURNS, NAME, Conversation, ConversationFile
from rag.web.conversations.taking import file_name
from rag.web.live_library import LiveLibrary
from rag.web.page.steps import Page

QUOTE = "近6000万"
CITED = Citation(
    1, "d1", "题", "a.md", 3, 10, 16, QUOTE, f"月活{QUOTE}。", 8, page=2, also_in=(Elsewhere("d1", "题", "b.md"),)
)
HIT = Hit(1, Passage(0, "d1", 8, 16, 3, "题", (Span(8, 16),)), 0.5, f"月活{QUOTE}。", dense=0.5)


def turn(asked: str, meant: str = "") -> Turn:
    parts = (AnswerPart(asked, (AnswerItem(QUOTE, (1,)),)), AnswerPart("二", (), ("乙",), (HIT,), CITED))
    text = f"{QUOTE}[1]\n原文：月活{QUOTE}。"
    answer = Answer(
        meant or asked,
        Status.ANSWERED,
        QUOTE,
        text,
        0.9,
        (CITED,),
        (HIT,),
        parts=parts,
        corrections=(Correction("豆", "逗"),),
    )
    return Turn(asked, replace(answer, timings_ms={"total": 3.0}), {"d1": "题"})


def without_hits(one: Turn) -> Turn:
    return replace(one, answer=replace(one.answer, hits=()))


@pytest.fixture
def kept(tmp_path: Path) -> ConversationFile:
    return ConversationFile(tmp_path / NAME)


@pytest.fixture
def api(tmp_path: Path) -> TestClient:
    live = LiveLibrary(tmp_path, Settings())
    return TestClient(create_api(live, UploadStore(tmp_path, Settings())))


def names(listed: list[Conversation]) -> list[str]:
    return [one.name for one in listed]


def test_a_turn_comes_back_as_it_was_but_for_what_was_retrieved_beside_its_answer(kept: ConversationFile) -> None:
    first = kept.append("", turn("豆包有多少用户？"))
    assert kept.append(first, turn("它呢？", "豆包的创始人呢？")) == first
    again = ConversationFile(kept.file)
    assert again.turns(first) == [
        without_hits(turn("豆包有多少用户？")),
        without_hits(turn("它呢？", "豆包的创始人呢？")),
    ]
    assert [(one.id, one.name, one.questions) for one in again.listed()] == [(first, "豆包有多少用户？", 2)]


def test_the_one_that_was_used_last_is_first(kept: ConversationFile) -> None:
    one = kept.append("", turn("甲\n 一？"))
    kept.append("", turn("乙？"))
    assert names(kept.listed()) == ["乙？", "甲 一？"]
    kept.append(one, turn("再问？"))
    assert names(kept.listed()) == ["甲 一？", "乙？"]


def test_so_many_as_are_wanted_are_listed_and_found_those_used_last(kept: ConversationFile) -> None:
    made = [kept.append("", turn(name)) for name in ("甲？", "乙？", "丙？")]
    kept.append(made[1], turn("再问？"))
    assert [(one.name, one.questions) for one in kept.listed(most=2)] == [("乙？", 2), ("丙？", 1)]
    assert [(one.name, one.found) for one in kept.listed(QUOTE, most=2)] == [("乙？", 1), ("丙？", 1)]
    assert kept.one(made[0]) == kept.listed()[2]
    kept.delete(made[0])
    with pytest.raises(NotFoundError):
        kept.one(made[0])


def test_words_are_found_in_names_questions_and_answers_in_either_script_and_width(kept: ConversationFile) -> None:
    one = kept.append("", turn("甲？"))
    kept.append(one, turn("豆包GPT怎样？"))
    other = kept.append("", turn("丙？"))
    kept.rename(other, "  關於  合同 ")
    assert [(c.name, c.found, c.asked) for c in kept.listed("ＧＰＴ怎樣")] == [("甲？", 2, "豆包GPT怎样？")]
    assert [(c.name, c.found, c.asked) for c in kept.listed("关于 合同")] == [("關於 合同", 0, "")]
    assert names(kept.listed(QUOTE)) == ["關於 合同", "甲？"]
    assert kept.listed("没有说过") == []
    assert names(kept.listed("%")) == []


def test_a_deleted_conversation_comes_back_for_an_hour_and_then_is_not_in_the_file(kept: ConversationFile) -> None:
    gone = kept.append("", turn("秘密的琥珀"))
    kept.delete(gone)
    assert kept.listed() == []
    for missing in (lambda: kept.turns(gone), lambda: kept.rename(gone, "名"), lambda: kept.delete(gone)):
        with pytest.raises(NotFoundError):
            missing()
    kept.restore(gone)
    assert names(kept.listed()) == ["秘密的琥珀"]
    kept.delete(gone)
    with closing(sqlite3.connect(kept.file)) as connection, connection:
        ago = datetime.now(UTC) - timedelta(minutes=61)
        connection.execute("UPDATE conversations SET deleted = ?", (ago.isoformat(),))
    with pytest.raises(NotFoundError):
        kept.restore(gone)
    with closing(sqlite3.connect(kept.file)) as connection:
        assert connection.execute("SELECT count(*) FROM turns").fetchone() == (0,)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert "秘密的琥珀".encode() not in kept.file.read_bytes()


def test_a_question_to_a_deleted_conversation_begins_a_new_one(kept: ConversationFile) -> None:
    one = kept.append("", turn("甲？"))
    kept.delete(one)
    other = kept.append(one, turn("乙？"))
    assert other != one
    assert kept.turns(other) == [without_hits(turn("乙？"))]


def test_a_full_conversation_goes_on_in_a_new_one(kept: ConversationFile) -> None:
    one = kept.append("", turn("0"))
    for number in range(1, MOST_TURNS):
        assert kept.append(one, turn(str(number))) == one
    assert kept.append(one, turn("下一个")) != one
    assert [(c.name, c.questions) for c in kept.listed()] == [("下一个", 1), ("0", MOST_TURNS)]


@pytest.mark.slow
def test_of_too_many_the_one_that_was_not_used_for_longest_goes_first(kept: ConversationFile) -> None:
    first = kept.append("", turn("甲"))
    second = kept.append("", turn("乙"))
    for number in range(MOST_CONVERSATIONS - 2):
        kept.append("", turn(str(number)))
    kept.append(first, turn("又"))
    kept.append("", turn("新"))
    kept.append("", turn("更新"))
    there = {one.id for one in kept.listed()}
    assert len(there) == MOST_CONVERSATIONS
    assert (first in there, second in there) == (True, False)


@pytest.mark.parametrize("what", ["no database", "a link", "a trigger"])
def test_where_they_can_not_be_kept_they_last_as_long_as_the_server(kept: ConversationFile, what: str) -> None:
    elsewhere = kept.file.with_name("elsewhere")
    if what == "no database":
        kept.file.write_bytes(b"no database" * 100)
    elif what == "a link":
        kept.file.symlink_to(elsewhere)
    else:
        with closing(sqlite3.connect(kept.file)) as connection:
            connection.executescript("CREATE TABLE a (b); CREATE TRIGGER c AFTER INSERT ON a BEGIN DELETE FROM a; END")
    before = kept.file.read_bytes() if kept.file.exists() else b""
    one = kept.append("", turn("甲？"))
    assert kept.turns(one) == [without_hits(turn("甲？"))]
    assert not kept.lasting
    assert not elsewhere.exists()
    assert not before or kept.file.read_bytes() == before


def test_two_processes_share_them_and_none_is_made_where_there_is_no_index(tmp_path: Path) -> None:
    file = tmp_path / "index" / NAME
    one, other = ConversationFile(file), ConversationFile(file)
    assert one.listed() == []
    assert not file.parent.exists()
    file.parent.mkdir()
    made = one.append("", turn("甲？"))
    other.append(made, turn("乙？"))
    assert [t.asked for t in one.turns(made)] == ["甲？", "乙？"]


def test_the_api_lists_reads_renames_and_deletes_with_a_way_back(api: TestClient, tmp_path: Path) -> None:
    made = ConversationFile(tmp_path / NAME).append("", turn("豆包有多少用户？", "豆包的用户数？"))
    listed = api.get("/conversations", params={"q": "用戶"}).json()
    assert listed["lasting"]
    assert [(one["id"], one["found"]) for one in listed["conversations"]] == [
        (made, {"question": 1, "asked": "豆包有多少用户？"})
    ]
    assert [api.get("/conversations", params={"count": count}).status_code for count in (0, 1, 1001)] == [422, 200, 422]
    read = api.get(f"/conversations/{made}").json()
    assert [
        (t["asked"], t["answer"]["question"], t["answer"]["answer"], t["answer"]["hits"]) for t in read["turns"]
    ] == [("豆包有多少用户？", "豆包的用户数？", QUOTE, [])]
    assert api.patch(f"/conversations/{made}", json={"name": "名字"}).status_code == 204
    assert api.get(f"/conversations/{made}").json()["name"] == "名字"
    for bad in ({"name": ""}, {"name": " "}, {"name": "长" * 101}, {"deleted": True}, {"other": 1}):
        assert api.patch(f"/conversations/{made}", json=bad).status_code == 422
    assert api.delete(f"/conversations/{made}").status_code == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/file")):
        assert api.request(method, f"/conversations/{made}{path}").status_code == 404
    assert api.get("/conversations").json()["conversations"] == []
    assert api.patch(f"/conversations/{made}", json={"deleted": False}).status_code == 204
    assert len(api.get("/conversations").json()["conversations"]) == 1


def test_one_is_taken_away_as_a_file_and_all_as_an_archive(api: TestClient, tmp_path: Path) -> None:
    kept = ConversationFile(tmp_path / NAME)
    one = kept.append("", turn("a/b: 豆包？"))
    kept.append("", turn("a/b: 豆包？"))
    day = f"{datetime.now().astimezone():%Y-%m-%d}"
    taken = api.get(f"/conversations/{one}/file", params={"format": "html", "base": "http://127.0.0.1:1/"})
    assert taken.headers["content-type"] == "text/html; charset=utf-8"
    assert unquote(taken.headers["content-disposition"]) == f"attachment; filename*=UTF-8''{day} a b  豆包？.html"
    assert 'href="http://127.0.0.1:1/#place/d1:10:16:8:17:0"' in taken.text
    assert api.get(f"/conversations/{one}/file", params={"base": "javascript:alert(1)"}).status_code == 422
    word = api.get(f"/conversations/{one}/file", params={"format": "docx"})
    assert word.headers["content-type"].endswith("wordprocessingml.document")
    notes = zipfile.ZipFile(io.BytesIO(word.content)).read("word/footnotes.xml").decode()
    assert f"《题》第 3 段（第 2 页）：“月活{QUOTE}。”" in re.sub("<[^>]+>", "", notes)
    archive = zipfile.ZipFile(io.BytesIO(api.get("/conversations.zip").content))
    assert archive.namelist() == [f"{day} a b  豆包？.md", f"{day} a b  豆包？ (2).md"]
    assert f"> {QUOTE}[^1]" in archive.read(archive.namelist()[1]).decode()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("..", "2026-01-02.md"),
        ("a" * 80, f"2026-01-02 {'a' * 60}.md"),
        ('<|>"*\\\x00', "2026-01-02.md"),
        ("末.", "2026-01-02 末.md"),
    ],
)
def test_a_file_is_called_by_what_any_file_system_takes(name: str, expected: str) -> None:
    noon = datetime(2026, 1, 2, 12).astimezone().isoformat()
    assert file_name(Conversation("i", name, noon, noon, 1), "md") == expected


def test_the_page_shows_a_kept_conversation_and_says_when_it_is_gone(tmp_path: Path) -> None:
    live = LiveLibrary(tmp_path, Settings())
    made = live.conversations.append("", turn("<b>甲</b>？"))
    shown = Page(live).conversation(made, 1, "documents")
    assert shown.conversation is not None
    assert f'data-id="{made}"' in shown.conversation
    assert "&lt;b&gt;甲&lt;/b&gt;？" in shown.conversation
    gone = Page(live).conversation("nowhere", 1, "documents")
    assert gone.conversation is not None
    assert gone.notice is not None
    assert "welcome" in gone.conversation
    assert "这个对话不在了" in gone.notice
