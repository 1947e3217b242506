"""JSON to blocks: an object a line, or objects in one. Questions stand above their answers, titles above their texts.

What else a line has is a row of a table: ``城市：昆明；店长：吴丹``. The names are those of the common formats:
Alpaca's instruction and output, the messages of chats, question and answer, text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import TypeGuard

import msgspec

from rag.errors import LoadError
from rag.loading.blocks import Notice, Parsed, RawBlock, gather, path_name
from rag.loading.encodings import decode
from rag.loading.tables import NAMED, VALUES, Row, row, table
from rag.types import BlockKind

_TITLES = ("title", "subject", "标题", "主题")
_TEXTS = ("text", "content", "context", "正文", "内容")
_QUESTIONS = ("question", "query", "instruction", "prompt", "q", "问题", "提问", "问")
_MORE = ("input",)
_ANSWERS = ("answer", "answers", "output", "response", "completion", "reply", "a", "答案", "回答", "答复", "回复", "答")
# Those that name a field by its last word, as "faq_question" and "标准问" do.
_WORD = re.compile(r"[^\W_]+")
_TURNS = ("messages", "conversations", "conversation", "dialogue")
_SPEAKERS, _SAID = ("role", "from", "speaker"), ("content", "value", "text")
_ASKS = ("user", "human", "question", "客户", "用户")
_REPLIES = ("assistant", "bot", "gpt", "model", "客服", "助手")
_DEEPEST, _LONGEST_KEY = 20, 64
# An object is told as one row with all that lies in it, unless its parts have so many fields.
_MOST_FIELDS, _MOST_NAMES = 30, 8
_LEAST_ROWS = 2

_Record = dict[str, object]


def parse_jsonl(data: bytes, name: Path) -> Parsed:
    """The blocks of each line. Lines that say nothing are counted in a notice.

    Raises LoadError for a line that is no object, and if no line says anything.
    """
    empty: list[int] = []
    blocks = gather(_blocks(decode(data, name), name, empty), name)
    if empty and not blocks:
        raise LoadError(f"{name} 的每一行都是空的，已跳过。", f"No line of {name} says anything; it was skipped.")
    notice = Notice(
        f"{name} 有 {len(empty)} 行没有内容（第一处：第 {empty[0] if empty else 0} 行）。",
        f"{name}: {len(empty)} lines say nothing (the first is line {empty[0] if empty else 0}).",
    )
    return Parsed(blocks, name.stem, (notice,) if empty else ())


def parse_json(data: bytes, name: Path) -> Parsed:
    """The blocks of a file that is one value: an object or list of a list each by itself, under the names it lies in.

    A file of several objects is read as lines. Raises LoadError.
    """
    text = decode(data, name)
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        if _is_object(text.lstrip().partition("\n")[0]):
            return parse_jsonl(data, name)
        raise LoadError(
            f"无法读取 {name}：不是 JSON（{error}），已跳过。请重新导出。",
            f"Can't read {name}: it is no JSON ({error}); it was skipped. Export it again.",
        ) from error
    return Parsed(gather(_inside(value, ()), name), name.stem)


def _is_object(line: str) -> bool:
    try:
        msgspec.json.decode(line, type=_Record)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True


def _inside(value: object, path: tuple[str, ...]) -> Iterator[RawBlock]:
    """The blocks of a value that lies in objects of these names."""
    if _is_table(value):
        return table((Row(list(map(_plain, cells))) for cells in value), path)
    if not isinstance(value, dict):
        values = value if isinstance(value, list) else [value]
        records = ((0, one if isinstance(one, dict) else {"": one}) for one in values)
        return (replace(block, path=(*path, *block.path)) for block in _records(records, []))
    value = _named_grids(value)
    outer = {key: inner for key, inner in value.items() if len(path) < _MOST_NAMES and _holds_records(inner)}
    rest = {key: inner for key, inner in value.items() if key not in outer}
    first = _inside([rest], path) if rest else iter(())
    return chain(first, *(_inside(inner, (*path, path_name(key))) for key, inner in outer.items()))


def _named_grids(value: _Record) -> _Record:
    """An object with the names of a table's columns above it, if they alone stand beside it in a list of as many."""
    grids = {key: inner for key, inner in value.items() if _is_grid(inner)}
    said = {
        key: inner for key, inner in value.items() if isinstance(inner, list) and all(isinstance(c, str) for c in inner)
    }
    if len(grids) != 1 or len(said) != 1:
        return value
    (key, grid), (above, names) = next(iter(grids.items())), next(iter(said.items()))
    if len(grid[0]) != len(names):
        return value
    return {other: inner for other, inner in value.items() if other != above} | {key: [names, *grid]}


def _is_table(value: object) -> TypeGuard[list[list[object]]]:
    """Whether a value is a table: numbers alone are places on a map or the like."""
    return _is_grid(value) and any(isinstance(cell, str) for cell in value[0])


def _is_grid(value: object) -> TypeGuard[list[list[object]]]:
    """Whether a value is lists of equally many values, none of which is a list itself."""
    if not isinstance(value, list) or len(value) < _LEAST_ROWS or not isinstance(value[0], list) or len(value[0]) < 2:
        return False
    return all(
        isinstance(cells, list) and len(cells) == len(value[0]) and not any(isinstance(c, list | dict) for c in cells)
        for cells in value
    )


def _holds_records(value: object, depth: int = 0) -> bool:
    """Whether a value is a list of objects or a table, or an object that holds such or very many fields."""
    if _is_table(value):
        return True
    if isinstance(value, list):
        return any(isinstance(part, dict) for part in value)
    if not isinstance(value, dict) or depth == _DEEPEST:
        return False
    return len(value) > _MOST_FIELDS or any(_holds_records(part, depth + 1) for part in value.values())


def _blocks(text: str, name: Path, empty: list[int]) -> Iterator[RawBlock]:
    return _records(_lines(text, name), empty)


def _lines(text: str, name: Path) -> Iterator[tuple[int, _Record]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, msgspec.json.decode(line, type=_Record)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise LoadError(
                f"无法读取 {name}：第 {number} 行不是 JSON 对象（{error}），已跳过。",
                f"Can't read {name}: line {number} is no JSON object ({error}); it was skipped.",
            ) from error


def _records(records: Iterable[tuple[int, _Record]], empty: list[int]) -> Iterator[RawBlock]:
    """The blocks of records, each with its line; the lines of those that say nothing are added to ``empty``."""
    before: tuple[str, ...] = ()
    for number, record in records:
        said = list(_record(record, number))
        if not said:
            empty.append(number)
        elif (title := said[0].path) and title != before:
            yield RawBlock(BlockKind.HEADING, title[0], number, level=1)
        before = said[0].path if said else ()
        yield from said


def _record(record: _Record, line: int, deep: int = 0) -> Iterator[RawBlock]:
    rest = dict(record)
    inner = _taken_records(rest) if deep < _DEEPEST else []
    turns = _turns(rest)
    asked = [*_taken(rest, _QUESTIONS), *_taken(rest, _MORE)] if _has(rest, _QUESTIONS) and _has(rest, _ANSWERS) else []
    answers = _taken(rest, _ANSWERS) if asked else []
    texts = _taken(rest, _TEXTS)
    title = " ".join(_taken(rest, _TITLES)) if texts or asked or turns else ""
    path = (path_name(title),) if title else ()
    yield from (RawBlock(BlockKind.PARAGRAPH, text, line, path) for text in texts)
    yield from _dialogue(
        [(True, "\n".join(asked)), *((False, answer) for answer in answers)] if asked else [], line, path
    )
    yield from _dialogue(turns, line, path)
    for one in inner:
        yield from _record(one, line, deep + 1)
    fields = [(key, value) for key, value in _pairs("", rest) if value]
    if fields and _only_title(rest):
        yield RawBlock(BlockKind.PARAGRAPH, "\n".join(value for _, value in fields), line, path)
    elif fields:
        yield row(((column, *field) for column, field in enumerate(fields)), line, path)


def _dialogue(turns: list[tuple[bool, str]], line: int, path: tuple[str, ...]) -> Iterator[RawBlock]:
    """A question is a heading, under which its answer stands."""
    above = path
    for asks, said in turns:
        if said and asks:
            yield RawBlock(BlockKind.HEADING, " ".join(said.split()), line, path, level=1 + len(path))
            above = (*path, path_name(" ".join(said.split())))
        elif said:
            yield RawBlock(BlockKind.PARAGRAPH, said, line, above)


def _taken_records(rest: _Record) -> list[_Record]:
    """The questions with their answers that are collected in fields, which are taken out of ``rest``."""
    found: list[_Record] = []
    for key, value in [(key, value) for key, value in rest.items() if isinstance(value, list | dict)]:
        records = value if isinstance(value, list) else [value]
        told = [one for one in records if isinstance(one, dict) and _has(one, _QUESTIONS) and _has(one, _ANSWERS)]
        if told and len(told) == len(records):
            found += told
            rest.pop(key)
    return found


def _turns(rest: _Record) -> list[tuple[bool, str]]:
    """What was said in turn, each with whether it asks; taken out of ``rest``."""
    key = next((key for key in rest if key.lower() in _TURNS), "")
    turns = rest.get(key)
    if isinstance(turns, list) and turns and all(isinstance(t, dict) and _has(t, _ASKS) for t in turns):
        rest.pop(key)
        return [(name in _ASKS, text) for turn in turns for name, text in _said_by(turn)]
    if not isinstance(turns, list) or not all(isinstance(turn, dict) and _has(turn, _SAID) for turn in turns):
        return []
    rest.pop(key)
    speakers = [_field(turn, _SPEAKERS).lower() for turn in turns]
    # Where nobody is known to ask, who begins does; one who speaks alone or has no name does not.
    asking = _ASKS if len({*speakers}) < 2 or any(name in _ASKS for name in speakers) else speakers[:1]
    texts = ("\n".join(_taken(dict(turn), _SAID)) for turn in turns)
    return [(name in asking, text) for name, text in zip(speakers, texts, strict=True)]


def _said_by(turn: _Record) -> Iterator[tuple[str, str]]:
    """Who says what in a turn whose fields are named after the speakers."""
    for name, value in turn.items():
        if name.lower() in (*_ASKS, *_REPLIES):
            yield name.lower(), "\n".join(_texts(value))


def _named(key: str, names: tuple[str, ...]) -> bool:
    """Whether a field is called one of ``names``, by itself or by its last word."""
    return len(key) <= _LONGEST_KEY and _ends_in(key, names)


@lru_cache(4096)
def _ends_in(key: str, names: tuple[str, ...]) -> bool:
    words = _WORD.findall(key.lower())
    last = words[-1] if words else ""
    return last in names or any(last.endswith(name) for name in names if not name.isascii())


def _has(record: _Record, names: tuple[str, ...]) -> bool:
    return any(_texts(value) for key, value in record.items() if _named(key, names))


def _field(record: _Record, names: tuple[str, ...]) -> str:
    return next((text for key, value in record.items() if key.lower() in names for text in _texts(value)), "")


def _taken(rest: _Record, names: tuple[str, ...]) -> list[str]:
    """The texts of the first field called one of ``names`` that has any, which is taken out of ``rest``."""
    for name in names:
        for key in [key for key in rest if _named(key, (name,))]:
            if texts := _texts(rest[key]):
                rest.pop(key)
                return texts
    return []


def _texts(value: object, depth: int = 0) -> list[str]:
    """The texts in a value: itself, those of a list, or of its parts that have such."""
    if isinstance(value, list) and depth < _DEEPEST:
        return [text for part in value for text in _texts(part, depth + 1)]
    if isinstance(value, dict) and depth < _DEEPEST:
        named = [text for key in (*_SAID, "text") if key in value for text in _texts(value[key], depth + 1)]
        return list(dict.fromkeys(named)) or [VALUES.join(f"{k}{NAMED}{v}" for k, v in _pairs("", value, depth) if v)]
    return [text] if (text := _plain(value)) else []


def _pairs(name: str, value: object, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The values inside ``value`` with their names, those of outer objects first."""
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, inner in value.items():
            yield from _pairs(f"{name} {key}".strip(), inner, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST and any(isinstance(part, dict | list) for part in value):
        for part in value:
            yield from _pairs(name, part, depth + 1)
    elif isinstance(value, list):
        yield name, "、".join(filter(None, map(_plain, value)))
    else:
        yield name, _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict | list | bool):
        return msgspec.json.encode(value).decode()
    return "" if value is None else str(value)


def _only_title(rest: _Record) -> bool:
    return all(key.lower() in _TITLES for key in rest)
