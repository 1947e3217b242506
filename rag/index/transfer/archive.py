"""A library as one file: a gzipped tar that any tar program opens, verified as it is unpacked.

wenyuan.json     size and SHA-256 of every other member; always the first
generation/      the files of the generation in force
uploads/         the files that were uploaded
gold.jsonl       the users' gold pairs
collections.json the users' own collections
versions.json    which documents are older versions of which

The same library gives the same file, byte for byte: members are in order and carry no times, owners or modes.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import tarfile
import zlib
from collections.abc import Mapping
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import msgspec

from rag.errors import ArchiveError, StorageError
from rag.index.file_names import is_safe
from rag.index.generations import COLLECTIONS, GOLD, UPLOADS, VERSIONS
from rag.index.manifest import FileRecord, file_digest

FORMAT = 1
INVENTORY = "wenyuan.json"
GENERATION = "generation"
MADE = (GOLD, COLLECTIONS, VERSIONS)
"""What users have made beside the index."""
_MAX_INVENTORY = 64 * 2**20
_MAX_NAME = 4096
_CHUNK = 2**20
_BLOCK = tarfile.BLOCKSIZE
_UPLOADS = f"{UPLOADS}/"
# The only places where a member may be unpacked besides uploads. Only tantivy's own files may be hidden.
_ALLOWED = re.compile(
    rf"{'|'.join(map(re.escape, MADE))}|{GENERATION}/(?:segment-\d{{1,9}}/|terms/)?\.?[A-Za-z0-9_-][A-Za-z0-9_.-]*"
)


class Inventory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of ``wenyuan.json``."""

    format: int
    generation: str
    files: dict[str, FileRecord]


def pack(file: Path, generation: str, members: Mapping[str, Path]) -> int:
    """Write ``members``, by name, into a new ``file``; returns its size in bytes.

    Raises OSError, ArchiveError for a name that could not be unpacked, StorageError if a file changes meanwhile.
    """
    for name in members:
        if not _is_allowed(name) or len(name.encode()) > _MAX_NAME:
            raise ArchiveError(
                f"文件名不能导出：{name}。请改名后再试。", f"Can't export a file called {name}. Rename it first."
            )
    records = {name: FileRecord(members[name].stat().st_size, file_digest(members[name])) for name in sorted(members)}
    inventory = msgspec.json.format(msgspec.json.encode(Inventory(FORMAT, generation, records)), indent=2)
    with (
        file.open("xb") as stream,
        gzip.GzipFile("", "wb", 6, stream, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        tar.addfile(_member(INVENTORY, len(inventory)), BytesIO(inventory))
        for name, record in records.items():
            with members[name].open("rb") as source:
                hashed = _Hashed(source)
                tar.addfile(_member(name, record.bytes), hashed)  # type: ignore[arg-type]  # it needs only to be read
            if hashed.digest.hexdigest() != record.sha256:
                raise StorageError(
                    f"{members[name]} 在导出时变了。请重试。", f"{members[name]} has changed meanwhile. Try again."
                )
    return file.stat().st_size


def unpack(file: Path, folder: Path) -> Inventory:
    """Unpack ``file`` into the new ``folder``, each member verified by size and SHA-256.

    Nothing but plain files in their places is accepted. Raises ArchiveError for anything else, StorageError if the
    disk has no room for it, OSError.
    """
    with ExitStack() as opened:
        try:
            stream = opened.enter_context(gzip.open(file))
        except OSError as error:
            raise ArchiveError(f"无法读取 {file}：{error.strerror}", f"Can't read {file}: {error.strerror}") from error
        reader = _Reader(file, stream)
        inventory = reader.inventory()
        needed = sum(record.bytes for record in inventory.files.values())
        folder.mkdir(parents=True)
        free = shutil.disk_usage(folder).free
        if needed > free:
            raise StorageError(
                f"磁盘空间不够：需要 {needed} 字节，只有 {free} 字节。",
                f"Disk too small: {needed} bytes needed, {free} free.",
            )
        for name, record in inventory.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if reader.member() != (name, record.bytes):
                raise unsound(file, f"{name} 缺失或大小不符", f"{name} is missing or has another size")
            with target.open("xb") as unpacked:
                if reader.copy(record.bytes, unpacked) != record.sha256:
                    raise unsound(file, f"{name} 的 SHA-256 不符", f"{name} does not have its SHA-256")
        reader.end()
    return inventory


def unsound(file: Path, zh: str, en: str) -> ArchiveError:
    """The error for a file that is not what `pack` wrote."""
    return ArchiveError(f"{file} 不是完好的导出文件：{zh}。", f"{file} is no sound export: {en}.")


class _Hashed:
    """A file being read, and the digest of what has been read so far."""

    def __init__(self, source: IO[bytes]) -> None:
        self.digest = hashlib.sha256()
        self._source = source

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


class _Reader:
    """The members of an archive one after the other, in constant memory.

    Written by hand because `tarfile` sets no bounds to what the headers of a hostile archive make it do.
    """

    def __init__(self, file: Path, stream: gzip.GzipFile) -> None:
        self._file = file
        self._stream = stream

    def inventory(self) -> Inventory:
        """Read the first member; it must list nothing but what may be unpacked."""
        name, size = self.member() or ("", 0)
        if name != INVENTORY or size > _MAX_INVENTORY:
            raise unsound(self._file, f"不是以 {INVENTORY} 开头", f"it does not begin with {INVENTORY}")
        content = BytesIO()
        self.copy(size, content)
        try:
            inventory = msgspec.json.decode(content.getvalue(), type=Inventory)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise unsound(self._file, str(error), str(error)) from error
        if inventory.format != FORMAT:
            raise unsound(self._file, f"格式为 {inventory.format}", f"its format is {inventory.format}")
        for name, record in inventory.files.items():
            if not _is_allowed(name) or len(name.rpartition("/")[2].encode()) > 255 or record.bytes < 0:
                raise unsound(self._file, f"不允许的成员 {name!r}", f"{name!r} may not be in it")
        return inventory

    def member(self) -> tuple[str, int] | None:
        """Name and size of the next member, None at the end."""
        header = self._header()
        long_name = None
        if header and header.type == tarfile.GNUTYPE_LONGNAME and header.size <= _MAX_NAME:
            content = BytesIO()
            self.copy(header.size, content)
            long_name = content.getvalue().rstrip(b"\0").decode("utf-8", "replace")
            header = self._header()
        if header is None:
            return None
        if header.type != tarfile.REGTYPE:
            raise unsound(self._file, f"{header.name!r} 不是普通文件", f"{header.name!r} is no plain file")
        return long_name or header.name, header.size

    def copy(self, size: int, target: IO[bytes]) -> str:
        """The content of the member that begins here to ``target``; returns its SHA-256."""
        digest = hashlib.sha256()
        for begin in range(0, size, _CHUNK):
            data = self._read(min(_CHUNK, size - begin))
            digest.update(data)
            target.write(data)
        self._read(-size % _BLOCK)
        return digest.hexdigest()

    def end(self) -> None:
        """Check that nothing but zeros follows, and that the checksum of the whole is right."""
        # Two blocks of zeros, then as many as fill the record.
        rest = self._some(tarfile.RECORDSIZE + _BLOCK)
        if any(rest) or self._some(1):
            raise unsound(self._file, "有多余的内容", "it holds more than it lists")

    def _header(self) -> tarfile.TarInfo | None:
        block = self._read(_BLOCK)
        if not any(block):
            return None
        try:
            return tarfile.TarInfo.frombuf(block, "utf-8", "replace")
        except (tarfile.TarError, ValueError) as error:
            raise unsound(self._file, str(error), str(error)) from error

    def _read(self, size: int) -> bytes:
        data = self._some(size)
        if len(data) < size:
            raise unsound(self._file, "内容不完整", "it is cut short")
        return data

    def _some(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise unsound(self._file, str(error), str(error)) from error


def _is_allowed(name: str) -> bool:
    """Whether a member may have this name; an upload, only one that it could have been sent under."""
    if name.startswith(_UPLOADS):
        return is_safe(name.removeprefix(_UPLOADS))
    return _ALLOWED.fullmatch(name) is not None


def _member(name: str, size: int) -> Any:
    info = tarfile.TarInfo(name)
    info.size = size
    return info
