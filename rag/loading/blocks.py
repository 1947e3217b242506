"""What every format's parser produces, and how it becomes a Document with exact offsets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from rag.errors import LoadError
from rag.types import Block, BlockKind, Document, Omission

DOC_ID_DIGITS = 12
MAX_CHARACTERS = 20_000_000
# Each takes three kilobytes until it is indexed.
MAX_BLOCKS = 200_000
# Names of columns and headings are repeated with every block below them.
MAX_PATH_CHARACTERS = 100_000_000
_PATH_NAME = 200
_LONGEST_CAPTION = 60
_SENTENCE = re.compile("[。！？!?；;]")
# "单位：万元", "2024年 单位：元"
_FIELD = re.compile(r"[^：:]{1,12}[：:].")
# A date alone on a line closes a letter or a notice.
_DAY = re.compile(r"([\d〇○零一二三四五六七八九十]{1,4}\s*[年月]\s*){2}[\d一二三四五六七八九十]{1,3}\s*日")


def is_date(text: str) -> bool:
    """Whether a text is a date and nothing else."""
    return bool(_DAY.fullmatch(text.strip()))


@dataclass(frozen=True, slots=True)
class RawBlock:
    """A block before it has a place in a document. ``level`` is the depth of a heading (1 is the highest)
    or of a list item; ``item`` its 1-based place in a list. ``line`` and ``page`` are 0 where the format has none.
    ``ocr`` is as in `Block`.
    ``grid`` has the cells of a row, as in `Block`. ``heads``: it names the columns of the rows below; ``headed``: its
    columns are named by the last row before it that names any. ``marker`` and ``bold`` are as in `Block`.
    """

    kind: BlockKind
    text: str
    line: int = 0
    path: tuple[str, ...] = ()
    level: int = 0
    item: int = 0
    page: int = 0
    ocr: float = 0.0
    grid: tuple[int, ...] = ()
    heads: bool = False
    headed: bool = False
    marker: str = ""
    bold: tuple[int, ...] = ()


def moved(
    b: RawBlock, path: tuple[str, ...], kind: BlockKind | None = None, level: int | None = None, item: int | None = None
) -> RawBlock:
    """A block under another ``path``, or as another list item: `dataclasses.replace` is slow."""
    level, item = b.level if level is None else level, b.item if item is None else item
    place = (kind or b.kind, b.text, b.line, path, level, item, b.page, b.ocr)
    return RawBlock(*place, b.grid, b.heads, b.headed, b.marker, b.bold)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about a file that was read all the same, in Chinese and English; ``omitted`` if it is lacking."""

    zh: str
    en: str
    omitted: Omission | None = None


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file in an archive: where it lies there, ``a/b.txt``, and its bytes; None of one in a format that is not read.

    ``changed`` is when, as the archive says: year to second, by a clock that it does not name. ``refused`` says in
    Chinese and English why it is not read though its format is.
    """

    path: str
    data: bytes | None = None
    changed: tuple[int, int, int, int, int, int] = (0, 0, 0, 0, 0, 0)
    refused: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser makes of a file. ``title`` is what the file calls itself, or "" if its headings are to say.

    ``files`` are those in an archive, which has no blocks.
    """

    blocks: tuple[RawBlock, ...]
    title: str = ""
    notices: tuple[Notice, ...] = ()
    files: tuple[PackedFile, ...] = ()


# A file's bytes, and its name for messages. Raises LoadError.
Parser = Callable[[bytes, Path], Parsed]
# Called with the number of the file's picture in which text is looked for now, from 1.
Tell = Callable[[int], None]


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
        self.leave(level)
        block = RawBlock(BlockKind.HEADING, text, line, self.path, level, page=page)
        self._above.append((level, path_name(text)))
        return block

    def branch(self) -> Outline:
        """The same place, from which headings do not come back to this outline."""
        branched = Outline()
        branched._above = self._above.copy()
        return branched

    def leave(self, level: int) -> None:
        """What stood under headings of this level and below it ends here."""
        while self._above and self._above[-1][0] >= level:
            self._above.pop()


def path_name(text: str) -> str:
    """``text`` as it stands in paths: not longer than any name should be."""
    return text if len(text) <= _PATH_NAME else f"{text[:_PATH_NAME]}…"


def followed(
    elements: Iterable[Any], read: Callable[[Any], Iterator[RawBlock]], after: list[Callable[[], Iterator[RawBlock]]]
) -> Iterator[RawBlock]:
    """What ``read`` makes of each element, and behind it what that has put into ``after``: its notes and boxes."""
    for element in elements:
        yield from read(element)
        while after:
            waiting = after.copy()
            after.clear()
            for make in waiting:
                yield from make()


def _captioned(blocks: Iterable[RawBlock]) -> Iterator[RawBlock]:
    """``blocks`` with what stands directly above a table in the path of its rows."""
    above: list[RawBlock] = []
    captions: tuple[str, ...] = ()
    rows: tuple[str, ...] | None = None
    for block in blocks:
        if block.kind is not BlockKind.ROW:
            above = [*above[-1:], block]
        elif above:
            inside = rows is not None and len(above) == 1 and (*rows, path_name(above[0].text)) == block.path
            captions = captions if inside else _captions(above, block.path)
            rows, above = block.path, []
        if block.kind is not BlockKind.ROW:
            yield block
        else:
            yield replace(block, path=(*block.path, *captions)) if captions else block


def _captions(above: Sequence[RawBlock], path: tuple[str, ...]) -> tuple[str, ...]:
    """The last of ``above`` if it is short and no sentence, and the one before if that only says a unit or the like."""
    found: list[str] = []
    for block in reversed(above):
        short = len(block.text) <= _LONGEST_CAPTION and (block.text.endswith("：") or not _SENTENCE.search(block.text))
        if block.kind is not BlockKind.PARAGRAPH or not short or block.path != path or block.text in path:
            break
        if is_date(block.text.rpartition("\n")[2]):
            break
        found.append(path_name(block.text))
        if not _FIELD.match(block.text):
            break
    return tuple(reversed(found))


class Places(Protocol):
    """Is told of each block as it comes."""

    def passed(self, block: RawBlock) -> None: ...


def gather(blocks: Iterable[RawBlock], name: Path, places: Places | None = None) -> tuple[RawBlock, ...]:
    """Collect ``blocks``. Raises LoadError once there are more, or more characters, than a document may have."""
    gathered: list[RawBlock] = []
    characters = above = 0
    for block in _captioned(blocks):
        gathered.append(_sound(block))
        if places is not None:
            places.passed(block)
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
        places = (n if at % 4 == 0 else len(_whole(block.text[:n])) for at, n in enumerate(block.grid))
        return replace(block, text=_whole(block.text), path=tuple(map(_whole, block.path)), grid=tuple(places), bold=())
    return block


def _whole(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def assemble(raw: Sequence[RawBlock], *, source: str, default_title: str, sha256: str, title: str = "") -> Document:
    """Join blocks with line breaks and number them from 1.

    Without a ``title`` of its own, the document takes the heading that it begins with, or else its first top-level
    heading, or else ``default_title``.
    """
    blocks: list[Block] = []
    position = header = 0
    for number, b in enumerate(raw, start=1):
        end = position + len(b.text)
        header = number if b.heads else header
        above = header if b.heads or b.headed else 0
        place = (number, b.kind, position, end, b.line, b.path, b.level, b.item, b.page, b.ocr)
        blocks.append(Block(*place, above, b.grid, b.marker, b.bold))
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
