"""Questions with known answers, as the reader is trained on them: from SQuAD-style files and from written ones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from rag.errors import TrainingError
from rag.evaluation.datasets.squad_format import SquadParagraph, SquadQuestion, read_squad
from rag.loading.blocks import RawBlock, assemble
from rag.text.tokenization import content_terms, terms
from rag.types import BlockKind, Document, Span

T = TypeVar("T")

ASIDE: Final = 10
"""One paragraph of so many is kept aside."""
# Characters beside an answer in which the words of its question are looked for, nearer ones twice.
_BESIDE: Final = (12, 60)
# Two texts that share so many characters in a row, white space apart, are parts of one.
_SHARED: Final = 30
_STRIDE: Final = 15
_BLANK: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Gold:
    """A question that ``slices`` of ``document`` answer together; without any, the document does not answer it.

    ``accepted`` are the wordings of an answer: a passage that holds one of them may answer. ``family`` joins the
    versions of one document. A ``nameless`` question names too little to find its document among others.
    """

    question: str
    document: Document
    slices: tuple[Span, ...]
    accepted: tuple[str, ...]
    family: str = ""
    kind: str = ""
    nameless: bool = False


class _Written(msgspec.Struct):
    p: str
    q: str
    a: str | list[str] | None
    t: str = ""
    near: str = ""


class _Paragraph(msgspec.Struct):
    p: str
    title: str
    text: str


def read_golds(file: Path) -> list[Gold]:
    """The questions of ``file``: of a ``NAME.questions.jsonl`` or of a SQuAD-style file. Raises as these do."""
    return written_golds(file) if file.name.endswith(".questions.jsonl") else squad_golds(file)


def squad_golds(file: Path) -> list[Gold]:
    """The questions of a SQuAD-style ``file`` whose answer stands in their paragraph verbatim, or that have none.

    Each paragraph is a document with its article's title. Raises EvaluationError as `read_squad` does.
    """
    return [gold for article in read_squad(file) for gold in _article_golds(article.title, article.paragraphs)]


def _article_golds(title: str, paragraphs: Sequence[SquadParagraph]) -> Iterator[Gold]:
    for paragraph in paragraphs:
        document = as_document(paragraph.context, title)
        for question in paragraph.qas if document else ():
            assert document is not None
            text = question.question.strip()
            answers = tuple(dict.fromkeys(answer.text.strip() for answer in question.answers if answer.text.strip()))
            place = _published_place(question, paragraph.context, document.text) if answers else None
            if text and (place or question.is_impossible):
                yield Gold(text, document, (place,) if place else (), answers)


def written_golds(questions: Path, nameless: Collection[tuple[str, str]] = ()) -> list[Gold]:
    """The questions of a ``NAME.questions.jsonl`` beside its ``NAME.documents.jsonl``.

    Raises TrainingError for a file that is missing or malformed, and for an answer that does not stand in its text.
    """
    texts = questions.with_name(questions.name.replace(".questions.", ".documents."))
    paragraphs = {paragraph.p: paragraph for paragraph in _lines(texts, _Paragraph)}
    documents = {p: as_document(paragraph.text, paragraph.title) for p, paragraph in paragraphs.items()}
    golds = []
    for line in _lines(questions, _Written):
        document = documents.get(line.p)
        slices = [line.a] if isinstance(line.a, str) else line.a or []
        places = [_slice_place(document.text, part, line.near) for part in slices] if document else [None]
        if document is None or None in places:
            raise TrainingError(
                f"{questions}：“{line.q}”的答案不在 {line.p} 里。",
                f'{questions}: the answer of "{line.q}" does not stand in {line.p}.',
            )
        family = line.p.rpartition("-")[0] if line.p.startswith("ver:") else ""
        found = tuple(sorted({place for place in places if place}))
        golds.append(Gold(line.q.strip(), document, found, tuple(slices), family, line.t, (line.p, line.q) in nameless))
    return golds


def read_nameless(file: Path) -> set[tuple[str, str]]:
    """The pairs of paragraph and question in a tab-separated file."""
    pairs = (line.split("\t") for line in file.read_text("utf-8").splitlines())
    return {(pair[0], pair[1]) for pair in pairs if len(pair) > 1}


def _lines(file: Path, kind: type[T]) -> Iterator[T]:
    decoder = msgspec.json.Decoder(kind)
    try:
        for line in file.read_bytes().splitlines():
            yield decoder.decode(line)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TrainingError(f"无法读取 {file}：{error}。", f"Can't read {file}: {error}.") from error


def as_document(text: str, title: str) -> Document | None:
    """A paragraph as a document of its lines; None of an empty one."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    raw = [RawBlock(BlockKind.PARAGRAPH, line, number) for number, line in enumerate(lines, start=1)]
    if not raw:
        return None
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return assemble(raw, source=title, default_title=title, sha256=digest)


def _published_place(question: SquadQuestion, context: str, text: str) -> Span | None:
    """Where the first answer stands: at its published offset if that is right, else beside the question's words."""
    answer = question.answers[0] if question.answers and not question.is_impossible else None
    if answer is None or not answer.text.strip():
        return None
    wanted = answer.text.strip()
    starts = [match.start() for match in re.finditer(re.escape(wanted), text)]
    if not starts:
        return None
    published = answer.answer_start
    if isinstance(published, int) and text == context and published in starts:
        return Span(published, published + len(wanted))
    asked = set(content_terms(question.question))

    def near(start: int) -> int:
        beside = (set(terms(text[max(0, start - most) : start + most])) for most in _BESIDE)
        return sum(len(asked & found) for found in beside)

    best = max(starts, key=near)
    return Span(best, best + len(wanted))


def _slice_place(text: str, part: str, near: str) -> Span | None:
    around = max(0, text.find(near)) if near and part in near else 0
    start = text.find(part, around)
    return Span(start, start + len(part)) if start >= 0 else None


def divided(golds: Iterable[Gold]) -> tuple[list[Gold], list[Gold]]:
    """Questions to train on, and those of the paragraphs kept aside.

    A tenth of the paragraphs is aside, by the SHA-256 of their text without white space; a family by its first member,
    and whatever shares a passage with one that is aside.
    """
    golds = list(golds)
    first: dict[str, str] = {}
    for gold in golds:
        first.setdefault(gold.family, gold.document.text)
    documents = {gold.document.doc_id: gold for gold in golds}
    aside = {i for i, g in documents.items() if _is_aside(first[g.family] if g.family else g.document.text)}
    windows = {w for i in aside for w in _windows(documents[i].document.text, 1)}
    aside |= {i for i, g in documents.items() if i not in aside and _touches(g.document.text, windows)}
    trained = [gold for gold in golds if gold.document.doc_id not in aside]
    return trained, [gold for gold in golds if gold.document.doc_id in aside]


def nothing_usable() -> TrainingError:
    """The error for golds that nothing can be learnt from."""
    return TrainingError(
        "没有可用的训练问答：答案要是段落里的原文。",
        "No usable gold pairs: answers must be in their paragraphs verbatim.",
    )


def _touches(text: str, windows: Collection[int]) -> bool:
    # Two shared windows that follow each other, so that a common phrase is not taken for a common passage.
    hits = [window in windows for window in _windows(text, _STRIDE)]
    return any(one and other for one, other in zip(hits, hits[2:], strict=False))


def _is_aside(text: str) -> bool:
    return int(hashlib.sha256(_BLANK.sub("", text).encode("utf-8", "replace")).hexdigest()[:8], 16) % ASIDE == 0


def _windows(text: str, stride: int) -> Iterator[int]:
    packed = _BLANK.sub("", text)
    return (hash(packed[i : i + _SHARED]) for i in range(0, max(1, len(packed) - _SHARED + 1), stride))
