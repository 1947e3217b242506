"""Conditions on rows, as Milvus reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rag.milvus.layout import State


def any_of(field: str, values: Sequence[int] | Sequence[str]) -> str:
    """An expression: ``field`` is one of ``values``."""
    return f"{field} in [{', '.join(map(quoted, values))}]"


def among(field: str, numbers: range | None) -> str:
    """An expression: ``field`` is in ``numbers``; nothing if that is None."""
    return "" if numbers is None else f"{field} >= {numbers.start} and {field} <= {numbers.stop - 1}"


def quoted(value: int | str) -> str:
    """A value as expressions of Milvus have it."""
    return json.dumps(value, ensure_ascii=False)


READY = f"state == {quoted(State.READY)}"
"""An expression: the document's rows are all there."""
