"""Small files beside the index that say what the user has made of its documents; several processes may change them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from rag.disk import replace_file
from rag.errors import StorageError

_Row = TypeVar("_Row")
_WAIT_SECONDS = 10


class SideFile(NamedTuple, Generic[_Row]):
    """A file beside the index: its name, what it holds, and how that is called in both languages."""

    name: str
    rows: type[tuple[_Row, ...]]
    zh: str
    en: str


def rows(index: Path, side_file: SideFile[_Row]) -> tuple[_Row, ...]:
    """All rows in the index folder; none without a file. Raises StorageError for a file that is none of ours."""
    file = index / side_file.name
    try:
        state = file.stat()
    except OSError:
        return ()
    return _read(file, side_file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=16)
def _read(file: Path, side_file: SideFile[Any], _changed: int, _size: int) -> tuple[Any, ...]:
    return _decoded(file, side_file)


def _decoded(file: Path, side_file: SideFile[_Row]) -> tuple[_Row, ...]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=side_file.rows)
    except (msgspec.MsgspecError, UnicodeError, OSError) as error:
        raise StorageError(
            f"{file} 里的{side_file.zh}读不出来：{error}。请从备份恢复，或移走这个文件。",
            f"The {side_file.en} in {file} can't be read: {error}. Restore it from a backup, or move it away.",
        ) from error


@contextmanager
def changing(index: Path, side_file: SideFile[_Row]) -> Iterator[list[_Row]]:
    """The rows, written back if the block ends well.

    Raises StorageError if the disk does not take them; nothing has changed then.
    """
    from filelock import FileLock, Timeout

    file = index / side_file.name
    try:
        index.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_name(f".{side_file.name}.lock"), timeout=_WAIT_SECONDS):
            known = list(_decoded(file, side_file)) if file.exists() else []
            yield known
            replace_file(file, msgspec.json.encode(known))
    except Timeout as error:
        raise StorageError(
            f"另一个进程正在写 {file}。请稍后再试。", f"Another process is writing {file}. Try again."
        ) from error
    except OSError as error:
        raise StorageError(
            f"无法写入 {file}：{error.strerror}。请检查磁盘空间和写权限；{side_file.zh}没有改动。",
            f"Can't write {file}: {error.strerror}. Check disk space and permissions; "
            f"the {side_file.en} are unchanged.",
        ) from error
