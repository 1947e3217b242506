"""A `Turn` of the conversation as HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.answering.editions import called, names
from rag.question.courtesy import Courtesy, courtesy
from rag.types import Answer, AnswerItem, AnswerPart, Citation, Document, Hit, Role, Span, Status
from rag.web.conversation import Turn
from rag.web.page.cells import cited_row
from rag.web.page.choosing import UPLOADED, named, said
from rag.web.page.elsewhere import also_in, edition_mark
from rag.web.page.marking import marked
from rag.web.page.markup import Place, both, esc, exact, marks, opener, place_of, sentence, where
from rag.web.page.overviews import differences, overview

EXCERPT = 96
# Characters on either side of a citation that is only pointed at.
_GLIMPSE = 150
# Above this share of its sentence an answer is the sentence, and saying it twice helps nobody.
_WHOLE = 0.8
# Lower bounds of confidence and what they are called.
_CONFIDENCE = (
    (0.8, "把握高", "high confidence"),
    (0.65, "把握较高", "fair confidence"),
    (0.0, "把握一般", "some confidence"),
)
_DIFFERS = both("另有不同的说法", "Elsewhere it is said otherwise")
_LINK = f'<button type="button" class="act" data-link>{both("复制链接", "Copy link")}</button>'
_NONE = both("资料里没有找到答案。", "The documents do not answer this.")
_DOING = {
    "load": both("正在载入模型，要多等几秒…", "Loading the model, a few seconds more…"),
    "retrieve": both("正在查找原文…", "Looking for passages…"),
    "read": both("正在细读找到的段落…", "Reading the passages found…"),
}


def turn(one: Turn) -> str:
    """A question and its reply."""
    if one.answer.status is Status.COURTESY:
        return _courtesy(one)
    if one.answer.status in (Status.OVERVIEW, Status.DIFFERENCES):
        return _of_documents(one)
    abstained = one.answer.status is Status.ABSTAINED
    foot = f'<footer class="foot">{_meta(one.answer)}{_actions(one.answer)}</footer>{_why(one.answer)}'
    state = " abstained" if abstained else ""
    # The page fetches what to go on with, after the newest answer alone.
    further = "" if abstained else '<div class="onward"></div>'
    only = f' data-only="{exact(said(one.only))}"' if any(one.only) else ""
    return (
        f'<article class="turn"{only}>{_asked(one.asked, one.answer.question)}{_only(one)}'
        f'<div class="reply{state}">{_reply(one.answer, one.titles)}{foot}{further}</div></article>'
    )


def _only(one: Turn) -> str:
    """What alone was asked, if that is not everything; where nothing answers, all may be asked."""
    if not any(one.only):
        return ""
    zh, en = (named(one.only, one.titles, uploads) for uploads in UPLOADED)
    words = both(f"只问了：{zh}", f"Asked only: {en}")
    all_ = f'<button type="button" class="act" data-all data-ask="{exact(one.answer.question)}">'
    again = f"{all_}{both('问全部资料', 'Ask all documents')}</button>" if one.answer.status is Status.ABSTAINED else ""
    return f'<p class="meant only-asked">{words}{again}</p>'


def _courtesy(one: Turn) -> str:
    """A line of courtesy; help comes with questions to try."""
    helps = courtesy(one.asked) in (Courtesy.HELP, Courtesy.HELLO)
    more = '<div class="examples" aria-busy="true"></div>' if helps else ""
    return (
        f'<article class="turn">{_asked(one.asked, one.asked)}'
        f'<div class="reply courtesy"><p>{esc(one.answer.text)}</p>{more}</div></article>'
    )


def _of_documents(one: Turn) -> str:
    """What was asked of documents as such: an overview, or what two editions differ in."""
    told = overview(one.answer) if one.answer.status is Status.OVERVIEW else differences(one.answer)
    foot = f'<footer class="foot"><div class="acts">{_copy(one.answer)}{_LINK}</div></footer>'
    return (
        f'<article class="turn">{_asked(one.asked, one.answer.question)}{_only(one)}'
        f'<div class="reply {one.answer.status}">{told}{foot}</div></article>'
    )


def alternatives(question: str, found: Sequence[Citation]) -> str:
    """What else might answer ``question``, each with a button that keeps it as the right answer."""
    right = both("这个才对", "This one is right")
    cards = "".join(_card(c, _keep(question, c, right)) for c in found)
    if not cards:
        return f'<p class="near">{both("没有找到别的可能。", "Nothing else was found that might answer.")}</p>'
    return f'<p class="near">{both("可能是这些：", "Perhaps one of these:")}</p><ul class="cards">{cards}</ul>'


def _keep(question: str, answer: Citation, words: str) -> str:
    """A button that keeps ``answer`` as the right one."""
    pair = exact(_pair(question, [answer.quote], [answer]))
    return f'<button type="button" class="act" data-keep="{pair}">✓ {words}</button>'


def glimpse(source: Document, there: Place) -> str:
    """The words around ``there``: under its headings the sentence in its paragraph, or the row."""
    block = source.block_at(there.exact.start)
    row = source.row(block, there.exact)
    _, near = marked(source.text, Span(block.start, block.end), there, _GLIMPSE)
    path = f'<p class="path">{esc(" › ".join(block.path))}</p>' if block.path else ""
    words = cited_row(row) if row else f'<p class="near-by">{near}</p>'
    return f'<p class="where">{where("", source.title, block.number, block.page)}</p>{path}{words}'


def pending(question: str, meant: str, stage: str) -> str:
    """The turn of a question that is being answered; ``stage`` is load, retrieve or read."""
    return _pending(question, meant, _DOING[stage])


def queued(question: str, seconds: int) -> str:
    """The turn of a question that waits for others to be answered, for about so many seconds."""
    zh, en = f"提问的人多，约 {seconds} 秒后轮到…", f"Many are asking: your turn is in about {seconds} s…"
    return _pending(question, question, both(zh, en))


def _pending(question: str, meant: str, doing: str) -> str:
    waiting = f'<p class="waiting" role="status"><i></i>{doing}</p>'
    return f'<article class="turn pending">{_asked(question, meant)}{waiting}</article>'


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
        body += f'<h3 class="part">{esc(part.question.rstrip("？?，,"))}</h3>' if len(answer.parts) > 1 else ""
        body += _section(part.items, cited) if part.items else _nothing(part, titles)
        body += _said_before(part)
    return body


def _said_before(part: AnswerPart) -> str:
    """That the user has confirmed an answer, or one whose text has changed since."""
    words = ""
    if part.confirmed:
        said = both(f"✓ 你确认过 · {part.confirmed}", f"✓ You confirmed this · {part.confirmed}")
        words += f'<p class="confirmed">{said}</p>'
    if part.outdated:
        zh = f"你确认过的答案（{part.outdated}）所在的原文变了，没有再用。"
        en = f"The text of the answer that you confirmed ({part.outdated}) has changed; it was not used."
        words += f'<p class="outdated">{both(zh, en)}</p>'
    return words


def _corrected(asked: str, searched: str) -> str:
    zh, en = f"按“{searched}”查找：资料里没有“{asked}”", f"Searched for “{searched}”: no document has “{asked}”"
    return f'<p class="meant corrected">{both(zh, en)}</p>'


def _section(items: Sequence[AnswerItem], cited: Mapping[int, Citation]) -> str:
    own = [item for item in items if not item.differs]
    cards = _cards([cited[n] for n in dict.fromkeys(n for item in items for n in item.citations)])
    if len(own) < len(items):
        sides = "".join(f'<div class="side">{_told_by(item, cited)}{_lead(item, cited)}</div>' for item in items)
        return f'<div class="sides">{sides}</div>{cards}'
    older = _from_older(own)
    if len(own) > 1:
        rows = "".join(f"<li>{esc(item.text)}{marks(item, cited)}</li>" for item in own)
        return f'{older}<ol class="items">{rows}</ol>{cards}'
    return older + _lead(own[0], cited) + cards


def _from_older(items: Sequence[AnswerItem]) -> str:
    """That what answers is of an older version, or of several."""
    editions = dict.fromkeys(item.edition for item in items if item.edition)
    return f'<p class="of-older">{"".join(map(edition_mark, editions))}</p>' if editions else ""


def _told_by(item: AnswerItem, cited: Mapping[int, Citation]) -> str:
    """Which document says one of two things, and its edition."""
    said = cited[item.citations[0]].title
    title = f"<b>{esc(said)}</b>"
    if item.edition:
        edition = both(called(item.edition, "{} 版 · "), called(item.edition, "{} edition · "))
        age = both("旧", "older") if item.differs else both("新", "newer")
        words = f"{'' if names(said, item.edition) else edition}{age} · {title}"
        return f'<p class="{"older" if item.differs else "newer"}">{words}</p>'
    return f"<p>{_DIFFERS} · {title}</p>" if item.differs else f'<p class="newer">{title}</p>'


def _lead(item: AnswerItem, cited: Mapping[int, Citation]) -> str:
    long = len(item.text) > 60 or len(item.text) > _WHOLE * len(cited[item.citations[0]].sentence)
    return f'<p class="{"lead long" if long else "lead"}">{esc(item.text)}{marks(item, cited)}</p>'


def _cards(citations: Sequence[Citation]) -> str:
    return f'<ul class="cards">{"".join(map(_card, citations))}</ul>'


def _card(c: Citation, act: str = "") -> str:
    there = opener(place_of(c), where(f"[{c.n}]" if c.n else "", c.title, c.paragraph, c.page), "where")
    return f"<li>{there}{cited_row(c.row) if c.row else sentence(c)}{also_in(c.also_in, c.doc_id)}{act}</li>"


def _nothing(part: AnswerPart, titles: Mapping[str, str]) -> str:
    words = "".join(f"<b>{esc(word)}</b>" for word in part.missing)
    missing = f'<p class="missing">{both("没有一篇资料提到：", "No document mentions: ")}{words}</p>' if words else ""
    maybe = ""
    if part.related:
        # Of an older version the titles say so.
        related = replace(part.related, title=titles.get(part.related.doc_id, part.related.title))
        card = _card(related, _keep(part.question, related, both("这就是答案", "This is the answer")))
        maybe = f'<p class="near">{both("可能相关：", "Perhaps related:")}</p><ul class="cards">{card}</ul>'
    instead = f'<div class="instead" data-instead="{exact(part.question)}"></div>'
    cards = "".join(f"<li>{_nearest(hit, titles)}</li>" for hit in part.nearest if not _holds(hit, part.related))
    nearest = both("其他接近的段落", "Other passages that come near")
    near = (
        f'<details class="nearest"><summary>{nearest}</summary><ul class="cards">{cards}</ul></details>'
        if cards
        else ""
    )
    return f'<p class="none">{_NONE}</p>{missing}{maybe}{instead}{near}'


def _holds(hit: Hit, related: Citation | None) -> bool:
    """Whether the passage is that of the sentence which is shown."""
    passage = hit.passage
    same = related is not None and passage.doc_id == related.doc_id
    return related is not None and same and passage.start <= related.start < passage.end


def _nearest(hit: Hit, titles: Mapping[str, str]) -> str:
    passage = hit.passage
    there = Place(passage.doc_id, Span(passage.start, passage.start), Span(passage.start, passage.end))
    stands = where("", titles.get(passage.doc_id, passage.doc_id), passage.paragraph)
    return f'{opener(there, stands, "where")}<p class="sentence">{esc(hit.excerpt(EXCERPT))}</p>'


def _meta(answer: Answer) -> str:
    zh, en = next((zh, en) for bound, zh, en in _CONFIDENCE if answer.confidence >= bound)
    if answer.status is Status.ABSTAINED:
        zh, en = "把握不足，所以不答", "too little confidence to answer"
    seconds = answer.timings_ms.get("total", 0.0) / 1000
    percent = f"{answer.confidence:.0%}"
    return f'<p class="meta">{both(f"{zh} {percent} · {seconds:.2f} 秒", f"{en} {percent} · {seconds:.2f} s")}</p>'


def _copy(answer: Answer) -> str:
    return f'<button type="button" class="act" data-copy="{exact(answer.text)}">{both("复制", "Copy")}</button>'


def _actions(answer: Answer) -> str:
    copy = _copy(answer) + _LINK
    if answer.status is Status.ABSTAINED:
        return f'<div class="acts">{copy}</div>'
    copy += f'<button type="button" class="act" data-clip>{both("摘录", "Clip")}</button>'
    right = f'class="act" data-keep="{exact(_gold(answer))}"'
    keep = f'<button type="button" {right}>✓ {both("答对了", "Right")}</button>'
    places = ",".join(str(place_of(c)) for c in answer.citations if c.role is Role.ANSWER)
    wrong = f'class="act" data-wrong="{exact(answer.question)}" data-places="{exact(places)}"'
    return f'<div class="acts">{copy}{keep}<button type="button" {wrong}>✗ {both("不对", "Wrong")}</button></div>'


def _gold(answer: Answer) -> str:
    """What the page sends to keep a checked answer, as JSON."""
    answers = [item.text for part in answer.parts for item in part.items if not item.differs]
    return _pair(answer.question, answers, [c for c in answer.citations if c.role is Role.ANSWER])


def _pair(question: str, answers: Sequence[str], citations: Sequence[Citation]) -> str:
    places = [{"doc_id": c.doc_id, "start": c.start, "end": c.end, "quote": c.quote} for c in citations]
    return json.dumps({"question": question, "answers": answers, "places": places}, ensure_ascii=False)


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
