"""Generations on disk: the old one or the new one, never a mixture.

index/CURRENT               the name of the generation in force; see `rag.index.switching`
index/generations/NAME/     manifest.json; library.sqlite, the list of documents; terms/; and segments, each with
  segment-N/                texts.sqlite, vectors.npy, owners.npy, keys.npy; and if the generation is large
                            passages.faiss, sentences.faiss. A segment that has not changed is the same files in several
                            generations, by hard links, and so are its terms
index/.embedded/, .spool    what an unfinished run has embedded and read; see `journal` and `entries` of `rag.indexing`
index/.seen                 what the files were when they were last read; see `seen` there
index/uploads/              files that came over the network; see `rag.indexing.uploads`
index/gold.jsonl            gold pairs of the web app's users
index/collections.json      which documents the user has put into which collections; see `rag.retrieval.named`
index/versions.json         which documents are older versions of which; see `rag.retrieval.versions`
index/conversations.sqlite  what was asked on the page; see `rag.web.conversations`
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np

from rag.disk import is_plain
from rag.errors import IndexDamagedError, StorageError
from rag.index import dense, sparse, store
from rag.index.manifest import (
    FORMAT_VERSION,
    BuildSettings,
    FileRecord,
    Manifest,
    Segment,
    damaged,
    read_manifest,
    record_files,
    write_manifest,
)
from rag.index.protocols import ByDocument, Rankings
from rag.index.switching import CURRENT as CURRENT
from rag.index.switching import GENERATIONS as GENERATIONS
from rag.index.switching import current_name as current_name
from rag.index.switching import discard, drafted, name_in_force, new_name, prune, resolve, switch
from rag.index.vectors import VectorFile, VectorFiles
from rag.text.tokenization import Cut, cutter

if TYPE_CHECKING:
    from rag.types import Vectors

_T = TypeVar("_T")

UPLOADS = "uploads"
GOLD = "gold.jsonl"
COLLECTIONS = "collections.json"
VERSIONS = "versions.json"
STORE, TEXTS, VECTORS, OWNERS, KEYS, TERMS = (
    "library.sqlite", "texts.sqlite", "vectors.npy", "owners.npy", "keys.npy", "terms"
)  # fmt: skip
# Where vectors were until format 2.
_OLD_VECTORS = "vectors.faiss"
# What may lie in a folder that is to become an index.
_HARMLESS = frozenset({"README.md", CURRENT, GENERATIONS, UPLOADS, GOLD, COLLECTIONS, VERSIONS})
# With what SQLite keeps beside it.
CONVERSATIONS = "conversations.sqlite"
# What is written or deleted here, and must not lie anywhere else.
_OURS = (".lock", GENERATIONS, UPLOADS, GOLD, COLLECTIONS, VERSIONS, ".embedded", ".spool")


@dataclass(frozen=True, slots=True)
class Stored(ByDocument):
    """What the next generation may take over from one; all of it is read-only and thread-safe."""

    manifest: Manifest
    store: store.Store
    sparse: sparse.SparseIndex
    folder: Path
    """Where it lies; it may be gone, but for who holds the writer's place."""


@dataclass(frozen=True, slots=True)
class Generation(Stored):
    """A generation that is open to be searched, too."""

    dense: dense.DenseIndex

    @property
    def end(self) -> int:
        """All ordinals are below it."""
        return self.manifest.passages

    def about(self, question: Sequence[Cut] = ()) -> Self:  # noqa: ARG002
        """See `rag.index.protocols.Snapshot`: on this disk nothing is gained by asking at once."""
        return self

    def rankings(
        self, vector: Vectors | None, terms: Sequence[str], k: int, within: Sequence[range] | None = None
    ) -> Rankings:
        """The best ``k`` passages for a question's vector and terms; None or no terms ask nothing."""
        by_meaning = self.dense.search(vector, k, within) if vector is not None else []
        return Rankings(by_meaning, self.sparse.search(terms, k, within) if terms else [])


@dataclass(frozen=True, slots=True)
class Written:
    """What was written into a new generation: with which settings, by which encoder, and how much.

    ``corpus`` are the sources with their SHA-256, ``outdated`` the ids of documents that former loaders have read.
    ``splitter`` is the version of what has made the passages, ``linked`` are files that were there before.
    """

    settings: BuildSettings
    encoder: str
    dimension: int
    corpus: Mapping[str, str]
    segments: Sequence[Segment]
    splitter: int
    outdated: Collection[str] = ()
    linked: Mapping[str, FileRecord] = field(default_factory=dict)


def open_generation(index: Path, name: str | None = None, *, oldest: int = FORMAT_VERSION) -> Generation:
    """Open the generation in force, or the one called ``name``.

    One of an older format, down to ``oldest``, is good for its documents and vectors, not for being searched.

    Raises IndexMissingError, NotFoundError for an unknown name, IndexDamagedError for a file that is not what was
    written, IndexMismatchError for another format.
    """
    if name is not None:
        return _open(index / GENERATIONS / resolve(index, name), oldest)
    return _in_force(index, partial(_open, oldest=oldest))


def open_stored(index: Path, *, oldest: int = FORMAT_VERSION) -> Stored:
    """Open the generation in force for what the next one can take over. Raises as `open_generation`."""
    return _in_force(index, partial(_stored, oldest=oldest))


def _in_force(index: Path, opened: Callable[[Path], _T]) -> _T:
    wanted = current_name(index)
    while True:
        try:
            return opened(_folder(index, wanted))
        except IndexDamagedError:
            # It may be gone because others have replaced it since its name was read.
            now = name_in_force(index)
            if now in ("", wanted):
                raise
            wanted = now


def _folder(index: Path, name: str) -> Path:
    """The folder of the generation in force."""
    folder = index / GENERATIONS / name
    if not name or Path(name).name != name or not is_plain(folder, index) or not folder.is_dir():
        raise damaged(folder, "文件夹缺失 / folder missing")
    return folder


def _open(folder: Path, oldest: int) -> Generation:
    stored = _stored(folder, oldest)
    try:
        vectors = open_dense(stored.manifest, folder, stored.store)
    except (OSError, ValueError, IndexError, RuntimeError) as error:
        raise damaged(folder, str(error)) from error
    return Generation(stored.manifest, stored.store, stored.sparse, folder, vectors)


def _stored(folder: Path, oldest: int) -> Stored:
    manifest = read_manifest(folder, oldest=oldest)
    try:
        documents = open_store(manifest, folder)
        terms = open_sparse(manifest, folder, documents)
        rows = sum(len(VectorFile(vectors_file(one))) for one in manifest.folders(folder))
    except (OSError, ValueError, IndexError, RuntimeError, sqlite3.Error) as error:
        raise damaged(folder, str(error)) from error
    if rows != manifest.vectors or len(terms) != manifest.passages:
        raise damaged(folder, "数量不符 / counts differ")
    return Stored(manifest, documents, terms, folder)


def open_store(manifest: Manifest, folder: Path) -> store.Store:
    """The documents in the folder of a generation. Raises sqlite3.Error."""
    return store.Store(folder / STORE, [one / TEXTS for one in manifest.folders(folder)])


def open_sparse(manifest: Manifest, folder: Path, documents: store.Store) -> sparse.SparseIndex:
    """The terms in the folder of a generation. Raises OSError, ValueError."""
    return sparse.SparseIndex(folder / TERMS, [one.number for one in manifest.segments] or [0], documents.placement)


def open_dense(manifest: Manifest, folder: Path, documents: store.Store) -> dense.DenseIndex:
    """The vectors in the folder of a generation. Raises OSError, ValueError, IndexError, RuntimeError."""
    folders = manifest.folders(folder)
    files = [VectorFile(vectors_file(one)) for one in folders]
    local = [np.load(one / OWNERS) for one in folders]
    owners = [documents.placement.ordinals(slot, one).astype(np.int32) for slot, one in enumerate(local)]
    starts = np.cumsum([0, *map(len, files)]).tolist()
    coded = [
        (one, range(start, start + len(file)))
        for one, file, start in zip(folders, files, starts, strict=False)
        if all((one / name).exists() for name in dense.CODES)
    ]
    return dense.DenseIndex(VectorFiles(files), np.concatenate(owners), coded)


def vectors_file(folder: Path) -> Path:
    """Where the vectors of a segment are."""
    old = folder / _OLD_VECTORS
    return old if old.exists() else folder / VECTORS


@contextmanager
def writing(index: Path) -> Iterator[None]:
    """Hold the only writer's place in ``index``, creating the folder if need be.

    Raises StorageError if the folder can't be written, is not an index's, or another process is writing.
    """
    from filelock import FileLock, Timeout

    try:
        index.mkdir(parents=True, exist_ok=True)
        foreign = [
            name
            for name in sorted(p.name for p in index.iterdir())
            if name not in _HARMLESS and not name.startswith((".", CONVERSATIONS))
        ]
        if foreign and not (index / CURRENT).exists():
            raise StorageError(
                f"{index} 里有别的文件（如 {foreign[0]}），不是索引文件夹。请换一个空文件夹。",
                f"{index} holds other files (such as {foreign[0]}) and is no index. Choose an empty folder.",
            )
        _refuse_links(index)
        with FileLock(index / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise StorageError(
            f"另一个进程正在写 {index}。请等它结束后再试。",
            f"Another process is writing to {index}. Wait until it has finished.",
        ) from error
    except (OSError, sqlite3.Error) as error:
        raise _unwritable(index, error) from error


def _refuse_links(index: Path) -> None:
    for name in _OURS:
        if (index / name).is_symlink():
            raise StorageError(
                f"{index / name} 是一个链接；索引只存放在索引文件夹里。请删除这个链接。",
                f"{index / name} is a link, and an index is kept in its own folder only. Delete that link.",
            )


def write_generation(index: Path, fill: Callable[[Path], Written], keep: int = 3) -> Manifest:
    """Have ``fill`` write a new generation beside the old one, and switch to it; to be called inside `writing`.

    Of all generations ``keep`` stay: see `prune`. Raises what ``fill`` does, and StorageError if the disk does not take
    it; the old generation is then still in force, and every other is as it was.
    """
    before = name_in_force(index)
    name = new_name()
    try:
        with drafted(index, name) as draft:
            manifest = _manifest(name, draft, fill(draft))
            write_manifest(manifest, draft)
        switch(index, name)
    except (OSError, sqlite3.Error) as error:
        discard(index, name)
        raise _unwritable(index, error) from error
    # The generation before stays for readers that still use it.
    prune(index, keep, before)
    return manifest


def _manifest(name: str, draft: Path, written: Written) -> Manifest:
    from rag.loading import LOADERS

    return Manifest(
        format_version=FORMAT_VERSION,
        generation=name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        settings=written.settings,
        encoder=written.encoder,
        dimension=written.dimension,
        documents=len(written.corpus),
        passages=sum(one.passages for one in written.segments),
        vectors=sum(one.vectors for one in written.segments),
        corpus=dict(written.corpus),
        files={name: one for name, one in record_files(draft, written.linked).items() if not name.endswith(".lock")},
        loaders=LOADERS,
        outdated=tuple(sorted(written.outdated)),
        cutter=cutter(),
        splitter=written.splitter,
        segments=tuple(written.segments),
    )


def _unwritable(index: Path, error: Exception) -> StorageError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return StorageError(
        f"无法写入索引 {index}：{reason}。请检查磁盘空间和写权限；原有索引没有改动。",
        f"Can't write the index {index}: {reason}. Check disk space and permissions; the old index is unchanged.",
    )
