"""What a generation says of itself: what it was built from, with what, and the digest of each of its files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from rag.disk import is_plain, read_plain
from rag.errors import IndexDamagedError, IndexMismatchError
from rag.settings import Settings
from rag.text.equal import EQUAL_FILE
from rag.text.lexicon import NAMES_FILE
from rag.text.tokenization import STOPWORDS_FILE

FORMAT_VERSION = 4
# The last in which a generation is one segment.
UNDIVIDED = 3
# What `rag.indexing.upgrading` can still read.
OLDEST_FORMAT = 1
MANIFEST = "manifest.json"
# A million sources take 200 MB.
_MOST_BYTES = 2**30
# What a generation may hold: files, and files of its segments and of one more folder.
_INSIDE = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*[/\\])?\.?[A-Za-z0-9_-][A-Za-z0-9_.-]*")

# Of a larger file only so many parts of this length are read when an index is opened; a check reads all of it.
_PARTS, _PART_BYTES = 64, 65_536


class FileRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file's size in bytes, its SHA-256, and that of parts of it if it is large."""

    bytes: int
    sha256: str
    sampled: str = ""


class BuildSettings(msgspec.Struct, frozen=True):
    """The settings that decide what is in an index.

    ``user_dictionary`` is the file's SHA-256, or ""; ``words`` that of the words that come with Wenyuan.
    """

    model: str
    passage_min_chars: int
    passage_max_chars: int
    passage_context: bool
    user_dictionary: str
    words: str


class Segment(msgspec.Struct, frozen=True):
    """A folder of the generation that never changes; its number is its own among the segments of the generation.

    ``terms`` are the names of tantivy's segments with the terms of its passages, all of which are in one folder.
    """

    number: int
    documents: int
    passages: int
    vectors: int
    terms: tuple[str, ...]

    @property
    def name(self) -> str:
        """The folder's."""
        return self.name_of(self.number)

    @staticmethod
    def name_of(number: int | str) -> str:
        """The name of the folder with that number."""
        return f"segment-{number}"


class _Version(msgspec.Struct):
    """What is read of a manifest before it is known to be one of ours."""

    format_version: object = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of ``manifest.json``. ``corpus`` maps each source to its SHA-256.

    There are no ``segments`` until format 3, in which the folder itself is what a segment is now.

    ``loaders`` is the version of `rag.loading` that has read all documents but the ``outdated`` ones, named by id;
    ``cutter`` is what has cut the terms, see `rag.text.tokenization`, and ``splitter`` the version of what has made the
    passages.
    """

    format_version: int
    generation: str
    created: str
    settings: BuildSettings
    encoder: str
    dimension: int
    documents: int
    passages: int
    vectors: int
    corpus: dict[str, str]
    files: dict[str, FileRecord]
    loaders: int = 0
    outdated: tuple[str, ...] = ()
    cutter: str = ""
    splitter: int = 0
    segments: tuple[Segment, ...] = ()

    def folders(self, generation: Path) -> list[Path]:
        """The folders of all segments of the generation in the folder ``generation``."""
        return [generation / one.name for one in self.segments] if self.format_version > UNDIVIDED else [generation]


def build_settings(settings: Settings) -> BuildSettings:
    """The part of ``settings`` that an index is bound to."""
    dictionary = settings.dictionary_path
    return BuildSettings(
        model=settings.model,
        passage_min_chars=settings.passage_min_chars,
        passage_max_chars=settings.passage_max_chars,
        passage_context=settings.passage_context,
        user_dictionary=file_digest(dictionary) if dictionary and dictionary.is_file() else "",
        words=hashlib.sha256(
            b"".join(file.read_bytes() for file in (NAMES_FILE, STOPWORDS_FILE, EQUAL_FILE))
        ).hexdigest()[:12],
    )


def record_files(folder: Path, known: Mapping[str, FileRecord] | None = None) -> dict[str, FileRecord]:
    """Size and digest of every file under ``folder``, by its relative name; as they are in ``known``, if there."""
    names = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    known = known or {}
    return {name: known[name] if name in known else record_file(folder / name) for name in names}


def record_file(file: Path) -> FileRecord:
    """Size and digests of ``file``. Raises OSError."""
    size = file.stat().st_size
    return FileRecord(size, file_digest(file), _sample_digest(file) if size > _PARTS * _PART_BYTES else "")


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write ``manifest`` into ``folder``. Raises OSError."""
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))


def read_manifest(folder: Path, *, oldest: int = FORMAT_VERSION) -> Manifest:
    """Read the manifest of ``folder`` and verify each file that it lists, of a large one some parts.

    Raises IndexDamagedError for a missing, cut or exchanged file, IndexMismatchError for a format newer than this
    program's, or older than ``oldest``.
    """
    manifest = parse_manifest(folder, oldest=oldest)
    for name, reason in differing(manifest, folder, sampled=True):
        raise damaged(folder / name, reason)
    return manifest


def parse_manifest(folder: Path, *, oldest: int = FORMAT_VERSION) -> Manifest:
    """Read the manifest of ``folder`` without looking at the files that it lists. Raises as `read_manifest`."""
    try:
        raw = read_plain(folder / MANIFEST, _MOST_BYTES)
        version = msgspec.json.decode(raw, type=_Version).format_version
    except (OSError, msgspec.MsgspecError) as error:
        raise damaged(folder / MANIFEST, str(error)) from error
    if not isinstance(version, int):
        raise damaged(folder / MANIFEST, f"format_version: {version}")
    if not oldest <= version <= FORMAT_VERSION:
        raise other_format(version)
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.MsgspecError as error:
        raise damaged(folder / MANIFEST, str(error)) from error
    if not all(map(_INSIDE.fullmatch, manifest.files)):
        raise damaged(folder / MANIFEST, "文件名 / names of files")
    return manifest


def differing(manifest: Manifest, folder: Path, *, sampled: bool = False) -> Iterator[tuple[str, str]]:
    """Each file of ``folder`` that is not the one that ``manifest`` lists, with what is wrong with it.

    ``sampled``: of large files only some parts are read.
    """
    for name, record in manifest.files.items():
        try:
            linked = not is_plain(folder / name, folder)
            reason = "链接 / a link" if linked else _difference(folder / name, record, sampled=sampled)
        except OSError as error:
            reason = str(error)
        if reason:
            yield name, reason


def other_format(version: int) -> IndexMismatchError:
    """The error for an index in a format that can't be used as it is."""
    if OLDEST_FORMAT <= version < FORMAT_VERSION:
        return IndexMismatchError(
            f"索引是旧格式 {version}，本程序需要 {FORMAT_VERSION}。"
            "请升级，一篇文档也不会丢失，也不需要源文件：wenyuan upgrade",
            f"The index has the older format {version}, this program needs {FORMAT_VERSION}. Upgrade it; no document "
            "is lost, and no source file is needed: wenyuan upgrade",
        )
    return IndexMismatchError(
        f"索引格式为 {version}，本程序只认得 {OLDEST_FORMAT} 到 {FORMAT_VERSION}。请更新问源，再打开这个索引。",
        f"The index has format {version}, this program knows {OLDEST_FORMAT} to {FORMAT_VERSION}. "
        "Update Wenyuan, then open it.",
    )


def check_settings(manifest: Manifest, settings: Settings) -> None:
    """Raise IndexMismatchError, naming both values, where the index was built with other settings."""
    built, wanted = msgspec.structs.asdict(manifest.settings), msgspec.structs.asdict(build_settings(settings))
    for name, value in built.items():
        if value != wanted[name]:
            raise IndexMismatchError(
                f"索引是用 {name} = {value!r} 建的，当前设置是 {wanted[name]!r}。"
                f"请改回设置，或用当前设置重建：wenyuan index 文件夹…",
                f"The index was built with {name} = {value!r}, the setting in force is {wanted[name]!r}. "
                f"Change the setting back, or rebuild with it: wenyuan index PATH…",
            )


def check_encoder(manifest: Manifest, name: str) -> None:
    """Raise IndexMismatchError, naming both, where the index was built with another encoder than the one called so."""
    if name != manifest.encoder:
        raise IndexMismatchError(
            f"索引是用模型 {manifest.encoder} 建的，现在的模型是 {name}。请重建：wenyuan index 文件夹…",
            f"The index was built with model {manifest.encoder}, the model is now {name}. "
            "Rebuild it: wenyuan index PATH…",
        )


def damaged(file: Path, reason: str) -> IndexDamagedError:
    """The error for a file of the index that is not what was written."""
    return IndexDamagedError(
        f"索引已损坏：{file}（{reason}）。请重建：wenyuan index 文件夹…，或修复：wenyuan check --repair",
        f"The index is damaged: {file} ({reason}). Rebuild it: wenyuan index PATH…, or wenyuan check --repair",
    )


def _difference(file: Path, record: FileRecord, *, sampled: bool) -> str:
    if not file.is_file():
        return "文件缺失 / missing"
    size = file.stat().st_size
    if size != record.bytes:
        return f"{size} ≠ {record.bytes} bytes"
    same = _sample_digest(file) == record.sampled if sampled and record.sampled else file_digest(file) == record.sha256
    return "" if same else "SHA-256 不符 / mismatch"


def _sample_digest(file: Path) -> str:
    """The SHA-256 of parts of a file at even distances, the first and the last among them. Raises OSError."""
    digest = hashlib.sha256()
    last = file.stat().st_size - _PART_BYTES
    with file.open("rb") as stream:
        for part in range(_PARTS):
            stream.seek(last * part // (_PARTS - 1))
            digest.update(stream.read(_PART_BYTES))
    return digest.hexdigest()


def file_digest(file: Path) -> str:
    """The SHA-256 of a file. Raises OSError."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
