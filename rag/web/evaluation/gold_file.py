"""The user's own gold pairs: a gold file next to the index that the web app adds to and takes from.

Those with a date are answers that the user has confirmed; see `rag.answering.confirmed`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from rag.disk import replace_file
from rag.errors import EvaluationError, NotFoundError, StorageError
from rag.evaluation.corpus import Corpus
from rag.evaluation.gold import GoldQuestion, Place, load_gold
from rag.question.validation import validate

_WAIT_SECONDS = 10


class GoldFile:
    """The gold pairs in ``file``, which need not be there. Several threads and processes may change it at once.

    A change replaces the whole file, so that it is never half-written; lines that are kept stay as they are, byte by
    byte.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def pairs(self) -> list[GoldQuestion]:
        """All pairs in the order of the file. Raises EvaluationError, naming the line, for a malformed one."""
        return load_gold(self.file) if self.file.is_file() and self.file.read_bytes().strip() else []

    def add(
        self, question: str, answers: Sequence[str], places: Sequence[Place], corpus: Corpus, confirmed: str = ""
    ) -> GoldQuestion:
        """Add a pair and return it: ``places`` state a fact each. Without answers and places nothing answers it.

        ``confirmed`` is the date on which the user found it right; it then takes the place of what the file has of the
        question.

        Raises QuestionError for an unusable question, EvaluationError for a quote that is not the document's text
        there, a question that the file has, or answers without evidence; StorageError if the disk does not take it.
        """
        question = question.strip()
        validate(question)
        answers = tuple(dict.fromkeys(filter(None, map(str.strip, answers))))
        if bool(answers) != bool(places):
            raise EvaluationError(
                "有答案就要有原文里的证据，有证据就要有答案；资料里没有答案的问题两样都不填。",
                "Answers need evidence in a document and evidence needs answers; an unanswerable question has neither.",
            )
        evidence = tuple((place,) for place in dict.fromkeys(places))
        with self._changing() as lines:
            pairs = self.pairs()
            same = next((pair for pair in pairs if pair.question.strip() == question), None)
            if same and not confirmed:
                raise EvaluationError(
                    f"这个问题已经存过（{same.id}）。要改就先删掉它。",
                    f"This question is already there ({same.id}). To change it, delete it first.",
                )
            pair = GoldQuestion(
                id=_next_id(pairs), question=question, answers=answers, evidence=evidence, confirmed=confirmed
            )
            _check(pair, corpus)
            if same:
                lines[:] = [line for line in lines if not (line.strip() and _id(line) == same.id)]
            lines.append(_line(pair))
        return pair

    def remove(self, pair_id: str) -> None:
        """Remove a pair. Raises NotFoundError if there is none of that id."""
        with self._changing() as lines:
            kept = [line for line in lines if not (line.strip() and _id(line) == pair_id)]
            if len(kept) == len(lines):
                raise NotFoundError(
                    f"没有编号为 {pair_id} 的问答，可能已经删除。", f"There is no pair {pair_id}; it may be deleted."
                )
            lines[:] = kept

    @contextmanager
    def _changing(self) -> Iterator[list[bytes]]:
        """The file's lines, written back if the block ends well; nobody else changes them meanwhile."""
        try:
            with FileLock(self.file.with_name(f".{self.file.name}.lock"), timeout=_WAIT_SECONDS):
                lines = self.file.read_bytes().splitlines() if self.file.is_file() else []
                yield lines
                replace_file(self.file, b"".join(line + b"\n" for line in lines))
        except Timeout as error:
            raise StorageError(
                f"另一个进程正在写 {self.file}。请稍后再试。", f"Another process is writing {self.file}. Try again."
            ) from error
        except OSError as error:
            raise StorageError(
                f"无法写入 {self.file}：{error.strerror}。请检查磁盘空间和写权限；原有问答没有改动。",
                f"Can't write {self.file}: {error.strerror}. Check disk space and permissions; nothing has changed.",
            ) from error


def _check(pair: GoldQuestion, corpus: Corpus) -> None:
    for place in pair.places:
        if corpus.doc_id(place.document) is not None:
            there = corpus.document(place.document).text[place.start : place.end]
            if there != place.quote:
                raise EvaluationError(
                    f"引文与原文不符：{place.document} 的 [{place.start}, {place.end}) 是「{there}」。请重新选取。",
                    f"The quote is not the text: {place.document} has “{there}” at [{place.start}, {place.end}). "
                    "Select it again.",
                )
    corpus.check((pair,))


def _next_id(pairs: Sequence[GoldQuestion]) -> str:
    """``u-001`` and so on: one more than the highest number in use."""
    numbers = [int(pair.id[2:]) for pair in pairs if pair.id.startswith("u-") and pair.id[2:].isdecimal()]
    return f"u-{max(numbers, default=0) + 1:03d}"


def _line(pair: GoldQuestion) -> bytes:
    return msgspec.json.encode({name: value for name, value in msgspec.structs.asdict(pair).items() if value})


def _id(line: bytes) -> str:
    """The id in a line; of a malformed one none."""
    try:
        return msgspec.json.decode(line, type=GoldQuestion).id
    except msgspec.MsgspecError:
        return ""
