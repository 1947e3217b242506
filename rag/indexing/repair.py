"""Repair an index from what is sound: a new generation is built, and nothing that is sound is deleted or changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import msgspec

from rag.errors import LoadError
from rag.index.checking import Checked, Health, check
from rag.index.generations import writing
from rag.index.inspection import Inspection
from rag.index.store import DocumentRecord, Store
from rag.index.switching import set_aside, switch
from rag.indexing.building import build
from rag.indexing.entries import Entry
from rag.indexing.merging import Reusable
from rag.indexing.pipeline import Pipeline
from rag.indexing.reuse import Known, known_vectors
from rag.loading import SourceFile, load
from rag.settings import Settings, load_settings

# While a damaged generation is replaced no other is pruned, whatever the setting says.
_ALL = 1000


class Step(NamedTuple):
    """Something that was done, or that is left to do."""

    zh: str
    en: str


@dataclass(slots=True)
class Repair:
    """What was done, and what could not be."""

    done: list[Step] = field(default_factory=list)
    left: list[Step] = field(default_factory=list)


def repair(index: Path | str = "index", settings: Settings | None = None, *, progress: bool = False) -> Repair:
    """Bring a sound generation in force, rebuilding what is damaged from what is not.

    Terms and vectors are made from the documents in the store; where the store is damaged, the documents are taken
    from older generations and read from their files. A damaged generation is put away under another name, never
    deleted. If a document is nowhere to be found nothing is switched. Raises IndexMissingError, StorageError,
    ModelError.
    """
    folder, settings = Path(index), settings or load_settings()
    check(folder)
    report = Repair()
    with writing(folder):
        health = check(folder)
        current = health.in_force or _instead(folder, health, report)
        sound = [one for one in health.generations if one.inspection.sound]
        if current and not current.inspection.sound:
            _rebuild(folder, current, sound, settings, report, progress=progress)
        elif health.older:
            report.left.append(Step(health.older.zh, health.older.en))
        for one in health.generations:
            if one is not current and not one.inspection.sound:
                _put_away(folder, one.name, report)
    return report


def _instead(index: Path, health: Health, report: Repair) -> Checked | None:
    """What takes the place of a generation that is not there: the newest sound one, or else the newest."""
    for one in health.generations:
        if one.inspection.sound:
            switch(index, one.name)
            zh = f"已改用最新的完好版本 {one.name}；要按源文件更新，请运行 wenyuan index"
            en = f"put the newest sound generation {one.name} in force; wenyuan index brings it up to date"
            report.done.append(Step(zh, en))
            return one
    if not health.generations:
        report.left.append(_index_again())
        return None
    return health.generations[0]


def _rebuild(
    index: Path, current: Checked, sound: Sequence[Checked], settings: Settings, report: Repair, *, progress: bool
) -> None:
    inspection = current.inspection
    entries = _stored(inspection, report) if inspection.store else _recovered(inspection, sound, report)
    if report.left:
        for one in sound:
            zh = f"可以换回完好的旧版本：wenyuan rollback {one.name}"
            report.left.append(Step(zh, f"a sound older generation can be put in force: wenyuan rollback {one.name}"))
        report.left.append(_index_again())
        return
    donors = [inspection, *(one.inspection for one in sound)]
    everything_kept = Pipeline.of(msgspec.structs.replace(settings, keep_generations=_ALL), progress=progress)
    store = next((donor.store for donor in donors if donor.store), None)
    vectors = [known for donor in donors for known in _vectors(donor, everything_kept.models.encoder_name)]
    # Who has read them is not known of all: the next run of wenyuan index reads them again.
    stale = [entry.doc_id for entry in entries]
    made = build(index, entries, Reusable(store, vectors), everything_kept, outdated=stale)
    zh = f"已重建为新版本：{len(entries)} 篇文档，{made.passages} 个段落单元"
    report.done.append(Step(zh, f"rebuilt as a new generation: {len(entries)} documents, {made.passages} passages"))
    _put_away(index, current.name, report)


def _vectors(donor: Inspection, encoder: str) -> Iterator[Known]:
    """The vectors of a generation that are sound, if it was made with that encoder."""
    if donor.manifest and donor.manifest.encoder == encoder:
        folders = donor.manifest.folders(donor.folder)
        for slot in donor.vectors:
            yield known_vectors(
                folders[slot], donor.store.texts[0] if donor.store and not donor.manifest.segments else None
            )


def _stored(inspection: Inspection, report: Repair) -> list[Entry]:
    """The documents of a generation whose store is sound."""
    assert inspection.store is not None
    if inspection.manifest is None:
        zh = "清单损坏，正文结构完整但无法核对 SHA-256"
        report.done.append(Step(zh, "the manifest is damaged: documents are whole but can't be verified by SHA-256"))
    return [Entry.stored(inspection.store, record) for record in inspection.store.records()]


def _recovered(inspection: Inspection, sound: Sequence[Checked], report: Repair) -> list[Entry]:
    """The documents of a generation whose store is damaged; those that are lost are left in ``report``."""
    if inspection.manifest is None:
        zh = "清单和正文都已损坏，不知道有哪些文档"
        report.left.append(Step(zh, "manifest and store are both damaged: it is not known which documents there were"))
        return []
    stores = [one.inspection.store for one in sound if one.inspection.store]
    known = [(record, store) for store in stores for record in store.records()]
    entries: dict[str, Entry] = {}
    for source, sha256 in inspection.manifest.corpus.items():
        entry = _from_generation(source, sha256, known) or _from_file(source, sha256, known, report)
        if entry:
            entries.setdefault(entry.doc_id, entry)
        else:
            zh = f"找不到 {source}：源文件不在原处，完好的旧版本里也没有"
            report.left.append(Step(zh, f"{source} is lost: neither its file nor a sound generation has it"))
    return list(entries.values())


def _from_generation(source: str, sha256: str, known: Sequence[tuple[DocumentRecord, Store]]) -> Entry | None:
    for record, store in known:
        if record.sha256 == sha256:
            path = record.path if record.source == source else Path(source).resolve()
            entry = Entry.stored(store, record)
            return replace(entry, origin=entry.origin._replace(path=str(path), source=source))
    return None


def _from_file(source: str, sha256: str, known: Sequence[tuple[DocumentRecord, Store]], report: Repair) -> Entry | None:
    """The document in its file; a changed one only if it is certain which file that is."""
    paths = [record.path for record, _ in known if record.source == source]
    certain = bool(paths) or Path(source).is_absolute()
    path = paths[0] if paths else Path(source).resolve()
    try:
        document = load(SourceFile(path, source))
    except LoadError:
        return None
    if document.sha256 == sha256:
        return Entry.of(document, path)
    if certain:
        zh = f"{source} 在建索引之后改过，已按现在的内容索引"
        report.done.append(Step(zh, f"{source} has changed since it was indexed and is taken as it is now"))
        return Entry.of(document, path)
    return None


def _put_away(index: Path, name: str, report: Repair) -> None:
    aside = set_aside(index, name)
    zh = f"损坏的 {name} 已移到 {aside.name}；wenyuan prune 会删除它"
    report.done.append(Step(zh, f"the damaged {name} is now {aside.name}; wenyuan prune deletes it"))


def _index_again() -> Step:
    return Step("或重新索引源文件：wenyuan index 文件夹…", "or index the files again: wenyuan index PATH…")
