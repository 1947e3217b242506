"""BEIR folders: ``corpus.jsonl``, ``queries.jsonl``, ``qrels/<split>.tsv`` (Thakur et al., 2021).

What is known is which documents are relevant to a query, by grade; nothing is known of answers.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import TypeVar

import msgspec

from rag.errors import EvaluationError, QuestionError
from rag.evaluation.datasets import Dataset, write_documents
from rag.evaluation.gold import GoldQuestion, read_lines, wrong_line
from rag.question.validation import validate

_HEADER = ["query-id", "corpus-id", "score"]


class _Document(msgspec.Struct, rename={"id": "_id"}):
    id: str
    text: str
    title: str = ""


class _Query(msgspec.Struct, rename={"id": "_id"}):
    id: str
    text: str


_T = TypeVar("_T", _Document, _Query)


def load(source: Path, folder: Path, *, split: str = "", progress: bool = False) -> Dataset:
    """Read the BEIR folder ``source`` and write its documents into ``folder``.

    ``split`` names the qrels; by default ``test``, or the only ones there are. Raises EvaluationError for a missing
    file, a malformed line (with its number), an id used twice, or qrels without any usable query.
    """
    texts = _by_id(source / "corpus.jsonl", _Document)
    queries = _by_id(source / "queries.jsonl", _Query)
    qrels = _qrels(_split(source, split))
    contents = {i: f"{d.title}\n\n{d.text}" if d.title.strip() else d.text for i, d in texts.items()}
    documents = write_documents(folder, contents, progress=progress)
    questions = []
    unusable = absent = 0
    for query_id, grades in qrels.items():
        absent += sum(document_id not in documents for document_id in grades)
        query = queries.get(query_id)
        if query is None or not _can_be_asked(query.text):
            unusable += 1
            continue
        # A document that is not there stays relevant: it counts as not found.
        relevant = {documents[i].source if i in documents else i: grade for i, grade in grades.items()}
        questions.append(GoldQuestion(id=query_id, question=query.text, documents=relevant))
    if not questions:
        raise EvaluationError(
            f"{source} 的 qrels 里没有一个可用的查询。", f"The qrels of {source} name no query that can be used."
        )
    notices = []
    if unusable:
        notices.append(
            (f"{unusable} 个查询缺失或为空，已略去。", f"{unusable} queries are missing or blank: left out.")
        )
    if absent:
        notices.append(
            (
                f"qrels 里有 {absent} 处文档缺失或为空，按未找到计。",
                f"{absent} documents of the qrels are missing or blank and count as not found.",
            )
        )
    return Dataset(source.resolve().name, tuple(questions), "document", folder, tuple(notices))


def _by_id(file: Path, kind: type[_T]) -> dict[str, _T]:
    by_id: dict[str, _T] = {}
    for number, value in read_lines(file, kind):
        if value.id in by_id:
            raise wrong_line(file, number, f"编号 {value.id} 已用过。", f"the id {value.id} was used before.")
        by_id[value.id] = value
    return by_id


def _split(source: Path, split: str) -> Path:
    folder = source / "qrels"
    files = {file.stem: file for file in sorted(folder.glob("*.tsv"))}
    if not split:
        split = "test" if "test" in files or len(files) != 1 else next(iter(files))
    if split not in files:
        there = "、".join(files) or "—"
        raise EvaluationError(
            f"{folder} 里没有 {split}.tsv（有：{there}）。用 --split 指定。",
            f"There is no {split}.tsv in {folder} (there: {there}). Name one with --split.",
        )
    return files[split]


def _qrels(file: Path) -> dict[str, dict[str, int]]:
    """Grades above zero by query and document."""
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            for number, row in enumerate(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
                if not row or (number == 1 and row == _HEADER):
                    continue
                if len(row) != len(_HEADER) or not row[2].lstrip("-").isdecimal():
                    raise wrong_line(
                        file,
                        number,
                        "应为“查询 文档 整数分”，以制表符分隔。",
                        "wanted: query, document, integer grade.",
                    )
                if int(row[2]) > 0:
                    grades[row[0]][row[1]] = int(row[2])
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"无法读取 {file}：{error}。", f"Can't read {file}: {error}.") from error
    return grades


def _can_be_asked(query: str) -> bool:
    try:
        validate(query)
    except QuestionError:
        return False
    return True
