"""Files that arrive over the network: kept in the index's own folder under safe names, and indexed from there."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from uuid import uuid4

from rag.errors import IndexMissingError, LoadError, StorageError, WenyuanError
from rag.index.file_names import MAX_NAME_BYTES as MAX_NAME_BYTES
from rag.index.file_names import fitted
from rag.index.file_names import safe_name as safe_name
from rag.index.generations import UPLOADS, Stored, open_stored, writing
from rag.index.manifest import check_settings
from rag.index.store import DocumentRecord
from rag.indexing.pipeline import Pipeline
from rag.indexing.update import remove_documents, update
from rag.loading import changed_at, discover, parse
from rag.loading.files import is_archive, unpack
from rag.models import Models
from rag.settings import Settings
from rag.types import Document

MAX_BYTES = 50 * 2**20
_DRAFT = ".upload-"


class UploadStatus(StrEnum):
    """What became of an uploaded file."""

    ADDED = "added"
    DUPLICATE = "duplicate"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent: its name, which may be anything, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class UploadResult:
    """What became of one upload, sent as ``name``.

    ``doc_id``, ``title`` and ``source`` are those of the document that holds its text, empty if it failed; ``error``
    says why it failed, ``notices`` what of the file could not be read though the rest was.
    """

    name: str
    status: UploadStatus
    doc_id: str = ""
    title: str = ""
    source: str = ""
    error: WenyuanError | None = None
    notices: tuple[WenyuanError, ...] = ()


class UploadStore:
    """The uploaded files of the index in folder ``index``, which need not be there yet. Safe to use from threads."""

    def __init__(
        self, index: Path, settings: Settings, *, max_bytes: int = MAX_BYTES, models: Models | None = None
    ) -> None:
        """``models`` are those of the same settings, where they are loaded already."""
        self.folder = index / UPLOADS
        self.max_bytes = max_bytes
        """Of one file."""
        self._index = index
        self._settings = settings
        self._models = models
        self._lock = threading.Lock()

    def add(self, uploads: Sequence[Upload]) -> list[UploadResult]:
        """Keep and index what can be read, all in one generation; what became of each, in order.

        An archive stands for the files in it, each called by its path there, behind the archive's name. A text that
        the index holds already is not kept again. If indexing fails nothing is kept. Raises StorageError, ModelError,
        IndexDamagedError, IndexMismatchError.
        """
        self._settings.require_embedded()
        with self._lock:
            kept: dict[Path, Document] = {}
            try:
                with writing(self._index):
                    self._sweep()
                    old = self._opened()
                    records = old.store.records() if old else ()
                    known: dict[str, DocumentRecord | UploadResult] = {record.sha256: record for record in records}
                    results = [one for upload in uploads for one in self._keep_all(upload, known, kept)]
                    if kept:
                        pipeline = Pipeline.of(self._settings, models=self._models)
                        update(self._index, old, [self.folder], discover([self.folder]), pipeline, parsed=kept)
            except BaseException:
                for path in kept:
                    path.unlink(missing_ok=True)
                self._leave_no_empty_folder()
                raise
            self._leave_no_empty_folder()
            return results

    def remove(self, doc_id: str) -> None:
        """Remove a document from the index, and then its file if that was uploaded; other files are never touched.

        Raises as `rag.indexing.update.remove_documents`.
        """
        self._settings.require_embedded()
        with self._lock:
            old = self._opened()
            digests = {one.sha256 for one in old.store.records() if one.doc_id == doc_id} if old else set[str]()
            remove_documents([doc_id], self._index, self._settings)
            try:
                for file in self._files():
                    if hashlib.sha256(file.read_bytes()).hexdigest() in digests:
                        file.unlink()
                self._leave_no_empty_folder()
            except OSError as error:
                raise StorageError(
                    f"文档已从索引移除，但删不掉 {self.folder} 里的文件：{error.strerror}。请手动删除。",
                    f"Removed from the index, but not the file in {self.folder}: {error.strerror}. Delete it by hand.",
                ) from error

    def _opened(self) -> Stored | None:
        """The generation in force, verified; None if there is no index yet."""
        try:
            generation = open_stored(self._index)
        except IndexMissingError:
            return None
        check_settings(generation.manifest, self._settings)
        return generation

    def _files(self) -> list[Path]:
        """The files themselves: what a link leads to is not ours."""
        if not self.folder.is_dir() or self.folder.is_symlink():
            return []
        return [file for file in self.folder.iterdir() if file.is_file() and not file.is_symlink()]

    def _sweep(self) -> None:
        """Make the folder, without what a killed upload left in it."""
        if self.folder.is_symlink():
            raise StorageError(
                f"{self.folder} 是一个链接，上传的文件只存放在索引文件夹里。请删除这个链接。",
                f"{self.folder} is a link, and uploads are kept in the index folder only. Delete that link.",
            )
        self.folder.mkdir(exist_ok=True)
        for file in self._files():
            if file.name.startswith(_DRAFT):
                file.unlink()

    def _leave_no_empty_folder(self) -> None:
        if not self.folder.is_symlink() and self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _keep_all(
        self, upload: Upload, known: dict[str, DocumentRecord | UploadResult], kept: dict[Path, Document]
    ) -> Iterator[UploadResult]:
        """`_keep` of a file, or of each file in an archive."""
        if not is_archive(Path(upload.name)):
            yield self._keep(upload, known, kept)
            return
        try:
            name = safe_name(upload.name)
            if len(upload.data) > self.max_bytes:
                raise _too_large(name, self.max_bytes)
            files = unpack(upload.data, Path(name))
        except LoadError as error:
            yield UploadResult(upload.name, UploadStatus.FAILED, error=error)
            return
        for file in files:
            inner = f"{upload.name}/{file.path}"
            if file.refused:
                yield UploadResult(inner, UploadStatus.FAILED, error=LoadError(*file.refused))
            else:
                yield self._keep(Upload(inner, file.data or b""), known, kept)

    def _keep(
        self, upload: Upload, known: dict[str, DocumentRecord | UploadResult], kept: dict[Path, Document]
    ) -> UploadResult:
        """Write one file that is new and readable; adds it to ``known`` and, by resolved path, to ``kept``."""
        digest = hashlib.sha256(upload.data).hexdigest()
        if same := known.get(digest):
            return UploadResult(upload.name, UploadStatus.DUPLICATE, same.doc_id, same.title, same.source)
        try:
            path = self._free(safe_name(upload.name))
            if len(upload.data) > self.max_bytes:
                raise _too_large(path.name, self.max_bytes)
            notices: list[WenyuanError] = []
            document = parse(upload.data, source=str(path), name=Path(path.name), notices=notices)
        except LoadError as error:
            return UploadResult(upload.name, UploadStatus.FAILED, error=error)
        self._write(path, upload.data)
        kept[path.resolve()] = replace(document, modified=changed_at(path.stat()))
        result = UploadResult(
            upload.name, UploadStatus.ADDED, document.doc_id, document.title, document.source, notices=tuple(notices)
        )
        known[digest] = replace(result, status=UploadStatus.DUPLICATE, notices=())
        return result

    def _free(self, name: str) -> Path:
        """Where no file stands, nor a link to one: ``a.md``, or else ``a (2).md`` and so on."""
        stem, suffix = os.path.splitext(name)  # noqa: PTH122
        number = 1
        path = self.folder / name
        while os.path.lexists(path):
            number += 1
            path = self.folder / fitted(stem, f" ({number}){suffix}")
        return path

    def _write(self, path: Path, data: bytes) -> None:
        """The whole file under its name, or nothing."""
        draft = self.folder / f"{_DRAFT}{uuid4().hex}"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            draft.chmod(0o644)
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)


def _too_large(name: str, most: int) -> LoadError:
    return LoadError(
        f"{name} 太大，每个文件最多 {most} 字节。请拆成几个文件。",
        f"{name} is too large; a file may have {most} bytes. Divide it into several.",
    )
