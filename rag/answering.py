"""Evidence to a reply: templates around the documents' own words, every citation checked before it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from rag.agreement import Source, sources
from rag.errors import Language
from rag.reading import Evidence, Question, Reading
from rag.types import Answer, AnswerItem, AnswerPart, Citation, Hit, Role, Status

_NEAREST = 3
_EXCERPT = 60

_TEMPLATES: dict[Language, dict[str, str]] = {
    "zh": {
        "short": "{answer}{mark}\n原文：“{sentence}”——《{title}》第 {paragraph} 段{also}",
        "sentence": "{sentence}{mark}\n出自《{title}》第 {paragraph} 段{also}",
        "list": "共 {count} 项：\n{items}\n出自{places}{also}",
        "place": "《{title}》第 {paragraph} 段",
        "item": "{n}. {answer}{mark}",
        "also": "；另见 {marks}",
        "differs": "\n另有不同的说法：{answer}{mark}——《{title}》第 {paragraph} 段",
        "part": "{question}\n{reply}",
        "abstained": "资料里没有找到答案。",
        "missing": "资料中没有出现：{terms}。",
        "unmatched": "最接近的原文没有提到：{terms}。",
        "nearest": "最接近的段落：",
        "corrected": "\n按“{searched}”查找：资料里没有“{asked}”。",
        "excerpt": "· 《{title}》第 {paragraph} 段：{excerpt}",
    },
    "en": {
        "short": "{answer}{mark}\nSource: “{sentence}” — {title}, paragraph {paragraph}{also}",
        "sentence": "{sentence}{mark}\nFrom {title}, paragraph {paragraph}{also}",
        "list": "{count} items:\n{items}\nFrom {places}{also}",
        "place": "{title}, paragraph {paragraph}",
        "item": "{n}. {answer}{mark}",
        "also": "; see also {marks}",
        "differs": "\nElsewhere it is said otherwise: {answer}{mark} — {title}, paragraph {paragraph}",
        "part": "{question}\n{reply}",
        "abstained": "The documents do not answer this.",
        "missing": "Not in any document: {terms}.",
        "unmatched": "The nearest text does not mention: {terms}.",
        "nearest": "The nearest passages:",
        "corrected": "\nSearched for “{searched}”: no document has “{asked}”.",
        "excerpt": "· {title}, paragraph {paragraph}: {excerpt}",
    },
}


@dataclass(frozen=True, slots=True)
class Part:
    """One question inside what was asked, what was read for it, and its hits."""

    question: Question
    reading: Reading
    hits: tuple[Hit, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """The question's words, as written, that no document contains."""
        question = self.question
        return tuple(word for term, word in question.written.items() if term in question.unknown)


def compose(
    question: str,
    parts: Sequence[Part],
    *,
    titles: dict[str, str],
    min_confidence: float,
    language: str,
) -> Answer:
    """The reply to ``question`` from its parts. A part below ``min_confidence`` is not answered.

    ``titles`` maps document ids to titles.
    """
    chosen = _language(parts, language)
    template = _TEMPLATES[chosen]
    citations: list[Citation] = []
    replies: list[str] = []
    answered: list[AnswerPart] = []
    confidences: list[float] = []
    for part in parts:
        if part.reading.evidence and part.reading.confidence >= min_confidence:
            found = sources(part.reading.evidence, part.hits)
            cited = [_cite(source, n) for n, source in enumerate(found, start=len(citations) + 1)]
            evidence = [source.evidence for source in found]
            replies.append(_reply(template, evidence, cited))
            answered.append(AnswerPart(part.question.text, _items(evidence, cited)))
            confidences.append(part.reading.confidence)
            citations += cited
        else:
            answered.append(AnswerPart(part.question.text, (), part.unknown, tuple(part.hits[:_NEAREST])))
            replies.append(_abstention(template, part, titles))
        for written, searched in part.question.corrections:
            replies[-1] += template["corrected"].format(asked=written, searched=searched)
    if len(parts) > 1:
        asked = (part.question.text for part in parts)
        replies = [template["part"].format(question=q, reply=reply) for q, reply in zip(asked, replies, strict=True)]
    return Answer(
        question=question,
        status=Status.ANSWERED if confidences else Status.ABSTAINED,
        answer="；".join(dict.fromkeys(item.text for part in answered for item in part.items if not item.differs)),
        text="\n\n".join(replies),
        confidence=round(min(confidences or [part.reading.confidence for part in parts], default=0.0), 4),
        citations=tuple(citations),
        hits=_merged_hits(parts),
        missing=tuple(dict.fromkeys(word for part in parts for word in part.unknown)),
        parts=tuple(answered),
        corrections=tuple(dict.fromkeys(pair for part in parts for pair in part.question.corrections)),
    )


def _items(evidence: Sequence[Evidence], cited: Sequence[Citation]) -> tuple[AnswerItem, ...]:
    """What the evidence says, each thing once, in order, with all the citations that say it."""
    numbers: dict[str, list[int]] = {}
    differing = []
    for one, citation in zip(evidence, cited, strict=True):
        if one.role is Role.DIFFERENT:
            differing.append(AnswerItem(citation.quote, (citation.n,), differs=True))
        elif one.role is Role.REPEAT:
            # It agrees with the first answer, if not to the letter.
            numbers.get(citation.quote, next(iter(numbers.values()))).append(citation.n)
        else:
            for text in one.texts:
                numbers.setdefault(text, []).append(citation.n)
    said = (AnswerItem(text, tuple(dict.fromkeys(found))) for text, found in numbers.items())
    return (*said, *differing)


def _reply(template: dict[str, str], evidence: Sequence[Evidence], cited: Sequence[Citation]) -> str:
    own = [(e, c) for e, c in zip(evidence, cited, strict=True) if c.role is Role.ANSWER]
    also = "".join(f"[{c.n}]" for c in cited if c.role is Role.REPEAT)
    also_text = template["also"].format(marks=also) if also else ""
    also_text += "".join(
        template["differs"].format(answer=c.quote, mark=f"[{c.n}]", title=c.title, paragraph=c.paragraph)
        for c in cited
        if c.role is Role.DIFFERENT
    )
    first, citation = own[0]
    if len(own) > 1 or len(first.spans) > 1:
        named = [(text, c) for e, c in own for text in e.texts]
        items = [template["item"].format(n=n, answer=a, mark=f"[{c.n}]") for n, (a, c) in enumerate(named, start=1)]
        places = dict.fromkeys(template["place"].format(title=c.title, paragraph=c.paragraph) for _, c in own)
        return template["list"].format(
            count=len(items), items="\n".join(items), places="、".join(places), also=also_text
        )
    answer = first.texts[0]
    whole = len(answer) > 0.8 * len(citation.sentence)
    return template["sentence" if whole else "short"].format(
        answer=answer,
        mark=f"[{citation.n}]",
        sentence=citation.sentence,
        title=citation.title,
        paragraph=citation.paragraph,
        also=also_text,
    )


def _abstention(template: dict[str, str], part: Part, titles: dict[str, str]) -> str:
    lines = [template["abstained"]]
    absent = part.unknown
    unmatched = [written for written in part.reading.missing if written not in absent]
    if absent:
        lines.append(template["missing"].format(terms="、".join(absent)))
    if unmatched:
        lines.append(template["unmatched"].format(terms="、".join(unmatched)))
    if part.hits:
        lines.append(template["nearest"])
    for hit in part.hits[:_NEAREST]:
        passage, excerpt = hit.passage, hit.excerpt(_EXCERPT)
        lines.append(
            template["excerpt"].format(title=titles[passage.doc_id], paragraph=passage.paragraph, excerpt=excerpt)
        )
    return "\n".join(lines)


def _cite(source: Source, n: int) -> Citation:
    """A citation of a source; its quote is checked against the document's text."""
    evidence, also_in = source
    document = evidence.document
    start, end = evidence.spans[0].start, evidence.spans[-1].end
    sentence = evidence.sentence
    quote = document.text[start:end]
    if not quote or not (sentence.start <= start < end <= sentence.end):
        raise AssertionError(f"evidence outside its sentence: {document.doc_id} [{start}, {end}) not in {sentence}")
    block = document.block_at(start)
    return Citation(
        n=n,
        doc_id=document.doc_id,
        title=document.title,
        source=document.source,
        paragraph=block.number,
        start=start,
        end=end,
        quote=quote,
        sentence=document.text[sentence.start : sentence.end],
        sentence_start=sentence.start,
        role=evidence.role,
        page=block.page,
        also_in=also_in,
    )


def _merged_hits(parts: Sequence[Part]) -> tuple[Hit, ...]:
    """The hits of all parts in turn, each passage once, ranked anew."""
    merged: dict[int, Hit] = {}
    for row in zip_longest(*(part.hits for part in parts)):
        for hit in row:
            if hit is not None:
                merged.setdefault(hit.passage.ordinal, hit)
    return tuple(replace(hit, rank=rank) for rank, hit in enumerate(merged.values(), start=1))


def _language(parts: Sequence[Part], setting: str) -> Language:
    if setting == "auto":
        return "en" if all(part.question.is_english for part in parts) else "zh"
    return "en" if setting == "en" else "zh"
