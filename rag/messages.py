"""The language of what the program itself says: Chinese, or English where the user asks for it."""

from __future__ import annotations

import os

from rag.errors import Language


def language() -> Language:
    """``WENYUAN_LANG`` (zh or en); without it Chinese."""
    return "en" if os.environ.get("WENYUAN_LANG", "zh").lower().startswith("en") else "zh"


def text(zh: str, en: str) -> str:
    """The one of two wordings that the user reads."""
    return en if language() == "en" else zh
