"""What can be asked at all."""

from __future__ import annotations

import re

from rag.errors import QuestionError

MAX_QUESTION = 1000


def validate(question: str) -> None:
    """Raise QuestionError for a question that is blank, too long, or has no letter or digit to search for."""
    if not question.strip():
        raise QuestionError("问题是空的。请输入一个问题。", "The question is empty. Type a question.")
    if not _is_sound(question):
        raise QuestionError(
            "问题里有不是 UTF-8 的字节。请把终端设为 UTF-8 后重新输入。",
            "The question has bytes that are not UTF-8. Set the terminal to UTF-8 and type it again.",
        )
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"问题太长（{len(question)} 字，最多 {MAX_QUESTION} 字）。请缩短，或拆成几个问题。",
            f"The question is too long ({len(question)} characters, at most {MAX_QUESTION}). Shorten or divide it.",
        )
    if not re.search(r"[^\W_]", question):
        raise QuestionError(
            "问题里没有可检索的文字，只有标点或符号。请用文字提问。",
            "The question has no words to search for, only marks or symbols. Ask in words.",
        )


def _is_sound(text: str) -> bool:
    """Whether ``text`` has no half of a character, as what a terminal passes on may have."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
