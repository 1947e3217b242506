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

from rag.disk import replace_file
from rag.errors import CollectionError, NotFoundError, StorageError
from rag.index.generations import COLLECTIONS
from rag.index.store import DocumentRecord

NAME: Final = COLLECTIONS
"""Of the file in the index folder."""
MOST_COLLECTIONS, MOST_NAME = 1000, 60
_WAIT_SECONDS = 10


class Member(msgspec.Struct, frozen=True):
    """A document as it was put in: its id, and the resolved path of its first file."""

    doc_id: str
    path: str


class NamedCollection(msgspec.Struct, frozen=True):
    """A name and the documents that were put under it, in the order in which they came."""

    name: str
    members: tuple[Member, ...] = ()

    def has(self, record: DocumentRecord) -> bool:
        """Whether the document was put in: it, or what its file held before."""
        ids, paths = _known(self)
        return record.doc_id in ids or any(file.path in paths for file in record.files)


@lru_cache(maxsize=256)
def _known(one: NamedCollection) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(m.doc_id for m in one.members), frozenset(m.path for m in one.members)


def named_collections(index: Path) -> tuple[NamedCollection, ...]:
    """All in the index folder, by name. Raises StorageError for a file that is none of ours."""
    file = index / NAME
    try:
        state = file.stat()
    except OSError:
        return ()
    return _read(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _read(file: Path, _changed: int, _size: int) -> tuple[NamedCollection, ...]:
    return _decoded(file)


def _decoded(file: Path) -> tuple[NamedCollection, ...]:
    try:
        found = msgspec.json.decode(file.read_bytes(), type=tuple[NamedCollection, ...])
    except (msgspec.MsgspecError, UnicodeError, OSError) as error:
        raise StorageError(
            f"{file} 里的文档集读不出来：{error}。请从备份恢复，或移走这个文件。",
            f"The collections in {file} can't be read: {error}. Restore it from a backup, or move it away.",
        ) from error
    return tuple(sorted(found, key=lambda one: one.name))


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
            known[name] = _members(records)
            return name

    def rename(self, name: str, new: str, taken: Iterable[str] = ()) -> str:
        """Call a collection ``new``, and return that as it is kept. Raises NotFoundError, and as `make`."""
        with self._changing() as known:
            members = _found(known, name)
            if (called := _folded(new)) != name:
                known[_new_name(called, (*known, *taken))] = members
                del known[name]
            return called

    def delete(self, name: str) -> None:
        """Delete a collection; its documents stay. Raises NotFoundError."""
        with self._changing() as known:
            _found(known, name)
            del known[name]

    def put(self, name: str, records: Sequence[DocumentRecord]) -> None:
        """Put documents in that are not there. Raises NotFoundError."""
        with self._changing() as known:
            there = NamedCollection(name, _found(known, name))
            known[name] = (*there.members, *_members(one for one in records if not there.has(one)))

    def take(self, name: str, records: Sequence[DocumentRecord]) -> None:
        """Put documents out. Raises NotFoundError."""
        ids = {one.doc_id for one in records}
        paths = {file.path for one in records for file in one.files}
        with self._changing() as known:
            members = _found(known, name)
            known[name] = tuple(one for one in members if one.doc_id not in ids and one.path not in paths)

    @contextmanager
    def _changing(self) -> Iterator[dict[str, tuple[Member, ...]]]:
        """The members by name, written back if the block ends well."""
        from filelock import FileLock, Timeout

        file = self.index / NAME
        try:
            self.index.mkdir(parents=True, exist_ok=True)
            with FileLock(file.with_name(f".{NAME}.lock"), timeout=_WAIT_SECONDS):
                known = {one.name: one.members for one in (_decoded(file) if file.exists() else ())}
                yield known
                replace_file(file, msgspec.json.encode([NamedCollection(*one) for one in sorted(known.items())]))
        except Timeout as error:
            raise StorageError(
                f"另一个进程正在写 {file}。请稍后再试。", f"Another process is writing {file}. Try again."
            ) from error
        except OSError as error:
            raise StorageError(
                f"无法写入 {file}：{error.strerror}。请检查磁盘空间和写权限；文档集没有改动。",
                f"Can't write {file}: {error.strerror}. Check disk space and permissions; no collection has changed.",
            ) from error


def _members(records: Iterable[DocumentRecord]) -> tuple[Member, ...]:
    return tuple(Member(one.doc_id, str(one.path)) for one in records)


def _found(known: dict[str, tuple[Member, ...]], name: str) -> tuple[Member, ...]:
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
