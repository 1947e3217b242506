"""Reading zip files, which DOCX, EPUB and XLSX are, too: in memory, never to disk, and never more than is allowed."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rag.errors import LoadError
from rag.loading.trees import declares_entities, xml_tree

Entry = zipfile.ZipInfo
MAX_UNPACKED = 500 * 2**20
MAX_ENTRIES = 50_000
# Deflate can't do better than 1032; text in XML comes to 20, an empty sheet to 200.
MAX_RATIO = 300
# Below this a high ratio harms nobody.
_SMALL = 20 * 2**20
_ENCRYPTED = 0x1
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


class Archive:
    """The parts of a zip file by name. Raises LoadError if it is broken, encrypted, or unpacks to too much."""

    def __init__(self, data: bytes, name: Path) -> None:
        self.name = name
        if data.startswith(_OLE):
            raise LoadError(
                f"{name} 加了密码，或是旧版 Office 格式，已跳过。请去掉密码，另存为新格式后再索引。",
                f"{name} has a password, or is in an old Office format; it was skipped. "
                "Remove the password and save it in the current format.",
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise self.broken(str(error)) from error
        entries = self._zip.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED or unpacked > max(_SMALL, MAX_RATIO * len(data)):
            raise LoadError(
                f"{name} 解压后有 {unpacked:,} 字节（{len(entries):,} 个条目），超出了限度，已跳过。请拆成几个文件。",
                f"{name} unpacks to {unpacked:,} bytes in {len(entries):,} entries, more than is allowed; "
                "it was skipped. Divide it into several files.",
            )
        self._entries = {entry.filename: entry for entry in entries}

    def __contains__(self, part: str) -> bool:
        return part in self._entries

    def entries(self) -> list[Entry]:
        """All entries, in their order; names may come twice."""
        return self._zip.infolist()

    def read(self, part: str) -> bytes:
        """The bytes of a part."""
        entry = self._entries.get(part)
        if entry is None:
            raise self.broken(f"{part} ?")
        return self.unpacked(entry)

    def unpacked(self, entry: Entry) -> bytes:
        """The bytes of an entry; no more than the archive has said beforehand."""
        if entry.flag_bits & _ENCRYPTED:
            raise LoadError(
                f"{self.name} 加了密码，已跳过。请去掉密码后再索引。",
                f"{self.name} has a password and was skipped. Remove the password.",
            )
        try:
            return self._zip.read(entry)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise self.broken(f"{entry.filename}: {error}") from error

    def xml(self, part: str) -> Any:
        """The root element of a part that is XML; nothing is fetched, and one that declares entities is none."""
        try:
            root = xml_tree(self.read(part))
        except SyntaxError as error:
            raise self.broken(f"{part}: {error}") from error
        if declares_entities(root):
            raise self.broken(f"{part}: <!ENTITY>")
        return root

    def replaced(self, texts: Iterable[tuple[bytes, bytes]]) -> bytes:
        """A file of the same parts, in which each first text is replaced by its second."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for entry in self.entries():
                part = self.unpacked(entry)
                for before, after in texts:
                    part = part.replace(before, after)
                archive.writestr(entry.filename, part)
        return made.getvalue()

    def broken(self, reason: str) -> LoadError:
        """The error for an archive that is not what its suffix says."""
        return LoadError(
            f"无法读取 {self.name}：文件已损坏，或不是 {self.name.suffix} 格式（{reason}）。请重新导出后再索引。",
            f"Can't read {self.name}: damaged, or not a {self.name.suffix} file ({reason}). Export it again.",
        )


def joined(base: str, target: str) -> str:
    """The name of a part that ``base`` refers to as ``target``."""
    return (
        target.lstrip("/")
        if target.startswith("/")
        else posixpath.normpath(posixpath.join(posixpath.dirname(base), target))
    )
