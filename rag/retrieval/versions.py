"""Documents that have been replaced by newer versions: one file beside the index says which belong together.

An older version stays in the library. It is asked alone, or where the newer one is not asked: by default it is not,
unless the question names its date or version. A version is known by its id and, where it lies in a folder of the
user's, by its file: a text that is changed there stays what it was. One that is gone counts as not there, so that the
last of the others is the current one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from rag.errors import VersionError
from rag.index.generations import UPLOADS, VERSIONS
from rag.index.protocols import Documents
from rag.index.store import DocumentRecord
from rag.retrieval.beside import SideFile, changing, rows


class Version(msgspec.Struct, frozen=True):
    """A document as it was when it replaced another, or was replaced.

    ``path`` is that of its first file, "" if that was uploaded; ``edition`` says of when an older one is.
    """

    doc_id: str
    path: str = ""
    edition: str = ""


class Versions(msgspec.Struct, frozen=True):
    """Versions of one document, the newest last."""

    of_one: tuple[Version, ...]


_FILE = SideFile(VERSIONS, tuple[Versions, ...], "新旧版本", "versions of documents")


class Older(NamedTuple):
    """What an older version is: the id of the current one, and of when itself is."""

    replaced_by: str
    edition: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Which documents of a library are older versions, by their ids.

    ``places`` are the folders' files in whose places a document that was uploaded stands, as it has none of its own.
    """

    older: Mapping[str, Older] = field(default_factory=dict)
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def current(self, doc_ids: Collection[str]) -> list[str]:
        """``doc_ids`` without the older versions of others among them."""
        there = set(doc_ids)
        return [one for one in doc_ids if one not in self.older or self.older[one].replaced_by not in there]

    def asking(self, older: Collection[str], current: Collection[str] = ()) -> Standing:
        """The same where the ``older`` versions are asked instead of those that have replaced them.

        Of these the ``current`` are asked beside them.
        """
        instead = {self.older[one].replaced_by: one for one in older}
        kept = {one: said for one, said in self.older.items() if one not in older}
        return Standing(kept | {new: Older(old, "") for new, old in instead.items() if new not in current}, self.places)

    def older_than(self, doc_id: str) -> list[tuple[str, str]]:
        """The older versions of a document with their editions, the newest first."""
        found = [(one, older.edition) for one, older in self.older.items() if older.replaced_by == doc_id]
        return found[::-1]


def versions(index: Path) -> tuple[Versions, ...]:
    """All in the index folder. Raises StorageError for a file that is none of ours."""
    return rows(index, _FILE)


def standing_of(known: Sequence[Versions], documents: Documents) -> Standing:
    """What the versions that are ``known`` say of the documents that are there."""
    older: dict[str, Older] = {}
    places: dict[str, tuple[str, ...]] = {}
    find = _Finder(documents)
    for one in known:
        there = list(find.all(one.of_one))
        if not there:
            continue
        (newest, last), before = there[-1], there[:-1]
        older |= {doc_id: Older(newest, version.edition) for doc_id, version in before if doc_id != newest}
        if not last.path:
            files = (version.path for version in one.of_one if version.path)
            places[newest] = (*places.get(newest, ()), *files)
    # One that replaced several may itself be replaced.
    return Standing({one: _last(one, older) for one in older}, places)


def replace(index: Path, documents: Documents, old: DocumentRecord, new: DocumentRecord, edition: str) -> None:
    """Make ``old``, of that ``edition``, an older version of ``new``.

    Raises VersionError if one of them is an older version already, StorageError.
    """
    if old.doc_id == new.doc_id:
        raise VersionError(
            f"新文件与《{old.title}》内容相同，没有替换。",
            f"The new file is the same as “{old.title}”; nothing is replaced.",
        )
    with changing(index, _FILE) as known:
        older = standing_of(known, documents).older
        if old.doc_id in older and older[old.doc_id].replaced_by == new.doc_id:
            return
        for one in (old, new):
            check_current(one.doc_id, one.title, older)
        find = _Finder(documents)
        added = _version(new, index)
        last = [place for place, one in enumerate(known) if next(find.newest(one.of_one), "") == old.doc_id]
        for place in last:
            known[place] = Versions((*_marked(known[place].of_one, find, old, edition), added))
        if not last:
            known.append(Versions((msgspec.structs.replace(_version(old, index), edition=edition), added)))


def check_current(doc_id: str, title: str, older: Collection[str]) -> None:
    """Raise VersionError if a document is among those that are ``older`` versions."""
    if doc_id in older:
        raise VersionError(
            f"《{title}》已经是旧版。请换它的现行版，或先恢复它：wenyuan reinstate {doc_id}",
            f"“{title}” is an older version already. Replace the current one, or first: wenyuan reinstate {doc_id}",
        )


def reinstate(index: Path, documents: Documents, doc_id: str) -> None:
    """Make an older version a current document again, beside the one that had replaced it. Raises StorageError."""
    with changing(index, _FILE) as known:
        find = _Finder(documents)
        parted = list[Versions]()
        for one in known:
            at = 1 + max((n for n, version in enumerate(one.of_one) if find(version) == doc_id), default=-1)
            parted += [Versions(some) for some in (one.of_one[:at], one.of_one[at:]) if len(some) > 1]
        known[:] = parted


class _Finder:
    """Finds the documents that versions are now."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._by_path: dict[str, str] | None = None

    def __call__(self, version: Version) -> str:
        """Its id; "" if it is gone."""
        if self._documents.ordinals(version.doc_id) is not None:
            return version.doc_id
        if not version.path:
            return ""
        if self._by_path is None:
            self._by_path = {file.path: one.doc_id for one in self._documents.records() for file in one.files}
        return self._by_path.get(version.path, "")

    def all(self, some: Sequence[Version]) -> Iterator[tuple[str, Version]]:
        """Those that are there, with their ids, each at its last place."""
        found: dict[str, Version] = {}
        for version in reversed(some):
            if doc_id := self(version):
                found.setdefault(doc_id, version)
        yield from reversed(found.items())

    def newest(self, some: Sequence[Version]) -> Iterator[str]:
        """The ids of those that are there, the newest first."""
        return (doc_id for doc_id, _ in reversed(list(self.all(some))))


def _last(doc_id: str, older: Mapping[str, Older]) -> Older:
    """What is current instead of an older version, through all that stand between."""
    newest, seen = older[doc_id].replaced_by, {doc_id}
    while newest in older and newest not in seen:
        seen.add(newest)
        newest = older[newest].replaced_by
    return Older(newest, older[doc_id].edition)


def _marked(some: Sequence[Version], find: _Finder, old: DocumentRecord, edition: str) -> Iterator[Version]:
    """``some``, in which ``old`` has its edition now."""
    for one in some:
        yield msgspec.structs.replace(one, edition=edition) if find(one) == old.doc_id else one


def _version(record: DocumentRecord, index: Path) -> Version:
    uploaded = record.path.parent == (index / UPLOADS).resolve()
    return Version(record.doc_id, "" if uploaded else record.place)
