"""Conditions on rows, as Milvus reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rag.milvus.layout import State


def any_of(field: str, values: Sequence[int] | Sequence[str]) -> str:
    """An expression: ``field`` is one of ``values``."""
    return f"{field} in [{', '.join(map(quoted, values))}]"


def among(field: str, numbers: Sequence[range] | None) -> str:
    """An expression: ``field`` is in one of the ranges; nothing if there is None of them."""
    if numbers is None:
        return ""
    return _any([f"({field} >= {one.start} and {field} <= {one.stop - 1})" for one in numbers])


def _any(conditions: Sequence[str]) -> str:
    """One of ``conditions``, nested by halves: a parser goes as deep as they are."""
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return f"({_any(conditions[:half])} or {_any(conditions[half:])})"


def quoted(value: int | str) -> str:
    """A value as expressions of Milvus have it."""
    return json.dumps(value, ensure_ascii=False)


READY = f"state == {quoted(State.READY)}"
"""An expression: the document's rows are all there."""
