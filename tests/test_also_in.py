"""Where a cited text stands once more is said wherever the citation is shown; a gold pair keeps what answers."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from rich.console import Console

from rag.cli.console import show_documents, show_hits
from rag.index.store import DocumentRecord
from rag.types import Answer, AnswerItem, AnswerPart, Citation, Elsewhere, Hit, Passage, Role, Status
from rag.web.conversation import Turn
from rag.web.page import answers
from rag.web.page.takeaway import to_html, to_markdown
from rag.wire import to_json

FILE, LIKE = Elsewhere("d1", "题", "备份/<b>.md"), Elsewhere("d2", "转载", "again.md")
BOTH = (FILE, LIKE)


def citation(n: int, role: Role, *also_in: Elsewhere) -> Citation:
    return Citation(n, f"d{n}", "题", "a.md", 3, 10, 12, "答案", "前答案后", 9, role, also_in=also_in)


def turn(*citations: Citation) -> Turn:
    items = tuple(AnswerItem(c.quote, (c.n,), differs=c.role is Role.DIFFERENT) for c in citations)
    part = AnswerPart("问？", items)
    answer = Answer("问？", Status.ANSWERED, "答案", "答案[1]", 0.9, citations, (), parts=(part,))
    return Turn("问？", answer, {})


def test_the_page_names_other_files_and_opens_documents_alike() -> None:
    shown = answers.turn(turn(citation(1, Role.ANSWER, *BOTH)))
    (line,) = re.findall(r'<p class="also">.*?</p>', shown)
    assert unescape(re.sub(r"<[^>]+>", "", line)) == "另见 Also in 备份/<b>.md、转载"
    assert re.findall(r'data-open="([^"]+)"', line) == ["d2:0:0:0:0:0"]
    assert 'class="also"' not in answers.turn(turn(citation(1, Role.ANSWER)))


def test_a_conversation_that_is_taken_away_says_so_too() -> None:
    turns = [turn(citation(1, Role.ANSWER, *BOTH))]
    when = datetime(2025, 1, 2, tzinfo=UTC)
    text = to_markdown(turns, language="en", generated=when, version="1")
    assert "Also in 备份/" in text
    assert text.rstrip().endswith("转载")
    page = unescape(re.sub(r"<[^>]+>", "", to_html(turns, language="zh", generated=when, version="1")))
    assert "另见 备份/<b>.md、转载" in page


def test_the_json_has_it_for_citations_and_hits() -> None:
    told = [other._asdict() for other in BOTH]
    assert to_json(citation(1, Role.ANSWER, *BOTH))["also_in"] == told
    assert to_json(Hit(1, Passage(0, "d1", 0, 2, 1, "", ()), 1.0, "答案", also_in=BOTH))["also_in"] == told
    assert to_json(citation(1, Role.ANSWER))["also_in"] == []


def test_the_terminal_lists_it_with_hits_and_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENYUAN_LANG", "zh")
    console = Console(record=True, width=200, force_terminal=False)
    show_hits(console, [Hit(1, Passage(0, "d1", 0, 2, 1, "", ()), 1.0, "答案", also_in=BOTH)], {"d1": "题"})
    record = DocumentRecord("d1", "题", "a.md", "/a.md", "s", 2, 1, range(1), "2025-03-01T12:00:00+00:00", also_in=BOTH)
    show_documents(console, [record], {})
    text = console.export_text()
    assert text.count("另见 备份/<b>.md、《转载》again.md") == 2
    assert "2025-03-01" in text


def test_a_gold_pair_kept_with_one_click_requires_only_what_answers() -> None:
    cited = [citation(1, Role.ANSWER), citation(2, Role.REPEAT), citation(3, Role.DIFFERENT), citation(4, Role.ANSWER)]
    shown = answers.turn(turn(*cited))
    (kept,) = re.findall(r'data-keep="([^"]+)"', shown)
    pair = json.loads(unescape(kept))
    assert [place["doc_id"] for place in pair["places"]] == ["d1", "d4"]
