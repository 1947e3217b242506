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
    "说明.md": "# 资料说明\n\n这里有合同和人事两类资料，由档案室的陈静保管。\n\n"
    "借阅须登记：\n\n3. 填写登记表。\n4. 交给**陈静**。\n   - 当面交。\n",
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


def test_the_source_shows_numbers_and_bold_words_and_quotes_stay_in_their_places(sized: Page) -> None:
    sized.locator("#source .document", has_text="资料说明").click()
    items = sized.locator("#source .list_item p")
    expect(items).to_have_text(["填写登记表。", "交给陈静。", "当面交。"])
    assert [items.nth(at).get_attribute("data-marker") for at in range(3)] == ["3.", "4.", "•"]
    assert items.first.evaluate("one => getComputedStyle(one, '::before').content") == '"3. "'
    expect(items.nth(1).locator("b")).to_have_text("陈静")
    shot(sized, f"markers-{sized.viewport_size['width']}" if sized.viewport_size else "markers")
    ask(sized, "登记表交给谁？")
    mark = sized.locator("#source mark.exact")
    expect(mark.first).to_be_visible()
    expect(sized.locator("#source .list_item b", has_text="陈静")).to_have_count(1)


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


def test_a_document_that_is_unticked_in_a_ticked_collection_is_left_out_and_the_rest_is_asked(sized: Page) -> None:
    rest = ["合同（2 篇）", "除了 云雾茶采购合同"]
    box(sized, "合同").first.check()
    box(sized, "只问这一篇 Ask this one only: 云雾茶采购合同").uncheck()
    expect(line(sized).locator(".chosen > span")).to_have_text(rest, use_inner_text=True)
    assert box(sized, "合同").first.evaluate("one => one.indeterminate")
    ask(sized, PENALTY)
    turn = sized.locator(".turn").last
    expect(turn.locator(".lead")).to_contain_text("百分之八")
    expect(turn.locator(".only-asked")).to_contain_text("只问了：合同，除了《云雾茶采购合同》", use_inner_text=True)
    shot(sized, f"without-{sized.viewport_size['width']}" if sized.viewport_size else "without")
    sized.reload()
    expect(line(sized).locator(".chosen > span")).to_have_text(rest, use_inner_text=True)
    line(sized).locator(".chosen", has_text="除了").get_by_role("button").click()
    expect(line(sized).locator(".chosen > span")).to_have_text(["合同（2 篇）"], use_inner_text=True)
    ask(sized, "违约金是合同总额的百分之几？")
    expect(sized.locator(".turn").last.locator(".only-asked")).to_have_text("只问了：合同", use_inner_text=True)


def test_collections_are_made_filled_renamed_and_deleted_in_the_library(browser: Browser, served: str) -> None:
    for size in (WIDE, PHONE):
        for page in shown(browser, served, size):
            _manage(page, f"要续签的{size['width']}")


def _manage(page: Page, name: str) -> None:
    page.locator("[data-view=library]").click()
    shelf, many = page.locator("#library"), page.locator("#library .many")
    expect(many).to_be_hidden()
    for title in ("青山厂房租赁合同", "考勤办法"):
        shelf.get_by_label(f"只问这一篇 Ask this one only: {title}").check()
    expect(many).to_contain_text("选中 2 篇")
    if page.viewport_size == PHONE:
        assert many.get_by_role("button").first.evaluate("one => one.getBoundingClientRect().height") >= 44
    many.get_by_role("button", name="放进文档集").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("新建文档集").fill("合同")
    dialog.get_by_role("button", name="保存").click()
    expect(dialog.get_by_role("alert")).to_contain_text("已经有文档集“合同”了。")
    dialog.get_by_label("新建文档集").fill(name)
    shot(page, f"collect-{page.viewport_size['width']}" if page.viewport_size else "collect")
    dialog.get_by_role("button", name="保存").click()
    made = shelf.locator(".named", has_text=name)
    expect(made.locator(".count")).to_have_text("2")
    shelf.locator(".only [data-drop='']").click()
    shelf.get_by_label("只问这一篇 Ask this one only: 云雾茶采购合同").check()
    shelf.get_by_label("只问这一篇 Ask this one only: 考勤办法").check()
    many.get_by_role("button", name="放进文档集").click()
    own = dialog.get_by_label(name, exact=True)
    assert own.evaluate("one => one.indeterminate")
    own.click()
    expect(own).to_be_checked()
    dialog.get_by_role("button", name="保存").click()
    expect(made.locator(".count")).to_have_text("3")
    shelf.locator(".only [data-drop='']").click()
    shelf.get_by_label("只问这一篇 Ask this one only: 考勤办法").check()
    many.get_by_role("button", name="放进文档集").click()
    own.uncheck()
    dialog.get_by_role("button", name="保存").click()
    expect(made.locator(".count")).to_have_text("2")
    shelf.get_by_label("只问这一篇 Ask this one only: 考勤办法").uncheck()
    made.get_by_role("checkbox").check()
    made.get_by_role("button").click()
    dialog.get_by_label("名字").fill(f"{name}新")
    dialog.get_by_role("button", name="改名").click()
    expect(shelf.locator(".only .chosen > span")).to_have_text(f"{name}新（2 篇）", use_inner_text=True)
    shot(page, f"collections-{page.viewport_size['width']}" if page.viewport_size else "collections")
    page.locator("[data-view=ask]").click()
    ask(page, "病假工资是基本工资的百分之多少？")
    expect(page.locator(".turn .none")).to_be_visible()
    expect(page.locator(".turn .only-asked")).to_contain_text(f"只问了：{name}新", use_inner_text=True)
    page.locator("[data-view=library]").click()
    made.get_by_role("button").click()
    dialog.get_by_role("button", name="删除").click()
    expect(made).to_have_count(0)
    expect(shelf.locator(".only")).to_be_hidden()
    expect(shelf.locator("tbody tr")).to_have_count(4)


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
    # A file is named, not where it lies on the server.
    expect(offered.locator(".note .zh")).to_have_text(["2 篇", "云雾采购.md", "青山租赁.md"])
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


def test_pasted_text_is_a_document_that_is_asked_and_removed_again(wide: Page) -> None:
    wide.locator("[data-view=library]").click()
    shelf = wide.locator("#library")
    shelf.get_by_role("button", name="粘贴文字").click()
    dialog = wide.get_by_role("dialog")
    dialog.get_by_label("题目").fill("值班/安排")
    dialog.get_by_label("文字").fill("本周六由赵敏值班。\n本周日由钱伟值班。\n")
    shot(wide, "paste-1440")
    dialog.get_by_role("button", name="加入").click()
    expect(shelf.locator(".uploads .done")).to_contain_text("已加入")
    expect(shelf.locator("tbody tr")).to_have_count(5)
    shelf.locator(".parts").get_by_text("上传的文件").click()
    wide.locator("[data-view=ask]").click()
    expect(line(wide).locator(".chosen > span")).to_have_text("上传的文件（1 篇）", use_inner_text=True)
    ask(wide, "本周六由谁值班？")
    expect(wide.locator(".turn .lead")).to_contain_text("赵敏")
    expect(wide.locator(".turn .only-asked")).to_have_text("只问了：上传的文件", use_inner_text=True)
    line(wide).get_by_role("button", name="取消 Take back").click()
    wide.locator("[data-view=library]").click()
    shelf.get_by_label("只问这一篇 Ask this one only: 值班 安排").check()
    shelf.locator(".many").get_by_role("button", name="移除").click()
    dialog.get_by_role("button", name="移除", exact=True).click()
    expect(shelf.locator("tbody tr")).to_have_count(4)
