"""Files that hang on a mail: each is read as if it lay in a folder, and stands in the mail under its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from rag.loading.blocks import Parsed, RawBlock, path_name
from rag.loading.formats import ARCHIVES, MAILS, PARSED_BY
from rag.loading.images.recognition import SUFFIXES
from rag.loading.images.scans import picture_blocks
from rag.loading.sandbox.worker import HANGING, parser
from rag.loading.unread import Lost, Unread
from rag.types import BlockKind

# What holds files itself: to look into it again and again has no end.
_HOLDING = (*ARCHIVES, *MAILS)
# Below the subject of the mail.
_LEVEL = 2


def attached(data: bytes, file: str, name: Path, path: tuple[str, ...], unread: Unread) -> Iterator[RawBlock]:
    """The blocks of a ``file`` on the mail ``name``, under ``path`` and its own name; one that is not read is told."""
    file = path_name(" ".join(PurePosixPath(file.replace("\\", "/")).name.split()))
    suffix = PurePosixPath(file).suffix.lower()
    if suffix in SUFFIXES and HANGING.read:
        yield from picture_blocks(data, unread, (*path, file))
        return
    parsed = _parsed(data, suffix, name / file)
    if parsed is None:
        unread.add(Lost.ATTACHMENT, under=file)
        return
    yield RawBlock(BlockKind.HEADING, file, path=path, level=_LEVEL)
    unread.include(parsed.notices)
    for block in parsed.blocks:
        level = block.level + _LEVEL if block.kind is BlockKind.HEADING else block.level
        yield replace(block, line=0, path=(*path, file, *block.path), level=level)


def _parsed(data: bytes, suffix: str, name: Path) -> Parsed | None:
    """What a file holds; None of one that can't be read: the mail around it is read all the same."""
    if suffix in _HOLDING or suffix not in PARSED_BY or not HANGING.read:
        return None
    try:
        return parser(suffix)(data, name)
    except MemoryError:
        raise
    except Exception:
        # Whatever damaged bytes make a library throw.
        return None
