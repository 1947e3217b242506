"""Archives of files (ZIP): what is in them, each to be read as a file of its own. Nothing is written anywhere."""

from __future__ import annotations

import re
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from rag.errors import LoadError
from rag.loading.archives.zipped import Archive, Entry
from rag.loading.blocks import PackedFile, Parsed
from rag.loading.encodings import is_doubtful
from rag.loading.formats import ARCHIVES, is_readable

_UTF8 = 0x800
_DRIVE = re.compile("[A-Za-z]:")
_MACS = "__MACOSX"
# No system has longer names of files, in bytes, and few such paths.
_LONGEST_NAME, _LONGEST_PATH = 255, 1_000


def parse_zip(data: bytes, name: Path) -> Parsed:
    """The files in an archive, in its order; hidden ones are passed over, as in a folder. Raises LoadError."""
    files = tuple(_files(Archive(data, name)))
    if not files:
        raise LoadError(f"{name} 里没有文件，已跳过。", f"{name} holds no files; it was skipped.")
    return Parsed((), files=files)


def _files(archive: Archive) -> Iterator[PackedFile]:
    taken: set[str] = set()
    for entry in archive.entries():
        name = _name(entry)
        parts = [part for part in name.split("/") if part not in ("", ".", "..")]
        hidden = any(part.startswith(".") for part in parts) or _MACS in parts[:1]
        if name.endswith("/") or not parts or hidden:
            continue
        path = "/".join(parts)
        if max(len(part.encode()) for part in parts) > _LONGEST_NAME or len(path.encode()) > _LONGEST_PATH:
            path = f"{path[:50]}…"
            yield PackedFile(
                path,
                refused=(
                    f"{archive.name / path} 的名字太长，已跳过。请改名后重新压缩。",
                    f"The name of {archive.name / path} is too long; it was skipped. Rename it and pack it anew.",
                ),
            )
            continue
        try:
            data = _bytes(archive, entry, name, path, taken) if is_readable(path) else None
        except LoadError as error:
            yield PackedFile(path, refused=(error.zh, error.en))
        else:
            taken.add(path)
            yield PackedFile(path, data, entry.date_time)


def _bytes(archive: Archive, entry: Entry, name: str, path: str, taken: Collection[str]) -> bytes:
    """The bytes of a plain file that lies inside of the archive. Raises LoadError for anything else."""
    file = archive.name / path
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise LoadError(
            f"{file} 不是普通文件（是链接、设备之类），已跳过。",
            f"{file} is no plain file (but a link, a device or the like); it was skipped.",
        )
    if name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
        raise LoadError(
            f"{file} 在压缩包里的名字指向压缩包之外，已跳过。请重新压缩。",
            f"The name of {file} leads out of the archive; it was skipped. Pack it anew.",
        )
    if PurePosixPath(path).suffix.lower() in ARCHIVES:
        raise LoadError(
            f"{file} 是压缩包里的压缩包，已跳过。请解压后再索引。",
            f"{file} is an archive inside of an archive; it was skipped. Unpack it first.",
        )
    if path in taken:
        raise LoadError(
            f"{file} 在压缩包里有两个，只读了第一个。请重新压缩。",
            f"{file} is twice in the archive; only the first was read. Pack it anew.",
        )
    return archive.unpacked(entry)


def _name(entry: Entry) -> str:
    """The name of an entry, with slashes: in UTF-8, or else as Windows writes it in China, or as the format says."""
    name = entry.orig_filename
    if not entry.flag_bits & _UTF8:
        raw = name.encode("cp437", "replace")
        for encoding in ("gb18030", "utf-8"):
            with suppress(UnicodeDecodeError):
                read = raw.decode(encoding)
                name = name if encoding == "utf-8" and is_doubtful(read) else read
    return name.partition("\0")[0].encode("utf-8", "replace").decode().replace("\\", "/")
