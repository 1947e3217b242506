"""Where a library lies: in an index folder on this disk, or in Milvus. Nothing else asks which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag.errors import SettingsError
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.index.protocols import Snapshot
    from rag.indexing.pipeline import Pipeline
    from rag.types import IndexReport


class Store(Protocol):
    """A place in which a library lies, or is to lie: read through snapshots, changed by indexing and removing."""

    def exists(self) -> bool:
        """Whether something may be there to be opened; `open` knows."""

    def open(self, at: str | None = None) -> Snapshot:
        """The state in force, or the generation called ``at``.

        Raises IndexMissingError, NotFoundError for an unknown generation, IndexDamagedError, IndexMismatchError.
        """

    def newer(self, than: Snapshot) -> Snapshot | None:
        """The state in force, where that is another one; None where ``than`` goes with it. Raises as `open`."""

    def index(self, paths: Sequence[Path], pipeline: Pipeline, share: tuple[int, int] = (1, 1)) -> IndexReport:
        """Bring the library up to date with ``paths``, or a ``share`` of them; see the ``update`` of each place."""

    def remove(self, doc_ids: Sequence[str]) -> None:
        """Remove documents. Raises NotFoundError before any is removed."""


def open_store(settings: Settings, index: Path | str = "index") -> Store:
    """The place that ``settings`` name; ``index`` is the index folder, if it is one."""
    return Folder(Path(index), settings) if settings.is_embedded else InMilvus(Path(index), settings)


@dataclass(frozen=True, slots=True)
class Folder:
    """An index folder on this disk."""

    path: Path
    settings: Settings

    def exists(self) -> bool:
        """See `Store`."""
        from rag.index.switching import name_in_force

        return bool(name_in_force(self.path))

    def open(self, at: str | None = None) -> Snapshot:
        """See `Store`."""
        from rag.index.generations import open_generation

        return open_generation(self.path, at)

    def newer(self, than: Snapshot) -> Snapshot | None:
        """See `Store`."""
        from rag.index.switching import current_name

        return None if current_name(self.path) == than.manifest.generation else self.open()

    def index(self, paths: Sequence[Path], pipeline: Pipeline, share: tuple[int, int] = (1, 1)) -> IndexReport:
        """See `Store`. Raises SettingsError for a share."""
        from rag.indexing.update import index_paths

        if share != (1, 1):
            raise SettingsError(
                "--share 只用于 Milvus：本机索引同时只能有一个进程在写。",
                "--share is for Milvus: an index folder has one writer at a time.",
            )
        return index_paths(paths, self.path, pipeline=pipeline)

    def remove(self, doc_ids: Sequence[str]) -> None:
        """See `Store`. Raises CorpusError if none would be left."""
        from rag.indexing.update import remove_documents

        remove_documents(doc_ids, self.path, self.settings)


@dataclass(frozen=True, slots=True)
class InMilvus:
    """Collections in Milvus; ``around`` is a folder that is passed over when files are looked for."""

    around: Path
    settings: Settings

    def exists(self) -> bool:
        """See `Store`: it is not asked for that."""
        return True

    def open(self, at: str | None = None) -> Snapshot:
        """See `Store`. Raises SettingsError where ``at`` is given."""
        from rag.milvus.generation import open_milvus

        if at is not None:
            self.settings.require_embedded()
        return open_milvus(self.settings)

    def newer(self, than: Snapshot) -> Snapshot | None:  # noqa: ARG002
        """See `Store`: what is read is always what is there."""
        return None

    def index(self, paths: Sequence[Path], pipeline: Pipeline, share: tuple[int, int] = (1, 1)) -> IndexReport:
        """See `Store`."""
        from rag.milvus.update import index_paths

        return index_paths(paths, pipeline, share=share, exclude=self.around)

    def remove(self, doc_ids: Sequence[str]) -> None:
        """See `Store`."""
        from rag.milvus.update import remove_documents

        remove_documents(doc_ids, self.settings)
