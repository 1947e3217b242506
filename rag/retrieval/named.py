"""Collections that users name: one file beside the index says which documents are in each.

A document is known by its id and by its files: one whose text has changed, or that was moved, stays where it was put.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from rag.errors import CollectionError, NotFoundError
from rag.index.generations import COLLECTIONS
from rag.index.store import DocumentRecord
from rag.retrieval.beside import SideFile, changing, rows

NAME: Final = COLLECTIONS
"""Of the file in the index folder."""
MOST_COLLECTIONS, MOST_NAME = 1000, 60
_MOST_FORMER = 20


class Member(msgspec.Struct, frozen=True):
    """A document as it was put in: its id, and the resolved path of its first file."""

    doc_id: str
    path: str


class NamedCollection(msgspec.Struct, frozen=True):
    """A name and the documents that were put under it, in the order in which they came.

    ``formerly`` are names that it had: conversations and links that were made before know it by one of these.
    """

    name: str
    members: tuple[Member, ...] = ()
    formerly: tuple[str, ...] = ()

    def has(self, record: DocumentRecord) -> bool:
        """Whether the document was put in: it, or what its file held before."""
        ids, paths = _known(self)
        return record.doc_id in ids or any(file.path in paths for file in record.files)


_FILE = SideFile(NAME, tuple[NamedCollection, ...], "文档集", "collections")


@lru_cache(maxsize=256)
def _known(one: NamedCollection) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(m.doc_id for m in one.members), frozenset(m.path for m in one.members)


def named_collections(index: Path) -> tuple[NamedCollection, ...]:
    """All in the index folder, by name. Raises StorageError for a file that is none of ours."""
    return tuple(sorted(rows(index, _FILE), key=lambda one: one.name))


def called(named: Sequence[NamedCollection], name: str) -> list[NamedCollection]:
    """Those of ``named`` that are called ``name``, or were before they were renamed where none is."""
    name = unicodedata.normalize("NFC", name)
    return [one for one in named if one.name == name] or [one for one in named if name in one.formerly]


class NamedCollections:
    """Changes to the named collections in the folder ``index``. Several threads and processes may change them at once.

    Each raises StorageError if the disk does not take it; nothing has changed then.
    """

    def __init__(self, index: Path) -> None:
        self.index = index

    def make(self, name: str, records: Sequence[DocumentRecord], taken: Iterable[str] = ()) -> str:
        """Make a collection of some documents, and return its name as it is kept.

        Raises CollectionError for a name that won't do, or is ``taken``.
        """
        with self._changing() as known:
            name = _new_name(name, (*known, *taken))
            if len(known) >= MOST_COLLECTIONS:
                raise CollectionError(
                    f"文档集最多 {MOST_COLLECTIONS} 个。", f"There can be {MOST_COLLECTIONS} collections at most."
                )
            known[name] = NamedCollection(name, _members(records))
            return name

    def rename(self, name: str, new: str, taken: Iterable[str] = ()) -> str:
        """Call a collection ``new``, and return that as it is kept. Raises NotFoundError, and as `make`."""
        with self._changing() as known:
            there, new = _found(known, name), _folded(new)
            if new != name:
                _new_name(new, (*known, *taken))
                former = [one for one in (*there.formerly, name) if one != new]
                known[new] = NamedCollection(new, there.members, tuple(former[-_MOST_FORMER:]))
                del known[name]
            return new

    def delete(self, name: str) -> None:
        """Delete a collection; its documents stay. Raises NotFoundError."""
        with self._changing() as known:
            _found(known, name)
            del known[name]

    def put(self, name: str, records: Sequence[DocumentRecord]) -> None:
        """Put documents in that are not there. Raises NotFoundError."""
        with self._changing() as known:
            there = _found(known, name)
            more = _members(one for one in records if not there.has(one))
            known[name] = msgspec.structs.replace(there, members=(*there.members, *more))

    def put_beside(self, old: DocumentRecord, new: DocumentRecord) -> None:
        """Put ``new`` into every collection that has ``old``."""
        for one in named_collections(self.index):
            if one.has(old):
                self.put(one.name, [new])

    def take(self, name: str, records: Sequence[DocumentRecord]) -> None:
        """Put documents out. Raises NotFoundError."""
        ids = {one.doc_id for one in records}
        paths = {file.path for one in records for file in one.files}
        with self._changing() as known:
            there = _found(known, name)
            left = tuple(one for one in there.members if one.doc_id not in ids and one.path not in paths)
            known[name] = msgspec.structs.replace(there, members=left)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, NamedCollection]]:
        """The collections by name, written back if the block ends well."""
        with changing(self.index, _FILE) as found:
            known = {one.name: one for one in found}
            yield known
            found[:] = [one for _, one in sorted(known.items())]


def _members(records: Iterable[DocumentRecord]) -> tuple[Member, ...]:
    return tuple(Member(one.doc_id, str(one.path)) for one in records)


def _found(known: dict[str, NamedCollection], name: str) -> NamedCollection:
    if name not in known:
        raise NotFoundError(
            f"没有你自己建的文档集“{name}”，可能已经删除或改名。",
            f"There is no collection of yours called “{name}”; it may be deleted or have another name.",
        )
    return known[name]


def _new_name(name: str, taken: Iterable[str]) -> str:
    """``name`` on one line, if it can be a collection's. Raises CollectionError."""
    name = _folded(name)
    if len(name) > MOST_NAME or "/" in name or "\\" in name or not name.strip(".") or not name.isprintable():
        raise CollectionError(
            f"文档集的名字要有 1 到 {MOST_NAME} 个字，不能有 / 和 \\。",
            f"A collection's name has 1 to {MOST_NAME} characters, without / and \\.",
        )
    if name in taken:
        raise CollectionError(f"已经有文档集“{name}”了。", f"There is a collection “{name}” already.")
    return name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split()))
