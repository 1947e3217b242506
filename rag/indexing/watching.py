"""Folders followed: the index is brought up to date a moment after what is in them has changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep

from rag.errors import CorpusError, StorageError, WenyuanError
from rag.indexing.update import index_paths
from rag.loading import IGNORE_FILE, PARSERS, discover
from rag.settings import Settings
from rag.types import IndexReport

# In seconds: nothing may change for so long before files are read; but a log that is always written is, after a while.
_QUIET = 1.0
_PATIENCE = 30.0
# What failed is tried again then, and what no system reports (network drives, links) is seen then.
_RETRY = 10.0
_LOOK = 10.0

_State = dict[Path, tuple[int, ...]]


def follow(
    paths: Sequence[Path],
    index: Path | str = "index",
    settings: Settings | None = None,
    *,
    progress: bool = False,
    checksum: bool = False,
) -> Iterator[IndexReport | WenyuanError]:
    """Bring the index up to date with ``paths``, now and whenever they have changed, as `index_paths` does.

    Each round that did something gives a report of what is new since the one before; one that failed gives its error,
    once, and is tried again. It never ends by itself. Raises as `index_paths` if the first round fails, and
    StorageError if the system can't watch so many folders.
    """
    folder = Path(index)
    seen = latest = _state(paths, folder)
    yield (before := index_paths(paths, folder, settings, progress=progress, checksum=checksum))
    due = changed_at = waiting_since = 0.0
    told = ""
    for woken in _wakings(paths, folder):
        began = monotonic()
        if not woken and began < due:
            continue
        try:
            now = _state(paths, folder)
            # Looking costs at most a hundredth of the time.
            due = began + max(_LOOK, 100 * (monotonic() - began))
            if now != latest:
                waiting_since = began if latest == seen else waiting_since
                latest, changed_at = now, began
            if now == seen:
                continue
            ready = min(changed_at + _QUIET, waiting_since + _PATIENCE)
            if began < ready:
                due = ready
                continue
            report = index_paths(paths, folder, settings, progress=progress, checksum=checksum)
        except (WenyuanError, OSError) as error:
            due = monotonic() + _RETRY
            if str(error) != told:
                told = str(error)
                yield error if isinstance(error, WenyuanError) else _unreadable(error)
            continue
        # The files as they were before they were read: what changed meanwhile is for the next round.
        seen, told = now, ""
        if news := _news(report, before):
            yield news
        before = report


def _state(paths: Sequence[Path], index: Path) -> _State:
    """What tells that a file is no longer the same, of every file that indexing would read. Raises CorpusError."""
    state: _State = {}
    for file in discover(paths, exclude=index).files:
        try:
            there = file.path.stat()
        except FileNotFoundError:
            continue
        state[file.path] = (there.st_size, there.st_mtime_ns, there.st_ctime_ns, there.st_ino)
    return state


def _news(report: IndexReport, before: IndexReport) -> IndexReport | None:
    """What the report before did not say, if anything."""
    known = {str(error) for _, error in before.failed} | {str(notice) for notice in before.notices}
    news = replace(
        report,
        duplicates=tuple(one for one in report.duplicates if one not in before.duplicates),
        failed=tuple(one for one in report.failed if str(one[1]) not in known),
        unsupported=tuple(one for one in report.unsupported if one not in before.unsupported),
        notices=tuple(one for one in report.notices if str(one) not in known),
    )
    said = (news.added, news.changed, news.removed, news.duplicates, news.failed, news.notices)
    return news if any(said) else None


def _wakings(paths: Sequence[Path], index: Path) -> Iterator[bool]:
    """Several times a second, whether the system has reported a change that may matter."""
    from watchfiles import watch

    while True:
        # An editor puts a new file in the place of the old one, which only the folder tells.
        folders = {path.parent if path.is_file() else path for path in paths}
        there = _identities(folders)
        try:
            for changes in watch(
                *(folder for folder, identity in there.items() if identity),
                watch_filter=None,
                recursive=any(path.is_dir() for path in paths),
                step=100,
                rust_timeout=500,
                yield_on_timeout=True,
                ignore_permission_denied=True,
            ):
                yield any(_matters(Path(name), folders, index) for _, name in changes)
                if _identities(folders) != there:
                    break
        except FileNotFoundError:
            # It went before it could be watched.
            pass
        except OSError as error:
            raise StorageError(
                f"系统无法关注这么多文件夹：{error}。Linux 上可调大 fs.inotify.max_user_watches；"
                "或定时运行 wenyuan index。",
                f"The system can't watch so many folders: {error}. On Linux raise fs.inotify.max_user_watches; "
                "or run wenyuan index at intervals.",
            ) from error
        # A folder was taken away or another put in its place, such as a drive that is unplugged and comes back.
        sleep(_QUIET)
        yield True


def _identities(folders: set[Path]) -> dict[Path, tuple[int, int] | None]:
    """Which folder each path leads to; None if to none."""
    identities: dict[Path, tuple[int, int] | None] = {}
    for folder in folders:
        try:
            there = folder.stat()
            identities[folder] = (there.st_dev, there.st_ino)
        except OSError:
            identities[folder] = None
    return identities


def _matters(path: Path, folders: set[Path], index: Path) -> bool:
    """Whether a change of ``path`` may be one of what is indexed; a folder's may, and that of a list of exceptions."""
    inside, index = path.parent.resolve() / path.name, index.resolve()
    roots = [root for root in (folder.resolve() for folder in folders) if inside.is_relative_to(root)]
    if roots and all(
        (inside.is_relative_to(index) and not root.is_relative_to(index))
        or any(part.startswith(".") and part != IGNORE_FILE for part in inside.relative_to(root).parts)
        for root in roots
    ):
        return False
    return path.suffix.lower() in PARSERS or path.name == IGNORE_FILE or path.is_dir() or not os.path.lexists(path)


def _unreadable(error: OSError) -> CorpusError:
    return CorpusError(
        f"无法读取 {error.filename}：{error.strerror}。会再试。",
        f"Can't read {error.filename}: {error.strerror}. It is tried again.",
    )
