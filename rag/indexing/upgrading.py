"""An index of an earlier version, brought up to this one from the documents that it holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rag.index.generations import open_generation, open_stored, writing
from rag.index.manifest import OLDEST_FORMAT
from rag.indexing.building import build
from rag.indexing.entries import Entry
from rag.indexing.merging import reusable
from rag.indexing.pipeline import Pipeline
from rag.indexing.refresh import outdated
from rag.indexing.update import is_current
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What the new generation holds."""

    documents: int
    passages: int


def upgrade(
    index: Path | str = "index", settings: Settings | None = None, *, progress: bool = False
) -> Upgraded | None:
    """Write a generation of this version's format, and of ``settings``, from the documents of the one in force.

    No file but the index is read, and no document lost: each is kept as it was read, until `index_paths` reads its
    file again. Vectors of the same model are taken over. The old generation is kept as any other. None if there is
    nothing to do. Raises IndexMissingError, IndexDamagedError, IndexMismatchError for a format that this version does
    not know, StorageError, ModelError.
    """
    folder, pipeline = Path(index), Pipeline.of(settings, progress=progress)
    # Before a folder is made where there is no index.
    open_generation(folder, oldest=OLDEST_FORMAT)
    with writing(folder):
        old = open_stored(folder, oldest=OLDEST_FORMAT)
        if is_current(old.manifest, pipeline):
            return None
        entries = [Entry.stored(old.store, record) for record in old.store.records()]
        stale = outdated(old.manifest, old.store.records())
        made = build(folder, entries, reusable(old, pipeline), pipeline, outdated=stale)
    return Upgraded(made.documents, made.passages)
