"""Whether gold files are sound: what is wrong with them (errors), what to look at (warnings), what they cover."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import msgspec
from rapidfuzz import fuzz, process

from rag.errors import EvaluationError
from rag.evaluation.corpus import Corpus
from rag.evaluation.gold import GoldQuestion, load_gold
from rag.evaluation.report.tables import Table
from rag.library import Library
from rag.messages import text
from rag.question.kinds import Kind
from rag.text.normalization import normalise
from rag.types import Block, BlockKind, Document

# Normalised questions as similar as this are worth a look: percent of matching characters (indel similarity).
_NEAR = 90
# Fewer questions of a type than this say little.
_FEW = 5
_LISTED = 30


class Finding(msgspec.Struct, frozen=True):
    """What is wrong with which questions, by their ids."""

    questions: tuple[str, ...]
    zh: str
    en: str


class Coverage(msgspec.Struct, frozen=True):
    """A document's paragraphs that state something, and those of them that no question asks about."""

    document: str
    paragraphs: int
    unasked: tuple[int, ...]


class Balance(msgspec.Struct, frozen=True):
    """How many questions there are of a type or style, and how many of them can be answered."""

    group: str
    questions: int
    answerable: int


class Report(msgspec.Struct, frozen=True):
    """What `check` found."""

    files: tuple[str, ...]
    questions: int
    answerable: int
    places: int
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...]
    types: tuple[Balance, ...]
    styles: tuple[Balance, ...]


def check(files: Sequence[Path], library: Library) -> Report:
    """Check gold files about the library's documents, each by itself and all together.

    Raises EvaluationError for a file that can't be read as gold questions at all.
    """
    by_file = {file: load_gold(file) for file in files}
    questions = [question for of_file in by_file.values() for question in of_file]
    corpus = Corpus(library)
    return Report(
        files=tuple(map(str, files)),
        questions=len(questions),
        answerable=sum(question.answerable for question in questions),
        places=sum(len(question.places) for question in questions),
        errors=(*_repeated_ids(by_file), *_wrong_places(questions, corpus), *_same_questions(questions)),
        warnings=(
            *_near_duplicates(questions),
            *_foreign_answers(questions),
            *_thin_types(questions),
        ),
        coverage=tuple(_coverage(name, corpus.document(name), questions) for name in corpus.names),
        types=_balance(questions, "type"),
        styles=_balance(questions, "style"),
    )


def check_tables(report: Report) -> list[Table]:
    """The report for people."""
    what, which = text("问题", "finding"), text("编号", "ids")
    made = [
        Table(
            text("问题集", "Gold files"),
            (text("文件", "file"), "n", text("可答", "answerable"), text("证据", "places")),
            (
                (
                    ", ".join(Path(file).name for file in report.files),
                    str(report.questions),
                    str(report.answerable),
                    str(report.places),
                ),
            ),
        )
    ]
    for title, findings in (
        (text("错误", "Errors"), report.errors),
        (text("提醒", "Warnings"), report.warnings),
    ):
        rows = tuple((text(finding.zh, finding.en), ", ".join(finding.questions)) for finding in findings[:_LISTED])
        made.append(Table(f"{title}: {len(findings)}", (what, which), rows, (which,)))
    unasked = text("没有问到的段", "paragraphs not asked about")
    covered = tuple(
        (
            document.document,
            f"{document.paragraphs - len(document.unasked)}/{document.paragraphs}",
            ", ".join(map(str, document.unasked)) or "—",
        )
        for document in report.coverage
    )
    heads = (text("文档", "document"), text("问到的段", "paragraphs asked about"), unasked)
    made.append(Table(text("覆盖", "Coverage"), heads, covered, (unasked,)))
    for title, groups in ((text("题型", "Types"), report.types), (text("问法", "Styles"), report.styles)):
        shares = tuple(
            (group.group, str(group.questions), str(group.answerable), f"{group.questions / report.questions:.0%}")
            for group in groups
        )
        made.append(Table(title, (title, "n", text("可答", "answerable"), text("占比", "share")), shares))
    return made


def _repeated_ids(files: Mapping[Path, Sequence[GoldQuestion]]) -> Iterator[Finding]:
    """Ids used in two files; `load_gold` refuses them within one."""
    for (first, ours), (second, theirs) in combinations(files.items(), 2):
        for one in sorted({q.id for q in ours} & {q.id for q in theirs}):
            yield Finding((one,), f"编号同时用于 {first} 和 {second}", f"id used in both {first} and {second}")


def _wrong_places(questions: Sequence[GoldQuestion], corpus: Corpus) -> Iterator[Finding]:
    for question in questions:
        try:
            corpus.check((question,))
        except EvaluationError as error:
            yield Finding((question.id,), error.zh, error.en)


def _same_questions(questions: Sequence[GoldQuestion]) -> Iterator[Finding]:
    by_text: dict[str, list[str]] = defaultdict(list)
    for question in questions:
        by_text[question.question.strip()].append(question.id)
    for ids in by_text.values():
        if len(ids) > 1:
            yield Finding(tuple(ids), "问题相同", "the same question")


def _near_duplicates(questions: Sequence[GoldQuestion]) -> Iterator[Finding]:
    """Questions of nearly the same characters that are answered alike: they count one fact twice.

    Other styles of one question (in traditional script, with typos) are meant to be alike, and a near miss is meant to
    be like the question that it misses.
    """
    folded = [normalise(question.question).text for question in questions]
    alike = process.cdist(folded, folded, scorer=fuzz.ratio, score_cutoff=_NEAR, workers=-1)
    for i, j in combinations(range(len(questions)), 2):
        one, other = questions[i], questions[j]
        if alike[i, j] and one.style == other.style and one.answers == other.answers:
            percent = f"{alike[i, j]:.0f}"
            yield Finding(
                (one.id, other.id), f"相似度 {percent}%，答案也相同", f"{percent} % alike, and answered alike"
            )


def _foreign_answers(questions: Sequence[GoldQuestion]) -> Iterator[Finding]:
    """Questions none of whose answers is made of the characters of its evidence."""
    for question in questions:
        quoted = set("".join(place.quote for place in question.places))
        if question.places and not any(set(answer) - set("；;、，, ") <= quoted for answer in question.answers):
            yield Finding(
                (question.id,), "没有一个答案由证据里的字组成", "no answer is made of the evidence's characters"
            )


def _thin_types(questions: Sequence[GoldQuestion]) -> Iterator[Finding]:
    for kind in Kind:
        ids = tuple(question.id for question in questions if question.type == kind)
        if len(ids) < _FEW:
            yield Finding(ids, f"题型 {kind} 只有 {len(ids)} 题", f"only {len(ids)} questions of type {kind}")


def _coverage(name: str, document: Document, questions: Sequence[GoldQuestion]) -> Coverage:
    asked = [place for question in questions for place in question.places if place.document == name]
    stating = [block for block in document.blocks if _states_something(document, block)]
    unasked = [b.number for b in stating if not any(p.start < b.end and b.start < p.end for p in asked)]
    return Coverage(name, len(stating), tuple(unasked))


def _states_something(document: Document, block: Block) -> bool:
    """Headings and lead-ins do not."""
    return block.kind is not BlockKind.HEADING and not document.text[block.start : block.end].endswith(("：", ":"))


def _balance(questions: Sequence[GoldQuestion], attribute: str) -> tuple[Balance, ...]:
    groups: Counter[str] = Counter(getattr(question, attribute) or "—" for question in questions)
    answerable: Counter[str] = Counter(getattr(q, attribute) or "—" for q in questions if q.answerable)
    return tuple(Balance(name, count, answerable[name]) for name, count in groups.most_common())
