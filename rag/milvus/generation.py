"""A library in Milvus, open for reading, as `rag.index.protocols.Snapshot`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from rag.errors import IndexMismatchError, IndexMissingError
from rag.index.manifest import Manifest, build_settings
from rag.index.protocols import ByDocument, Rankings
from rag.milvus.client import Ask, Connection, Row
from rag.milvus.documents import LISTED, PASSAGE, MilvusDocuments, Seen
from rag.milvus.expressions import READY, among
from rag.milvus.layout import ALL, DOCUMENTS, LIBRARY, NUMBERS, PASSAGES, SENTENCES
from rag.milvus.terms import TERMS, MilvusTerms, Remembered, asks
from rag.milvus.vectors import MilvusVectors
from rag.settings import Settings
from rag.text.tokenization import Cut

if TYPE_CHECKING:
    from rag.types import Vectors

FORMAT = 1
"""Of the collections; another is an error."""
# Of so many passages of each ranking the documents are read at once, for most of what is shown is among them.
_SHOWN = 20
_FIELDS = tuple(dict.fromkeys((*PASSAGE, *TERMS, "vector")))


class MilvusGeneration(ByDocument):
    """A library in Milvus. What one question reads is kept for it only: ask with what `about` gives. Thread-safe."""

    store: MilvusDocuments

    def __init__(self, connection: Connection, made: Manifest, remembered: Remembered | None = None) -> None:
        self._milvus = connection
        self._made = made
        self._remembered = remembered or Remembered(connection)
        seen = Seen()
        self.sparse = MilvusTerms(connection, self._remembered, seen.terms)
        self.dense = MilvusVectors(connection, seen.vectors)
        self.store = MilvusDocuments(connection, self.sparse, seen)

    @property
    def manifest(self) -> Manifest:
        """What the library was made with, and how much is in it now. The sources are not listed."""
        passages = self._milvus.count(PASSAGES)
        return msgspec.structs.replace(
            self._made,
            documents=self._milvus.count(DOCUMENTS, READY),
            passages=passages,
            vectors=passages + self._milvus.count(SENTENCES),
        )

    @property
    def end(self) -> int:
        """All ordinals are below it."""
        return NUMBERS

    def rows(self, where: str) -> list[Row]:
        """The rows of complete documents for which ``where`` holds, as of this moment."""
        return self._milvus.query(DOCUMENTS, f"{where} and {READY}", LISTED, strong=True)

    def about(self, question: Sequence[Cut] = ()) -> MilvusGeneration:
        """The same for a question of so many parts; how many passages hold their words is asked for at once."""
        made = MilvusGeneration(self._milvus, self._made, self._remembered)
        words = [term for part in question for term in part.content()]
        counts = made.sparse.frequencies([*words, *(term for part in question for term in part.searched_terms())])
        made.sparse.frequencies([word for word in words if not counts[word]], "context_terms")
        return made

    def rankings(
        self, vector: Vectors | None, terms: Sequence[str], k: int, within: Sequence[range] | None = None
    ) -> Rankings:
        """The best ``k`` passages by meaning and by terms, of those that Milvus proposes.

        Milvus merges three searches of passages by rank (RRF): by vector, by words, by words of their contexts; a
        fourth is that of sentences. What is proposed is scored exactly; what is not of a complete document is left out.
        """
        ways = [*([Ask("vector", vector)] if vector is not None else []), *(asks(terms) if terms else [])]
        if not ways:
            return Rankings([], [])
        milvus = self._milvus
        calls = [lambda: milvus.hybrid(PASSAGES, ways, k, among("id", within), _FIELDS)]
        if vector is not None:
            known = vector
            calls.append(lambda: [{"id": one} for one in self.dense.by_sentence(known, k, within)])
        rows, *by_sentence = milvus.together(calls)
        fetched = {row["id"] for row in rows}
        lacking = [row["id"] for others in by_sentence for row in others if row["id"] not in fetched]
        if lacking:
            rows += milvus.get(PASSAGES, lacking, _FIELDS)
        rows = self.store.remember(rows)
        self.sparse.remember(rows)
        proposed = [row["id"] for row in rows]
        dense: list[tuple[int, float]] = []
        if vector is not None:
            self.dense.read(proposed, rows)
            dense = self.dense.scored(vector, proposed)[:k]
        sparse = self.sparse.scored(terms, proposed)[:k] if terms else []
        shown = [*dense[:_SHOWN], *sparse[:_SHOWN]]
        self.store.documents(passage.doc_id for passage in self.store.passages([ordinal for ordinal, _ in shown]))
        return Rankings(dense, sparse)


def open_milvus(settings: Settings) -> MilvusGeneration:
    """The library that the settings name. Raises MilvusError, IndexMissingError, IndexMismatchError."""
    connection = Connection(settings)
    made = read_manifest(connection)
    if made is None:
        raise IndexMissingError(
            f"Milvus（{connection.uri}）里还没有资料库 {settings.milvus_prefix}。"
            "请先建立：wenyuan index 文件夹… --store milvus",
            f"There is no library {settings.milvus_prefix} in Milvus ({connection.uri}) yet. "
            "Make it: wenyuan index PATH… --store milvus",
        )
    check_made(made, settings)
    return MilvusGeneration(connection, made)


def check_made(made: Manifest, settings: Settings, encoder: str = "") -> None:
    """Raise IndexMismatchError, naming both values, where the library was made with other settings or model."""
    built, wanted = msgspec.structs.asdict(made.settings), msgspec.structs.asdict(build_settings(settings))
    built, wanted = built | {"model ": made.encoder}, wanted | {"model ": encoder or made.encoder}
    for name, value in built.items():
        if value != wanted[name]:
            prefix = settings.milvus_prefix
            raise IndexMismatchError(
                f"Milvus 里的资料库 {prefix} 是用 {name.strip()} = {value!r} 建的，现在是 {wanted[name]!r}。"
                "请改回设置，或换一个 milvus_prefix 重新建立。",
                f"The library {prefix} in Milvus was made with {name.strip()} = {value!r}, it is {wanted[name]!r} now. "
                "Change the setting back, or make it anew under another milvus_prefix.",
            )


def read_manifest(connection: Connection) -> Manifest | None:
    """What the library was made with; None if there is none. Raises IndexMismatchError for another format."""
    if not connection.has(LIBRARY):
        return None
    connection.load(LIBRARY)
    rows = connection.query(LIBRARY, "id >= 0", ("manifest",), strong=True)
    if not rows:
        return None
    manifest = msgspec.json.decode(rows[0]["manifest"], type=Manifest)
    if manifest.format_version != FORMAT:
        raise IndexMismatchError(
            f"Milvus 里的资料库是格式 {manifest.format_version}，本程序只认得 {FORMAT}。"
            "请更新问源，或换一个 milvus_prefix 重新建立。",
            f"The library in Milvus has format {manifest.format_version}, this program knows {FORMAT} only. "
            "Update Wenyuan, or make it anew under another milvus_prefix.",
        )
    connection.together([partial(connection.load, collection) for collection in ALL])
    return manifest
