"""An `Answer` as one turn of the conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rag.types import Answer, Citation, Hit, Role, Span, Status
from rag.web.markup import Place, both, esc, opener

_NEAREST = 3
_EXCERPT = 96
# Above this share of its sentence an answer is the sentence, and saying it twice helps nobody.
_WHOLE = 0.8
_MARKS = re.compile(r"(?:\[\d+\])+$", re.MULTILINE)
# Lower bounds of confidence and what they are called.
_CONFIDENCE = (
    (0.8, "把握高", "high confidence"),
    (0.65, "把握较高", "fair confidence"),
    (0.0, "把握一般", "some confidence"),
)


@dataclass(slots=True)
class Item:
    """One thing that was answered, in the document's words, and the citations that say it.

    ``differs``: another source says this instead.
    """

    text: str
    citations: list[Citation] = field(default_factory=list)
    differs: bool = False


def turn(answer: Answer, titles: Mapping[str, str]) -> str:
    """The question and its reply. ``titles`` maps document ids to titles, for the nearest passages."""
    reply = _abstained(answer, titles) if answer.status is Status.ABSTAINED else _answered(answer)
    return f'<article class="turn">{asked(answer.question)}{reply}</article>'


def asked(question: str) -> str:
    """What the user asked."""
    return f'<p class="asked">{esc(question.strip())}</p>'


def pending(question: str, ready: bool) -> str:
    """The turn of a question that is being answered."""
    words = both("正在查找原文…", "Looking it up…")
    if not ready:
        words = both("正在载入模型，要多等几秒…", "Loading the model, a few seconds more…")
    waiting = f'<p class="waiting" role="status"><i></i>{words}</p>'
    return f'<article class="turn pending">{asked(question)}{waiting}</article>'


def items(answer: Answer) -> list[Item]:
    """The short answer taken apart, each piece with the citations that hold it, in order."""
    found: list[Item] = []
    rest = answer.answer
    for citation in answer.citations:
        if citation.role is Role.DIFFERENT:
            found.append(Item(citation.quote, [citation], differs=True))
            continue
        texts, rest = _taken(citation.quote, rest)
        if texts:
            found += [Item(text, [citation]) for text in texts]
            continue
        # It says again what an earlier citation said, perhaps in other words.
        same = next((item for item in found if item.text == citation.quote), found[-1] if found else None)
        if same is None:
            found.append(Item(citation.quote, [citation]))
        else:
            same.citations.append(citation)
    return [*found, Item(rest)] if rest else found


def _taken(quote: str, rest: str) -> tuple[list[str], str]:
    """The pieces at the beginning of ``rest`` that ``quote`` holds, and what is then left of ``rest``."""
    if rest == quote or rest.startswith(f"{quote}；"):
        return [quote], rest[len(quote) + 1 :]
    texts: list[str] = []
    position = 0
    while rest:
        piece, _, following = rest.partition("；")
        at = quote.find(piece, position)
        if at < 0:
            break
        texts.append(piece)
        position, rest = at + len(piece), following
    return texts, rest


def _answered(answer: Answer) -> str:
    found = items(answer)
    body = ""
    for heading, numbers in _sections(answer):
        of_section = [item for item in found if not item.citations or item.citations[0].n in numbers]
        body += f'<h3 class="part">{esc(heading)}</h3>' if heading else ""
        body += _section(of_section) if of_section else f'<p class="none">{_NONE}</p>'
    return f'<div class="reply">{body}{_meta(answer)}</div>'


def _sections(answer: Answer) -> Iterator[tuple[str, set[int]]]:
    """Each question inside the question (empty if there is but one) with the numbers of its citations."""
    chunks = answer.text.split("\n\n")
    # The text of a reply to several questions begins with the first of them; a blank line alone may be a source's.
    if len(chunks) < 2 or chunks[0][:2] != answer.question.strip()[:2]:
        yield "", {citation.n for citation in answer.citations}
        return
    for chunk in chunks:
        marks = "".join(_MARKS.findall(chunk))
        yield chunk.partition("\n")[0], {int(n) for n in re.findall(r"\d+", marks)}


_DIFFERS = both("另有不同的说法：", "Elsewhere it is said otherwise: ")
_NONE = both("资料里没有找到答案。", "The documents do not answer this.")


def _section(found: Sequence[Item]) -> str:
    citations = list({c.n: c for item in found for c in item.citations}.values())
    others = "".join(
        f'<p class="differs">{_DIFFERS}{esc(item.text)}{_marks(item.citations)}</p>' for item in found if item.differs
    )
    found = [item for item in found if not item.differs]
    if len(found) > 1:
        rows = "".join(f"<li>{esc(item.text)}{_marks(item.citations)}</li>" for item in found)
        return f'<ol class="items">{rows}</ol>{others}{_cards(citations)}'
    only = found[0]
    long = len(only.text) > 60 or (citations and len(only.text) > _WHOLE * len(citations[0].sentence))
    size = "lead long" if long else "lead"
    return f'<p class="{size}">{esc(only.text)}{_marks(only.citations)}</p>{others}{_cards(citations)}'


def _marks(citations: Sequence[Citation]) -> str:
    return "".join(opener(place(c), f"[{c.n}]", "cite", f"出处 {c.n} · source {c.n}") for c in citations)


def place(citation: Citation) -> Place:
    """Where a citation leads."""
    around = Span(citation.sentence_start, citation.sentence_start + len(citation.sentence))
    return Place(citation.doc_id, Span(citation.start, citation.end), around)


def _cards(citations: Sequence[Citation]) -> str:
    cards = ""
    for c in citations:
        sentence, start, end = c.sentence, c.start - c.sentence_start, c.end - c.sentence_start
        marked = f"{esc(sentence[:start])}<mark>{esc(sentence[start:end])}</mark>{esc(sentence[end:])}"
        where = _where(f"[{c.n}]", c.title, c.paragraph)
        cards += f'<li>{opener(place(c), where, "where")}<p class="sentence">{marked}</p></li>'
    return f'<ul class="cards">{cards}</ul>'


def _where(mark: str, title: str, paragraph: int) -> str:
    number = f'<span class="n">{esc(mark)}</span>' if mark else ""
    number_of = both(f"第 {paragraph} 段", f"paragraph {paragraph}")
    return f'{number}<span class="title">{esc(title)}</span><span class="paragraph">{number_of}</span>'


def _abstained(answer: Answer, titles: Mapping[str, str]) -> str:
    words = "".join(f"<b>{esc(_as_asked(word, answer.question))}</b>" for word in answer.missing)
    missing = f'<p class="missing">{both("没有一篇资料提到：", "No document mentions: ")}{words}</p>' if words else ""
    cards = "".join(f"<li>{_nearest(hit, titles)}</li>" for hit in answer.hits[:_NEAREST])
    nearest = both("最接近的段落，可以点开看看：", "The nearest passages, should you want to look:")
    near = f'<p class="near">{nearest}</p><ul class="cards">{cards}</ul>' if cards else ""
    return f'<div class="reply abstained"><p class="none">{_NONE}</p>{missing}{near}{_meta(answer)}</div>'


def _nearest(hit: Hit, titles: Mapping[str, str]) -> str:
    passage = hit.passage
    text = " ".join(hit.text.split())
    excerpt = text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"
    there = Place(passage.doc_id, Span(passage.start, passage.start), Span(passage.start, passage.end))
    where = _where("", titles.get(passage.doc_id, passage.doc_id), passage.paragraph)
    return f'{opener(there, where, "where")}<p class="sentence">{esc(excerpt)}</p>'


def _as_asked(word: str, question: str) -> str:
    """``word``, which is normalised (``gpt5``), as the question wrote it (``GPT-5``) where that can be found."""
    written = re.search(r"[\W_]*".join(map(re.escape, word)), question, re.IGNORECASE)
    return written.group() if written else word


def _meta(answer: Answer) -> str:
    zh, en = next((zh, en) for bound, zh, en in _CONFIDENCE if answer.confidence >= bound)
    if answer.status is Status.ABSTAINED:
        zh, en = "把握不足，所以不答", "too little confidence to answer"
    seconds = answer.timings_ms.get("total", 0.0) / 1000
    percent = f"{answer.confidence:.0%}"
    return f'<p class="meta">{both(f"{zh} {percent} · {seconds:.2f} 秒", f"{en} {percent} · {seconds:.2f} s")}</p>'
