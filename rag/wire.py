"""What a value is to other programs: an object of the fields that say what they mean.

A field is published where it is defined, by ``Annotated[type, Meaning(english, chinese)]``. The JSON of the command
line, of HTTP and of MCP, the description of the HTTP API, and the tables of docs/ follow from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

_Kind = TypeVar("_Kind")


class Meaning(NamedTuple):
    """What a published field means, in English and Chinese. With ``null``, "" and 0 are null to other programs."""

    en: str
    zh: str
    null: bool = False

    def __get_pydantic_json_schema__(self, schema: Any, inner: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """The JSON schema of a field of a pydantic model that means this."""
        return {**inner(schema), "description": self.en}


class Field(NamedTuple):
    """A published field: its name, its type, what it means, and how to get it from a value."""

    name: str
    kind: Any
    meaning: Meaning
    of: Callable[[Any], Any]


def fields(kind: type) -> tuple[Field, ...]:
    """The published fields of a class, in the order in which it defines them.

    A field that is annotated by names with their meanings gives these fields of its own value in its place.
    """
    return _fields(kind)


@cache
def _fields(kind: type) -> tuple[Field, ...]:
    return tuple(_found(kind))


def _found(kind: type) -> Iterator[Field]:
    for name, hint in get_type_hints(kind, include_extras=True).items():
        inner, *notes = get_args(hint) if get_origin(hint) is Annotated else [hint]
        for note in notes:
            if isinstance(note, Meaning):
                yield Field(name, inner, note, attrgetter(name))
            elif isinstance(note, Mapping):
                kinds = get_type_hints(inner)
                yield from (Field(part, kinds[part], note[part], attrgetter(f"{name}.{part}")) for part in note)


def name(kind: type) -> str:
    """What a class is called to other programs: `AnswerPart` is a ``Part``."""
    return kind.__name__.removeprefix("Answer") or kind.__name__


def taken(kind: type[_Kind], value: object, **given: Any) -> _Kind:
    """A ``kind`` made of what is ``given`` and, for the rest of its fields, of what ``value`` has by the same names."""
    return kind(**{one.name: given[one.name] if one.name in given else one.of(value) for one in fields(kind)})


def to_json(value: Any) -> Any:
    """``value`` as `json` takes it: of what publishes fields an object of these, of an enumeration its value."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, Enum):
        return value.value
    if published := fields(type(value)):
        values = ((one, to_json(one.of(value))) for one in published)
        return {one.name: said or None if one.meaning.null else said for one, said in values}
    if isinstance(value, Mapping):
        return {key: to_json(said) for key, said in value.items()}
    return [to_json(one) for one in value] if isinstance(value, (list, tuple)) else value
