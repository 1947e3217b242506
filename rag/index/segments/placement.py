"""Where the passages of a generation lie: in which of its segments, and at which ordinal there.

Documents are in one order, whatever segments they are in; a segment has its own in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]


class Placement:
    """Between ordinals of a generation and those of its segments, which are counted from 0, both ways."""

    def __init__(self, segments: Sequence[int], local: Sequence[int], counts: Sequence[int]) -> None:
        """Of each document, in order: its segment, the ordinal there of its first passage, how many it has."""
        self.segments: Numbers = np.asarray(segments, np.int64)
        self.firsts: Numbers = np.asarray(local, np.int64)
        self._counts: Numbers = np.asarray(counts, np.int64)
        self._first: Numbers = np.cumsum(self._counts) - self._counts
        self._inside = [np.flatnonzero(self.segments == one) for one in range(int(self.segments.max(initial=-1)) + 1)]

    def __len__(self) -> int:
        """How many passages there are."""
        return int(self._counts.sum())

    def of(self, ordinals: Numbers) -> tuple[Numbers, Numbers]:
        """The segment of each passage, and its ordinal there. Raises IndexError for an ordinal that is none."""
        if len(ordinals) and not 0 <= ordinals.min() <= ordinals.max() < len(self):
            raise IndexError(ordinals)
        documents = np.searchsorted(self._first, ordinals, "right") - 1
        return self.segments[documents], ordinals - self._first[documents] + self.firsts[documents]

    def ordinals(self, segment: int, local: Numbers) -> Numbers:
        """The ordinals of the passages with the ordinals ``local`` in ``segment``. Raises IndexError if it has none."""
        inside = self._documents(segment)
        documents = inside[np.searchsorted(self.firsts[inside], local, "right") - 1]
        ordinals: Numbers = local - self.firsts[documents] + self._first[documents]
        return ordinals

    def within(self, segment: int, some: Sequence[range]) -> list[range]:
        """The ordinals in ``segment`` of its passages that are in any of ``some``, as ranges that are not empty."""
        first, last = (self._before(segment, [getattr(one, end) for one in some]) for end in ("start", "stop"))
        return [range(a, b) for a, b in zip(first.tolist(), last.tolist(), strict=True) if a < b]

    def _before(self, segment: int, ordinals: Sequence[int]) -> Numbers:
        """How many passages of the segment come before each ordinal."""
        wanted = np.asarray(ordinals, np.int64)
        inside = self._documents(segment)
        if not len(inside):
            return np.zeros(len(wanted), np.int64)
        place = np.searchsorted(self._first[inside], wanted) - 1
        documents = inside[place.clip(min=0)]
        reached = np.minimum(wanted - self._first[documents], self._counts[documents]) + self.firsts[documents]
        found: Numbers = np.where(place < 0, 0, reached)
        return found

    def _documents(self, segment: int) -> Numbers:
        return self._inside[segment] if segment < len(self._inside) else np.empty(0, np.int64)
