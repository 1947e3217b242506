"""What every format's parser produces, and how it becomes a Document with exact offsets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.errors import LoadError
from rag.types import Block, BlockKind, Document

DOC_ID_DIGITS = 12
MAX_CHARACTERS = 20_000_000
MAX_BLOCKS = 1_000_000
# Names of columns and headings are repeated with every block below them.
MAX_PATH_CHARACTERS = 100_000_000
_PATH_NAME = 200


@dataclass(frozen=True, slots=True)
class RawBlock:
    """A block before it has a place in a document. ``level`` is the depth of a heading (1 is the highest)
    or of a list item; ``item`` its 1-based place in a list. ``line`` and ``page`` are 0 where the format has none.
    """

    kind: BlockKind
    text: str
    line: int = 0
    path: tuple[str, ...] = ()
    level: int = 0
    item: int = 0
    page: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about a file that was read all the same, in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser makes of a file. ``title`` is what the file calls itself, or "" if its headings are to say."""

    blocks: tuple[RawBlock, ...]
    title: str = ""
    notices: tuple[Notice, ...] = ()


# A file's bytes, and its name for messages. Raises LoadError.
Parser = Callable[[bytes, Path], Parsed]


class Outline:
    """The headings above the current place of a document that is read from its beginning to its end."""

    def __init__(self) -> None:
        self._above: list[tuple[int, str]] = []

    @property
    def path(self) -> tuple[str, ...]:
        """The headings above, outermost first."""
        return tuple(text for _, text in self._above)

    def heading(self, text: str, level: int, *, line: int = 0, page: int = 0) -> RawBlock:
        """A heading at this place, which from now on stands above what follows."""
        while self._above and self._above[-1][0] >= level:
            self._above.pop()
        block = RawBlock(BlockKind.HEADING, text, line, self.path, level, page=page)
        self._above.append((level, path_name(text)))
        return block


def path_name(text: str) -> str:
    """``text`` as it stands in paths: not longer than any name should be."""
    return text if len(text) <= _PATH_NAME else f"{text[:_PATH_NAME]}…"


def gather(blocks: Iterable[RawBlock], name: Path) -> tuple[RawBlock, ...]:
    """Collect ``blocks``. Raises LoadError once there are more, or more characters, than a document may have."""
    gathered: list[RawBlock] = []
    characters = above = 0
    for block in blocks:
        gathered.append(_sound(block))
        characters += len(block.text)
        above += sum(map(len, block.path))
        if characters > MAX_CHARACTERS or above > MAX_PATH_CHARACTERS or len(gathered) > MAX_BLOCKS:
            raise LoadError(
                f"{name} 的文字太多（最多 {MAX_CHARACTERS:,} 字、{MAX_BLOCKS:,} 段），已跳过。请拆成几个文件。",
                f"{name} holds too much text (at most {MAX_CHARACTERS:,} characters in {MAX_BLOCKS:,} paragraphs) "
                "and was skipped. Divide it into several files.",
            )
    return tuple(gathered)


def _sound(block: RawBlock) -> RawBlock:
    """``block`` with whole characters only: some formats hold them as pairs, of which a half is no text."""
    try:
        (block.text + "".join(block.path)).encode()
    except UnicodeEncodeError:
        return replace(block, text=_whole(block.text), path=tuple(map(_whole, block.path)))
    return block


def _whole(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def assemble(raw: Sequence[RawBlock], *, source: str, default_title: str, sha256: str, title: str = "") -> Document:
    """Join blocks with line breaks and number them from 1.

    Without a ``title`` of its own, the document takes the heading that it begins with, or else its first top-level
    heading, or else ``default_title``.
    """
    blocks: list[Block] = []
    position = 0
    for number, b in enumerate(raw, start=1):
        end = position + len(b.text)
        blocks.append(Block(number, b.kind, position, end, b.line, b.path, level=b.level, item=b.item, page=b.page))
        position = end + 1
    headings = [b for i, b in enumerate(raw) if b.kind is BlockKind.HEADING and (i == 0 or b.level == 1)]
    return Document(
        doc_id=sha256[:DOC_ID_DIGITS],
        title=path_name(title or (headings[0].text if headings else default_title)),
        source=source,
        sha256=sha256,
        text="\n".join(b.text for b in raw),
        blocks=tuple(blocks),
    )
