"""Files to Documents: which files to read, and which module reads them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.errors import CorpusError, LoadError, WenyuanError
from rag.loading.blocks import Parser, Tell, assemble
from rag.loading.encodings import decode
from rag.loading.files import SourceFile as SourceFile
from rag.loading.files import changed_at as changed_at
from rag.loading.files import each as each
from rag.loading.files import read as read
from rag.loading.formats import OLD, PARSED_BY, is_readable
from rag.loading.images.recognition import is_installed
from rag.loading.sandbox.apart import parse_apart
from rag.types import Document

# Whatever its format, no file is taken apart in this process.
PARSERS: dict[str, Parser] = dict.fromkeys((*PARSED_BY, *OLD), parse_apart)
IGNORE_FILE = ".wenyuanignore"
_READABLE = ".md .txt .pdf .docx .html"
# To be raised whenever a loader makes another Document of the same bytes: unchanged files are then read again.
_VERSION = 14
# Higher where text in pictures is recognised: what was read without is read again, and never the other way round.
LOADERS = 2 * _VERSION + is_installed()


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
            root = path.resolve()
            for file, place in _walk(path, exclude):
                if not is_readable(file):
                    unsupported.append(file)
                elif place is not None:
                    files.setdefault(place, SourceFile(file, str(file), found=place))
                else:
                    found = SourceFile(file, str(file))
                    out = not found.place.is_relative_to(root)
                    files.setdefault(file.absolute() if out else found.place, replace(found, leads_out=out))
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


def _walk(folder: Path, exclude: Path | None) -> Iterator[tuple[Path, Path | None]]:
    """Each file that is to be looked at, and where it lies; None for a link."""
    from pathspec import GitIgnoreSpec

    ignore = folder / IGNORE_FILE
    patterns = decode(ignore.read_bytes(), ignore).split("\n") if ignore.is_file() else []
    try:
        spec = GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise CorpusError(f"{ignore} 有误：{error}", f"{ignore} is malformed: {error}") from error
    excluded = exclude.resolve() if exclude else None
    for root, folders, names in os.walk(folder, onerror=_unreadable):
        base, real = Path(root), Path(os.path.realpath(root))
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and (base / name).resolve() != excluded
            and not spec.match_file(f"{(base / name).relative_to(folder)}/")
        )
        for name in sorted(names):
            file = base / name
            if not name.startswith(".") and not (patterns and spec.match_file(file.relative_to(folder))):
                yield file, None if os.path.islink(file) else real / name  # noqa: PTH114


def walked(path: Path, root: Path, index: Path) -> bool:
    """Whether a file at ``path`` is found under ``root``: a walk passes over the index, with the uploads in it.

    All three are resolved.
    """
    return path.is_relative_to(root) and (root.is_relative_to(index) or not path.is_relative_to(index))


def nothing_to_index(
    paths: Sequence[Path], failed: Sequence[tuple[SourceFile, LoadError]], unsupported: Sequence[Path]
) -> CorpusError:
    """The error for paths with no readable text."""
    where = "、".join(map(str, paths))
    zh = f"{where} 里没有可索引的文字（无法读取 {len(failed)} 个，格式不支持 {len(unsupported)} 个）。"
    en = f"No readable text in {where} ({len(failed)} unreadable, {len(unsupported)} of an unsupported format)."
    if failed:
        return CorpusError(f"{zh}{failed[0][1].zh}", f"{en} {failed[0][1].en}")
    return CorpusError(f"{zh}请放入 {_READABLE} 等文件。", f"{en} Put files like {_READABLE} there.")


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


def parse(
    data: bytes,
    *,
    source: str,
    name: Path,
    notices: list[WenyuanError] | None = None,
    tell: Tell = lambda _: None,
) -> Document:
    """Turn a file's bytes into a Document; ``name`` gives the format by its suffix and the title by default.

    Parts of the file that hold no text are named in ``notices``; ``tell`` is told of each picture in which text is
    looked for. Raises LoadError.
    """
    parsed = parse_apart(data, name, tell)
    if not parsed.blocks:
        raise LoadError(
            f"{name} 里没有文字，已跳过。",
            f"{name} holds no text; it was skipped.",
        )
    if notices is not None:
        notices += [LoadError(notice.zh, notice.en) for notice in parsed.notices]
    sha256 = hashlib.sha256(data).hexdigest()
    made = assemble(parsed.blocks, source=source, default_title=name.stem, sha256=sha256, title=parsed.title)
    return replace(made, omitted=tuple(notice.omitted for notice in parsed.notices if notice.omitted))
