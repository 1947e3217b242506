"""Generations on disk: the old one or the new one, never a mixture.

index/CURRENT               the name of the generation in force, replaced atomically
index/generations/NAME/     manifest.json, library.sqlite, vectors.faiss, owners.npy, terms/
index/uploads/              files that came over the network; see `rag.uploads`
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np
from filelock import FileLock, Timeout

from rag import dense, sparse, store
from rag.errors import IndexMissingError, NotFoundError, StorageError
from rag.manifest import (
    FORMAT_VERSION,
    BuildSettings,
    Manifest,
    damaged,
    read_manifest,
    record_files,
    write_manifest,
)
from rag.sounds import sounds_of
from rag.types import Document, Passage

if TYPE_CHECKING:
    from rag.types import Vectors

CURRENT = "CURRENT"
GENERATIONS = "generations"
UPLOADS = "uploads"
_STORE, _VECTORS, _OWNERS, _TERMS = "library.sqlite", "vectors.faiss", "owners.npy", "terms"
# What may lie in a folder that is to become an index.
_HARMLESS = frozenset({"README.md", CURRENT, GENERATIONS, UPLOADS})


@dataclass(frozen=True, slots=True)
class Generation:
    """An opened generation; all of it is read-only and thread-safe."""

    manifest: Manifest
    store: store.Store
    dense: dense.DenseIndex
    sparse: sparse.SparseIndex

    def document(self, doc_id: str) -> Document:
        """One document. Raises NotFoundError."""
        document = self.store.document(doc_id)
        if document is None:
            raise _not_found(doc_id)
        return document

    def ordinals(self, doc_id: str) -> range:
        """The ordinals of a document's passages. Raises NotFoundError."""
        ordinals = self.store.ordinals(doc_id)
        if ordinals is None:
            raise _not_found(doc_id)
        return ordinals


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into a new generation: documents with their files and passages, term lists, and vectors by row."""

    documents: Sequence[tuple[Document, Path, Sequence[Passage]]]
    terms: Sequence[tuple[int, Sequence[str], Sequence[str]]]
    vectors: Vectors
    settings: BuildSettings
    encoder: str


def current_name(index: Path) -> str:
    """The name of the generation in force. Raises IndexMissingError if there is none."""
    try:
        return (index / CURRENT).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise IndexMissingError(
            f"{index} 里还没有索引。请先建索引：wenyuan index 文件夹… --index {index}",
            f"There is no index in {index} yet. Build one first: wenyuan index PATH… --index {index}",
        ) from error


def open_generation(index: Path) -> Generation:
    """Open the generation in force.

    Raises IndexMissingError, IndexDamagedError for a file that is not what was written, IndexMismatchError for
    another format.
    """
    name = current_name(index)
    folder = index / GENERATIONS / name
    if not name or Path(name).name != name or not folder.is_dir():
        raise damaged(folder, "文件夹缺失 / folder missing")
    manifest = read_manifest(folder)
    try:
        owners = np.load(folder / _OWNERS)
        opened = Generation(
            manifest,
            store.Store(folder / _STORE),
            dense.DenseIndex(folder / _VECTORS, owners),
            sparse.SparseIndex(folder / _TERMS),
        )
    except (OSError, ValueError, RuntimeError, sqlite3.Error) as error:
        raise damaged(folder, str(error)) from error
    if len(opened.dense) != manifest.vectors or len(opened.sparse) != manifest.passages:
        raise damaged(folder, "数量不符 / counts differ")
    return opened


@contextmanager
def writing(index: Path) -> Iterator[None]:
    """Hold the only writer's place in ``index``, creating the folder if need be.

    Raises StorageError if the folder can't be written, is not an index's, or another process is writing.
    """
    try:
        index.mkdir(parents=True, exist_ok=True)
        foreign = [p.name for p in index.iterdir() if p.name not in _HARMLESS and not p.name.startswith(".")]
        if foreign and not (index / CURRENT).exists():
            raise StorageError(
                f"{index} 里有别的文件（如 {foreign[0]}），不是索引文件夹。请换一个空文件夹。",
                f"{index} holds other files (such as {foreign[0]}) and is no index. Choose an empty folder.",
            )
        with FileLock(index / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise StorageError(
            f"另一个进程正在写 {index}。请等它结束后再试。",
            f"Another process is writing to {index}. Wait until it has finished.",
        ) from error
    except (OSError, sqlite3.Error) as error:
        raise _unwritable(index, error) from error


def write_generation(index: Path, contents: Contents) -> Manifest:
    """Write a new generation beside the old one and switch to it; to be called inside `writing`.

    Raises StorageError if the disk does not take it; the old generation is then still in force.
    """
    folder = index / GENERATIONS
    before = _name_in_force(index)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"
    draft = folder / f".{name}"
    try:
        draft.mkdir(parents=True)
        manifest = _write_files(draft, name, contents)
        _sync(draft)
        draft.rename(folder / name)
        _switch(index, name)
    except (OSError, ValueError, sqlite3.Error) as error:
        raise _unwritable(index, error) from error
    finally:
        # The generation before stays for readers that still use it.
        _prune(index, {before, _name_in_force(index)})
    return manifest


def _write_files(draft: Path, name: str, contents: Contents) -> Manifest:
    passages = [passage for _, _, of_document in contents.documents for passage in of_document]
    owners = np.repeat([p.ordinal for p in passages], [dense.row_count(p) for p in passages]).astype(np.int32)
    store.write(draft / _STORE, contents.documents, sounds_of(body for _, body, _ in contents.terms))
    dense.write(contents.vectors, draft / _VECTORS)
    np.save(draft / _OWNERS, owners)
    sparse.write(contents.terms, draft / _TERMS)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        generation=name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        settings=contents.settings,
        encoder=contents.encoder,
        dimension=int(contents.vectors.shape[1]),
        documents=len(contents.documents),
        passages=len(passages),
        vectors=len(owners),
        corpus={document.source: document.sha256 for document, _, _ in contents.documents},
        files={file: record for file, record in record_files(draft).items() if not file.endswith(".lock")},
    )
    write_manifest(manifest, draft)
    return manifest


def _name_in_force(index: Path) -> str:
    try:
        return current_name(index)
    except IndexMissingError:
        return ""


def _switch(index: Path, name: str) -> None:
    pointer = index / f".{CURRENT}.{name}"
    pointer.write_text(name, "ascii")
    _sync_file(pointer)
    pointer.replace(index / CURRENT)
    # The new generation is in force, whether or not the system promises to remember that.
    with suppress(OSError):
        _sync_folder(index)


def _prune(index: Path, kept: set[str]) -> None:
    """Delete the other generations, and what a killed or failed writer left; what can't be deleted stays."""
    with suppress(OSError):
        for path in (index / GENERATIONS).iterdir():
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)
        for pointer in index.glob(f".{CURRENT}.*"):
            pointer.unlink()


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            _sync_file(path)
    _sync_folder(folder)
    _sync_folder(folder.parent)


def _sync_file(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    # Not every system can open a folder to flush it; those that can't need not.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _not_found(doc_id: str) -> NotFoundError:
    return NotFoundError(
        f"没有编号为 {doc_id} 的文档。用 wenyuan list 查看全部文档。",
        f"There is no document {doc_id}. See all of them with: wenyuan list",
    )


def _unwritable(index: Path, error: Exception) -> StorageError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return StorageError(
        f"无法写入索引 {index}：{reason}。请检查磁盘空间和写权限；原有索引没有改动。",
        f"Can't write the index {index}: {reason}. Check disk space and permissions; the old index is unchanged.",
    )
