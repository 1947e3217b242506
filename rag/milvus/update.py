"""Files into a library in Milvus: as `rag.indexing.update`, but a document at a time, by several processes at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import msgspec

from rag.errors import CorpusError, WenyuanError
from rag.index.manifest import Manifest, build_settings
from rag.index.protocols import not_found
from rag.indexing.pipeline import Pipeline
from rag.loading import discover, nothing_to_index
from rag.milvus.changes import Plan, Sources, Wanted
from rag.milvus.client import Connection
from rag.milvus.documents import LISTED
from rag.milvus.expressions import among
from rag.milvus.generation import FORMAT, MilvusGeneration, check_made, read_manifest
from rag.milvus.layout import ALL, DOCUMENTS, LIBRARY, number_of, share_of
from rag.milvus.making import Maker
from rag.milvus.rows import Made
from rag.milvus.writing import Writer, version
from rag.settings import Settings
from rag.types import IndexReport

# So many texts are embedded and written together: enough to be quick, few enough to be seen soon.
_TEXTS_AT_ONCE = 1000


def index_paths(
    paths: Sequence[Path],
    pipeline: Pipeline,
    *,
    share: tuple[int, int] = (1, 1),
    exclude: Path = Path("index"),
) -> IndexReport:
    """Bring the library in Milvus up to date with ``paths``; other documents in it stay.

    As `index_paths` on this disk, but that documents are seen one by one, as they are done, and that those almost the
    same are not grouped. ``share`` (2, 8) does the second eighth of the documents, by the digests of their bytes; when
    all eight are done, in any order or at once, the library is as if one process had done it. What a killed run left
    unfinished is not seen, and the next run of that share sweeps it away. Raises CorpusError, MilvusError, ModelError,
    IndexMismatchError, SettingsError.
    """
    started = perf_counter()
    progress = pipeline.progress
    discovery = discover(paths, exclude=exclude)
    with _connected(pipeline.settings) as connection:
        _open_or_make(connection, pipeline)
        mine = share_of(*share)
        made_by = version()
        writer = Writer(connection, made_by)
        notices = _swept(writer.sweep(mine))
        rows = {row["sha256"]: row for row in connection.pages(DOCUMENTS, among("id", [mine]), LISTED, strong=True)}
        sources = Sources(discovery, [path.resolve() for path in paths], exclude, mine, progress=progress)
        plan = sources.plan(rows, made_by)
        maker = Maker(MilvusGeneration(connection, _made(connection)), pipeline, notices)
        # By path, so that an archive is unpacked once for all its files.
        wanted = sorted(plan.write, key=lambda one: one.first.path)
        new = _write(wanted, maker, writer, progress=progress)
        for row in plan.update:
            writer.update(row)
        writer.publish(wait=True)
        # Last, so that of a text which only changed there is always a version, and what can be taken over from the old
        # one is still there for the new.
        writer.remove(plan.remove)
        manifest = MilvusGeneration(connection, _made(connection)).manifest
    if not manifest.documents and not plan.remove and share == (1, 1):
        raise nothing_to_index(paths, (*sources.failed, *maker.failed), sources.unsupported)
    report = _report(plan, new.keys(), sources, maker, manifest)
    return replace(report, notices=tuple(notices), seconds=perf_counter() - started)


def _report(plan: Plan, written: Set[str], sources: Sources, maker: Maker, manifest: Manifest) -> IndexReport:
    """What was done and is there now, but for notices and time; ``written`` are the sources of what was written."""
    return IndexReport(
        added=tuple(sorted(written - maker.replaced)),
        changed=tuple(sorted(written & maker.replaced)),
        unchanged=tuple(plan.unchanged),
        removed=tuple(plan.removed),
        duplicates=tuple(plan.duplicates),
        failed=tuple((file.source, error) for file, error in (*sources.failed, *maker.failed)),
        unsupported=tuple(map(str, sources.unsupported)),
        notices=(),
        omitted=tuple(maker.omitted),
        documents=manifest.documents,
        passages=manifest.passages,
        seconds=0.0,
    )


def _swept(documents: int) -> list[WenyuanError]:
    """What to tell of documents that a killed run had left unfinished."""
    zh = f"清理了上次没有写完的 {documents} 篇文档。"
    en = f"{documents} documents that were left unfinished are swept away."
    return [WenyuanError(zh, en)] if documents else []


def remove_documents(doc_ids: Sequence[str], settings: Settings) -> None:
    """Remove documents from the library in Milvus. Raises NotFoundError, before any is removed, and MilvusError."""
    with _connected(settings) as connection:
        made = _made(connection)
        check_made(made, settings)
        store = MilvusGeneration(connection, made).store
        for doc_id in doc_ids:
            if store.ordinals(doc_id) is None:
                raise not_found(doc_id)
        rows = store.listed(map(number_of, doc_ids))
        Writer(connection, version()).remove(list(rows.values()))


def _write(wanted: Sequence[Wanted], maker: Maker, writer: Writer, *, progress: bool) -> dict[str, str]:
    """Make and write documents; their sources, with their ids."""
    from tqdm import tqdm

    written: dict[str, str] = {}
    bar = tqdm(desc="索引 index", unit="doc", total=len(wanted), disable=not progress)
    # While documents are on their way to Milvus the next ones are embedded.
    with bar, ThreadPoolExecutor(1, thread_name_prefix="write") as pool:
        before: Future[None] | None = None
        for drafts in maker.drafts(wanted, _TEXTS_AT_ONCE):
            made = maker.finished(drafts)
            if before:
                before.result()
            before = pool.submit(_put, writer, made)
            written |= {draft.document.source: draft.document.doc_id for draft in drafts}
            bar.update(len(drafts))
        if before:
            before.result()
    return written


def _put(writer: Writer, made: Sequence[Made]) -> None:
    writer.write(made)
    writer.publish()


@contextmanager
def _connected(settings: Settings) -> Iterator[Connection]:
    connection = Connection(settings)
    try:
        yield connection
    finally:
        connection.close()


def _open_or_make(connection: Connection, pipeline: Pipeline) -> None:
    """Make the collections if there are none; the row that says what they were made with comes last."""
    settings, manifest = pipeline.settings, read_manifest(connection)
    if manifest is None:
        encoder = pipeline.models.encoder.get()
        for collection in ALL:
            connection.make(collection, encoder.dimension)
        manifest = Manifest(
            format_version=FORMAT,
            generation=f"milvus:{settings.milvus_prefix}",
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            settings=build_settings(settings),
            encoder=encoder.name,
            dimension=encoder.dimension,
            documents=0,
            passages=0,
            vectors=0,
            corpus={},
            files={},
        )
        text = msgspec.json.encode(manifest).decode()
        connection.upsert(LIBRARY, [{"id": 0, "manifest": text, "nothing": [1.0, 0.0]}])
        manifest = _made(connection)
    check_made(manifest, settings, pipeline.models.encoder_name)


def _made(connection: Connection) -> Manifest:
    manifest = read_manifest(connection)
    if manifest is None:
        raise CorpusError("Milvus 里还没有资料库。", "There is no library in Milvus yet.")
    return manifest
