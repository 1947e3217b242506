"""SQuAD-style files (CMRC 2018, DRCD, ChineseSquad …) as open retrieval over all their paragraphs.

Each paragraph is a document. A question's own paragraph is relevant; the places of its accepted answers in it, found
by string search since published offsets are not always right, are its evidence. Questions marked impossible are
unanswerable.
"""

from __future__ import annotations

from pathlib import Path

from rag.errors import EvaluationError, QuestionError
from rag.evaluation.datasets import Dataset, occurrences, write_documents
from rag.evaluation.datasets.squad_format import SquadParagraph, SquadQuestion, read_squad
from rag.evaluation.gold import GoldQuestion, Place
from rag.question.validation import validate
from rag.types import Document


def load(file: Path, folder: Path, *, progress: bool = False) -> Dataset:
    """Read ``file`` and write its paragraphs as documents into ``folder``.

    Raises EvaluationError for a file that is missing, not JSON (with line and column), not SQuAD-style (with the place
    in it), without questions, or with an id used twice.
    """
    paragraphs = _paragraphs(file)
    documents = write_documents(folder, {name: p.context for name, p in paragraphs.items()}, progress=progress)
    questions: dict[str, GoldQuestion] = {}
    unusable = scattered = 0
    for name, paragraph in paragraphs.items():
        for asked in paragraph.qas:
            question = _question(asked, documents.get(name))
            if question is None:
                unusable += 1
                continue
            if question.id in questions:
                raise EvaluationError(
                    f"{file} 里问题编号 {question.id} 出现了两次。", f"{file} uses the question id {question.id} twice."
                )
            scattered += bool(question.answers) and not question.evidence
            questions[question.id] = question
    if not questions:
        raise EvaluationError(f"{file} 里没有可用的问题。", f"{file} holds no usable questions.")
    notices = []
    if unusable:
        notices.append(
            (f"{unusable} 个问题无法使用，已略去。", f"{unusable} questions can't be used and are left out.")
        )
    if scattered:
        notices.append(
            (
                f"{scattered} 个问题的答案不是段落里的原文，不计入证据召回。",
                f"{scattered} answers are not in their paragraph verbatim: no evidence recall for them.",
            )
        )
    return Dataset(file.stem, tuple(questions.values()), "document", folder, tuple(notices))


def _question(asked: SquadQuestion, document: Document | None) -> GoldQuestion | None:
    """The question, or None if it can't be asked or nothing is known of its answer."""
    try:
        validate(asked.question)
    except QuestionError:
        return None
    if asked.is_impossible:
        return GoldQuestion(id=str(asked.id), question=asked.question)
    answers = tuple(dict.fromkeys(answer.text for answer in asked.answers if answer.text.strip()))
    if not answers or document is None:
        return None
    places = tuple(
        Place(document.source, start, end, document.text[start:end])
        for start, end in occurrences(document.text, answers)
    )
    return GoldQuestion(
        id=str(asked.id),
        question=asked.question,
        answers=answers,
        evidence=(places,) if places else (),
        documents={document.source: 1},
    )


def _paragraphs(file: Path) -> dict[str, SquadParagraph]:
    paragraphs: dict[str, SquadParagraph] = {}
    for article_number, article in enumerate(read_squad(file)):
        for number, paragraph in enumerate(article.paragraphs):
            name = f"{article_number:04d}-{number:04d}" if paragraph.id is None else str(paragraph.id)
            if name in paragraphs:
                raise EvaluationError(
                    f"{file} 里段落编号 {name} 出现了两次。", f"{file} uses the paragraph id {name} twice."
                )
            paragraphs[name] = paragraph
    return paragraphs
