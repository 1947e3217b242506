"""A conversation to take away: the sources' words and where they stand, in Markdown, in HTML and in a Word document."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from conftest import ARTICLE
from docx import Document
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.types import Answer, AnswerItem, AnswerPart, Citation, Role, Status, TableRow
from rag.web.conversation import Turn
from rag.web.page.escaping import html, markdown, nameable
from rag.web.page.markup import place_of
from rag.web.page.takeaway import entries, to_docx, to_html, to_markdown

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from rag.library import Library

WHEN = datetime(2025, 1, 2, 3, 4, tzinfo=UTC)
FACT, LIST = "DeepSeek V3的训练成本是多少？", "多模态模型可以处理哪些类型的输入？"
UNANSWERED, TWO = "GPT-5是什么时候发布的？", "DeepSeek V3的训练成本是多少？豆包的月活跃用户有多少？"
NASTY = " *_[]()<>&`|#+-.!~$^{}\\ \r\n\t- 1. x&amp;<b>[^1]: "
OVERRIDE = "甲\u202e乙\u2069丙"


@pytest.fixture(scope="module")
def turns(library: Library) -> list[Turn]:
    """Four real turns; the last was asked in other words."""
    answers = [library.ask(question) for question in (FACT, LIST, UNANSWERED, TWO)]
    titles = {record.doc_id: record.title for record in library.documents()}
    asked = (FACT, LIST, UNANSWERED, "创始人和用户数呢？")
    return [Turn(question, answer, titles) for question, answer in zip(asked, answers, strict=True)]


def made_up(question: str, quote: str, *, asked: str | None = None, title: str = "题", source: str = "a.md") -> Turn:
    citation = Citation(1, "d1", title, source, 3, 10, 10 + len(quote), quote, f"前{quote}后", 9)
    parts = (AnswerPart(question, (AnswerItem(quote, (1,)),)),)
    answer = Answer(question, Status.ANSWERED, quote, f"{quote}[1]\n…", 0.9, (citation,), (), parts=parts)
    return Turn(question if asked is None else asked, answer, {"d1": title})


def as_markdown(turns: list[Turn], base: str = "") -> str:
    return to_markdown(turns, language="zh", generated=WHEN, version="9.9", base=base)


def as_html(turns: list[Turn], base: str = "") -> str:
    return to_html(turns, language="zh", generated=WHEN, version="9.9", base=base)


def as_docx(turns: list[Turn], base: str = "") -> bytes:
    return to_docx(turns, language="zh", generated=WHEN, version="9.9", base=base)


def part_of(document: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(document)).read(f"word/{name}.xml").decode()


def without_tags(rendered: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", rendered))


class Elements(HTMLParser):
    """Every element of a page with its attributes; what is opened must be closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.found if (value := attributes.get(attribute)) is not None]


# Wherever a text can stand: a heading, a quote, an item, a line of its own, after words, in a footnote.
BLOCKS = ("## {}", "## 1. {}", "> {}", "1. {}", "- {}", "{}", "理解为：{}", "[^1]: 第 1 段\\\n    “{}”\\\n    完")


@settings(max_examples=40)
@pytest.mark.parametrize("preset", ["commonmark", "js-default"])
@pytest.mark.parametrize("block", BLOCKS)
@given(text=st.text(min_size=1) | st.text(st.sampled_from("*_[]()<>&`|#+-.!~$^{}\\:=\"'1 a\n\r\t\u3000字"), min_size=1))
@example(NASTY)
@example("1. 一")
@example("---")
@example("$x_1^2$ ~~删~~ | 表 |")
@example("&#10;&amp;")
@example(OVERRIDE)
def test_escaped_text_rendered_by_a_markdown_parser_is_the_text(preset: str, block: str, text: str) -> None:
    rendered = without_tags(MarkdownIt(preset).render(block.format(markdown(text))))
    expected = without_tags(MarkdownIt(preset).render(block.format("\ue000"))).replace("\ue000", nameable(text))
    assert rendered == expected


@given(st.text())
def test_only_what_neither_format_can_carry_is_named(text: str) -> None:
    assert nameable(text) == text or re.search(r"⟦U\+[0-9A-F]{4,6}⟧", nameable(text))
    assert nameable("甲\0乙\ud800") == "甲⟦U+0000⟧乙⟦U+D800⟧"


@given(st.text(st.characters(exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")))
def test_html_shows_every_character_isolated(text: str) -> None:
    shown = html(text)
    assert without_tags(shown) == nameable(text)
    assert (shown[:5], shown[-6:]) == ("<bdi>", "</bdi>")


def test_a_control_that_would_reorder_a_line_is_named_in_html_and_referred_to_in_markdown() -> None:
    assert "甲<span" in html(OVERRIDE)
    assert without_tags(html(OVERRIDE)) == "甲⟦U+202E⟧乙⟦U+2069⟧丙"
    assert markdown(OVERRIDE) == "甲&#8238;乙&#8297;丙"
    page = as_html([made_up(OVERRIDE, OVERRIDE)]) + as_markdown([made_up(OVERRIDE, OVERRIDE)])
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", page)


def test_every_quote_and_its_sentence_stand_verbatim_in_both(turns: list[Turn]) -> None:
    text = without_tags(MarkdownIt().render(as_markdown(turns)))
    page = without_tags(as_html(turns))
    citations = [citation for turn in turns for citation in turn.answer.citations]
    assert len(citations) >= 4
    for citation in citations:
        assert f"引文：“{citation.quote}”" in text
        assert citation.sentence in text
        assert citation.sentence in page
    marked = re.findall(r"<mark><bdi>(.*?)</bdi></mark>", as_html(turns))
    assert [unescape(words) for words in marked] == [citation.quote for citation in citations]


def test_the_markdown_of_four_questions(turns: list[Turn]) -> None:
    text = as_markdown(turns)
    assert text.startswith("# 问源 · 问答与出处\n\n2025-01-02 03:04 UTC · 问源 9.9 · 4 个问题。")
    assert "## 1. DeepSeek V3的训练成本是多少？\n\n> 557万美元[^1]" in text
    assert "> 图像、音频和视频输入[^2]" in text
    assert (
        "## 3. GPT-5是什么时候发布的？\n\n资料里没有找到答案。\n\n没有一篇资料提到：GPT-5\n\n最接近的段落：\n\n- 《"
        in text
    )
    assert f"## 4. 创始人和用户数呢？\n\n理解为：{TWO}\n\n### DeepSeek V3的训练成本是多少？\n\n> 557万美元[^3]" in text
    assert "### 豆包的月活跃用户有多少？\n\n> 近6000万[^" in text
    cited = turns[0].answer.citations[0]
    assert f"[^1]: 第 26 段，《成果、变化、趋势》\\\n    引文：“557万美元”\\\n    全句：“{cited.sentence}”\\\n" in text
    assert f"{ARTICLE} · {cited.doc_id} · {cited.start}–{cited.end}\n" in text


def test_several_items_are_a_numbered_list(turns: list[Turn]) -> None:
    (part,) = turns[0].answer.parts
    items = tuple(part.items[0]._replace(text=text) for text in ("甲", "乙"))
    several = replace(turns[0], answer=replace(turns[0].answer, parts=(part._replace(items=items),)))
    assert "1. 甲[^1]\n2. 乙[^1]\n" in as_markdown([several])


def test_marks_and_footnotes_are_the_same_numbers_from_one(turns: list[Turn]) -> None:
    text = as_markdown(turns)
    notes = re.findall(r"^\[\^(\d+)\]: ", text, re.MULTILINE)
    total = sum(len(turn.answer.citations) for turn in turns)
    assert notes == [str(n) for n in range(1, total + 1)]
    assert set(re.findall(r"\[\^(\d+)\](?!:)", text)) == set(notes)


def test_html_marks_lead_to_notes_and_back(turns: list[Turn]) -> None:
    page = Elements(as_html(turns))
    ids = page.all("id")
    assert len(ids) == len(set(ids)) == 2 * sum(len(turn.answer.citations) for turn in turns)
    assert {f"#{anchor}" for anchor in ids} == set(page.all("href"))


def test_the_page_needs_nothing_from_anywhere(turns: list[Turn]) -> None:
    made = as_html(turns)
    page = Elements(made)
    assert {tag for tag, _ in page.found} & {"script", "img", "link", "iframe", "object", "form"} == set()
    assert "default-src 'none'; style-src 'unsafe-inline'" in page.all("content")
    assert re.findall(r"https?://|url\(|@import|src=", made) == []
    assert page.found[0] == ("html", {"lang": "zh-CN"})


def test_with_a_base_each_citation_has_its_address(turns: list[Turn]) -> None:
    cited = turns[0].answer.citations[0]
    address = f"http://127.0.0.1:7860/#place/{place_of(cited)}"
    assert f"<{address}>" in as_markdown(turns, "http://127.0.0.1:7860/")
    links = [href for href in Elements(as_html(turns, "http://127.0.0.1:7860/")).all("href") if href[0] != "#"]
    assert links[0] == address
    assert len(links) == sum(len(turn.answer.citations) for turn in turns)


def test_the_word_document_has_answers_as_quotes_and_citations_as_footnotes(turns: list[Turn]) -> None:
    made = as_docx(turns, "http://127.0.0.1:7860/")
    shown = [(one.style and one.style.name, one.text) for one in Document(io.BytesIO(made)).paragraphs]
    assert shown[0] == ("Title", "问源 · 问答与出处")
    assert shown[2:4] == [("Heading 1", "1. DeepSeek V3的训练成本是多少？"), ("Quote", "557万美元")]
    assert ("Normal", "没有一篇资料提到：GPT-5") in shown
    assert ("Heading 2", "豆包的月活跃用户有多少？") in shown
    cited = turns[0].answer.citations[0]
    text, notes = part_of(made, "document"), part_of(made, "footnotes")
    total = sum(len(turn.answer.citations) for turn in turns)
    for pattern, found in ((r'<w:footnoteReference w:id="(\d+)"', text), (r'<w:footnote w:id="(\d+)"', notes)):
        assert re.findall(pattern, found) == [str(n) for n in range(1, total + 1)]
    assert f"《成果、变化、趋势》第 26 段：“{cited.sentence}”" in without_tags(notes)
    assert f"http://127.0.0.1:7860/#place/{place_of(cited)}" in notes
    assert made == as_docx(turns, "http://127.0.0.1:7860/")


def test_in_word_a_row_is_a_table_upright_if_it_is_wide_and_a_page_has_its_number() -> None:
    turn = made_up("多少钱？", "十二元")
    sizes = []
    for row in (TableRow(("产品", "单价"), ("茶", "十二元"), (1,)), TableRow((), tuple("一二三四五六七八九"), (2,))):
        cited = replace(turn.answer.citations[0], row=row, page=2)
        made = as_docx([replace(turn, answer=replace(turn.answer, citations=(cited,)))])
        [table] = Document(io.BytesIO(made)).tables
        sizes.append([[cell.text for cell in line.cells] for line in table.rows])
        assert "《题》第 3 段（第 2 页）" in without_tags(part_of(made, "footnotes"))
    assert sizes == [[["产品", "单价"], ["茶", "十二元"]], [["", character] for character in "一二三四五六七八九"]]


def test_in_word_a_source_that_is_met_again_is_the_same_footnote(turns: list[Turn]) -> None:
    (part,) = turns[0].answer.parts
    items = tuple(part.items[0]._replace(text=text) for text in ("甲", "乙"))
    several = replace(turns[0], answer=replace(turns[0].answer, parts=(part._replace(items=items),)))
    text = part_of(as_docx([several, several]), "document")
    assert re.findall(r"footnoteReference w:id=.(\d+)|NOTEREF note(\d+)", text) == [
        ("1", ""), ("", "1"), ("2", ""), ("", "2"),
    ]  # fmt: skip
    assert re.findall(r'<w:numId w:val="(\d+)"', text) == ["2", "2", "3", "3"]


@given(st.text() | st.text(st.sampled_from("<>&\"' \n\r\t\0\u202e\ud800字")))
@example(NASTY + OVERRIDE)
def test_a_word_document_shows_every_character(text: str) -> None:
    made = Document(io.BytesIO(as_docx([made_up("问", f"甲{text}乙", title=text, source=text)])))
    shown = re.sub("[\u202a-\u202e\u2066-\u2069]", lambda one: f"⟦U+{ord(one.group()):04X}⟧", nameable(text))
    lines = re.sub("\r\n|[\r\u2028\u2029]", "\n", shown)
    [quoted] = (one.text for one in made.paragraphs if one.style and one.style.name == "Quote")
    assert quoted == f"甲{lines}乙"


def test_english_has_no_chinese_but_the_documents_own() -> None:
    turn = [made_up("who?", "Ada", asked="she?", title="Notes")]
    page = to_html(turn, language="en", generated=WHEN, version="9.9")
    assert '<html lang="en">' in page
    assert re.findall("[\u4e00-\u9fff]", without_tags(page)) == ["前", "后"]
    text = to_markdown(turn, language="en", generated=WHEN, version="9.9")
    assert "## 1. she?\n\nTaken to mean: who?\n\n> Ada[^1]" in text
    assert "[^1]: Paragraph 3 of “Notes”\\\n    Quote: “Ada”\\\n" in text


@pytest.mark.parametrize("made", [as_markdown, as_html])
def test_text_that_looks_like_markup_is_shown_and_does_nothing(made: Callable[[list[Turn]], str]) -> None:
    words = "<script>x</script> [a](http://b.example) **c** ![^1] {{ 7 * 7 }}"
    written = made([made_up(words, words, title=words, source=words)])
    rendered = MarkdownIt().render(written) if made is as_markdown else written
    assert re.findall(r"<(?:script|strong|a href=\"http|img)", rendered) == []
    assert without_tags(rendered).count(words) == (6 if made is as_markdown else 5)


def test_a_question_of_which_one_half_is_unanswered_says_so_of_that_half(library: Library) -> None:
    answer = library.ask(f"{UNANSWERED}月之暗面的投后估值是多少？")
    first, second = entries([Turn(answer.question, answer, {})])[0].replies
    assert (first.asked, first.lines, first.missing) == (UNANSWERED, (), ("GPT-5",))
    assert len(first.nearest) == 3
    assert [line.text for line in second.lines] == ["25亿美元"]
    assert (second.missing, second.nearest) == ((), ())


def test_what_another_source_says_instead_is_set_apart_with_its_own_note() -> None:
    turn = made_up("多少？", "十")
    other = replace(turn.answer.citations[0], n=2, quote="十二", sentence="共十二。", sentence_start=9, end=12)
    other = replace(other, role=Role.DIFFERENT)
    [part] = turn.answer.parts
    parts = (part._replace(items=(*part.items, AnswerItem(other.quote, (other.n,), differs=True))),)
    both = replace(turn, answer=replace(turn.answer, citations=(*turn.answer.citations, other), parts=parts))
    assert "> 十[^1]\n\n另有不同的说法：十二[^2]" in as_markdown([both])
    editions = [item._replace(edition=said) for item, said in zip(parts[0].items, ("2025", "第一版"), strict=True)]
    of_two = replace(both, answer=replace(both.answer, parts=(part._replace(items=tuple(editions)),)))
    assert "> 十（2025 版）[^1]\n\n旧版：十二（第一版）[^2]" in as_markdown([of_two])
    assert "旧版：十二（第一版）" in without_tags(as_html([of_two]))


def test_the_page_fits_a_phone_and_is_dark_where_that_is_wanted(turns: list[Turn], browser: Browser) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
        page.set_content(as_html(turns))
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        colours[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.close()
    assert colours == {"light": "rgb(248, 247, 243)", "dark": "rgb(21, 24, 28)"}
