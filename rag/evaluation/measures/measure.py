"""What a measure is: its name in results, its place among the others, its definition, and how it is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.evaluation.gold import GoldQuestion, Located

if TYPE_CHECKING:
    from rag.evaluation.corpus import Corpus
    from rag.evaluation.datasets import Unit
    from rag.evaluation.outcome import Asked, Cited

Floats = NDArray[np.float64]


class Group(Enum):
    """What is measured. All but retrieval need to know right answers."""

    RETRIEVAL = auto()
    ANSWERS = auto()
    CITATIONS = auto()
    CONFIDENCE = auto()


@dataclass(frozen=True)
class Case:
    """A question, what came back for it, and whether the best answer that there was is right, shown or not."""

    question: GoldQuestion
    asked: Asked
    corpus: Corpus
    unit: Unit
    right: bool = False

    @cached_property
    def passages(self) -> list[Located]:
        """The passages retrieved, best first."""
        return [hit.located for hit in self.asked.hits]

    @property
    def shown(self) -> tuple[Cited, ...]:
        """The citations of the answer that was given."""
        return self.asked.citations if self.asked.answered else ()

    @property
    def sentences(self) -> list[Located]:
        """The sentences that are cited."""
        return [citation.sentence for citation in self.shown]


class Columns(NamedTuple):
    """Of all questions, a number each: the confidence; and 1 or 0 for right, answerable, answered."""

    confidence: Floats
    right: Floats
    answerable: Floats
    answered: Floats


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure, or the same one at several depths.

    ``names`` are those that it has in results. ``shown`` and ``means`` are what documentation calls it and how it
    defines it, in Chinese and English, with its source.
    A measure has one of these: ``of_one``, its values by name of one question, none where it does not apply;
    ``of_all``, its value over all questions, ``refusable`` where some of them can't be answered; ``ranked``, by name,
    what ir_measures calls it. With ``of_one``, ``ranked`` is for sets of which whole documents are relevant.
    """

    names: tuple[str, ...]
    group: Group
    means: tuple[str, str]
    shown: tuple[str, str] = ("", "")
    of_one: Callable[[Case], Mapping[str, float]] | None = None
    of_all: Callable[[Columns], float] | None = None
    refusable: bool = False
    ranked: Mapping[str, str] = field(default_factory=dict)
