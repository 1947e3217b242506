"""Evidence to a reply: templates around the documents' own words, every citation checked before it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from rag.answering.agreement import Source, sources
from rag.answering.editions import called, newest_first, of_older
from rag.errors import Language
from rag.question.analysis import Question
from rag.reading import Evidence, Reading
from rag.text.tokenization import terms
from rag.types import Answer, AnswerItem, AnswerPart, Citation, Correction, Hit, Role, Status

# Hits that are shown where nothing answers, and characters of each.
_NEAREST = 3
_EXCERPT = 60
# An answer that is more than this share of its sentence is not followed by the sentence.
_MOST_OF_SENTENCE = 0.8
_NONE: Mapping[str, str] = {}

_TEMPLATES: dict[Language, dict[str, str]] = {
    "zh": {
        "short": "{answer}{mark}\n原文：“{sentence}”——《{title}》第 {paragraph} 段{also}",
        "whole": "{answer}{mark}\n出自《{title}》第 {paragraph} 段{also}",
        "list": "共 {count} 项：\n{items}\n出自{places}{also}",
        "place": "《{title}》第 {paragraph} 段",
        "item": "{n}. {answer}{mark}",
        "also": "；另见 {marks}",
        "differs": "\n另有不同的说法：{answer}{mark}——《{title}》第 {paragraph} 段",
        "edition": "（{edition}）",
        "called": "{} 版",
        "older": "\n旧版（{edition}）：{answer}{mark}——《{title}》第 {paragraph} 段",
        "part": "{question}\n{reply}",
        "confirmed": "\n你确认过 · {date}",
        "outdated": "\n你确认过的答案（{date}）所在的原文变了，没有再用。",
        "abstained": "资料里没有找到答案。",
        "missing": "资料中没有出现：{terms}。",
        "unmatched": "最接近的原文没有提到：{terms}。",
        "related": "可能相关：“{sentence}”——《{title}》第 {paragraph} 段",
        "nearest": "最接近的段落：",
        "corrected": "\n按“{searched}”查找：资料里没有“{asked}”。",
        "excerpt": "· 《{title}》第 {paragraph} 段：{excerpt}",
    },
    "en": {
        "short": "{answer}{mark}\nSource: “{sentence}” — {title}, paragraph {paragraph}{also}",
        "whole": "{answer}{mark}\nFrom {title}, paragraph {paragraph}{also}",
        "list": "{count} items:\n{items}\nFrom {places}{also}",
        "place": "{title}, paragraph {paragraph}",
        "item": "{n}. {answer}{mark}",
        "also": "; see also {marks}",
        "differs": "\nElsewhere it is said otherwise: {answer}{mark} — {title}, paragraph {paragraph}",
        "edition": " ({edition})",
        "called": "{} edition",
        "older": "\nAn older edition ({edition}): {answer}{mark} — {title}, paragraph {paragraph}",
        "part": "{question}\n{reply}",
        "confirmed": "\nYou confirmed this · {date}",
        "outdated": "\nThe text of the answer that you confirmed ({date}) has changed; it was not used.",
        "abstained": "The documents do not answer this.",
        "missing": "Not in any document: {terms}.",
        "unmatched": "The nearest text does not mention: {terms}.",
        "related": "Perhaps related: “{sentence}” — {title}, paragraph {paragraph}",
        "nearest": "The nearest passages:",
        "corrected": "\nSearched for “{searched}”: no document has “{asked}”.",
        "excerpt": "· {title}, paragraph {paragraph}: {excerpt}",
    },
}


@dataclass(frozen=True, slots=True)
class Part:
    """One of the questions that were asked at once, what was read for it, and its hits.

    ``closest`` is what is shown as nearest where nothing answers, else what was read. ``confirmed`` and ``outdated``
    are as in `AnswerPart`.
    """

    question: Question
    reading: Reading
    hits: tuple[Hit, ...]
    closest: Evidence | None = None
    confirmed: str = ""
    outdated: str = ""

    def is_sure(self, min_confidence: float) -> bool:
        """Whether there is evidence, of at least such a confidence."""
        return bool(self.reading.evidence) and self.reading.confidence >= min_confidence


def compose(
    question: str,
    parts: Sequence[Part],
    *,
    titles: dict[str, str],
    min_confidence: float,
    language: str,
    older: Mapping[str, str] = _NONE,
) -> Answer:
    """The reply to ``question`` from its parts. A part below ``min_confidence`` is not answered.

    ``titles`` maps document ids to titles, ``older`` those of older versions to their editions.
    """
    template = _TEMPLATES[_language(parts, language)]
    citations: list[Citation] = []
    replies: list[str] = []
    composed: list[AnswerPart] = []
    sure = [part for part in parts if part.is_sure(min_confidence)]
    for part in parts:
        if part.is_sure(min_confidence):
            reply, answered, cited = _answered(template, part, older, len(citations))
            citations += cited
        else:
            reply, answered = _abstained(template, part, titles)
        reply += _notes(template, part)
        replies.append(template["part"].format(question=part.question.text, reply=reply) if len(parts) > 1 else reply)
        composed.append(answered._replace(confirmed=part.confirmed, outdated=part.outdated))
    return Answer(
        question=question,
        status=Status.ANSWERED if sure else Status.ABSTAINED,
        answer="；".join(dict.fromkeys(item.text for part in composed for item in part.items if not item.differs)),
        text="\n\n".join(replies),
        confidence=round(min((part.reading.confidence for part in sure or parts), default=0.0), 4),
        citations=tuple(citations),
        hits=_merged_hits(parts),
        missing=tuple(dict.fromkeys(word for part in parts for word in part.question.unknown_named)),
        parts=tuple(composed),
        corrections=tuple(dict.fromkeys(Correction(*pair) for part in parts for pair in part.question.corrections)),
    )


def _answered(
    template: dict[str, str], part: Part, older: Mapping[str, str], cited_before: int
) -> tuple[str, AnswerPart, list[Citation]]:
    """The reply to a part that is answered, and its citations, which count on from those ``cited_before``."""
    found, editions = newest_first(sources(part.reading.evidence, part.hits), part.question)
    editions = editions or of_older(found, older)
    cited = [cite(source, n) for n, source in enumerate(found, start=cited_before + 1)]
    evidence = [source.evidence for source in found]
    items = _items(evidence, cited, editions)
    return _reply(template, evidence, cited, editions), AnswerPart(part.question.text, items), cited


def _abstained(template: dict[str, str], part: Part, titles: dict[str, str]) -> tuple[str, AnswerPart]:
    """The reply to a part that is not answered: what is nearest, and what no document has."""
    near = [one for one in (part.closest, *part.reading.evidence) if one]
    related = next((cite(source, 0) for source in sources(near[:1], part.hits)), None)
    nearest = tuple(part.hits[:_NEAREST])
    shown = AnswerPart(part.question.text, (), part.question.unknown_named, nearest, related)
    return _abstention(template, part, related, titles), shown


def _notes(template: dict[str, str], part: Part) -> str:
    """What is told below a reply: that the user had confirmed an answer, and words that were searched for instead."""
    dates = (("confirmed", part.confirmed), ("outdated", part.outdated))
    notes = [template[name].format(date=date) for name, date in dates if date]
    notes += [
        template["corrected"].format(asked=asked, searched=instead) for asked, instead in part.question.corrections
    ]
    return "".join(notes)


def _items(
    evidence: Sequence[Evidence], cited: Sequence[Citation], editions: Mapping[str, str]
) -> tuple[AnswerItem, ...]:
    """What the evidence says, each thing once, in order, with all the citations that say it."""
    numbers: dict[str, list[int]] = {}
    differing: dict[str, list[int]] = {}
    documents: dict[str, str] = {}
    for one, citation in zip(evidence, cited, strict=True):
        if one.role is Role.DIFFERENT:
            same = next(
                (text for text in differing if text in citation.quote or citation.quote in text), citation.quote
            )
            differing.setdefault(same, []).append(citation.n)
            documents.setdefault(same, citation.doc_id)
        elif one.role is Role.REPEAT:
            # It agrees with the first answer, though not to the letter.
            numbers.get(citation.quote, next(iter(numbers.values()))).append(citation.n)
        else:
            for text in one.texts:
                numbers.setdefault(text, []).append(citation.n)
                documents.setdefault(text, citation.doc_id)
    return tuple(
        AnswerItem(text, tuple(dict.fromkeys(found)), said is differing, editions.get(documents[text], ""))
        for said in (numbers, differing)
        for text, found in said.items()
    )


def _reply(
    template: dict[str, str], evidence: Sequence[Evidence], cited: Sequence[Citation], editions: Mapping[str, str]
) -> str:
    own = [(e, c) for e, c in zip(evidence, cited, strict=True) if c.role is Role.ANSWER]
    also = "".join(f"[{c.n}]" for c in cited if c.role is Role.REPEAT)
    also_text = template["also"].format(marks=also) if also else ""
    for c in (c for c in cited if c.role is Role.DIFFERENT):
        edition = editions.get(c.doc_id, "")
        form = template["older" if edition else "differs"]
        also_text += form.format(answer=c.quote, mark=f"[{c.n}]", title=c.title, paragraph=c.paragraph, edition=edition)
    first, citation = own[0]
    if len(own) > 1 or len(first.spans) > 1:
        named = [(text, c) for e, c in own for text in e.texts]
        items = [template["item"].format(n=n, answer=a, mark=f"[{c.n}]") for n, (a, c) in enumerate(named, start=1)]
        places = dict.fromkeys(template["place"].format(title=c.title, paragraph=c.paragraph) for _, c in own)
        return template["list"].format(
            count=len(items), items="\n".join(items), places="、".join(places), also=also_text
        )
    edition = editions.get(citation.doc_id, "")
    shown = template["edition"].format(edition=called(edition, template["called"])) if edition else ""
    is_most = len(first.texts[0]) > _MOST_OF_SENTENCE * len(citation.sentence)
    return template["whole" if is_most else "short"].format(
        answer=first.texts[0],
        mark=f"[{citation.n}]{shown}",
        sentence=citation.sentence,
        title=citation.title,
        paragraph=citation.paragraph,
        also=also_text,
    )


def _abstention(template: dict[str, str], part: Part, related: Citation | None, titles: dict[str, str]) -> str:
    lines = [template["abstained"]]
    absent = part.question.unknown_named
    shown = {term for hit in part.hits[:_NEAREST] for term in terms(f"{hit.passage.context}\n{hit.text}")}
    unknown = {part.question.written[term] for term in part.question.unknown}
    unmatched = [
        word for word in part.reading.missing if word not in unknown and shown.isdisjoint(_terms_of(part, word))
    ]
    if absent:
        lines.append(template["missing"].format(terms="、".join(absent)))
    if unmatched:
        lines.append(template["unmatched"].format(terms="、".join(unmatched)))
    if related:
        known = {"sentence": related.sentence, "title": related.title, "paragraph": related.paragraph}
        lines.append(template["related"].format(**known))
    if part.hits:
        lines.append(template["nearest"])
    for hit in part.hits[:_NEAREST]:
        passage, excerpt = hit.passage, hit.excerpt(_EXCERPT)
        lines.append(
            template["excerpt"].format(title=titles[passage.doc_id], paragraph=passage.paragraph, excerpt=excerpt)
        )
    return "\n".join(lines)


def _terms_of(part: Part, word: str) -> set[str]:
    """The terms of a word of the question, which is as written."""
    return {term for term, written in part.question.written.items() if written == word}


def cite(source: Source, n: int) -> Citation:
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
        row=document.row(block, (start, end)),
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
