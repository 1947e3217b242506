"""The documents of a library by the file names that gold questions cite them by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from rag.errors import EvaluationError
from rag.evaluation.gold import GoldQuestion, Located, Place
from rag.library import Library
from rag.types import Document, Hit

# What stands beside a cell in the text of a table row.
_BESIDE = "：；|\n"


class Corpus:
    """Names of documents to documents and back. Two documents of one name can't be cited."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._names = {record.doc_id: Path(record.source).name for record in library.documents()}
        self._ids = {name: doc_id for doc_id, name in self._names.items()}
        self._ambiguous = {name for name, count in Counter(self._names.values()).items() if count > 1}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all documents, in index order."""
        return tuple(self._ids)

    def name(self, doc_id: str) -> str:
        """The name of a document. Raises NotFoundError."""
        return self._names.get(doc_id) or Path(self._library.document(doc_id).source).name

    def doc_id(self, name: str) -> str | None:
        """The id of the document called ``name``, or None."""
        return self._ids.get(name)

    def document(self, name: str) -> Document:
        return self._library.document(self._ids[name])

    def passages(self, name: str) -> list[Located]:
        """The passages of one document, in order."""
        return [Located(name, p.start, p.end) for p in self._library.passages(self._ids[name])]

    def located(self, hit: Hit) -> Located:
        """Where a hit stands."""
        return Located(self._names[hit.passage.doc_id], hit.passage.start, hit.passage.end)

    def located_questions(self, questions: Iterable[GoldQuestion]) -> tuple[GoldQuestion, ...]:
        """``questions`` with the positions of all places. Raises EvaluationError for a quote that is not there."""
        return tuple(
            msgspec.structs.replace(
                question,
                evidence=tuple(tuple(self._placed(place, question) for place in fact) for fact in question.evidence),
            )
            for question in questions
        )

    def _placed(self, place: Place, question: GoldQuestion) -> Place:
        if place.start >= 0 or place.document not in self._ids:
            return place
        start = _found(self.document(place.document), place.quote, place.near)
        if start is None:
            raise EvaluationError(
                f"问题 {question.id} 的证据“{place.quote}”不在 {place.document} 里。",
                f'The quote "{place.quote}" of question {question.id} is not in {place.document}.',
            )
        return msgspec.structs.replace(place, start=start, end=start + len(place.quote))

    def paragraph(self, name: str, position: int) -> int:
        """The number of the block of a document at ``position``."""
        return self.document(name).block_at(position).number

    def check(self, questions: Iterable[GoldQuestion]) -> None:
        """Raise EvaluationError unless each quote is its document's text at its span."""
        for question in questions:
            for place in question.places:
                if place.document not in self._ids:
                    raise EvaluationError(
                        f"问题 {question.id} 引用的文档 {place.document} 不在索引里。请先索引它：wenyuan index 文件夹",
                        f"Question {question.id} cites {place.document}, which is not in the index. Index it first: "
                        "wenyuan index FOLDER",
                    )
                if place.document in self._ambiguous:
                    raise EvaluationError(
                        f"有几篇文档都叫 {place.document}，无法确定问题 {question.id} 的证据是哪一篇。请给文件改名。",
                        f"Several documents are called {place.document}: the evidence of question {question.id} could "
                        "be in any. Rename the files.",
                    )
                if self.document(place.document).text[place.start : place.end] != place.quote:
                    raise EvaluationError(
                        f"问题 {question.id} 的证据与原文不符：{place.document} [{place.start}, {place.end})。"
                        "详情：wenyuan eval check",
                        f"Question {question.id}: the quote is not the text of {place.document} "
                        f"[{place.start}, {place.end}). For more: wenyuan eval check",
                    )


def _found(document: Document, quote: str, near: str) -> int | None:
    """Where ``quote`` begins: inside ``near`` if that holds it, else in the block that begins with it, else anywhere.

    A whole cell comes before a part of one.
    """
    text = document.text
    around = text.find(near) if near and quote in near else -1
    if around >= 0:
        return around + near.find(quote)
    blocks = ((block.start, block.end) for block in document.blocks)
    rows = [block for block in blocks if near and _is_cell(text, text.find(near, *block), near)]
    for start, end in rows if near else [(0, len(text))]:
        starts = [match.start() for match in re.finditer(re.escape(quote), text[start:end])]
        if starts:
            return start + min(starts, key=lambda at: not _is_cell(text, start + at, quote))
    return None


def _is_cell(text: str, start: int, words: str) -> bool:
    """Whether ``words`` at ``start`` are all of a cell."""
    if start < 0:
        return False
    before, after = text[:start].rstrip(" ")[-1:], text[start + len(words) :].lstrip(" ")[:1]
    return (not before or before in _BESIDE) and (not after or after in _BESIDE)
