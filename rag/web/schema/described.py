"""Published values as pydantic models: from these the HTTP API is described, and its responses are checked."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from enum import Enum
from functools import cache, reduce
from operator import or_
from types import GenericAlias, UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, create_model

from rag import wire


class _Response(BaseModel):
    model_config = ConfigDict(extra="forbid")


@cache
def described(kind: Any) -> Any:
    """The type of ``kind`` in JSON, as pydantic has it: of a class that publishes fields a model, of an enumeration its
    values, of tuples lists.
    """
    inner = get_args(kind)
    if get_origin(kind) is UnionType:
        return reduce(or_, map(described, inner))
    if isinstance(origin := get_origin(kind), type):
        keyed = issubclass(origin, Mapping)
        return GenericAlias(dict, (str, described(inner[1]))) if keyed else GenericAlias(list, described(inner[0]))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Literal[tuple(one.value for one in kind)]
    return _model(kind) if isinstance(kind, type) and wire.fields(kind) else kind


def _model(kind: type) -> type[BaseModel]:
    made: dict[str, Any] = {}
    for one in wire.fields(kind):
        said = described(one.kind)
        made[one.name] = (Annotated[said | None if one.meaning.null else said, one.meaning], ...)
    words, _, _ = (inspect.getdoc(kind) or "").partition("\n\n")
    return create_model(wire.name(kind), __base__=_Response, __doc__=words.replace("``", "`"), **made)
