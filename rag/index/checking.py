"""Whether a whole index is sound: the generation in force, the kept ones, uploads, and quotes of gold pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from rag.errors import IndexMismatchError
from rag.index.generations import GENERATIONS, GOLD, UPLOADS
from rag.index.inspection import Inspection, Problem, inspect
from rag.index.manifest import FORMAT_VERSION, file_digest, other_format
from rag.index.store import DocumentRecord, Store
from rag.index.switching import CURRENT, current_name, name_in_force, names


@dataclass(frozen=True, slots=True)
class Checked:
    """One generation and what was found in it."""

    name: str
    in_force: bool
    inspection: Inspection


@dataclass(frozen=True, slots=True)
class Health:
    """What was found in an index: its generations, newest first; what else is wrong; what is merely worth knowing."""

    generations: tuple[Checked, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]

    @property
    def sound(self) -> bool:
        return not self.problems and self.older is None and all(one.inspection.sound for one in self.generations)

    @property
    def older(self) -> IndexMismatchError | None:
        """What to do if the generation in force is in an older format; those kept beside it may be."""
        manifest = self.in_force.inspection.manifest if self.in_force else None
        return other_format(manifest.format_version) if manifest and manifest.format_version < FORMAT_VERSION else None

    @property
    def in_force(self) -> Checked | None:
        """The generation in force, if it is there."""
        return next((one for one in self.generations if one.in_force), None)


def check(index: Path | str = "index") -> Health:
    """Verify the index in folder ``index``; nothing is changed. Raises IndexMissingError if there is none."""
    folder = Path(index)
    if not names(folder):
        current_name(folder)
    checked = [Checked(name, False, inspect(folder / GENERATIONS / name)) for name in names(folder)]
    in_force = name_in_force(folder)
    # Others may be gone by now, pruned by a writer.
    generations = tuple(
        Checked(generation.name, generation.name == in_force, generation.inspection)
        for generation in checked
        if generation.name in names(folder)
    )
    problems: list[Problem] = []
    notes: list[Problem] = []
    if in_force not in {generation.name for generation in generations}:
        if in_force in names(folder):
            # It came into force while the others were being checked.
            generations = (Checked(in_force, True, inspect(folder / GENERATIONS / in_force)), *generations)
        else:
            zh, en = ("缺失", "missing") if not in_force else (f"指向不存在的 {in_force}", f"{in_force} does not exist")
            problems.append(Problem(CURRENT, zh, en))
    store = next((generation.inspection.store for generation in generations if generation.in_force), None)
    if store:
        records = list(store.records())
        for is_problem, problem in (*_uploads(folder, records), *_quotes_of(_gold(folder, in_force), store, records)):
            (problems if is_problem else notes).append(problem)
    return Health(generations, tuple(problems), tuple(notes))


def _uploads(index: Path, records: list[DocumentRecord]) -> Iterator[tuple[bool, Problem]]:
    """Uploads are the only copies of what was uploaded: each should be there as it was indexed."""
    folder = (index / UPLOADS).resolve()
    indexed = {
        path: record for record in records for file in record.files if (path := Path(file.path)).parent == folder
    }
    for path, record in indexed.items():
        place = f"{UPLOADS}/{path.name}"
        try:
            if file_digest(path) != record.sha256:
                yield True, Problem(place, "与建索引时不同", "is not the file that was indexed")
        except OSError as error:
            yield True, Problem(place, f"无法读取：{error.strerror}", f"can't be read: {error.strerror}")
    digests = {record.sha256 for record in records}
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    for file in files:
        if file not in indexed and file.is_file() and file.name[0] != "." and file_digest(file) not in digests:
            yield (
                False,
                Problem(
                    f"{UPLOADS}/{file.name}",
                    f"不在索引里；要索引它：wenyuan index {index / UPLOADS} --index {index}",
                    f"is not in the index; to index it: wenyuan index {index / UPLOADS} --index {index}",
                ),
            )


def _gold(index: Path, in_force: str) -> Path:
    """The gold pairs, or those that were imported with the generation in force and not yet put in place."""
    pending = index / f".{GOLD}.{in_force}"
    return pending if pending.is_file() else index / GOLD


def _quotes_of(file: Path, store: Store, records: list[DocumentRecord]) -> Iterator[tuple[bool, Problem]]:
    """Whether each quote in a file of JSON lines is what its document says there."""
    by_name = {Path(record.source).name: record.doc_id for record in records}
    by_name |= {record.doc_id: record.doc_id for record in records}
    try:
        lines = file.read_bytes().splitlines() if file.is_file() else []
    except OSError as error:
        yield True, Problem(file.name, f"无法读取：{error.strerror}", f"can't be read: {error.strerror}")
        return
    for number, line in enumerate(lines, start=1):
        place = f"{file.name}:{number}"
        try:
            quotes = list(_quotes(msgspec.json.decode(line))) if line.strip() else []
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield True, Problem(place, f"不是 JSON：{error}", f"is no JSON: {error}")
            continue
        for quote in quotes:
            name, start, end = quote["document"], quote["start"], quote["end"]
            document = store.document(by_name[name]) if name in by_name else None
            if document is None:
                yield False, Problem(place, f"所引的 {name} 不在索引里", f"cites {name}, which is not in the index")
            elif document.text[max(start, 0) : max(end, 0)] != quote["quote"]:
                zh = f"引文不再是 {name} [{start}, {end}) 的原文"
                yield True, Problem(place, zh, f"the quote is no longer the text of {name} [{start}, {end})")


def _quotes(value: Any) -> Iterator[Mapping[str, Any]]:
    """Everything inside ``value`` that quotes a document: ``{"document", "start", "end", "quote"}``."""
    fields = {"document": str, "start": int, "end": int, "quote": str}
    if isinstance(value, dict):
        if all(isinstance(value.get(name), kind) for name, kind in fields.items()):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _quotes(inner)
