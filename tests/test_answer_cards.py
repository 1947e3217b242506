"""An answer's cards as a browser lays them out."""

from __future__ import annotations

import pytest
from conftest import ROOT
from playwright.sync_api import Browser

from rag.types import Answer, AnswerItem, AnswerPart, Citation, Status
from rag.web.conversation import Turn
from rag.web.page import answers

STYLE = "".join((ROOT / "rag/web/static" / name).read_text("utf-8") for name in ("page.css", "confirm.css"))
TITLE = "WISTERIA_2025_" * 8 + "紫藤计划第三阶段"
WIDER = """() => {
  const right = (one) => one.getBoundingClientRect().right;
  return [...document.querySelectorAll(".turn *")]
    .filter((one) => right(one) > right(document.querySelector(".turn")) + 1)
    .map((one) => one.className || one.tagName);
}"""


def citation(n: int, title: str) -> Citation:
    return Citation(n, f"{n}", title, f"{title}.md", 1, 0, 3, "沈知秋", "沈知秋。", 0)


@pytest.mark.parametrize("width", [1280, 390])
def test_long_titles_stay_within_their_cards(browser: Browser, width: int) -> None:
    cited = (citation(1, TITLE), citation(2, f"{TITLE}之二"))
    part = AnswerPart("谁？", (AnswerItem("沈知秋", (1,), edition="2025"), AnswerItem("顾青", (2,), True, "2023")))
    answer = Answer("谁？", Status.ANSWERED, "沈知秋", "沈知秋", 0.9, cited, (), parts=(part,))
    turn = answers.turn(Turn("谁？", answer, {}))
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_content(f'<style>{STYLE}</style><body class="gradio-container"><div class="log">{turn}</div>')
    assert page.locator(".cards li").count() == 2
    assert page.evaluate(WIDER) == []
    page.close()
