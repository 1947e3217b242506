"""What files hold now: one whose bytes are those of its document in the index is taken from there, not parsed again.

Bytes are compared by their SHA-256; those of a file that nobody has touched since it was read are known, see `seen`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rag.errors import LoadError, WenyuanError
from rag.index.generations import Stored
from rag.index.manifest import Manifest
from rag.index.store import DocumentRecord
from rag.indexing.entries import DocumentBuffer, Entry
from rag.indexing.seen import Seen, state_of
from rag.loading import LOADERS, SourceFile, each, parse, read
from rag.types import Document, Omission, Origin


@dataclass(slots=True)
class Refreshed:
    """The documents of files by resolved path; the files that can't be read, with the reason; what to tell of them.

    ``unsupported`` are files of other formats in archives.
    ``omitted`` is what the documents that were parsed lack of their files, with their sources.
    ``reread`` counts the documents that were parsed again though their bytes are the same: an earlier version of the
    loaders had read them.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    failed: list[tuple[SourceFile, LoadError]] = field(default_factory=list)
    unsupported: list[Path] = field(default_factory=list)
    notices: list[WenyuanError] = field(default_factory=list)
    omitted: list[tuple[str, Omission]] = field(default_factory=list)
    reread: int = 0


def refresh(
    files: Sequence[SourceFile],
    old: Stored | None,
    known: Mapping[str, tuple[DocumentRecord, Origin]],
    parsed: Mapping[Path, Document],
    buffer: DocumentBuffer,
    seen: Seen,
    *,
    progress: bool = False,
) -> Refreshed:
    """Read ``files`` and those in archives; what is new, changed or of former loaders is parsed and put in ``buffer``.

    ``known`` are the files of ``old`` by resolved path. Nothing is read that is in ``parsed``, by that path, too, or is
    the same as in ``seen``. A file that failed before is tried again.
    """
    from tqdm import tqdm

    stale = outdated(old.manifest, old.store.records()) if old else frozenset[str]()
    refreshed = Refreshed()
    bar = tqdm(files, desc="读取 read", unit="file", disable=not progress, delay=2)

    def tell(picture: int) -> None:
        bar.set_postfix_str(f"文字识别 OCR: {picture}")

    for file in each(bar, refreshed.failed, refreshed.unsupported):
        place, path = file.place, str(file.place)
        try:
            if place in parsed:
                refreshed.entries[path] = Entry.of(parsed[place], place)
                continue
            held, state = known.get(path), None if file.leads_out else state_of(path)
            current = held if held and held[0].doc_id not in stale else None
            if old and current and _is_of(*current, file, seen.sha256(path, state)):
                refreshed.entries[path] = _stored(old, *current, file)
                continue
            data, modified = read(file)
            sha256 = hashlib.sha256(data).hexdigest()
            if old and current and _is_of(*current, file, sha256):
                refreshed.entries[path] = _stored(old, *current, file)
            else:
                document = parse(data, source=file.source, name=file.path, notices=refreshed.notices, tell=tell)
                refreshed.entries[path] = buffer.add(replace(document, modified=modified), place)
                refreshed.omitted += [(file.source, one) for one in document.omitted]
                refreshed.reread += held is not None and _is_of(*held, file, sha256)
                bar.set_postfix_str("", refresh=False)
            seen.note(path, state, sha256)
        except LoadError as error:
            refreshed.failed.append((file, error))
    if refreshed.reread:
        zh = f"已用这一版的读取方法重新读取 {refreshed.reread} 个没有变化的文件。"
        en = f"{refreshed.reread} unchanged files were read again, as this version of Wenyuan reads them."
        refreshed.notices.append(WenyuanError(zh, en))
    return refreshed


def outdated(manifest: Manifest, records: Collection[DocumentRecord]) -> frozenset[str]:
    """The ids of those documents of a generation that former loaders have read."""
    if manifest.loaders < LOADERS:
        return frozenset(record.doc_id for record in records)
    return frozenset(manifest.outdated)


def _stored(old: Stored, record: DocumentRecord, origin: Origin, file: SourceFile) -> Entry:
    same = origin.source == file.source
    return Entry.stored(old.store, record, origin if same else origin._replace(source=file.source))


def _is_of(record: DocumentRecord, origin: Origin, file: SourceFile, sha256: str) -> bool:
    """Whether parsing bytes of that digest would give the document again; a link's name may say another format."""
    same_name = origin.source == file.source or Path(origin.source).name == file.path.name
    return same_name and record.sha256 == sha256
