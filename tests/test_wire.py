"""A field that other programs see is defined once: JSON, the description of the HTTP API and the docs follow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, NamedTuple

import pytest
from pydantic import BaseModel

from rag.types import AnswerPart
from rag.web.schema.described import described
from rag.wire import Meaning, fields, name, taken, to_json


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Point(NamedTuple):
    x: int
    y: int


class Leaf(NamedTuple):
    """A leaf.

    What else there is to say of it.
    """

    colour: Annotated[Colour, Meaning("Its colour.", "颜色。")]
    name: Annotated[str, Meaning("Its name.", "名字。", null=True)] = ""
    secret: int = 7


@dataclass(frozen=True)
class Tree:
    """A tree with ``leaves``."""

    leaves: Annotated[tuple[Leaf, ...], Meaning("From the lowest.", "自下而上。")]
    place: Annotated[Point, {"y": Meaning("North.", "北。"), "x": Meaning("East.", "东。")}]
    best: Annotated[Leaf | None, Meaning("The best.", "最好的。")] = None
    sizes: Annotated[Mapping[str, float], Meaning("Metres.", "米。")] = field(default_factory=dict)


@dataclass(frozen=True)
class Oak(Tree):
    age: Annotated[int, Meaning("Years.", "年。")] = 0


TREE = Tree((Leaf(Colour.RED), Leaf(Colour.BLUE, "乙")), Point(1, 2), sizes={"h": 2.5})


def test_json_has_the_fields_that_say_what_they_mean_in_the_order_of_their_class() -> None:
    leaves = '[{"colour": "red", "name": null}, {"colour": "blue", "name": "乙"}]'
    said = f'{{"leaves": {leaves}, "y": 2, "x": 1, "best": null, "sizes": {{"h": 2.5}}}}'
    assert json.dumps(to_json(TREE), ensure_ascii=False) == said
    assert [one.name for one in fields(Oak)] == ["leaves", "y", "x", "best", "sizes", "age"]


def test_a_class_that_publishes_nothing_is_what_json_makes_of_it() -> None:
    assert fields(Point) == ()
    assert to_json({"a": [Point(1, 2), None, True, 0, "", 0.5, Colour.RED]}) == {
        "a": [[1, 2], None, True, 0, "", 0.5, "red"]
    }


def test_the_description_has_types_words_and_every_field() -> None:
    model = described(Tree)
    assert issubclass(model, BaseModel)
    schema = model.model_json_schema()
    assert (schema["description"], schema["additionalProperties"]) == ("A tree with `leaves`.", False)
    assert schema["required"] == ["leaves", "y", "x", "best", "sizes"]
    assert {key: one["description"] for key, one in schema["properties"].items()} == {
        "leaves": "From the lowest.",
        "y": "North.",
        "x": "East.",
        "best": "The best.",
        "sizes": "Metres.",
    }
    leaf = schema["$defs"]["Leaf"]
    assert leaf["description"] == "A leaf."
    assert leaf["properties"]["colour"]["enum"] == ["red", "blue"]
    assert leaf["properties"]["name"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert model.model_validate(to_json(TREE)).model_dump() == to_json(TREE)


def test_what_is_given_is_stronger_than_what_a_value_has() -> None:
    assert taken(Leaf, TREE.leaves[1], colour=Colour.RED) == Leaf(Colour.RED, "乙")
    with pytest.raises(AttributeError, match="colour"):
        taken(Leaf, Point(1, 2))


def test_a_part_of_an_answer_is_called_a_part() -> None:
    assert (name(AnswerPart), name(Tree)) == ("Part", "Tree")
