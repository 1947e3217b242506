"""Questions to begin with, made from the documents themselves: each is one that a sentence of theirs answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice, pairwise

from rag.library import Library
from rag.question.kinds import Kind
from rag.text.enumerations import Enumeration, enumerations
from rag.text.normalization import HAN, normalise, sentences
from rag.text.tokenization import tagged
from rag.types import Block, BlockKind, Document, Span
from rag.web.suggestions.candidate import Candidate
from rag.web.suggestions.facts import facts
from rag.web.suggestions.offering import holds, offered
from rag.web.suggestions.structure import is_counted, of_heading, of_row

# A large library is not read through for a few examples.
_DOCUMENTS, _BLOCKS, _SENTENCES, _EACH = 20, 80, 120, 12
_SHORTEST, _LONGEST = 6, 36
# A sentence without any of these holds no fact that `facts` knows; tagging it would only take time.
_PROMISING = re.compile(
    r"\d|[一二三四五六七八九]十|等|创[始办]人|CEO|CTO|首席|董事长|总裁|总经理|[校院会馆]长|导演|主教练|理事长|秘书长",
    re.IGNORECASE,
)
_HEADING_ASKS = re.compile(r"什么是\S{2,16}[？?]?|\S{2,16}是(?:什么|谁)[？?]?")
_ENUMERATOR = re.compile(r"^(?:[一二三四五六七八九十]+、|\d+[.、]\s*|[(（][^)）]{1,3}[)）])")
# "需要三种动力" before a list of three: 哪三种动力.
_NUMBERED = re.compile(
    r"(需要|具有|具备|包括|分为|分成|面临|存在|出现|有)(?:了|着|以下|如下)?([两二三四五六七八九]|[2-9])"
    rf"(大|[个种类点条项]|个?方面)({HAN}{{2,8}})[：:。]?$"
)
_LEAD_IN = re.compile(
    r"^(?:具体来说|总的来说|总体来看|一般来说|简单来说|可以说|因此|所以|那么|其中|此外|这一年|目前)[，,]?"
)
_NUMBERS = {"两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_POINTS_BACK = re.compile(r"^(?:这|那|该|其|此|它|他|她|本|以上|上述)")


def checked(library: Library, limit: int = 6, *, asked: int = 10) -> Iterator[list[str]]:
    """Those questions that ``library`` answers with confidence from where they were made of; asks at most ``asked``.

    They are given as `offered` does. Raises as `Library.ask`.
    """
    return offered(candidates(library, asked), partial(holds, library), limit)


def candidates(library: Library, limit: int = 18) -> list[Candidate]:
    """At most ``limit`` questions, unchecked, from as many documents and of as many kinds as there are.

    The same every time. Loads no model, asks nothing.
    """
    found: list[Candidate] = []
    older = library.versions().older
    current = (record for record in library.documents() if record.doc_id not in older)
    for record in islice(current, _DOCUMENTS):
        found += islice(_of(library.document(record.doc_id)), _EACH)
    left = list({candidate.question: candidate for candidate in reversed(found)}.values())[::-1]
    chosen: list[Candidate] = []
    documents: Counter[str] = Counter()
    kinds: Counter[Kind] = Counter()
    while left and len(chosen) < limit:
        best = min(left, key=lambda c: (documents[c.doc_id] + kinds[c.kind], documents[c.doc_id]))
        left.remove(best)
        chosen.append(best)
        documents[best.doc_id] += 1
        kinds[best.kind] += 1
    return chosen


def _of(document: Document) -> Iterator[Candidate]:
    for enumeration in enumerations(document):
        yield from _enumerated(document, enumeration)
    opening, read = True, 0
    for block in document.blocks[:_BLOCKS]:
        if block.kind is BlockKind.HEADING:
            yield from _heading(document, block)
            continue
        for span in sentences(document.text, block.start, block.end) if block.kind is not BlockKind.CODE else ():
            sentence = document.text[span.start : span.end]
            if read >= _SENTENCES or len(sentence) > 200:
                break
            if opening or _PROMISING.search(sentence):
                read += 1
                for fact in facts(sentence, block.path[-1] if block.path else "", opening=opening):
                    if _SHORTEST <= len(fact.question) <= _LONGEST:
                        answer = Span(span.start + fact.answer.start, span.start + fact.answer.end)
                        yield Candidate(fact.question, fact.kind, document.doc_id, answer)
            opening = False
    yield from _structured(document)


def _structured(document: Document) -> Iterator[Candidate]:
    """Of headings that name several things, and of rows: forms, rules and lists hold few sentences with a fact."""
    for above, block in pairwise(document.blocks[:_BLOCKS]):
        made: Iterable[Candidate] = ()
        if block.kind is BlockKind.ROW:
            # A figure, a date or a person before what is told in words.
            made = sorted(of_row(document, block), key=lambda one: one.question.endswith("是什么？"))
        if above.kind is BlockKind.HEADING and block.path and is_counted(block.path[-1]):
            made = of_heading(document, block, titled=True)
        for candidate in islice(made, 1):
            if _SHORTEST <= len(candidate.question) <= _LONGEST:
                yield candidate


def _heading(document: Document, block: Block) -> Iterator[Candidate]:
    """A heading that itself asks, answered by the block after it."""
    words = _ENUMERATOR.sub("", document.text[block.start : block.end]).strip()
    following = document.blocks[block.number : block.number + 1]
    if _HEADING_ASKS.fullmatch(words) and following and following[0].kind is BlockKind.PARAGRAPH:
        answer = Span(following[0].start, following[0].end)
        yield Candidate(f"{words.rstrip('？?')}？", Kind.WHAT, document.doc_id, answer)


def _enumerated(document: Document, enumeration: Enumeration) -> Iterator[Candidate]:
    """「大模型成功穿过漏斗，需要哪三种动力？」 of a lead that says how many there are."""
    lead = enumeration.lead and document.text[enumeration.lead.start : enumeration.lead.end]
    told = _NUMBERED.search(lead) if lead else None
    if not lead or not told or _count(told.group(2)) != len(enumeration.items):
        return
    said = re.split(r"[。；;！!]", lead[: told.start()])[-1].replace(",", "，")
    last = said.rpartition("，")[2]
    said = _LEAD_IN.sub("", _LEAD_IN.sub("", last if _says_what(last) else said))
    verb, number, measure, noun = told.groups()
    question = f"{said}{verb}哪{number}{measure}{noun}？"
    if said and not _POINTS_BACK.match(said) and _SHORTEST <= len(question) <= _LONGEST:
        head = enumeration.items[0].head
        yield Candidate(question, Kind.LIST, document.doc_id, head)


def _says_what(clause: str) -> bool:
    """Whether a clause names what it is about."""
    return any(word[3][0] == "n" for word in tagged(normalise(_LEAD_IN.sub("", clause)).text))


def _count(number: str) -> int:
    return _NUMBERS.get(number) or int(number)
