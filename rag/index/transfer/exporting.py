"""A library to one file: the generation in force, and what users have put and made beside it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from rag.disk import sync_file
from rag.errors import StorageError
from rag.index.generations import GENERATIONS, UPLOADS, open_generation
from rag.index.manifest import MANIFEST, damaged, differing
from rag.index.transfer.archive import GENERATION, MADE, pack


def export_library(file: Path, index: Path | str = "index", *, force: bool = False) -> int:
    """Write the generation in force, the uploads, and the users' gold pairs, collections and versions to ``file``.

    Returns its size in bytes. Every file is verified. ``file`` is complete or not there; an existing one is replaced
    only by ``force``. Raises IndexMissingError, IndexDamagedError, IndexMismatchError, ArchiveError, StorageError.
    """
    folder = Path(index)
    if file.exists() and not force:
        raise StorageError(
            f"{file} 已存在。换个文件名，或加 --force 覆盖。",
            f"{file} exists. Choose another name, or replace it with --force.",
        )
    manifest = open_generation(folder).manifest
    generation = folder / GENERATIONS / manifest.generation
    for name, reason in differing(manifest, generation):
        raise damaged(generation / name, reason)
    members = {f"{GENERATION}/{name}": generation / name for name in (MANIFEST, *manifest.files)}
    uploads = folder / UPLOADS
    for path in uploads.iterdir() if uploads.is_dir() and not uploads.is_symlink() else ():
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            members[f"{UPLOADS}/{path.name}"] = path
    members |= {name: folder / name for name in MADE if (folder / name).is_file()}
    draft = file.with_name(f".{file.name}.{uuid4().hex[:6]}")
    try:
        size = pack(draft, manifest.generation, members)
        sync_file(draft)
        draft.replace(file)
        return size
    except OSError as error:
        raise StorageError(
            f"无法写入 {file}：{error.strerror}。请检查磁盘空间和写权限。",
            f"Can't write {file}: {error.strerror}. Check disk space and permissions.",
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
