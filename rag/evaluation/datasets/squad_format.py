"""SQuAD-style files (CMRC 2018, DRCD, ChineseSquad …): articles of paragraphs with questions and their answers."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from rag.errors import EvaluationError


class SquadAnswer(msgspec.Struct):
    """An accepted answer. Published offsets are often wrong or missing (-1)."""

    text: str
    answer_start: int | str = -1


class SquadQuestion(msgspec.Struct):
    """A question about its paragraph."""

    id: str | int
    question: str
    answers: list[SquadAnswer] = []
    is_impossible: bool = False


class SquadParagraph(msgspec.Struct):
    """A paragraph with the questions about it."""

    context: str
    qas: list[SquadQuestion]
    id: str | int | None = None


class SquadArticle(msgspec.Struct):
    """Paragraphs of one article."""

    paragraphs: list[SquadParagraph]
    title: str = ""


class _File(msgspec.Struct):
    data: list[SquadArticle]


def read_squad(file: Path) -> list[SquadArticle]:
    """The articles of ``file``.

    Raises EvaluationError for a file that is missing, not JSON (with line and column) or not SQuAD-style.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise EvaluationError(
            f"无法读取 {file}：{error.strerror}。", f"Can't read {file}: {error.strerror}."
        ) from error
    try:
        return msgspec.json.decode(data, type=_File).data
    except msgspec.ValidationError as error:
        raise EvaluationError(
            f"{file} 不是 SQuAD 格式：{error}。", f"{file} is not in the format of SQuAD: {error}."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        where = _position(data) or str(error)
        raise EvaluationError(f"{file} 不是有效的 JSON：{where}。", f"{file} is not valid JSON: {where}.") from error


def _position(data: bytes) -> str:
    """Line and column of what is wrong with JSON, which msgspec gives in bytes only."""
    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    except UnicodeDecodeError as error:
        return str(error)
    return ""
