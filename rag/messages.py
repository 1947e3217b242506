"""The language of what the program itself says: Chinese, or English where the user asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from rag.errors import Language

_VARIABLE = "WENYUAN_LANG"


def language() -> Language:
    """``WENYUAN_LANG`` (zh or en); without it Chinese."""
    return "en" if os.environ.get(_VARIABLE, "zh").lower().startswith("en") else "zh"


@contextmanager
def speaking(tongue: Language) -> Iterator[None]:
    """In ``tongue`` whatever is said inside, in the whole process and in those that it starts."""
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = tongue
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before


def text(zh: str, en: str) -> str:
    """The one of two wordings that the user reads."""
    return en if language() == "en" else zh
