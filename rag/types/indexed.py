"""What indexing did."""

from __future__ import annotations

from dataclasses import dataclass

from rag.errors import WenyuanError
from rag.types.documents import Omission


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What indexing did. Sources by what became of their files; ``failed`` with the reason.

    ``duplicates`` are those of the files whose bytes another has, too, with the source under which they are kept.
    ``omitted`` is what the documents that were read now lack of their files.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    duplicates: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, WenyuanError], ...]
    unsupported: tuple[str, ...]
    notices: tuple[WenyuanError, ...]
    omitted: tuple[tuple[str, Omission], ...]
    documents: int
    passages: int
    seconds: float
