"""Documents into Milvus: each is seen wholly or not at all, whatever is killed and whoever else is writing.

A document's row says in which state the others are. It is there first (``writing``), so that the next run finds what
was left unfinished, and says ``ready`` only when all of them are counted. Milvus lets readers see a state that is some
seconds old, so the row waits until that is over for the others.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from rag.errors import MilvusError
from rag.loading import LOADERS
from rag.milvus.client import Connection, Row
from rag.milvus.expressions import among, any_of, quoted
from rag.milvus.layout import DOCUMENTS, OF_DOCUMENT, PARTS, PASSAGES, SENTENCES, WORDS, Collection, State, numbers_of
from rag.milvus.rows import NOTHING, Made, document_row, part_rows, passage_rows, sentence_rows
from rag.text.sounds import sounds_of, words_in
from rag.text.tokenization import cutter

# Milvus' bounded staleness is five seconds; a question takes less than the rest.
_SETTLED_SECONDS = 10.0
_RANGES_PER_REQUEST = 50


class Writer:
    """Writes documents of one share; ``made_by`` says by which version of this program. For one thread."""

    def __init__(self, connection: Connection, made_by: str) -> None:
        self._milvus = connection
        self._made_by = made_by
        self._pending: list[tuple[float, list[Row], dict[str, int]]] = []
        self._sounds: set[str] = set()

    def sweep(self, mine: range) -> int:
        """Remove what former runs left unfinished among the numbers ``mine``; returns how many documents."""
        where = f"{among('id', [mine])} and state != {quoted(State.READY)}"
        left = [row["id"] for row in self._milvus.pages(DOCUMENTS, where, ("id",), strong=True)]
        self._clear(left)
        return len(left)

    def write(self, made: Sequence[Made]) -> None:
        """Write documents, which are seen after `publish`. One that is there already is replaced, and not seen until.

        Raises MilvusError.
        """
        rows = [document_row(one, self._made_by) for one in made]
        there = [row["id"] for row in self._milvus.get(DOCUMENTS, [row["id"] for row in rows], ("id",), strong=True)]
        self._milvus.upsert(DOCUMENTS, rows)
        if there:
            self._settle()
            self._clear_rows(there)
        written: dict[str, int] = {}
        of_collection = ((PASSAGES, passage_rows), (SENTENCES, sentence_rows), (PARTS, part_rows))
        for collection, rows_of in of_collection:
            all_rows = [row for one in made for row in rows_of(one)]
            self._milvus.upsert(collection, all_rows)
            written[collection.name] = len(all_rows)
        self._write_words(made)
        self._pending.append((time.monotonic() + settling(self._milvus), rows, written))

    def publish(self, *, wait: bool = False) -> None:
        """Let readers see what was written long enough ago; all of it with ``wait``. Raises MilvusError."""
        while self._pending:
            due, rows, written = self._pending[0]
            if due > time.monotonic():
                if not wait:
                    return
                time.sleep(max(0.0, due - time.monotonic()))
            for collection in OF_DOCUMENT:
                self._verify(collection, [row["id"] for row in rows], written[collection.name])
            self._milvus.upsert(DOCUMENTS, [row | {"state": State.READY} for row in rows])
            self._pending.pop(0)

    def update(self, row: Row) -> None:
        """Write what lists show of a document that is there, and nothing else of it."""
        self._milvus.upsert(DOCUMENTS, [row | {"nothing": NOTHING}])

    def remove(self, rows: Sequence[Row]) -> None:
        """Remove documents by their rows; first they are out of everyone's sight. Raises MilvusError."""
        if not rows:
            return
        self._milvus.upsert(DOCUMENTS, [row | {"state": State.REMOVING, "nothing": NOTHING} for row in rows])
        self._settle()
        self._clear([row["id"] for row in rows])

    def _settle(self) -> None:
        """Wait until no reader sees what was there before."""
        time.sleep(settling(self._milvus))

    def _clear(self, numbers: Sequence[int]) -> None:
        self._clear_rows(numbers)
        for batch in _batches(numbers):
            self._milvus.delete(DOCUMENTS, any_of("id", batch))

    def _clear_rows(self, numbers: Sequence[int]) -> None:
        for batch in _batches(numbers):
            for collection in OF_DOCUMENT:
                self._milvus.delete(collection, _belonging_to(batch))

    def _verify(self, collection: Collection, numbers: Sequence[int], expected: int) -> None:
        found = sum(self._milvus.count(collection, _belonging_to(batch), strong=True) for batch in _batches(numbers))
        if found != expected:
            raise MilvusError(
                f"Milvus 的 {collection.name} 里应有 {expected} 行，实有 {found} 行：可能另一个进程在写同一份，"
                "或有节点丢失。这些文档还没有显示；请确认后重新运行。",
                f"Milvus has {found} rows of {expected} in {collection.name}: another process may be writing the same "
                "share, or a node was lost. These documents are not visible yet; see to it and run this again.",
            )

    def _write_words(self, made: Sequence[Made]) -> None:
        terms = {term for one in made for body, _ in one.terms for term in body} - self._sounds
        new = {word: sound for sound, word, _ in sounds_of(dict.fromkeys(words_in(" ".join(terms)), 1))}
        rows: list[Row] = [{"id": word, "sound": sound, "nothing": NOTHING} for word, sound in new.items()]
        self._milvus.upsert(WORDS, rows)
        self._sounds |= new.keys()


def settling(connection: Connection) -> float:
    """How many seconds it takes until every reader sees what was written."""
    return 0.0 if connection.lite else _SETTLED_SECONDS


def version() -> str:
    """What reads documents and cuts terms: those that another version has made are made again."""
    return f"{LOADERS // 2} {cutter()}"


def _batches(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _RANGES_PER_REQUEST):
        yield numbers[start : start + _RANGES_PER_REQUEST]


def _belonging_to(numbers: Iterable[int]) -> str:
    """What holds of the rows of the documents with these numbers."""
    return among("id", list(map(numbers_of, numbers)))
