"""Files and their bytes: one that lies in a folder, or one inside of an archive, whose path leads through it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from rag.errors import LoadError
from rag.loading.blocks import PackedFile
from rag.loading.formats import ARCHIVES
from rag.loading.sandbox.apart import parse_apart

MAX_FILE_BYTES = 500 * 2**20
# The first year of the format: a program that does not know when a file was changed says so.
_NO_YEAR = 1980


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read and the name under which it is cited. ``leads_out``: a link to one outside of the folder given.

    ``found`` is its place, where that is known already: to follow links takes a look at each folder on the way.
    """

    path: Path
    source: str
    leads_out: bool = False
    found: Path | None = field(default=None, compare=False)

    @property
    def place(self) -> Path:
        """Where the file lies, links followed, as far as they lead anywhere."""
        return self.found or Path(os.path.realpath(self.path))


def each(
    files: Iterable[SourceFile], failed: list[tuple[SourceFile, LoadError]], unsupported: list[Path]
) -> Iterator[SourceFile]:
    """``files``, and in the place of an archive those in it: its path and theirs, joined.

    An archive or a file in it that can't be read is added to ``failed``, one of another format to ``unsupported``.
    """
    for file in files:
        if is_archive(file.path):
            yield from _inside(file, failed, unsupported)
        else:
            yield file


def _inside(
    archive: SourceFile, failed: list[tuple[SourceFile, LoadError]], unsupported: list[Path]
) -> Iterator[SourceFile]:
    try:
        for one in _packed(archive):
            file = SourceFile(archive.path / one.path, f"{archive.source}/{one.path}")
            if one.refused:
                failed.append((file, LoadError(*one.refused)))
            elif one.data is None:
                unsupported.append(file.path)
            else:
                yield file
    except LoadError as error:
        failed.append((archive, error))
    finally:
        # It may be large.
        _unpacked.cache_clear()


def is_archive(path: Path) -> bool:
    """Whether a file of that name is read as the files in it."""
    return path.suffix.lower() in ARCHIVES


def unpack(data: bytes, name: Path) -> tuple[PackedFile, ...]:
    """The files in an archive. Raises LoadError."""
    return parse_apart(data, name).files


def read(file: SourceFile) -> tuple[bytes, str]:
    """The bytes of a file, and when it was last changed, in ISO 8601.

    Raises LoadError if it can't be opened, or its name can't be kept.
    """
    archive = next((path for path in file.path.parents if is_archive(path) and path.is_file()), None)
    if archive is None:
        data, state = _read(file)
        return data, changed_at(state)
    inner = file.path.relative_to(archive).as_posix()
    for one in _packed(SourceFile(archive, str(archive))):
        if one.path == inner and one.data is not None:
            return one.data, _changed(one) or changed_at(archive.stat())
    raise LoadError(
        f"{file.path} 已不在压缩包里。请再索引一次。", f"{file.path} is not in the archive any more. Index again."
    )


def changed_at(state: os.stat_result) -> str:
    """When a file was last changed, in ISO 8601 and UTC."""
    return datetime.fromtimestamp(state.st_mtime, UTC).isoformat(timespec="seconds")


def _changed(file: PackedFile) -> str:
    """The same of a file in an archive, which has the time of the place where it was packed: taken for that of here."""
    if file.changed[:1] <= (_NO_YEAR,):
        return ""
    try:
        return datetime(*file.changed).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""


def _packed(archive: SourceFile) -> tuple[PackedFile, ...]:
    """The files in an archive, which is unpacked once for all of them. Raises LoadError."""
    try:
        state = archive.path.stat()
    except OSError as error:
        raise _unreadable(archive.path, error) from error
    return _unpacked(archive, state.st_size, state.st_mtime_ns, state.st_ino)


@lru_cache(maxsize=1)
def _unpacked(archive: SourceFile, *_: int) -> tuple[PackedFile, ...]:
    return unpack(_read(archive)[0], archive.path)


def _read(file: SourceFile) -> tuple[bytes, os.stat_result]:
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
        raise _unreadable(file.path, error) from error
    if data is None:
        raise LoadError(
            f"{file.path} 有 {state.st_size:,} 字节，超出了限度（{MAX_FILE_BYTES:,}），已跳过。请拆成几个文件。",
            f"{file.path} has {state.st_size:,} bytes, more than {MAX_FILE_BYTES:,}; it was skipped. Divide it up.",
        )
    return data, state


def _unreadable(path: Path, error: OSError) -> LoadError:
    return LoadError(
        f"无法读取 {path}：{error.strerror}。请检查文件权限。",
        f"Can't read {path}: {error.strerror}. Check its permissions.",
    )
