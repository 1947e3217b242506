"""What the files say is to be done: which documents to write, to change in lists, to remove."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag.errors import LoadError
from rag.index.store import DocumentRecord
from rag.loading import Discovery, SourceFile, each, parse, read, walked
from rag.milvus.client import Row
from rag.milvus.documents import record_of
from rag.milvus.layout import number_of
from rag.milvus.rows import copies_text
from rag.types import Origin


@dataclass(frozen=True, slots=True)
class Found:
    """A file and when it was last changed."""

    file: SourceFile
    modified: str

    @property
    def path(self) -> str:
        """Where the file lies, links followed."""
        return str(self.file.place)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document to write: the file that stands for it, the digest of its bytes, and its other files."""

    sha256: str
    first: Found
    copies: tuple[Origin, ...]


@dataclass(slots=True)
class Plan:
    """What is to be done for one share: documents to write, rows of documents to update and to remove.

    ``unchanged`` and ``removed`` are sources of files; ``duplicates`` as in `rag.types.IndexReport`.
    """

    write: list[Wanted] = field(default_factory=list)
    update: list[Row] = field(default_factory=list)
    remove: list[Row] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)


class Sources:
    """The files under some paths, every one read, and those of one share kept in mind by the digests of their bytes."""

    def __init__(
        self, discovery: Discovery, roots: Sequence[Path], index: Path, mine: range, *, progress: bool
    ) -> None:
        from tqdm import tqdm

        self.failed: list[tuple[SourceFile, LoadError]] = []
        self.unsupported = list(discovery.unsupported)
        self._roots = roots
        self._index = index.resolve()
        self._digests: dict[str, str] = {}
        self._owned: dict[str, list[Found]] = {}
        bar = tqdm(discovery.files, desc="读取 read", unit="file", disable=not progress, delay=2)
        for file in each(bar, self.failed, self.unsupported):
            try:
                data, modified = read(file)
            except LoadError as error:
                self.failed.append((file, error))
                continue
            sha256 = hashlib.sha256(data).hexdigest()
            self._digests[str(file.place)] = sha256
            if number_of(sha256) in mine:
                self._owned.setdefault(sha256, []).append(Found(file, modified))

    def plan(self, rows: Mapping[str, Row], made_by: str) -> Plan:
        """What is to be done, ``rows`` being those of the share's documents that are there, by digest."""
        plan = Plan()
        numbers = {row["id"]: sha256 for sha256, row in rows.items()}
        for sha256 in sorted(self._owned.keys() | rows.keys()):
            row = rows.get(sha256)
            record = record_of(row) if row else None
            here = sorted(self._owned.get(sha256, []), key=lambda entry: entry.path)
            kept = [origin for origin in record.files if self._stays(origin.path)] if record else []
            if record:
                gone = [file.source for file in record.files if file.path not in self._digests and file not in kept]
                plan.removed += gone
            if numbers.setdefault(number_of(sha256), sha256) != sha256:
                self.failed += [(entry.file, _taken(entry.file)) for entry in here]
            elif row and not here and not kept:
                plan.remove.append(row)
            elif row and record and _is_made(record, row, here, kept, made_by):
                files = self._files(here, kept, record, sha256)
                plan.unchanged += [entry.file.source for entry in here]
                plan.duplicates += [(file.source, files[0].source) for file in files[1:]]
                if files != list(record.files):
                    plan.update.append(row | _listed(files))
            else:
                copies = self._files(here[1:], kept, record, sha256)
                plan.duplicates += [(copy.source, here[0].file.source) for copy in copies]
                plan.write.append(Wanted(sha256, here[0], tuple(copies)))
        return plan

    def _stays(self, path: str) -> bool:
        """Whether a file that was not read is still that of its document: it was not looked for, or not readable."""
        if path in self._digests:
            return False
        unreadable = any(Path(path).is_relative_to(file.place) for file, _ in self.failed)
        return unreadable or not any(walked(Path(path), root, self._index) for root in self._roots)

    def _files(
        self, here: Sequence[Found], kept: Sequence[Origin], record: DocumentRecord | None, sha256: str
    ) -> list[Origin]:
        """Files of the same bytes by path."""
        known = {origin.path: origin for origin in record.files} if record else {}
        found = list(kept)
        for one in here:
            before = known.get(one.path)
            title = before.title if before else self._title(one, sha256)
            found.append(Origin(one.path, one.file.source, title, one.modified))
        return sorted(found)

    def _title(self, one: Found, sha256: str) -> str:
        """The title that a copy gives the document."""
        try:
            data, _ = read(one.file)
            if hashlib.sha256(data).hexdigest() == sha256:
                return parse(data, source=one.file.source, name=one.file.path).title
        except LoadError as error:
            self.failed.append((one.file, error))
        return one.file.path.stem


def _is_made(record: DocumentRecord, row: Row, here: Sequence[Found], kept: Sequence[Origin], made_by: str) -> bool:
    """Whether a document is what its first file would give; a link's name may say another format or title."""
    if not here or any(origin.path == record.place for origin in kept):
        return True
    stands = next((one for one in here if one.path == record.place), here[0])
    return bool(row["made_by"] == made_by) and stands.file.path.name == Path(record.source).name


def _listed(files: Sequence[Origin]) -> Row:
    """What a document's row says of its files."""
    first, *copies = files
    return {
        "path": first.path,
        "source": first.source,
        "title": first.title,
        "modified": first.modified,
        "copies": copies_text(copies),
    }


def _taken(file: SourceFile) -> LoadError:
    return LoadError(
        f"{file.path} 的编号与另一篇文档相同（极少见），不能放进同一个 Milvus 资料库。请改动它的内容，哪怕一个空行。",
        f"{file.path} would get the number of another document (very rare), so it can't be in the same library in "
        "Milvus. Change something in it, if only a blank line.",
    )
