"""Which generation is in force, which others are kept: folders' names, and the atomic steps between them.

index/CURRENT               the name of the generation in force, replaced atomically
index/generations/NAME/     a complete generation; never changed, but moved out of sight before it is deleted
index/generations/.NAME     what is being written or deleted; whoever writes next sweeps it away
index/generations/NAME.damaged  a damaged generation that was repaired: put away, until it is pruned
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from rag.disk import read_plain, replace_file, sync_folder, sync_tree
from rag.errors import IndexDamagedError, IndexMissingError, NotFoundError

CURRENT = "CURRENT"
GENERATIONS = "generations"
ASIDE = ".damaged"
_MOST_NAME = 100
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{_MOST_NAME - 1}}}")
# Only what `new_name` has named is ever deleted, with the endings that it gets here and by `rag.index.transfer`.
_MADE = re.compile(rf"\.?\d{{8}}T\d{{6,12}}-[0-9a-f]{{6}}(?:{re.escape(ASIDE)})?")


def current_name(index: Path) -> str:
    """The name of the generation in force.

    Raises IndexMissingError if there is none, IndexDamagedError if what should say so can't be a name: what it holds
    is not told, for it may be another file.
    """
    pointer = index / CURRENT
    try:
        name = read_plain(pointer, _MOST_NAME + 2).decode("ascii", "replace").strip()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IndexMissingError(
            f"{index} 里还没有索引。请先建索引：wenyuan index 文件夹… --index {index}",
            f"There is no index in {index} yet. Build one first: wenyuan index PATH… --index {index}",
        ) from error
    except OSError as error:
        raise _no_pointer(pointer, error.strerror or str(error)) from error
    if not _NAME.fullmatch(name):
        raise _no_pointer(pointer, "不是版本的名字 / no name of a generation")
    return name


def _no_pointer(pointer: Path, reason: str) -> IndexDamagedError:
    return IndexDamagedError(
        f"索引已损坏：{pointer}（{reason}）。请重建：wenyuan index 文件夹…，或修复：wenyuan check --repair",
        f"The index is damaged: {pointer} ({reason}). Rebuild it: wenyuan index PATH…, or wenyuan check --repair",
    )


def name_in_force(index: Path) -> str:
    """The name of the generation in force; empty if there is none, or nothing says which."""
    try:
        return current_name(index)
    except (IndexMissingError, IndexDamagedError):
        return ""


def resolve(index: Path, name: str) -> str:
    """The generation that ``name``, or what it begins or ends with, stands for. Raises NotFoundError."""
    there = names(index)
    meant = [generation for generation in there if generation == name] or [
        generation for generation in there if name and (generation.startswith(name) or generation.endswith(name))
    ]
    if len(meant) == 1:
        return meant[0]
    raise NotFoundError(
        f"{'没有' if not meant else '不止一个'}版本叫 {name}。用 wenyuan generations 查看全部版本。",
        f"There is {'no' if not meant else 'more than one'} generation {name}. "
        "See all of them with: wenyuan generations",
    )


def new_name() -> str:
    """A name for a generation begun now; later ones sort after it."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid4().hex[:6]}"


@contextmanager
def drafted(index: Path, name: str) -> Iterator[Path]:
    """A folder to write generation ``name`` in: on the disk and under its name if the block ends well, else gone.

    Raises OSError.
    """
    draft = index / GENERATIONS / f".{name}"
    try:
        sweep(index)
        draft.mkdir(parents=True)
        yield draft
        sync_tree(draft)
        draft.rename(index / GENERATIONS / name)
        sync_folder(index / GENERATIONS)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def switch(index: Path, name: str) -> None:
    """Put the complete generation ``name`` in force, in one atomic step. Raises OSError."""
    replace_file(index / CURRENT, name.encode("ascii"))


def names(index: Path) -> list[str]:
    """The names of all complete generations, newest first; not of what `set_aside` has put away."""
    try:
        if (index / GENERATIONS).is_symlink():
            return []
        folders = [path.name for path in (index / GENERATIONS).iterdir() if path.is_dir() and not path.is_symlink()]
    except OSError:
        return []
    return sorted((name for name in folders if name[0] != "." and not name.endswith(ASIDE)), reverse=True)


def prune(index: Path, keep: int, before: str = "", *, aside: bool = False) -> list[str]:
    """Delete all generations but ``keep``; returns the names of those that are gone.

    The one in force stays, then the one ``before`` it, then the newest; ``aside``: and not what was put away. What
    can't be deleted stays.
    """
    in_force = name_in_force(index)
    there = names(index)
    kept = [name for name in dict.fromkeys((in_force, before, *there)) if name in there][:keep]
    away = [path.name for path in (index / GENERATIONS).glob(f"*{ASIDE}")] if aside else []
    pruned = [*(name for name in there if name not in kept), *sorted(away)]
    for name in pruned:
        discard(index, name)
    sweep(index)
    return [name for name in pruned if not (index / GENERATIONS / name).exists()]


def discard(index: Path, name: str) -> None:
    """Delete a generation that is not in force, moved out of sight first: half of one is never taken for whole."""
    gone = index / GENERATIONS / f".{name}"
    if (index / GENERATIONS).is_symlink() or not _MADE.fullmatch(name):
        return
    with suppress(OSError):
        (index / GENERATIONS / name).rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def set_aside(index: Path, name: str) -> Path:
    """Put a damaged generation away under another name: it no longer counts, but nothing is lost. Raises OSError."""
    folder = index / GENERATIONS / name
    return folder.rename(folder.with_name(f"{name}{ASIDE}"))


def sweep(index: Path) -> None:
    """Delete what a killed or failed writer left; what can't be deleted stays, and what others have put there.

    To be called inside `writing`.
    """
    with suppress(OSError):
        for path in () if (index / GENERATIONS).is_symlink() else (index / GENERATIONS).glob(".*"):
            if _MADE.fullmatch(path.name):
                shutil.rmtree(path, ignore_errors=True)
        for pointer in index.glob(f".{CURRENT}.*"):
            pointer.unlink()
