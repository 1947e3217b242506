"""Files to Documents: which files to read, and which module reads them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rag.errors import CorpusError, LoadError, WenyuanError
from rag.loading.apart import parse_apart
from rag.loading.blocks import Parsed, Parser, RawBlock, assemble, gather
from rag.loading.decoding import decode
from rag.loading.delimited import parse_csv, parse_tsv
from rag.loading.jsonl import parse_jsonl
from rag.loading.plain import parse_plain
from rag.loading.worker import FORMATS
from rag.types import Document


def _of_text(blocks: Callable[[str], list[RawBlock]]) -> Parser:
    return lambda data, name: Parsed(gather(blocks(decode(data, name)), name))


PARSERS: dict[str, Parser] = {
    **dict.fromkeys(FORMATS, parse_apart),
    ".txt": _of_text(parse_plain),
    ".text": _of_text(parse_plain),
    ".csv": parse_csv,
    ".tsv": parse_tsv,
    ".jsonl": parse_jsonl,
}
IGNORE_FILE = ".wenyuanignore"
# To be raised whenever a loader makes another Document of the same bytes: unchanged files are then read again.
LOADERS = 1
MAX_FILE_BYTES = 500 * 2**20


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read and the name under which it is cited. ``leads_out``: a link to one outside of the folder given."""

    path: Path
    source: str
    leads_out: bool = False

    @property
    def place(self) -> Path:
        """Where the file lies, links followed, as far as they lead anywhere."""
        return Path(os.path.realpath(self.path))


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a walk over the given paths found: files to read, and files of other formats left aside."""

    files: tuple[SourceFile, ...]
    unsupported: tuple[Path, ...]


def discover(paths: Sequence[Path], *, exclude: Path | None = None) -> Discovery:
    """List the files under ``paths``, sorted by name within a folder, each once.

    Hidden files, what a folder's ``.wenyuanignore`` names (the syntax of ``.gitignore``) and everything under
    ``exclude`` are left out; links that lead out of the folder and pipes are listed, to be refused. Raises
    CorpusError for a path that does not exist or a named file of an unknown format.
    """
    files: dict[Path, SourceFile] = {}
    unsupported: list[Path] = []
    for path in paths:
        if path.is_dir():
            for file in _walk(path, exclude):
                if file.suffix.lower() in PARSERS:
                    found = SourceFile(file, str(file))
                    out = file.is_symlink() and not found.place.is_relative_to(path.resolve())
                    files.setdefault(file.absolute() if out else found.place, replace(found, leads_out=out))
                else:
                    unsupported.append(file)
        elif path.is_file():
            if path.suffix.lower() not in PARSERS:
                raise CorpusError(
                    f"不支持这种文件：{path}。目前可读：{'、'.join(PARSERS)}。",
                    f"Unsupported file type: {path}. Readable now: {', '.join(PARSERS)}.",
                )
            files.setdefault(path.resolve(), SourceFile(path, str(path)))
        else:
            raise CorpusError(
                f"找不到路径：{path}。请检查拼写，或换成一个存在的文件或文件夹。",
                f"No such path: {path}. Check the spelling, or give a file or folder that exists.",
            )
    return Discovery(tuple(files.values()), tuple(unsupported))


def _walk(folder: Path, exclude: Path | None) -> Iterator[Path]:
    from pathspec import GitIgnoreSpec

    ignore = folder / IGNORE_FILE
    patterns = decode(ignore.read_bytes(), ignore).split("\n") if ignore.is_file() else []
    try:
        spec = GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise CorpusError(f"{ignore} 有误：{error}", f"{ignore} is malformed: {error}") from error
    excluded = exclude.resolve() if exclude else None
    for root, folders, names in os.walk(folder, onerror=_unreadable):
        base = Path(root)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and (base / name).resolve() != excluded
            and not spec.match_file(f"{(base / name).relative_to(folder)}/")
        )
        for name in sorted(names):
            file = base / name
            if not name.startswith(".") and not spec.match_file(file.relative_to(folder)):
                yield file


def _unreadable(error: OSError) -> None:
    # Passed over in silence, its documents would be taken for deleted ones.
    raise CorpusError(
        f"无法读取文件夹 {error.filename}：{error.strerror}。请检查权限，或写进 {IGNORE_FILE}。",
        f"Can't read folder {error.filename}: {error.strerror}. Check its permissions, or name it in {IGNORE_FILE}.",
    ) from error


def load(file: SourceFile, notices: list[WenyuanError] | None = None) -> Document:
    """Read one file into a Document; what is worth telling of it is added to ``notices``.

    Raises LoadError if it can't be opened, decoded or holds no text.
    """
    data, modified = read(file)
    return replace(parse(data, source=file.source, name=file.path, notices=notices), modified=modified)


def read(file: SourceFile) -> tuple[bytes, str]:
    """The bytes of a file, and when it was last changed, in ISO 8601.

    Raises LoadError if it can't be opened, or its name can't be kept.
    """
    name = os.fsencode(file.path).decode("utf-8", "replace")
    if name != str(file.path):
        # Neither the index nor a terminal can hold such a name; unpacking an archive from another system makes them.
        raise LoadError(
            f"{name} 的文件名不是 UTF-8，已跳过。请改名后再索引。",
            f"The name of {name} is not UTF-8; it was skipped. Rename it.",
        )
    if file.leads_out:
        # A folder that someone else has packed could make anything readable a document of the library.
        raise LoadError(
            f"{file.path} 是链接，指向这个文件夹之外，已跳过。要索引它指向的文件，请直接给出那个文件。",
            f"{file.path} is a link that leads out of the folder; it was skipped. To index that file, name it.",
        )
    if file.path.exists() and not file.path.is_file():
        raise LoadError(
            f"{file.path} 不是普通文件（是管道、设备之类），已跳过。",
            f"{file.path} is no plain file (but a pipe, a device or the like); it was skipped.",
        )
    try:
        with file.path.open("rb") as stream:
            state = os.fstat(stream.fileno())
            data = stream.read(state.st_size) if state.st_size <= MAX_FILE_BYTES else None
    except OSError as error:
        raise LoadError(
            f"无法读取 {file.path}：{error.strerror}。请检查文件权限。",
            f"Can't read {file.path}: {error.strerror}. Check its permissions.",
        ) from error
    if data is None:
        raise LoadError(
            f"{file.path} 有 {state.st_size:,} 字节，超出了限度（{MAX_FILE_BYTES:,}），已跳过。请拆成几个文件。",
            f"{file.path} has {state.st_size:,} bytes, more than {MAX_FILE_BYTES:,}; it was skipped. Divide it up.",
        )
    return data, changed_at(state)


def changed_at(state: os.stat_result) -> str:
    """When a file was last changed, in ISO 8601 and UTC."""
    return datetime.fromtimestamp(state.st_mtime, UTC).isoformat(timespec="seconds")


def parse(data: bytes, *, source: str, name: Path, notices: list[WenyuanError] | None = None) -> Document:
    """Turn a file's bytes into a Document; ``name`` gives the format by its suffix and the title by default.

    Parts of the file that hold no text are named in ``notices``. Raises LoadError.
    """
    parsed = PARSERS[name.suffix.lower()](data, name)
    if not parsed.blocks:
        raise LoadError(
            f"{name} 里没有文字，已跳过。",
            f"{name} holds no text; it was skipped.",
        )
    if notices is not None:
        notices += [LoadError(notice.zh, notice.en) for notice in parsed.notices]
    sha256 = hashlib.sha256(data).hexdigest()
    return assemble(parsed.blocks, source=source, default_title=name.stem, sha256=sha256, title=parsed.title)
