"""A document is replaced on the page; the library's dialogs; what becomes of a choice that a conversation keeps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import ask, opened, running, shot, sized
from playwright.sync_api import Browser, FilePayload, Locator, Page, ViewportSize, expect

from rag.indexing.update import index_paths
from rag.library import Library
from rag.retrieval.named import NamedCollections
from rag.settings import Settings

SIZES: dict[str, ViewportSize] = {
    "1440": {"width": 1440, "height": 900},
    "390": {"width": 390, "height": 844},
}
RULE = "# 差旅费管理办法\n\n本办法自{since}起施行。\n\n出差住宿费标准为每人每天{amount}元，超出部分自理。\n"
ASKED = "出差住宿费标准是每人每天多少元？"
TEXTS = {
    "财务/差旅.md": RULE.format(since="2023年5月1日", amount=300),
    "人事/考勤办法2022.md": "# 考勤办法（2022版）\n\n病假工资为基本工资的百分之六十。\n",
    "人事/考勤办法2025.md": "# 考勤办法（2025版）\n\n病假工资为基本工资的百分之七十。\n",
    "说明.md": "# 资料说明\n\n这里的资料由档案室的陈静保管。\n",
}
FILE: FilePayload = {
    "name": "差旅新.md",
    "mimeType": "text/markdown",
    "buffer": RULE.format(since="2025年7月1日", amount=520).encode(),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, shared_encoder: None) -> Path:  # noqa: ARG001
    folder = tmp_path_factory.mktemp("versions")
    for name, text in TEXTS.items():
        (folder / "资料" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "资料" / name).write_text(text, "utf-8")
    index_paths([folder / "资料"], folder / "index", Settings())
    return folder / "index"


@pytest.fixture
def served(index: Path, tmp_path: Path) -> Iterator[str]:
    """A server over an index of its own, to be changed."""
    shutil.copytree(index, tmp_path / "index")
    with running(tmp_path / "index", tmp_path / "log") as server:
        yield server.url


@pytest.fixture(scope="module")
def unchanged(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over documents that stay as they are, one of them in a collection."""
    # Of its own, for the fixture is made again where a test is.
    folder = tmp_path_factory.mktemp("unchanged")
    shutil.copytree(index, folder / "index")
    NamedCollections(folder / "index").make("要复核的", Library.open(folder / "index").documents()[:1])
    with running(folder / "index", folder / "log") as server:
        yield server.url


@pytest.fixture(params=SIZES.values(), ids=list(SIZES))
def page(request: pytest.FixtureRequest, browser: Browser, served: str) -> Iterator[Page]:
    with opened(browser, served, request.param) as page:
        expect(page.locator("#source .documents li").first).to_be_visible()
        yield page


@pytest.fixture
def wide(browser: Browser, served: str) -> Iterator[Page]:
    with opened(browser, served, SIZES["1440"]) as page:
        yield page


def library(page: Page) -> Locator:
    page.locator("[data-view=library]").click()
    return page.locator("#library")


def row(page: Page, title: str) -> Locator:
    return page.locator("#library tbody tr", has_text=title)


def replace(page: Page, title: str) -> Locator:
    row(page, title).get_by_role("button", name="换成新版").click()
    return page.get_by_role("dialog")


def replace_and_go_to_ask(page: Page) -> None:
    """Replace 差旅费管理办法 by its newer file."""
    shelf = library(page)
    dialog = replace(page, "差旅费管理办法")
    dialog.get_by_label("新版的文件").set_input_files(FILE)
    dialog.get_by_role("button", name="换成新版").click()
    expect(shelf.locator(".uploads .done")).to_be_visible()
    page.locator("[data-view=ask]").click()


def test_a_newer_file_is_asked_and_the_older_version_by_its_link_and_box(page: Page) -> None:
    shelf = library(page)
    dialog = replace(page, "差旅费管理办法")
    expect(dialog.locator(".name")).to_have_text("差旅费管理办法")
    dialog.get_by_role("button", name="换成新版").click()
    expect(dialog.get_by_role("alert")).to_have_text("请选一个文件，或已有的一篇。", use_inner_text=True)
    dialog.get_by_label("新版的文件").set_input_files(FILE)
    shot(page, sized(page, "replace-file"))
    dialog.get_by_role("button", name="换成新版").click()
    expect(shelf.locator(".uploads .done")).to_contain_text("已是《差旅费管理办法》的新版，原来的留作旧版")
    expect(shelf.locator(".count").last).to_contain_text("共 4 篇，另有旧版 1 篇", use_inner_text=True)
    old = shelf.locator("tr.older")
    expect(old.locator(".edition .zh")).to_have_text("旧版 2023-05-01")
    expect(shelf.locator(".also")).to_have_count(0)
    shelf.locator(".away").click()
    shot(page, sized(page, "replace-listed"))
    page.locator("[data-view=ask]").click()
    ask(page, ASKED)
    expect(page.locator(".turn .lead")).to_contain_text("520元")
    versions = page.locator("#source .versions")
    expect(versions).to_have_text("现行版；另有 旧版 2023-05-01", use_inner_text=True)
    shot(page, sized(page, "replace-newer"))
    versions.get_by_role("button").click()
    expect(page.locator("#source .is-older")).to_contain_text("平时不问它；现行的是", use_inner_text=True)
    expect(page.locator("#source .text")).to_contain_text("300元")
    page.locator("#source .is-older").get_by_role("checkbox").check()
    expect(page.locator("#composer .chosen")).to_contain_text("差旅费管理办法 旧版 2023-05-01", use_inner_text=True)
    shot(page, sized(page, "replace-older"))
    ask(page, ASKED)
    turn = page.locator(".turn").last
    expect(turn.locator(".lead")).to_contain_text("300元")
    expect(turn.locator(".only-asked")).to_have_text(
        "只问了：《差旅费管理办法（旧版 2023-05-01）》", use_inner_text=True
    )


def test_an_answer_from_an_older_version_that_the_question_names_says_so(wide: Page) -> None:
    replace_and_go_to_ask(wide)
    ask(wide, f"2023年的{ASKED}")
    expect(wide.locator(".turn .of-older .edition .zh")).to_have_text("旧版 2023-05-01")
    expect(wide.locator(".turn .lead")).to_contain_text("300元")
    shot(wide, "replace-named")


def test_a_document_that_is_there_takes_anothers_place_and_gives_it_back(page: Page) -> None:
    shelf = library(page)
    dialog = replace(page, "考勤办法（2022版）")
    dialog.get_by_label("或者，资料里已有的一篇").select_option(label="考勤办法（2025版） · 考勤办法2025.md")
    dialog.get_by_role("button", name="换成新版").click()
    old = shelf.locator("tr.older")
    expect(old.locator(".edition .zh")).to_have_text("旧版 2022")
    expect(old.locator("xpath=preceding-sibling::tr[1]")).to_contain_text("考勤办法（2025版）")
    label = shelf.locator(".parts label", has_text="人事")
    expect(label.locator(".count")).to_have_text("1")
    label.get_by_role("checkbox").check()
    expect(shelf.locator("tr:not(.older) input:checked")).to_have_count(1)
    expect(old.get_by_role("checkbox")).not_to_be_checked()
    for button in (*old.get_by_role("button", name="恢复").all(), *row(page, "资料说明").get_by_role("button").all()):
        height = button.evaluate("one => one.getBoundingClientRect().height")
        assert page.viewport_size != SIZES["390"] or height >= 44
    old.get_by_role("button", name="恢复").click()
    expect(old).to_have_count(0)
    expect(label.locator(".count")).to_have_text("2")
    expect(shelf.locator(".count").last).to_have_text("共 4 篇", use_inner_text=True)


def test_a_file_that_cannot_replace_says_why_and_nothing_changes(wide: Page) -> None:
    shelf = library(wide)
    same: FilePayload = {"name": "同.md", "mimeType": "text/markdown", "buffer": TEXTS["财务/差旅.md"].encode()}
    empty: FilePayload = {"name": "空.md", "mimeType": "text/markdown", "buffer": b""}
    for file, said in ((same, "新文件与《差旅费管理办法》内容相同，没有替换。"), (empty, "空.md")):
        dialog = replace(wide, "差旅费管理办法")
        dialog.get_by_label("新版的文件").set_input_files(file)
        dialog.get_by_role("button", name="换成新版").click()
        expect(shelf.locator(".uploads .failed").first).to_contain_text(said)
        shelf.locator(".uploads .away").first.click()
    expect(shelf.locator("tbody tr")).to_have_count(4)
    expect(shelf.locator("tr.older")).to_have_count(0)


def test_a_kept_conversation_says_what_of_its_choice_is_renamed_or_gone_and_goes_on(wide: Page) -> None:
    page, api = wide, wide.request
    base = page.url.split("#")[0]
    records = api.get(f"{base}api/v1/documents").json()
    leave = [one["doc_id"] for one in records if "考勤" in one["title"]]
    api.post(f"{base}api/v1/collections", data={"name": "要复核的", "documents": leave})
    page.goto(f"{base}?collection=要复核的")
    expect(page.locator("#composer .chosen > span")).to_have_text("要复核的（2 篇）", use_inner_text=True)
    ask(page, "病假工资是基本工资的百分之多少？")
    expect(page.locator(".turn .only-asked")).to_have_text("只问了：要复核的", use_inner_text=True)
    kept = f"{base}{page.url[page.url.index('#') :]}"
    api.patch(f"{base}api/v1/collections/要复核的", data={"name": "复核"})
    page.goto("about:blank")
    page.goto(kept)
    left = page.locator(".log .left")
    expect(left).to_have_text("文档集“要复核的”现在叫“复核”。", use_inner_text=True)
    expect(page.locator("#composer .chosen > span")).to_have_text("复核（2 篇）", use_inner_text=True)
    ask(page, "病假工资是百分之几？")
    expect(page.locator(".turn").last.locator(".only-asked")).to_have_text("只问了：复核", use_inner_text=True)
    api.delete(f"{base}api/v1/collections/复核")
    page.locator("#question").fill("病假工资的标准是多少？")
    page.locator("#question").press("Enter")
    expect(page.locator("#notice .notice")).to_contain_text("没有叫“复核”的文档集")
    expect(page.locator("#composer .chosen.gone > span")).to_have_text("复核（已不在）", use_inner_text=True)
    expect(page.locator("#question")).to_have_value("病假工资的标准是多少？")
    page.goto("about:blank")
    page.goto(kept)
    expect(left).to_have_text("这个对话只问过的“复核”已不在，接着问会查全部资料。", use_inner_text=True)
    expect(left).to_be_in_viewport(ratio=1)
    expect(page.locator("#composer .only")).to_be_hidden()
    shot(page, "choice-gone-1440")
    ask(page, ASKED)
    expect(page.locator(".turn").last.locator(".lead")).to_contain_text("300元")
    expect(left).to_have_count(0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_librarys_dialogs_fit_have_room_for_fingers_and_axe_finds_nothing_serious(
    browser: Browser, unchanged: str, theme: str, size: str
) -> None:
    with opened(browser, unchanged, SIZES[size]) as page:
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        shelf = library(page)
        for name, opener in openers(shelf).items():
            opener.click()
            dialog = page.get_by_role("dialog")
            expect(dialog).to_be_visible()
            shot(page, f"dialog-{name}-{size}-{theme}")
            _looks_right(page, dialog, name)
            page.keyboard.press("Escape")
            expect(dialog).to_be_hidden()
            shelf.locator("tbody input[type=checkbox]").first.check()


def _looks_right(page: Page, dialog: Locator, name: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    assert [(one["id"], name) for one in found if one["impact"] in ("serious", "critical")] == []
    place, size = dialog.bounding_box(), page.viewport_size
    assert place is not None
    assert size is not None
    assert 0 <= place["x"] <= place["x"] + place["width"] <= size["width"]
    assert 0 <= place["y"] <= place["y"] + place["height"] <= size["height"]
    if size == SIZES["390"]:
        touched = "all => all.map(one => (one.closest('.own label, .pick') ?? one)).filter(one => one.offsetHeight)"
        low = f"{touched}.filter(one => one.offsetHeight < 44).map(one => one.outerHTML)"
        assert dialog.locator("button, input, textarea, select").evaluate_all(low) == []


def openers(shelf: Locator) -> dict[str, Locator]:
    """What opens each dialog of the library."""
    return {
        "pasting": shelf.get_by_role("button", name="粘贴文字"),
        "replacing": shelf.locator("tbody tr", has_text="差旅").get_by_role("button", name="换成新版"),
        "removing": shelf.locator("tbody tr", has_text="差旅").get_by_role("button", name="移除"),
        "naming": shelf.locator(".named .edit"),
        "collecting": shelf.get_by_role("button", name="放进文档集"),
    }


@pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))
def test_what_two_editions_differ_in_stands_side_by_side_and_opens_each(
    browser: Browser, unchanged: str, size: ViewportSize
) -> None:
    with opened(browser, unchanged, size) as page:
        ask(page, "新版改了什么")
        turn = page.locator(".turn").last
        expect(turn.locator(".of")).to_have_text("《考勤办法（2025版）》与《考勤办法（2022版）》有 1 处不同：")
        sides = turn.locator(".changes .side")
        expect(sides.locator("mark")).to_have_text(["七十", "六十"])
        expect(sides.locator("p.newer, p.older")).to_have_text(["新 · 2025 版", "旧 · 2022 版"], use_inner_text=True)
        expect(page.locator("#source h2")).to_have_text("考勤办法（2025版）")
        shot(page, sized(page, "differences"))
        sides.nth(1).locator(".cite").click()
        expect(page.locator("#source h2")).to_have_text("考勤办法（2022版）")
        expect(page.locator("#source mark.exact")).to_have_text("六十")
        count = page.locator("#source .steps .at")
        expect(count).to_have_text("2 / 2")
        # It stands between the arrows.
        expect(count).to_have_css("position", "static")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_of_several_documents_with_two_editions_one_is_chosen_by_a_click(wide: Page) -> None:
    replace_and_go_to_ask(wide)
    ask(wide, "两版有什么不同")
    expect(wide.locator(".turn .of")).to_have_text("有 2 篇资料有两版，请写明是哪一篇：")
    shot(wide, "differences-which")
    wide.locator(".turn .chip", has_text="差旅费管理办法").click()
    turn = wide.locator(".turn").nth(1)
    expect(turn.locator(".changes > li.changed")).to_have_count(2)
    expect(turn.locator(".sides mark").last).to_have_text("300")
