"""The explanation as HTML: each number is there in words, what others wrote is escaped, and all of it can be read."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from conftest import ROOT

from rag.answering.explanation import Abstention, Coverage, Explanation, Place, Where, Word
from rag.question.kinds import Kind
from rag.reading import Opinion
from rag.types import Passage, Span
from rag.web.page.why import why, why_not

WEB = ROOT / "rag" / "web" / "static"
PASSAGE = Passage(3, "d0c", 10, 90, 4, "题目", (Span(10, 40), Span(40, 90)))
FOUND = Explanation(
    question="豆包的月活有多少？",
    passage=PASSAGE,
    title="成果",
    words=(
        Word("豆包", "豆包", Where.TEXT, True, 15.0, 0.6),
        Word("月活", "月活", Where.CONTEXT, True, 9.0, 0.36),
        Word("GPT-5", "gpt5", Where.PARTLY, False, 1.0, 0.04),
        Word("红楼梦", "红楼梦", Where.NOWHERE, False, 0.0, 0.0),
    ),
    by_meaning=Place(2, 0.9076),
    by_words=Place(1, 25.0),
    fused=Place(1, 0.993),
    read=Place(1, 1.0415),
    nearest=Span(40, 90),
    nearest_text="豆包月活近6000万。",
    nearest_paragraph=4,
    cosine=0.9157,
    opinion=Opinion(0.98, 0.9996, 0.97),
    confidence=0.844,
    threshold=0.4,
    answered=True,
    cited=True,
)
LACKING = Abstention(
    question="GPT-5是什么时候发布的？",
    kind=Kind.WHEN,
    subject=("GPT-5", "发布"),
    unknown=("GPT-5",),
    coverage=Coverage(PASSAGE, "成果", ("发布",), ()),
    confidence=0.156,
    threshold=0.4,
)
HOSTILE = "<img src=x onerror=alert(1)>\"'&"


class _Reader(HTMLParser):
    """The words of one language, and whether every element is closed in its turn."""

    def __init__(self, hidden: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._open: list[tuple[str, bool]] = []
        self._hidden = hidden

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._open.append((tag, ("class", self._hidden) in attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if not any(hidden for _, hidden in self._open):
            self.words.append(data)

    def close(self) -> None:
        super().close()
        assert self._open == []


def parsed(html: str, language: str = "zh") -> _Reader:
    reader = _Reader({"zh": "en", "en": "zh"}[language])
    reader.feed(html)
    reader.close()
    return reader


def said(html: str, language: str = "zh") -> str:
    return " ".join(parsed(html, language).words)


def test_the_path_has_four_steps_each_with_its_place_and_score() -> None:
    assert said(why(FOUND)).startswith(
        "怎样找到这一段 意思 第 2 相近  0.908 词语 第 1 BM25 25.0 合并 第 1 得分  0.993 阅读后 第 1 得分  1.042 "
    )


def test_every_word_has_its_share_and_where_it_stands() -> None:
    rows = re.findall(r'<li class="(\w+)">(.*?)</li>', why(FOUND))
    assert [(name, said(row)) for name, row in rows] == [
        ("text", "豆包 60% 正文"),
        ("context", "月活 36% 标题"),
        ("partly", "GPT-5 gpt5 4% 部分"),
        ("nowhere", "红楼梦 0% 未收录"),
    ]
    assert re.findall(r"--share:(\d+)%", "".join(row for _, row in rows)) == ["60", "36", "4", "0"]


def test_the_sentence_opens_its_place() -> None:
    assert 'data-open="d0c:40:40:40:90:0"' in why(FOUND)
    assert "豆包月活近6000万。 成果 第 4 段 相近 0.916" in said(why(FOUND))


def test_what_is_nearly_certain_is_not_said_to_be_certain() -> None:
    assert "谈的就是所问的事 98% 里面有一处能作答 >99% 合起来，这一段能回答 97%" in said(why(FOUND))
    tiny = said(why(replace(FOUND, opinion=Opinion(0.001, 0.0, 1.0))))
    assert "谈的就是所问的事 <1% 里面有一处能作答 0% 合起来，这一段能回答 100%" in tiny


@pytest.mark.parametrize(
    ("confidence", "answered", "words"),
    [
        (0.844, True, "把握 84%，达到作答线 40%。"),
        (0.156, False, "把握 16%，不到作答线 40%，所以不答。"),
        (0.5, False, "没有找到能作答的原文。"),
    ],
)
def test_the_confidence_is_held_against_the_threshold(confidence: float, answered: bool, words: str) -> None:
    shown = why(replace(FOUND, confidence=confidence, answered=answered))
    assert said(shown).endswith(f"有多大把握 {words}")
    assert f"--share:{100 * confidence:.0f}%;--line-at:40%" in shown


def test_what_a_stage_did_not_do_is_not_made_up() -> None:
    bare = replace(FOUND, by_words=Place(), nearest=None, nearest_text="", cosine=None, opinion=None)
    text = said(why(bare))
    assert "词语 — 无名次 合并" in text
    assert "意思最近的一句" not in text
    assert "阅读器" not in text
    without = replace(FOUND, words=tuple(replace(word, score=0.0, share=0.0) for word in FOUND.words))
    assert "问题里的词一个也不在这一段里，它只是意思相近。" in said(why(without))


def test_a_part_of_what_was_asked_is_named() -> None:
    assert "这里说的是：" not in said(why(FOUND, " 豆包的月活有多少？"))
    assert said(why(FOUND, "豆包的月活有多少？文心呢？")).startswith("这里说的是： 豆包的月活有多少？")


def test_what_would_help_is_said() -> None:
    assert said(why_not([LACKING])) == (
        "缺什么 需要一份写明“GPT-5 发布”时间的资料。 没有一篇资料提到： GPT-5 "
        "有一段提到了其余的词（“发布”），但没有说到所问的。 成果 第 4 段 "
        "有多大把握 把握 16%，不到作答线 40%，所以不答。"
    )
    english = said(why_not([LACKING]), "en")
    assert 'What would help: a document that gives the date of "GPT-5 发布".' in english


def test_words_that_do_not_stand_together_are_told_apart() -> None:
    apart = replace(LACKING, unknown=(), coverage=Coverage(PASSAGE, "成果", ("训练", "成本"), ("豆包",)))
    text = said(why_not([apart]))
    assert "这些词没有一段全都提到：最全的一段有“训练”“成本”，缺“豆包”。 成果 第 4 段" in text
    assert "没有一篇资料提到" not in text


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_question_has_its_document(kind: Kind) -> None:
    shown = why_not([replace(LACKING, kind=kind)])
    assert re.search("(需要一份.*“GPT-5 发布”.*资料。)", said(shown))
    assert re.search('What would help: a document .*"GPT-5 发布"', said(shown, "en"))


def test_a_question_of_no_word_is_to_be_asked_again() -> None:
    shown = why_not([replace(LACKING, subject=(), unknown=(), coverage=None)])
    assert "请写上要查的名字或事物，再问一次。" in said(shown)


def test_several_that_were_not_answered_are_named() -> None:
    other = replace(LACKING, question="红楼梦的作者是谁？", kind=Kind.WHO)
    text = said(why_not([LACKING, other]))
    assert text.count("缺什么") == 2
    assert "红楼梦的作者是谁？ 缺什么" in text


def test_nothing_that_others_wrote_becomes_markup() -> None:
    hostile = replace(
        FOUND,
        question=HOSTILE,
        title=HOSTILE,
        passage=replace(PASSAGE, doc_id=HOSTILE),
        words=(Word(HOSTILE, HOSTILE, Where.TEXT, True, 1.0, 1.0),),
        nearest_text=HOSTILE,
    )
    coverage = Coverage(hostile.passage, HOSTILE, (HOSTILE,), (HOSTILE,))
    lacking = replace(LACKING, question=HOSTILE, subject=(HOSTILE,), unknown=(HOSTILE,), coverage=coverage)
    for shown in (why(hostile, "?"), why_not([lacking, lacking])):
        reader = parsed(shown)
        assert HOSTILE in "".join(reader.words)
        assert not {"img", "script", "style"} & set(reader.tags)
        assert {name for name, _ in reader.attributes} <= {"class", "style", "aria-hidden", "type", "data-open"}


def test_the_only_inline_styles_are_widths_and_bars_are_hidden_from_readers() -> None:
    attributes = parsed(why(FOUND) + why_not([LACKING])).attributes
    styles = [value or "" for name, value in attributes if name == "style"]
    assert len(styles) == 6
    assert all(re.fullmatch(r"--share:\d+%(;--line-at:\d+%)?", style) for style in styles)
    assert attributes.count(("aria-hidden", "true")) == 6


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _themes() -> list[dict[str, str]]:
    page = (WEB / "page.css").read_text("utf-8")
    return [
        dict(re.findall(r"--([\w-]+): (#\w{6})", re.findall(rf"^{re.escape(name)} {{(.*?)}}", page, re.S | re.M)[0]))
        for name in (":root", ".dark")
    ]


@pytest.mark.parametrize("theme", _themes(), ids=["light", "dark"])
def test_every_colour_of_text_can_be_read_on_every_ground(theme: dict[str, str]) -> None:
    css = (WEB / "why.css").read_text("utf-8")
    assert not re.search(r"#[0-9a-f]{3}|rgb|hsl", css)
    assert set(re.findall(r"var\(--([\w-]+)\)", css)) <= theme.keys() | {"share", "line-at"}
    colours = set(re.findall(r"(?<![\w-])color: var\(--([\w-]+)\)", css))
    assert colours == {"ink", "muted"}
    for colour in colours | {"accent"}:
        for ground in ("paper", "surface"):
            light, dark = sorted((_luminance(theme[colour]), _luminance(theme[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (colour, ground)


def test_the_styles_are_of_the_explanation_only() -> None:
    css = re.sub(r"{.*?}", "{}", (WEB / "why.css").read_text("utf-8"), flags=re.S)
    selectors = [part.strip() for rule in css.split("{}") for part in rule.split(",") if part.strip()]
    assert [one for one in selectors if ".why" not in one] == []
