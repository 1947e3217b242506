"""Files to a new generation: only new text is embedded, and the switch to it is atomic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from rag.embedding import encoder_name, load_encoder
from rag.errors import CorpusError, IndexMissingError, LoadError, WenyuanError
from rag.generations import Contents, Generation, open_generation, write_generation, writing
from rag.loading import SourceFile, discover, load
from rag.manifest import build_settings, check_settings
from rag.reuse import Held, row_vectors
from rag.settings import Settings, load_settings
from rag.splitting import split
from rag.store import DocumentRecord
from rag.tokenization import terms
from rag.types import Document, Passage

_READABLE = ".md .txt .pdf .docx .html"


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What indexing did. Sources by what became of them; ``failed`` with the reason."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    duplicates: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, WenyuanError], ...]
    unsupported: tuple[str, ...]
    notices: tuple[WenyuanError, ...]
    documents: int
    passages: int
    seconds: float


class _Entry(NamedTuple):
    """A document on its way into a generation, with the file it came from."""

    document: Document
    path: Path


def index_paths(
    paths: Sequence[Path], index: Path | str = "index", settings: Settings | None = None, *, progress: bool = False
) -> IndexReport:
    """Bring the index in folder ``index`` up to date with ``paths``; other documents in it stay.

    Under the given paths new files are added, changed ones replaced, vanished ones removed; a file that can't be
    read is reported and its former version is kept. Only new text is embedded. Nothing on disk changes if nothing
    did in the files. Raises CorpusError if a path is missing or nothing at all could be read, StorageError,
    ModelError, SettingsError.
    """
    started = perf_counter()
    folder, settings = Path(index), settings or load_settings()
    discovery = discover(paths, exclude=folder)
    loaded, failed, told = _load_all(discovery.files, progress=progress)
    with writing(folder):
        old, notices = _old_generation(folder)
        notices += told
        before = list(old.store.records()) if old else []
        roots = [path.resolve() for path in paths]
        failed_paths = {file.place for file, _ in failed}
        kept = [
            record
            for record in before
            if record.path not in loaded
            and (record.path in failed_paths or not any(_walked(record.path, root, folder) for root in roots))
        ]
        entries, duplicates = _unique([*_reloaded(old, kept), *loaded.values()])
        if not entries:
            raise _nothing_to_index(paths, failed, discovery.unsupported)
        known = {record.path: record.sha256 for record in before}
        now = {entry.path: entry.document for entry in entries}
        added = [d.source for path, d in now.items() if path not in known]
        changed = [d.source for path, d in now.items() if path in known and known[path] != d.sha256]
        removed = [record.source for record in before if record.path not in now]
        rebuilt = old is None or (old.manifest.settings, old.manifest.encoder) != (
            build_settings(settings),
            encoder_name(settings.model),
        )
        passages = old.manifest.passages if old else 0
        if rebuilt or added or changed or removed:
            passages = build(folder, entries, _held(old), settings, progress=progress)
    return IndexReport(
        added=tuple(added),
        changed=tuple(changed),
        unchanged=tuple(d.source for path, d in now.items() if known.get(path) == d.sha256),
        removed=tuple(removed),
        duplicates=tuple(duplicates),
        failed=tuple((file.source, error) for file, error in failed),
        unsupported=tuple(map(str, discovery.unsupported)),
        notices=tuple(notices),
        documents=len(entries),
        passages=passages,
        seconds=perf_counter() - started,
    )


def remove_documents(doc_ids: Sequence[str], index: Path | str = "index", settings: Settings | None = None) -> None:
    """Remove documents from the index. Raises NotFoundError, and CorpusError if none would be left."""
    folder, settings = Path(index), settings or load_settings()
    with writing(folder):
        old = open_generation(folder)
        check_settings(old.manifest, settings)
        for doc_id in doc_ids:
            old.document(doc_id)
        kept = [record for record in old.store.records() if record.doc_id not in doc_ids]
        if not kept:
            raise CorpusError(
                "不能删除最后一篇文档。要清空索引，请删除索引文件夹。",
                "The last document can't be removed. To empty the index, delete its folder.",
            )
        build(folder, _reloaded(old, kept), _held(old), settings, progress=False)


def _walked(path: Path, root: Path, index: Path) -> bool:
    """Whether a file at ``path`` is found under ``root``: a walk passes over the index, with the uploads in it."""
    index = index.resolve()
    return path.is_relative_to(root) and (root.is_relative_to(index) or not path.is_relative_to(index))


def _load_all(
    files: Sequence[SourceFile], *, progress: bool
) -> tuple[dict[Path, _Entry], list[tuple[SourceFile, LoadError]], list[WenyuanError]]:
    from tqdm import tqdm

    loaded: dict[Path, _Entry] = {}
    failed: list[tuple[SourceFile, LoadError]] = []
    told: list[WenyuanError] = []
    for file in tqdm(files, desc="读取 load", unit="file", disable=not progress, delay=2):
        path = file.place
        try:
            loaded[path] = _Entry(load(file, told), path)
        except LoadError as error:
            failed.append((file, error))
    return loaded, failed, told


def _old_generation(index: Path) -> tuple[Generation | None, list[WenyuanError]]:
    """The generation in force, or None with a notice if it can't be used."""
    try:
        return open_generation(index), []
    except IndexMissingError:
        return None, []
    except WenyuanError as error:
        return None, [error]


def _held(old: Generation | None) -> Held | None:
    return Held(old.manifest.encoder, old.store, old.dense) if old else None


def _reloaded(old: Generation | None, records: Iterable[DocumentRecord]) -> list[_Entry]:
    return [_Entry(old.document(record.doc_id), record.path) for record in records] if old else []


def _unique(entries: Iterable[_Entry]) -> tuple[list[_Entry], list[tuple[str, str]]]:
    """Entries by path, one for each content; and ``(source, source of the same content)`` of the others."""
    first: dict[str, _Entry] = {}
    duplicates = []
    for entry in sorted(entries, key=lambda one: str(one.path)):
        same = first.setdefault(entry.document.doc_id, entry)
        if same is not entry:
            duplicates.append((entry.document.source, same.document.source))
    return list(first.values()), duplicates


def _nothing_to_index(
    paths: Sequence[Path], failed: Sequence[tuple[SourceFile, LoadError]], unsupported: Sequence[Path]
) -> CorpusError:
    where = "、".join(map(str, paths))
    zh = f"{where} 里没有可索引的文字（无法读取 {len(failed)} 个，格式不支持 {len(unsupported)} 个）。"
    en = f"No readable text in {where} ({len(failed)} unreadable, {len(unsupported)} of an unsupported format)."
    if failed:
        return CorpusError(f"{zh}{failed[0][1].zh}", f"{en} {failed[0][1].en}")
    return CorpusError(f"{zh}请放入 {_READABLE} 等文件。", f"{en} Put files like {_READABLE} there.")


def build(
    folder: Path, entries: Sequence[tuple[Document, Path]], old: Held | None, settings: Settings, *, progress: bool
) -> int:
    """Split, embed and write a generation of documents and their files; returns the number of its passages.

    To be called inside `writing`. Vectors that ``old`` holds are not made again. Raises StorageError, ModelError.
    """
    encoder = load_encoder(settings.model, device=settings.device)
    documents: list[tuple[Document, Path, Sequence[Passage]]] = []
    ordinal = 0
    for document, path in entries:
        passages = split(document, settings.split, ordinal)
        documents.append((document, path, passages))
        ordinal += len(passages)
    dictionary = settings.dictionary_path
    write_generation(
        folder,
        Contents(
            documents=documents,
            terms=[
                (p.ordinal, terms(d.text[p.start : p.end], dictionary), terms(p.context, dictionary))
                for d, _, passages in documents
                for p in passages
            ],
            vectors=row_vectors([(d, passages) for d, _, passages in documents], old, encoder, progress=progress),
            settings=build_settings(settings),
            encoder=encoder.name,
        ),
        settings.keep_generations,
    )
    return ordinal
