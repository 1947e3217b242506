"""JSONL to blocks: an object a line, of which the text is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from rag.errors import LoadError
from rag.loading.blocks import Notice, Parsed, RawBlock, gather, path_name
from rag.loading.decoding import decode
from rag.types import BlockKind

_TEXTS = ("text", "content")
_TITLE = "title"


def parse_jsonl(data: bytes, name: Path) -> Parsed:
    """A block for each line: its ``text`` or ``content`` under its ``title``, or the title alone.

    Lines without any of them are counted in a notice. Raises LoadError for a line that is no object, and if no line
    has any of the fields.
    """
    missing: list[int] = []
    blocks = gather(_blocks(decode(data, name), name, missing), name)
    if missing and not blocks:
        raise LoadError(
            f"{name} 的每一行都没有 text、content 或 title 字段，已跳过。",
            f"No line of {name} has a field text, content or title; it was skipped.",
        )
    notice = (
        Notice(
            f"{name} 有 {len(missing)} 行没有 text、content 或 title 字段，没有读入（第一处：第 {missing[0]} 行）。",
            f"{name}: {len(missing)} lines without a field text, content or title were left out "
            f"(the first is line {missing[0]}).",
        )
        if missing
        else None
    )
    return Parsed(blocks, name.stem, (notice,) if notice else ())


def _blocks(text: str, name: Path, missing: list[int]) -> Iterator[RawBlock]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            one = msgspec.json.decode(line, type=dict[str, object])
        except (msgspec.MsgspecError, RecursionError) as error:
            raise LoadError(
                f"无法读取 {name}：第 {number} 行不是 JSON 对象（{error}），已跳过。",
                f"Can't read {name}: line {number} is no JSON object ({error}); it was skipped.",
            ) from error
        title = _field(one, _TITLE)
        said = next(filter(None, (_field(one, key) for key in _TEXTS)), "")
        if said:
            yield RawBlock(BlockKind.PARAGRAPH, said, number, (path_name(title),) if title else ())
        elif title:
            yield RawBlock(BlockKind.PARAGRAPH, title, number)
        else:
            missing.append(number)


def _field(one: dict[str, object], key: str) -> str:
    value = one.get(key)
    return value.strip() if isinstance(value, str) else ""
