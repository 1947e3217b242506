"""A `Turn` of the conversation as HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from rag.types import Answer, AnswerItem, AnswerPart, Citation, Hit, Role, Span, Status
from rag.web.conversation import Turn
from rag.web.elsewhere import also_in
from rag.web.markup import Place, both, esc, exact, opener

EXCERPT = 96
# Above this share of its sentence an answer is the sentence, and saying it twice helps nobody.
_WHOLE = 0.8
# Lower bounds of confidence and what they are called.
_CONFIDENCE = (
    (0.8, "把握高", "high confidence"),
    (0.65, "把握较高", "fair confidence"),
    (0.0, "把握一般", "some confidence"),
)
_DIFFERS = both("另有不同的说法", "Elsewhere it is said otherwise")
_NONE = both("资料里没有找到答案。", "The documents do not answer this.")
_WAITING = {
    "load": both("正在载入模型，要多等几秒…", "Loading the model, a few seconds more…"),
    "retrieve": both("正在查找原文…", "Looking for passages…"),
    "read": both("正在细读找到的段落…", "Reading the passages found…"),
}


def turn(one: Turn) -> str:
    """A question and its reply."""
    abstained = one.answer.status is Status.ABSTAINED
    foot = f'<footer class="foot">{_meta(one.answer)}{_actions(one.answer)}</footer>{_why(one.answer)}'
    state = " abstained" if abstained else ""
    return (
        f'<article class="turn">{_asked(one.asked, one.answer.question)}'
        f'<div class="reply{state}">{_reply(one.answer, one.titles)}{foot}</div></article>'
    )


def pending(question: str, meant: str, stage: str) -> str:
    """The turn of a question that is being answered; ``stage`` is load, retrieve or read."""
    waiting = f'<p class="waiting" role="status"><i></i>{_WAITING[stage]}</p>'
    return f'<article class="turn pending">{_asked(question, meant)}{waiting}</article>'


def place(citation: Citation) -> Place:
    """Where a citation leads."""
    around = Span(citation.sentence_start, citation.sentence_end)
    return Place(citation.doc_id, Span(citation.start, citation.end), around)


def _asked(question: str, meant: str) -> str:
    """What the user asked and, if that leaned on an earlier turn, what it was taken to mean."""
    words = f'<p class="asked">{esc(question.strip())}</p>'
    if meant.strip() == question.strip():
        return words
    change = f'<button type="button" class="act" data-edit="{exact(meant)}">{both("改一改", "Edit")}</button>'
    return f'{words}<p class="meant">{both("理解为：", "Taken to mean: ")}<q>{esc(meant)}</q>{change}</p>'


def _reply(answer: Answer, titles: Mapping[str, str]) -> str:
    cited = {citation.n: citation for citation in answer.citations}
    body = "".join(_corrected(*pair) for pair in answer.corrections)
    for part in answer.parts:
        body += f'<h3 class="part">{esc(part.question)}</h3>' if len(answer.parts) > 1 else ""
        body += _section(part.items, cited) if part.items else _nothing(part, titles)
    return body


def _corrected(asked: str, searched: str) -> str:
    zh, en = f"按“{searched}”查找：资料里没有“{asked}”", f"Searched for “{searched}”: no document has “{asked}”"
    return f'<p class="meant corrected">{both(zh, en)}</p>'


def _section(items: Sequence[AnswerItem], cited: Mapping[int, Citation]) -> str:
    own = [item for item in items if not item.differs]
    cards = _cards([cited[n] for n in dict.fromkeys(n for item in items for n in item.citations)])
    if len(own) < len(items):
        sides = "".join(
            f'<div class="side">{f"<p>{_DIFFERS}</p>" if item.differs else ""}{_lead(item, cited)}</div>'
            for item in items
        )
        return f'<div class="sides">{sides}</div>{cards}'
    if len(own) > 1:
        rows = "".join(f"<li>{esc(item.text)}{_marks(item, cited)}</li>" for item in own)
        return f'<ol class="items">{rows}</ol>{cards}'
    return _lead(own[0], cited) + cards


def _lead(item: AnswerItem, cited: Mapping[int, Citation]) -> str:
    long = len(item.text) > 60 or len(item.text) > _WHOLE * len(cited[item.citations[0]].sentence)
    return f'<p class="{"lead long" if long else "lead"}">{esc(item.text)}{_marks(item, cited)}</p>'


def _marks(item: AnswerItem, cited: Mapping[int, Citation]) -> str:
    return "".join(opener(place(cited[n]), f"[{n}]", "cite", f"出处 {n} · source {n}") for n in item.citations)


def _cards(citations: Sequence[Citation]) -> str:
    cards = ""
    for c in citations:
        before, quote, after = map(esc, c.in_sentence)
        where = _where(f"[{c.n}]", c.title, c.paragraph, c.page)
        cards += (
            f'<li>{opener(place(c), where, "where")}<p class="sentence">{before}<mark>{quote}</mark>{after}</p>'
            f"{also_in(c.also_in, c.doc_id)}</li>"
        )
    return f'<ul class="cards">{cards}</ul>'


def _where(mark: str, title: str, paragraph: int, page: int = 0) -> str:
    number = f'<span class="n">{esc(mark)}</span>' if mark else ""
    zh, en = (f"第 {page} 页 · ", f"page {page} · ") if page else ("", "")
    number_of = both(f"{zh}第 {paragraph} 段", f"{en}paragraph {paragraph}")
    return f'{number}<span class="title">{esc(title)}</span><span class="paragraph">{number_of}</span>'


def _nothing(part: AnswerPart, titles: Mapping[str, str]) -> str:
    words = "".join(f"<b>{esc(word)}</b>" for word in part.missing)
    missing = f'<p class="missing">{both("没有一篇资料提到：", "No document mentions: ")}{words}</p>' if words else ""
    cards = "".join(f"<li>{_nearest(hit, titles)}</li>" for hit in part.nearest)
    nearest = both("最接近的段落，可以点开看看：", "The nearest passages, should you want to look:")
    near = f'<p class="near">{nearest}</p><ul class="cards">{cards}</ul>' if cards else ""
    return f'<p class="none">{_NONE}</p>{missing}{near}'


def _nearest(hit: Hit, titles: Mapping[str, str]) -> str:
    passage = hit.passage
    there = Place(passage.doc_id, Span(passage.start, passage.start), Span(passage.start, passage.end))
    where = _where("", titles.get(passage.doc_id, passage.doc_id), passage.paragraph)
    return f'{opener(there, where, "where")}<p class="sentence">{esc(hit.excerpt(EXCERPT))}</p>'


def _meta(answer: Answer) -> str:
    zh, en = next((zh, en) for bound, zh, en in _CONFIDENCE if answer.confidence >= bound)
    if answer.status is Status.ABSTAINED:
        zh, en = "把握不足，所以不答", "too little confidence to answer"
    seconds = answer.timings_ms.get("total", 0.0) / 1000
    percent = f"{answer.confidence:.0%}"
    return f'<p class="meta">{both(f"{zh} {percent} · {seconds:.2f} 秒", f"{en} {percent} · {seconds:.2f} s")}</p>'


def _actions(answer: Answer) -> str:
    copy = f'<button type="button" class="act" data-copy="{exact(answer.text)}">{both("复制", "Copy")}</button>'
    if answer.status is Status.ABSTAINED:
        return f'<div class="acts">{copy}</div>'
    title = "存入自己的问答集，可用来评测 Keep as a gold pair, to evaluate with"
    right = f'class="act" title="{title}" data-keep="{exact(_gold(answer))}"'
    keep = f'<button type="button" {right}>✓ {both("答对了", "Right")}</button>'
    return f'<div class="acts">{copy}{keep}</div>'


def _gold(answer: Answer) -> str:
    """What the page sends to keep a checked answer as a gold pair, as JSON."""
    answers = [item.text for part in answer.parts for item in part.items if not item.differs]
    places = [
        {"doc_id": c.doc_id, "start": c.start, "end": c.end, "quote": c.quote}
        for c in answer.citations
        if c.role is Role.ANSWER
    ]
    return json.dumps({"question": answer.question, "answers": answers, "places": places}, ensure_ascii=False)


def _why(answer: Answer) -> str:
    """Closed at first; the page fetches what stands in it when it is opened."""
    if answer.status is Status.ABSTAINED:
        asked, title = "", both("为什么没有答案", "Why there is no answer")
    else:
        first = answer.citations[0]
        asked = f' data-doc="{esc(first.doc_id)}" data-start="{first.start}"'
        title = both("为什么是这个答案", "Why this answer")
    question = exact(answer.question)
    return f'<details class="because" data-why="{question}"{asked}><summary>{title}</summary><div></div></details>'
