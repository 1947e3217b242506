"""Files to a new generation: only new text is embedded, and the switch to it is atomic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from rag.errors import CorpusError, IndexMissingError, WenyuanError
from rag.index.generations import Stored, open_stored, writing
from rag.index.manifest import FORMAT_VERSION, OLDEST_FORMAT, Manifest, build_settings, check_settings
from rag.index.store import DocumentRecord
from rag.indexing.building import build
from rag.indexing.entries import DocumentBuffer, Entry
from rag.indexing.merging import reusable
from rag.indexing.pipeline import Pipeline
from rag.indexing.refresh import Refreshed, outdated, refresh
from rag.indexing.seen import Seen
from rag.loading import Discovery, discover, nothing_to_index, walked
from rag.settings import Settings, load_settings
from rag.text.tokenization import reread
from rag.types import Document, IndexReport, Origin

# Documents with a file of each; and by the paths of these.
_Files = Sequence[tuple[DocumentRecord, Origin]]
_Lying = Mapping[str, tuple[DocumentRecord, Origin]]


def index_paths(
    paths: Sequence[Path],
    index: Path | str = "index",
    settings: Settings | None = None,
    *,
    progress: bool = False,
    checksum: bool = False,
    pipeline: Pipeline | None = None,
) -> IndexReport:
    """Bring the index in folder ``index`` up to date with ``paths``; other documents in it stay.

    Under the given paths new files are added, changed ones replaced, vanished ones removed; a file that can't be
    read is reported and its former version is kept. Of files of the same bytes the first by path stands for all. Only
    files that were touched are read (with ``checksum`` all), only those whose bytes changed are parsed, and only new
    text is embedded. Nothing that is indexed changes if nothing did in the files; if the last of them is gone, so
    is the last document. Raises CorpusError if a path is missing or nothing at all could be read, StorageError,
    ModelError, SettingsError. A ``pipeline`` stands for ``settings``, ``progress`` and ``checksum``.
    """
    started = perf_counter()
    folder, pipeline = Path(index), pipeline or Pipeline.of(settings, progress=progress, checksum=checksum)
    with pipeline.timing("list"):
        discovery = discover(paths, exclude=folder)
    with writing(folder):
        with pipeline.timing("open"):
            old, notices = _old_generation(folder)
        report = update(folder, old, paths, discovery, pipeline)
    return replace(report, notices=(*notices, *report.notices), seconds=perf_counter() - started)


def update(
    folder: Path,
    old: Stored | None,
    paths: Sequence[Path],
    discovery: Discovery,
    pipeline: Pipeline,
    *,
    parsed: Mapping[Path, Document] | None = None,
) -> IndexReport:
    """`index_paths` inside `writing`: ``old`` is the generation in force, ``discovery`` what lies under ``paths``.

    Documents in ``parsed``, by resolved path, are taken without reading their files.
    """
    started = perf_counter()
    with DocumentBuffer(folder) as buffer:
        report = _updated(folder, old, paths, discovery, pipeline, parsed=parsed or {}, buffer=buffer)
    return replace(report, seconds=perf_counter() - started)


def _updated(
    folder: Path,
    old: Stored | None,
    paths: Sequence[Path],
    discovery: Discovery,
    pipeline: Pipeline,
    *,
    parsed: Mapping[Path, Document],
    buffer: DocumentBuffer,
) -> IndexReport:
    before = old.store.records() if old else ()
    lying = {file.path: (record, file) for record in before for file in record.files}
    seen = Seen(folder, trusted=not pipeline.checksum)
    with pipeline.timing("read"):
        refreshed = refresh(discovery.files, old, lying, parsed, buffer, seen, progress=pipeline.progress)
    if not {one.sha256 for one in refreshed.entries.values()} <= {record.sha256 for record in before}:
        # While documents are split.
        pipeline.models.encoder.ahead()
    kept = _kept(lying, refreshed, paths, folder)
    files = sorted([*_reloaded(old, kept), *refreshed.entries.values()], key=lambda one: one.origin.path)
    entries, duplicates = _unique(files)
    report = _report(lying, files, entries, duplicates, refreshed, discovery)
    if not entries and not before:
        raise nothing_to_index(paths, refreshed.failed, (*discovery.unsupported, *refreshed.unsupported))
    rebuilt = old is None or not is_current(old.manifest, pipeline)
    if rebuilt:
        # The dictionary may have been edited since this process read it.
        reread()
    passages = old.manifest.passages if old else 0
    if rebuilt or report.added or report.changed or report.removed or refreshed.reread:
        passages = _build(folder, old, kept, entries, pipeline)
    seen.save({file.origin.path for file in files})
    return replace(report, passages=passages)


def _build(folder: Path, old: Stored | None, kept: _Files, entries: Sequence[Entry], pipeline: Pipeline) -> int:
    """Write ``entries`` as the next generation, of which ``kept`` are as they were; returns its number of passages."""
    stale = outdated(old.manifest, old.store.records()) & {record.doc_id for record, _ in kept} if old else ()
    return build(folder, entries, reusable(old, pipeline) if old else None, pipeline, outdated=stale).passages


def _kept(lying: _Lying, refreshed: Refreshed, paths: Sequence[Path], index: Path) -> _Files:
    """The documents that stay as they were, with their files: what is not under ``paths``, or can't be read now."""
    roots, index = [path.resolve() for path in paths], index.resolve()
    failed = {file.place for file, _ in refreshed.failed}

    def stays(path: Path) -> bool:
        return not any(walked(path, root, index) for root in roots) or not failed.isdisjoint((path, *path.parents))

    return [one for path, one in lying.items() if path not in refreshed.entries and stays(Path(path))]


def _report(
    lying: _Lying,
    files: Sequence[Entry],
    entries: Sequence[Entry],
    duplicates: Sequence[tuple[str, str]],
    refreshed: Refreshed,
    discovery: Discovery,
) -> IndexReport:
    """What has become of the files that were known, but for how many passages there are and how long it took."""
    known = {path: record.sha256 for path, (record, _) in lying.items()}
    now = {file.origin.path: file for file in files}
    return IndexReport(
        added=tuple(file.source for path, file in now.items() if path not in known),
        changed=tuple(file.source for path, file in now.items() if known.get(path, file.sha256) != file.sha256),
        unchanged=tuple(file.source for path, file in now.items() if known.get(path) == file.sha256),
        removed=tuple(file.source for _, file in lying.values() if file.path not in now),
        duplicates=tuple(duplicates),
        failed=tuple((file.source, error) for file, error in refreshed.failed),
        unsupported=tuple(map(str, (*discovery.unsupported, *refreshed.unsupported))),
        notices=tuple(refreshed.notices),
        omitted=tuple(refreshed.omitted),
        documents=len(entries),
        passages=0,
        seconds=0.0,
    )


def is_current(manifest: Manifest, pipeline: Pipeline) -> bool:
    """Whether a generation is what this program would make with ``pipeline``. Raises ModelError."""
    return (manifest.format_version, manifest.settings, manifest.encoder) == (
        FORMAT_VERSION,
        build_settings(pipeline.settings),
        pipeline.models.encoder_name,
    )


def remove_documents(doc_ids: Sequence[str], index: Path | str = "index", settings: Settings | None = None) -> None:
    """Remove documents from the index. Raises NotFoundError, and CorpusError if none would be left."""
    folder, settings = Path(index), settings or load_settings()
    with writing(folder):
        old = open_stored(folder)
        check_settings(old.manifest, settings)
        for doc_id in doc_ids:
            old.document(doc_id)
        kept = [(r, file) for r in old.store.records() if r.doc_id not in doc_ids for file in r.files]
        if not kept:
            raise CorpusError(
                "不能删除最后一篇文档。要清空索引，请删除索引文件夹。",
                "The last document can't be removed. To empty the index, delete its folder.",
            )
        _build(folder, old, kept, _unique(_reloaded(old, kept))[0], Pipeline.of(settings))


def _old_generation(index: Path) -> tuple[Stored | None, list[WenyuanError]]:
    """The generation in force, or None with a notice if it can't be used."""
    try:
        return open_stored(index, oldest=OLDEST_FORMAT), []
    except IndexMissingError:
        return None, []
    except WenyuanError as error:
        return None, [error]


def _reloaded(old: Stored | None, kept: _Files) -> list[Entry]:
    return [Entry.stored(old.store, record, file) for record, file in kept] if old else []


def _unique(files: Iterable[Entry]) -> tuple[list[Entry], list[tuple[str, str]]]:
    """The first entry of each content, which knows the others; and ``(source, source of the first)`` of those."""
    same: dict[str, list[Entry]] = {}
    for file in files:
        same.setdefault(file.doc_id, []).append(file)
    entries = []
    duplicates = []
    for first, *others in same.values():
        copies = tuple(other.origin for other in others)
        entries.append(replace(first, copies=copies) if copies != first.copies else first)
        duplicates += [(other.source, first.source) for other in others]
    return entries, duplicates
