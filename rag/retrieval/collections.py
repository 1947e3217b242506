"""Collections: named parts of a library that can be asked alone.

Every folder is one, with all that lies below it; they follow from where the documents' files lie, in an index of any
age. Others are made and named by the user, see `rag.retrieval.named`. Of the versions of a document only the
newest is asked in a collection that has it; the library as a whole is such a one. See `rag.retrieval.versions`.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import Final, NamedTuple

from rag.errors import NotFoundError
from rag.index.protocols import Snapshot
from rag.index.store import DocumentRecord
from rag.retrieval.named import NamedCollection, called
from rag.retrieval.versions import Standing

Folder = tuple[str, ...]
# Names that an error lists.
_LISTED = 30


class Choice(NamedTuple):
    """Which documents are asked: those of the named collections and those with these ids; without either, all.

    ``without`` are documents, by id, that are not asked though they are in one of the collections.
    """

    collections: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


ALL: Final = Choice()
_ALONE: Final = Standing()


@dataclass(frozen=True, slots=True)
class Collection:
    """A folder's name, with as many of the folders above it as tell it from others, and the ids of the documents that
    are asked in it, in order.

    ``own``: the user has made it.
    """

    name: str
    doc_ids: tuple[str, ...]
    own: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """The documents that are asked, and where their passages are: ranges in order, none of which touches the next.

    With ``others`` it is all documents but these.
    """

    doc_ids: frozenset[str]
    ordinals: tuple[range, ...]
    others: bool = False

    def __contains__(self, doc_id: object) -> bool:
        return (doc_id in self.doc_ids) != self.others


def collections_of(
    records: Sequence[DocumentRecord], named: Sequence[NamedCollection] = (), versions: Standing = _ALONE
) -> list[Collection]:
    """The collections of a library: the folders by path, then those ``named`` by the user.

    Of folders that hold the same documents the innermost is one. That of all documents is none, unless one of them
    lies in that folder itself.
    """
    held: dict[Folder, dict[str, None]] = {}
    direct = set[Folder]()
    everything = set[str]()
    for record in records:
        everything.add(record.doc_id)
        for folder in _folders(record, versions):
            direct.add(folder)
            for depth in range(1, len(folder) + 1):
                held.setdefault(folder[:depth], {})[record.doc_id] = None
    same = {folder[:-1] for folder, inside in held.items() if len(inside) == len(held.get(folder[:-1], ()))}
    listed = [f for f in sorted(held) if f not in same and (f in direct or len(held[f]) < len(everything))]
    endings = Counter(folder[start:] for folder in held for start in range(len(folder)))
    folders = [Collection(_name(folder, endings), tuple(versions.current([*held[folder]]))) for folder in listed]
    # A folder that came later may be called like one of the user's: asked by that name, both are.
    return folders + [
        Collection(one.name, tuple(versions.current([r.doc_id for r in records if one.has(r)])), own=True)
        for one in named
    ]


def names_by_document(collections: Iterable[Collection]) -> dict[str, list[str]]:
    """The names of the collections that each document is in, by its id."""
    found: dict[str, list[str]] = {}
    for one in collections:
        for doc_id in one.doc_ids:
            found.setdefault(doc_id, []).append(one.name)
    return found


def in_scope(
    choice: Choice, generation: Snapshot, named: Sequence[NamedCollection] = (), versions: Standing = _ALONE
) -> Scope | None:
    """The documents that are chosen, of the library's folders and the user's ``named`` collections; None for all.

    Raises NotFoundError for an unknown collection or document, and where no document is left.
    """
    if not any(choice):
        return _all_but(versions.older, generation) if versions.older else None
    places = {doc_id: generation.ordinals(doc_id) for doc_id in choice.documents}
    records = generation.store.records() if choice.collections else ()
    for name in choice.collections:
        own = called(named, name)
        inside = {r.doc_id: r.passages for r in records if _is_in(r, name, versions) or any(one.has(r) for one in own)}
        if not inside and not own:
            raise _unknown(name, collections_of(records, named, versions))
        places |= {one: inside[one] for one in versions.current(inside) if one not in choice.without}
    if not places:
        raise NotFoundError(
            "选中的文档集里没有可问的文档。请放进几篇，或另选资料。",
            "There is no document to ask in what was chosen. Put some in, or choose others.",
        )
    return Scope(frozenset(places), _joined(places.values()))


def _all_but(left_out: Iterable[str], generation: Snapshot) -> Scope:
    """All documents but some, which are there: few ranges, however many documents there are."""
    ordinals, begin = [], 0
    for one in _joined(map(generation.ordinals, left_out)):
        ordinals.append(range(begin, one.start))
        begin = one.stop
    return Scope(frozenset(left_out), tuple(filter(None, (*ordinals, range(begin, generation.end)))), others=True)


def _is_in(record: DocumentRecord, name: str, versions: Standing) -> bool:
    """Whether a file of the document lies somewhere below a folder of that name, which may be several folders'."""
    wanted = tuple(_folded(name).strip("/").split("/"))
    return any(
        folder[start : start + len(wanted)] == wanted
        for folder in _folders(record, versions)
        for start in range(len(folder))
    )


def _folders(record: DocumentRecord, versions: Standing) -> Iterator[Folder]:
    """The folder of each of the document's files, and of those in whose place it stands."""
    return map(_folder, (*(file.path for file in record.files), *versions.places.get(record.doc_id, ())))


@lru_cache(maxsize=2**16)
def _folder(path: str) -> Folder:
    return PurePath(_folded(path)).parent.parts


def _folded(path: str) -> str:
    """``path`` in composed characters: some systems write the same name in others."""
    return unicodedata.normalize("NFC", path)


def _name(folder: Folder, endings: Counter[Folder]) -> str:
    """The shortest end of the path that no other folder has."""
    ends = (folder[start:] for start in range(len(folder) - 1, -1, -1))
    return "/".join(next((end for end in ends if endings[end] == 1), folder))


def _joined(ranges: Iterable[range]) -> tuple[range, ...]:
    joined: list[range] = []
    for one in sorted(ranges, key=lambda one: one.start):
        if joined and one.start <= joined[-1].stop:
            joined[-1] = range(joined[-1].start, max(joined[-1].stop, one.stop))
        else:
            joined.append(one)
    return tuple(joined)


def _unknown(name: str, known: Sequence[Collection]) -> NotFoundError:
    names = [one.name for one in known[:_LISTED]]
    more = len(known) - len(names)
    zh = "、".join(names) + (f" 等 {len(known)} 个" if more else "")
    en = ", ".join(names) + (f" and {more} more" if more else "")
    return NotFoundError(
        f"没有叫“{name}”的文档集。现有：{zh}。" if known else f"没有叫“{name}”的文档集，资料库是空的。",
        f"There is no collection “{name}”. There are: {en}." if known else f"No collection “{name}”: nothing is here.",
    )
