"""The vocabulary of Wenyuan: every value that passes between two stages is defined here.

All positions are half-open ``[start, end)`` ranges in code points of ``Document.text``. A field that other programs see
has its `rag.wire.Meaning`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from rag.types.answers import Answer as Answer
from rag.types.answers import AnswerItem as AnswerItem
from rag.types.answers import AnswerPart as AnswerPart
from rag.types.answers import Citation as Citation
from rag.types.answers import Correction as Correction
from rag.types.answers import Hit as Hit
from rag.types.answers import Role as Role
from rag.types.answers import Status as Status
from rag.types.documents import Block as Block
from rag.types.documents import BlockKind as BlockKind
from rag.types.documents import CellSpan as CellSpan
from rag.types.documents import Document as Document
from rag.types.documents import Elsewhere as Elsewhere
from rag.types.documents import Omission as Omission
from rag.types.documents import Origin as Origin
from rag.types.documents import Passage as Passage
from rag.types.documents import Row as Row
from rag.types.documents import Span as Span
from rag.types.documents import TableRow as TableRow
from rag.types.indexed import IndexReport as IndexReport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Texts to vectors: float32, of shape ``(texts, dimension)``, each of unit length."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors: ...

    def encode_rows(self, rows: Sequence[Row]) -> Vectors: ...
