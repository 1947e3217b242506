"""The benchmark tab in a real browser, over made-up answers of the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from browser import shot
from conftest import ROOT
from playwright.sync_api import Browser, Page, Route, expect

WEB = ROOT / "rag" / "web" / "static"
HOSTILE = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"
SVG = (
    '<svg viewBox="0 0 380 264" onload="window.pwned=1"><script>window.pwned=1</script><path d="M0 0L9 9"/>'
    '<a href="javascript:window.pwned=1"><text>链接</text></a><use href="https://elsewhere.test/x"/>'
    '<text x="40" y="90">{}</text></svg>'
)
RUN: dict[str, Any] = {
    "id": "20250101T000000-abcdef",
    "state": "finished",
    "questions": "mine",
    "total": 2,
    "asked": 2,
    "seconds_left": None,
    "error": None,
    "created": "2025-01-01T00:00:00+00:00",
    "version": "1",
    "commit": "",
    "changed": False,
    "answerable": 2,
    "summary": {"accuracy": {"mean": 0.5, "low": 0.0, "high": 1.0, "n": 2}},
}
QUOTE = {"document": HOSTILE, "paragraph": 3, "before": "", "words": HOSTILE, "after": ""}


def shown(word: str) -> dict[str, Any]:
    figure = {"name": "accuracy", "found": RUN["summary"]["accuracy"], "says": f"{word}{HOSTILE}"}
    table = {"title": f"{word}表", "columns": ["甲", "乙"], "rows": [[HOSTILE, "1"]], "words": [], "note": ""}
    picture = {"name": "recall", "title": f"{word}图", "svg": SVG.format(word), "says": HOSTILE, "caption": HOSTILE}
    return {"headline": [figure], "tables": [table], "pictures": [picture], "stages": {"read": ["阅读", HOSTILE]}}


def failed(number: int) -> dict[str, Any]:
    asked = {"answered": True, "answer": HOSTILE, "confidence": 0.5, "cited": [QUOTE]}
    return {
        "id": str(number),
        "question": f"{number}{HOSTILE}",
        "stage": "read",
        "expected": [HOSTILE],
        "evidence": [QUOTE],
        **asked,
    }


class Api:
    """What the server has, and what it was asked to do."""

    def __init__(self) -> None:
        self.runs = [RUN]
        self.pairs = [{"pair": {"id": "u-001", "question": HOSTILE, "answers": [HOSTILE], "evidence": []}}]
        self.calls: list[str] = []

    def answer(self, route: Route) -> None:
        method, path = route.request.method, route.request.url.partition("/api/v1/")[2]
        self.calls.append(f"{method} {path}")
        sets = [{"name": name, "total": 12, "problem": None} for name in ("gold", "mine")]
        view = {"zh": shown("中"), "en": shown("英"), "failures": [failed(number) for number in range(12)]}
        found: dict[str, Any] = {
            "GET evaluations": {"sets": sets, "runs": self.runs},
            "GET gold": {"pairs": self.pairs},
            f"GET evaluations/{RUN['id']}": RUN | {"view": view},
        }
        if method == "DELETE":
            self.runs, self.pairs = [], []
            route.fulfill(status=204, content_type="application/json")
        elif method == "POST":
            route.fulfill(status=400, json={"detail_zh": f"不行{HOSTILE}", "detail": "no"})
        else:
            route.fulfill(json=found[f"{method} {path}"])


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def page(browser: Browser, api: Api) -> Iterator[Page]:
    names = ("page.css", "bench.css", "bench.html", "client.js", "bench.js")
    parts = {name: (WEB / name).read_text("utf-8") for name in names}
    html = (
        f'<!doctype html><html data-words="zh"><style>{parts["page.css"]}{parts["bench.css"]}</style>'
        f'<body class="gradio-container">{parts["bench.html"]}<script>window.errors = [];'
        "window.addEventListener('unhandledrejection', (event) => window.errors.push(String(event.reason)));"
        f"const element = document.body;\n{parts['client.js']}{parts['bench.js']}\n"
        "window.dispatchEvent(new CustomEvent('wenyuan-view', { detail: 'evaluation' }));</script>"
    )
    opened = browser.new_page()
    opened.route("**/*", lambda route: route.abort())
    opened.route("http://page.test/", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
    opened.route("**/api/v1/**", api.answer)
    opened.goto("http://page.test/")
    expect(opened.locator(".pictures svg")).to_have_count(1)
    yield opened
    assert opened.evaluate("[window.errors, window.pwned ?? null]") == [[], None]
    opened.close()


def test_whatever_the_server_says_is_shown_as_text(page: Page) -> None:
    assert page.locator(".bench :is(img, script, iframe)").count() == 0
    assert page.locator(".pictures svg *").evaluate_all("found => found.map(one => one.localName)") == [
        "path",
        "use",
        "text",
    ]
    assert page.locator(".pictures use").get_attribute("href") is None
    assert page.locator(".pictures svg").get_attribute("onload") is None
    expect(page.locator(".failures .question").first).to_have_text(f"0{HOSTILE}")
    assert json.loads(
        page.locator(".failures [data-ask]").first.evaluate("one => JSON.stringify(one.dataset.ask)")
    ) == (f"0{HOSTILE}")


def test_a_result_follows_the_language_of_the_page(page: Page) -> None:
    expect(page.locator(".pictures h4")).to_have_text("中图")
    page.evaluate("document.documentElement.dataset.words = 'en'")
    expect(page.locator(".pictures h4")).to_have_text("英图")
    expect(page.locator(".tables h4")).to_have_text("英表")


def test_ten_failing_questions_are_listed_and_the_others_on_demand(page: Page) -> None:
    expect(page.locator(".failures > li")).to_have_count(10)
    page.get_by_text("再看其余 2 题").click()
    expect(page.locator(".failures > li")).to_have_count(12)


def test_a_pair_and_a_result_are_deleted_at_the_second_click(page: Page, api: Api) -> None:
    page.locator(".care summary").click()
    delete = page.locator("[data-remove-pair]")
    delete.click()
    expect(delete).to_have_text("确定删除？", use_inner_text=True)
    assert "DELETE gold/u-001" not in api.calls
    delete.click()
    expect(page.locator(".care .empty")).to_be_visible()
    expect(page.locator(".results .empty")).to_be_visible()
    expect(page.locator(".result")).to_be_hidden()
    assert api.calls.count("DELETE gold/u-001") == 1


def test_a_run_that_is_refused_says_why(page: Page) -> None:
    page.get_by_role("button", name="运行评测", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text(f"不行{HOSTILE}")


def test_nothing_is_wider_than_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    shot(page, "bench-phone")
