"""What is asked alone is chosen beside the sources, seen above the question, and kept with the conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import ask, opened, running, shot
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from rag.indexing.update import index_paths
from rag.settings import Settings

WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
PENALTY = "违约金是合同总额的百分之多少？"
TEXTS = {
    "合同/云雾采购.md": "# 云雾茶采购合同\n\n违约金为合同总额的百分之三。\n\n交货地点为杭州仓库。\n",
    "合同/青山租赁.md": "# 青山厂房租赁合同\n\n违约金为合同总额的百分之八。\n\n租金为每月八万元。\n",
    "人事/考勤办法.md": "# 考勤办法\n\n病假工资为基本工资的百分之七十。\n\n迟到三次记一次警告。\n",
    "说明.md": "# 资料说明\n\n这里有合同和人事两类资料，由档案室的陈静保管。\n",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, shared_encoder: None) -> Iterator[str]:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("chosen")
    for name, text in TEXTS.items():
        (folder / "资料" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "资料" / name).write_text(text, "utf-8")
    index_paths([folder / "资料"], folder / "index", Settings())
    with running(folder / "index", Path(folder / "log")) as server:
        yield server.url


@pytest.fixture(params=[WIDE, PHONE], ids=["wide", "phone"])
def sized(request: pytest.FixtureRequest, browser: Browser, served: str) -> Iterator[Page]:
    yield from shown(browser, served, request.param)


@pytest.fixture
def wide(browser: Browser, served: str) -> Iterator[Page]:
    yield from shown(browser, served, WIDE)


def shown(browser: Browser, url: str, size: ViewportSize) -> Iterator[Page]:
    with opened(browser, url, size) as page:
        expect(page.locator("#source .documents li").first).to_be_visible()
        yield page


def box(page: Page, name: str) -> Locator:
    return page.locator("#source").get_by_label(name)


def line(page: Page) -> Locator:
    return page.locator("#composer .only")


def test_what_is_chosen_is_seen_asked_kept_and_taken_back(sized: Page) -> None:
    expect(sized.locator("#source .parts label")).to_have_text(["资料4", "人事1", "合同2"])
    expect(line(sized)).to_be_hidden()
    box(sized, "合同").first.check()
    expect(line(sized).locator(".chosen > span")).to_have_text("合同（2 篇）", use_inner_text=True)
    inside = sized.locator("#source .documents input:checked")
    expect(inside).to_have_count(2)
    expect(inside.first).to_be_disabled()
    box(sized, "只问这一篇 Ask this one only: 资料说明").check()
    expect(line(sized).locator(".chosen > span")).to_have_text(["合同（2 篇）", "资料说明"], use_inner_text=True)
    shot(sized, f"chosen-{sized.viewport_size['width']}" if sized.viewport_size else "chosen")
    ask(sized, "病假工资是基本工资的百分之多少？")
    turn = sized.locator(".turn").last
    expect(turn.locator(".only-asked")).to_contain_text("只问了：合同、《资料说明》", use_inner_text=True)
    expect(turn.locator(".none")).to_be_visible()
    shot(sized, f"chosen-asked-{sized.viewport_size['width']}" if sized.viewport_size else "chosen")
    turn.get_by_role("button", name="问全部资料").click()
    expect(sized.locator(".turn")).to_have_count(2)
    expect(sized.locator(".turn").last.locator(".lead")).to_contain_text("百分之七十")
    expect(sized.locator(".turn").last.locator(".only-asked")).to_have_count(0)
    expect(line(sized)).to_be_hidden()


def test_a_document_alone_is_asked_and_its_answer_is_its_own(wide: Page) -> None:
    box(wide, "只问这一篇 Ask this one only: 青山厂房租赁合同").check()
    ask(wide, PENALTY)
    expect(wide.locator(".turn .lead")).to_contain_text("百分之八")
    wide.locator("details.because summary").click()
    expect(wide.locator(".why").first).to_contain_text("怎样找到这一段")
    wide.locator("[data-home]").click()
    box(wide, "只问这一篇 Ask this one only: 青山厂房租赁合同").uncheck()
    box(wide, "只问这一篇 Ask this one only: 云雾茶采购合同").check()
    ask(wide, PENALTY)
    expect(wide.locator(".turn").last.locator(".lead")).to_contain_text("百分之三")


def test_a_conversation_brings_what_was_chosen_and_a_new_one_begins_with_all(wide: Page) -> None:
    box(wide, "合同").first.check()
    ask(wide, "租金是每月多少元？")
    expect(wide).to_have_url(re.compile(r"#c/[\w-]{12}"))
    wide.reload()
    expect(line(wide).locator(".chosen > span")).to_have_text("合同（2 篇）", use_inner_text=True)
    link = wide.url
    wide.locator("[data-fresh]").first.click()
    expect(wide.locator(".turn")).to_have_count(0)
    expect(line(wide)).to_be_hidden()
    other = wide.context.new_page()
    other.goto(link)
    expect(line(other).locator(".chosen > span")).to_have_text("合同（2 篇）", use_inner_text=True)
    other.locator("#composer .chosen button").click()
    expect(line(other)).to_be_hidden()


def test_after_at_names_are_offered_and_the_one_picked_leaves_the_question(sized: Page) -> None:
    question = sized.locator("#question")
    question.press_sequentially("@合")
    offered = sized.locator("#composer .at li")
    expect(offered.first).to_contain_text("合同")
    shot(sized, f"chosen-at-{sized.viewport_size['width']}" if sized.viewport_size else "chosen")
    question.press("ArrowDown")
    expect(offered.nth(1)).to_have_attribute("aria-selected", "true")
    question.press("ArrowUp")
    question.press("Enter")
    expect(question).to_have_value("")
    expect(line(sized).locator(".chosen > span")).to_have_text("合同（2 篇）", use_inner_text=True)
    question.press_sequentially("写信给 me@合")
    expect(sized.locator("#composer .at")).to_be_hidden()
    question.fill("")
    question.press_sequentially("@没有这个")
    expect(sized.locator("#composer .at")).to_be_hidden()


def test_a_link_may_ask_a_part(wide: Page, served: str) -> None:
    wide.goto(f"{served}?q={PENALTY}&collection=人事")
    expect(wide.locator(".turn .only-asked")).to_contain_text("只问了：人事", use_inner_text=True)
    wide.goto(f"{served}?q={PENALTY}&collection=财务")
    expect(wide.locator("#notice .notice")).to_contain_text("没有叫“财务”的文档集。现有：资料、人事、合同。")
    expect(line(wide).locator(".chosen.gone > span")).to_have_text("财务（已不在）", use_inner_text=True)


def test_the_library_has_the_same_check_boxes(sized: Page) -> None:
    sized.locator("[data-view=library]").click()
    shelf = sized.locator("#library")
    expect(shelf.locator(".parts label")).to_have_count(3)
    shelf.locator(".parts").get_by_label("人事").check()
    expect(shelf.locator(".only .chosen > span")).to_have_text("人事（1 篇）", use_inner_text=True)
    expect(shelf.locator("tr input:checked")).to_have_count(1)
    shot(sized, f"chosen-library-{sized.viewport_size['width']}" if sized.viewport_size else "chosen")
    sized.locator("[data-view=ask]").click()
    expect(line(sized).locator(".chosen > span")).to_have_text("人事（1 篇）", use_inner_text=True)
