"""Wenyuan (问源): question answering over Chinese documents, in the documents' own words, with citations.

from rag import Library
answer = Library.open("index").ask("豆包2024年11月的月活跃用户有多少？")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rag.errors import WenyuanError

if TYPE_CHECKING:
    from rag.library import Library
    from rag.settings import Settings
    from rag.types import Answer, Block, Citation, Document, Hit, Passage, Span, Status

__version__ = "0.2.0"

__all__ = [
    "Answer",
    "Block",
    "Citation",
    "Document",
    "Hit",
    "Library",
    "Passage",
    "Settings",
    "Span",
    "Status",
    "WenyuanError",
]

_PLACES = {"Library": "rag.library", "Settings": "rag.settings"}


def __getattr__(name: str) -> Any:
    """Import a name on first use, so that ``import rag`` and commands that need no value stay light."""
    if name in __all__:
        return getattr(import_module(_PLACES.get(name, "rag.types")), name)
    raise AttributeError(f"module 'rag' has no attribute {name!r}")
