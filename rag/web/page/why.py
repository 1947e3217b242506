"""Why an answer, as small HTML: how its passage was found, what each word did, how sure the reader was of it.

And why none: which words are lacking, and what kind of document would help. Bars are CSS and say nothing that does not
stand beside them in words.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.explanation import Abstention, Coverage, Explanation, Place, Where, Word
from rag.question.kinds import Kind
from rag.types import Span
from rag.web.page import markup
from rag.web.page.markup import both, esc

_WHERE = {
    Where.TEXT: ("正文", "in text"),
    Where.CONTEXT: ("标题", "heading"),
    Where.PARTLY: ("部分", "in part"),
    Where.NOWHERE: ("没有", "absent"),
}
# What a document that helps would have to say, for each kind of question; {} is what the question is about.
_NEEDS = {
    Kind.WHEN: ("需要一份写明{}时间的资料。", "What would help: a document that gives the date of {}."),
    Kind.WHO: ("需要一份写明{}是谁的资料。", "What would help: a document that names who: {}."),
    Kind.WHERE: ("需要一份写明{}在哪里的资料。", "What would help: a document that says where: {}."),
    Kind.HOW_MANY: ("需要一份写明{}具体数字的资料。", "What would help: a document with the figure for {}."),
    Kind.LIST: ("需要一份列出{}有哪些的资料。", "What would help: a document that lists {}."),
    Kind.WHY: ("需要一份说明{}原因的资料。", "What would help: a document that gives the reason for {}."),
    Kind.HOW: ("需要一份说明{}情况或做法的资料。", "What would help: a document that says how: {}."),
    Kind.YES_NO: ("需要一份说明{}是否如此的资料。", "What would help: a document that settles whether {}."),
}
_ABOUT = ("需要一份介绍{}的资料。", "What would help: a document about {}.")
_NO_SUBJECT = (
    "问题里没有可查的词。请写上要查的名字或事物，再问一次。",
    "The question has no word to look for. Name what you are looking for and ask again.",
)


def why(explanation: Explanation, asked: str = "") -> str:
    """Why the passage was found and chosen.

    ``asked`` is the whole question, of which ``explanation`` may be about a part.
    """
    part = both("这里说的是：", "This is about: ") + esc(explanation.question)
    parts = [f'<p class="why-part">{part}</p>'] if asked and asked.strip() != explanation.question.strip() else []
    parts += [_section("怎样找到这一段", "How this passage was found", _path(explanation)), _words(explanation)]
    if explanation.nearest is not None and explanation.cosine is not None:
        parts.append(_nearest(explanation, explanation.nearest, explanation.cosine))
    if explanation.opinion is not None:
        parts.append(_opinion(*explanation.opinion))
    parts.append(_confidence(explanation.confidence, explanation.threshold, answered=explanation.answered))
    return f'<div class="why">{"".join(parts)}</div>'


def why_not(lacking: Sequence[Abstention]) -> str:
    """What was lacking, for each question that was not answered."""
    return f'<div class="why">{"".join(_lacking(one, several=len(lacking) > 1) for one in lacking)}</div>'


def _path(found: Explanation) -> str:
    steps = (
        (("意思", "Meaning"), found.by_meaning, ("相近", "cos."), 3),
        (("词语", "Words"), found.by_words, ("BM25", "BM25"), 1),
        (("合并", "Merged"), found.fused, ("得分", "score"), 3),
        (("阅读后", "Read"), found.read, ("得分", "score"), 3),
    )
    rows = "".join(f"<li>{both(*name)}{_rank(place, unit, digits)}</li>" for name, place, unit, digits in steps)
    return f'<ol class="why-path">{rows}</ol>'


def _rank(place: Place, unit: tuple[str, str], digits: int) -> str:
    if place.rank is None or place.score is None:
        return f"<b>—</b><small>{both('无名次', 'no place')}</small>"
    score = f"{place.score:.{digits}f}"
    return (
        f"<b>{both(f'第 {place.rank}', f'no. {place.rank}')}</b>"
        f"<small>{both(*unit) if unit[0] != unit[1] else esc(unit[0])} {score}</small>"
    )


def _words(found: Explanation) -> str:
    total = sum(word.score for word in found.words)
    if not found.words or total <= 0:
        none = both(
            "问题里的词一个也不在这一段里，它只是意思相近。", "None of the words is in it: it is near in meaning only."
        )
        return _section("每个词的作用", "What each word did", f"<p>{none}</p>")
    rows = "".join(map(_word, found.words))
    note = both(
        f"占词语得分（BM25 {total:.1f}）的百分比，以及词在这一段的哪里。",
        f"Share of the words’ score (BM25 {total:.1f}), and where in this passage each stands.",
    )
    return _section(
        "每个词的作用", "What each word did", f'<ul class="why-words">{rows}</ul><p class="why-note">{note}</p>'
    )


def _word(word: Word) -> str:
    in_no_document = word.where is Where.NOWHERE and not word.known
    where = both("未收录", "unknown") if in_no_document else both(*_WHERE[word.where])
    term = f"<small>{esc(word.term)}</small>" if word.term != word.written.casefold() else ""
    return (
        f'<li class="{word.where.value}"><span class="why-word">{esc(word.written)}{term}</span>'
        f'<i aria-hidden="true" style="--share:{100 * word.share:.0f}%"></i>'
        f'<span class="why-number">{esc(_percent(word.share))}</span><span class="why-where">{where}</span></li>'
    )


def _nearest(found: Explanation, nearest: Span, cosine: float) -> str:
    there = markup.Place(found.passage.doc_id, Span(nearest.start, nearest.start), nearest)
    where = _where(found.title, found.nearest_paragraph, there)
    quote = f'<blockquote class="why-quote">{esc(found.nearest_text)}</blockquote>'
    like = f'<span class="why-number">{both(f"相近 {cosine:.3f}", f"cosine {cosine:.3f}")}</span>'
    return _section(
        "意思最近的一句", "The sentence nearest in meaning", f'{quote}<p class="why-from">{where}{like}</p>'
    )


def _opinion(relevance: float, margin: float, answers: float) -> str:
    rows = (
        (("谈的就是所问的事", "speaks of what is asked"), relevance),
        (("里面有一处能作答", "holds words that answer"), margin),
        (("合起来，这一段能回答", "both: this passage answers"), answers),
    )
    items = "".join(
        f'<li><span>{both(*name)}</span><span class="why-number">{esc(_percent(chance))}</span></li>'
        for name, chance in rows
    )
    return _section("阅读器怎么看", "What the reader thinks", f'<ul class="why-opinion">{items}</ul>')


def _confidence(confidence: float, threshold: float, *, answered: bool) -> str:
    sure, line = _percent(confidence), _percent(threshold)
    if answered:
        said = both(f"把握 {sure}，达到作答线 {line}。", f"Confidence {sure}: at or above the {line} that it takes.")
    elif confidence < threshold:
        said = both(
            f"把握 {sure}，不到作答线 {line}，所以不答。", f"Confidence {sure}: below the {line} that it takes."
        )
    else:
        said = both("没有找到能作答的原文。", "No words were found that answer.")
    shares = f"--share:{100 * confidence:.0f}%;--line-at:{100 * threshold:.0f}%"
    style = "why-meter" if answered else "why-meter short"
    return _section(
        "有多大把握", "How sure", f'<div class="{style}" aria-hidden="true" style="{shares}"></div><p>{said}</p>'
    )


def _lacking(abstention: Abstention, *, several: bool) -> str:
    part = f'<p class="why-part">{esc(abstention.question)}</p>' if several else ""
    lines = f'<p class="why-need">{_need(abstention)}</p>'
    if abstention.unknown:
        chips = "".join(f"<b>{esc(word)}</b>" for word in abstention.unknown)
        lines += f'<p class="why-lack">{both("没有一篇资料提到：", "In no document: ")}{chips}</p>'
    if abstention.coverage is not None:
        lines += _coverage(abstention.coverage, rest=bool(abstention.unknown))
    return f"{part}{_section('缺什么', 'What is lacking', lines)}" + _confidence(
        abstention.confidence, abstention.threshold, answered=False
    )


def _need(one: Abstention) -> str:
    if not one.subject:
        return both(*_NO_SUBJECT)
    subject = " ".join(one.subject)
    zh, en = _NEEDS.get(one.kind, _ABOUT)
    return both(zh.format(f"“{subject}”"), en.format(f'"{subject}"'))


def _coverage(coverage: Coverage, *, rest: bool) -> str:
    """Which words stand together; ``rest``: they are not all that the question has."""
    zh, en = ("其余的词", "the other words") if rest else ("这些词", "these words")
    held_zh, held_en = "".join(f"“{word}”" for word in coverage.held), ", ".join(f'"{word}"' for word in coverage.held)
    missed_zh = "".join(f"“{word}”" for word in coverage.missed)
    missed_en = ", ".join(f'"{word}"' for word in coverage.missed)
    if coverage.missed:
        said = both(
            f"{zh}没有一段全都提到：最全的一段有{held_zh}，缺{missed_zh}。",
            f"No passage has all of {en}: the fullest has {held_en}, but not {missed_en}.",
        )
    else:
        said = both(
            f"有一段提到了{zh}（{held_zh}），但没有说到所问的。",
            f"One passage has {en} ({held_en}), but does not say what is asked.",
        )
    start, end = coverage.passage.start, coverage.passage.end
    there = markup.Place(coverage.passage.doc_id, Span(start, start), Span(start, end))
    return f'<p>{said}</p><p class="why-from">{_where(coverage.title, coverage.passage.paragraph, there)}</p>'


def _where(title: str, number: int, there: markup.Place) -> str:
    paragraph = both(f"第 {number} 段", f"paragraph {number}")
    inner = f'<span class="title">{esc(title)}</span><span class="paragraph">{paragraph}</span>'
    return markup.opener(there, inner, "where")


def _percent(share: float) -> str:
    """A share in whole percent, not yet escaped; what is not certain is not said to be."""
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{share:.0%}"


def _section(zh: str, en: str, content: str) -> str:
    return f"<section><h4>{both(zh, en)}</h4>{content}</section>"
