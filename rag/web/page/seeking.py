"""Words found in one document, as a reader looks for them: in any width, case and script."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from rag.text.normalization import normalise
from rag.types import Block, Document, Span

MOST = 500
"""So many places are enough to go through."""


def found(document: Document, words: str) -> list[tuple[int, int, int]]:
    """Where ``words`` stand, in order: block number and ``[start, end)`` in code points, at most `MOST`.

    In a table only values are looked through: the names of its columns stand in every row's text.
    """
    wanted = normalise(words.strip()).text
    return list(islice(_places(document, wanted), MOST)) if wanted else []


def _places(document: Document, wanted: str) -> Iterator[tuple[int, int, int]]:
    for block in document.blocks:
        for part in _parts(block):
            read = normalise(document.text[part.start : part.end])
            at = read.text.find(wanted)
            while at >= 0:
                start, end = read.to_original(at, at + len(wanted))
                yield block.number, part.start + start, part.start + end
                at = read.text.find(wanted, at + len(wanted))


def _parts(block: Block) -> list[Span]:
    return [Span(cell.start, cell.end) for cell in block.cells] or [Span(block.start, block.end)]
