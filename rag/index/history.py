"""The generations of an index: which there are, and going back to one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rag.errors import IndexDamagedError, IndexMissingError, WenyuanError
from rag.index.generations import GENERATIONS, open_generation, writing
from rag.index.manifest import OLDEST_FORMAT, Manifest, check_settings, parse_manifest
from rag.index.switching import name_in_force, names, prune, resolve, sweep, switch
from rag.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """A generation as listed. ``size`` in bytes; ``error`` says why the rest is not known of a damaged one."""

    name: str
    in_force: bool
    created: datetime | None = None
    documents: int = 0
    passages: int = 0
    size: int = 0
    error: WenyuanError | None = None


def generations(index: Path | str = "index") -> list[GenerationRecord]:
    """All generations, newest first, by what their manifests say. Raises IndexMissingError if there is none."""
    folder = Path(index)
    listed = names(folder)
    if not listed:
        raise IndexMissingError(
            f"{folder} 里还没有索引。请先建索引：wenyuan index 文件夹… --index {folder}",
            f"There is no index in {folder} yet. Build one first: wenyuan index PATH… --index {folder}",
        )
    in_force = name_in_force(folder)
    return [_record(folder / GENERATIONS / name, in_force=name == in_force) for name in listed]


def rollback(name: str, index: Path | str = "index", settings: Settings | None = None) -> Manifest:
    """Put the old generation ``name`` in force, as atomically as a new one; returns its manifest.

    All of its files are verified first. Raises NotFoundError, IndexDamagedError, IndexMismatchError if it was built
    with other settings, StorageError.
    """
    folder, settings = Path(index), settings or load_settings()
    resolve(folder, name)
    with writing(folder):
        manifest = open_generation(folder, name).manifest
        check_settings(manifest, settings)
        sweep(folder)
        if manifest.generation != name_in_force(folder):
            switch(folder, manifest.generation)
    return manifest


def prune_generations(keep: int, index: Path | str = "index") -> list[str]:
    """Delete old generations but ``keep``, the one in force among them; returns the names of those that are gone.

    What a repair put away is deleted, too. Whoever has one open keeps it: all its files were opened at once. Raises
    IndexMissingError, IndexDamagedError if the one in force is not there, StorageError.
    """
    folder = Path(index)
    generations(folder)
    with writing(folder):
        if name_in_force(folder) not in names(folder):
            raise IndexDamagedError(
                f"{folder} 没有指明在用哪个索引版本，现在不能删除旧的。请先修复：wenyuan check --repair",
                f"{folder} does not say which generation is in force, so none may be deleted. Repair it first: "
                "wenyuan check --repair",
            )
        return prune(folder, keep, aside=True)


def _record(folder: Path, *, in_force: bool) -> GenerationRecord:
    try:
        manifest = parse_manifest(folder, oldest=OLDEST_FORMAT)
    except WenyuanError as error:
        return GenerationRecord(folder.name, in_force, error=error)
    size = sum(file.bytes for file in manifest.files.values())
    created = datetime.fromisoformat(manifest.created)
    return GenerationRecord(folder.name, in_force, created, manifest.documents, manifest.passages, size)
