"""CSV and TSV to blocks: each record is a row of a table."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

from rag.loading.blocks import Parsed, gather
from rag.loading.encodings import decode
from rag.loading.tables import Row, table

_SEPARATORS = ",;\t|"
# Without any, one of the first kind is a stray one.
_QUOTES = ('"', "", "'")
# How some spreadsheets are told the separator.
_SAID = re.compile(r'\s*"?sep=([^\w\s"]|\t)"?[^\S\n]*\n', re.IGNORECASE)
# So many lines, and characters of each, tell the separator.
_LOOKED_AT, _LOOKED_INTO = 200, 10_000
# Where most lines are not parted, below a long head, the parted ones are a table if so many stand together.
_LEAST_ROWS, _LEAST_WIDTH = 3, 3
# A line that is drawn between the table and what stands around it.
_RULE = re.compile(r"\s*[-=_*—─]{3,}[\s,;]*")
# One that says what follows: "-----列表结束-----".
_TITLED = re.compile(r"\s*[-=_*—─]{3,}\s*([^-=_*—─,;\t]+?)\s*[-=_*—─]{3,}[\s,;]*")
# A number that is to be shown with its zeros: ="00123", '00123.
_FORMULA = re.compile(r'="([^"]*)"|\'(\d{4,}[Xx]?)')
# No text has it: what is not separated is one value.
_NONE = "\x1f"


class _Dialect(NamedTuple):
    """How values are parted and quoted, and how many most records have."""

    separator: str
    quote: str
    width: int


def parse_csv(data: bytes, name: Path) -> Parsed:
    """The records of a CSV file, whichever of ``, ; |`` or a tab parts the most lines into equally many values.

    Raises LoadError.
    """
    text = decode(data, name)
    said = _SAID.match(text)
    return _parsed(text, said[1] if said else _SEPARATORS, name, begin=said.end() if said else 0)


def parse_tsv(data: bytes, name: Path) -> Parsed:
    """The records of a file with tabs between its values. Raises LoadError."""
    return _parsed(decode(data, name), "\t", name)


def _parsed(text: str, separators: str, name: Path, *, begin: int = 0) -> Parsed:
    # By default a value has 131072 characters at most; that of the whole process is changed.
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    lines = text[begin:].split("\n")
    rows = _rows(lines, _dialect(lines, separators), 1 + text.count("\n", 0, begin))
    return Parsed(gather(table(rows, ()), name))


def _dialect(lines: Sequence[str], separators: str) -> _Dialect:
    """How most of the first lines come out equally wide: csv.Sniffer finds no dialect below a title or in Chinese."""
    sample = [line[:_LOOKED_INTO] for line in islice(lines, _LOOKED_AT) if line.strip()]
    best, found = 0.0, _Dialect(_NONE, '"', 1)
    for separator in separators:
        for quote in _QUOTES:
            width, share = _commonest(sample, separator, quote)
            score = share * (1 - 1 / width)
            if score > best:
                best, found = score, _Dialect(separator, quote or '"', width)
    return found


def _commonest(sample: Sequence[str], separator: str, quote: str) -> tuple[int, float]:
    """The commonest number of values in a record, and the share of the lines in records that have so many."""
    if not quote:
        found = [line.count(separator) + 1 for line in sample]
    else:
        lines = (f"{line}\n" for line in sample)
        found = list(map(len, csv.reader(lines, delimiter=separator, quotechar=quote, skipinitialspace=True)))
    widths = Counter(found)
    width, count = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))
    if width == 1:
        together = ((size, len(list(run))) for size, run in groupby(found))
        width, count = max(((w, n) for w, n in together if w >= _LEAST_WIDTH and n >= _LEAST_ROWS), default=(1, count))
    return max(1, width), count / max(1, widths.total())


def _rows(lines: Sequence[str], dialect: _Dialect, begin: int) -> Iterator[Row]:
    place = 0
    while place < len(lines):
        record, count = _record(lines, place, dialect)
        if len(record) < _LEAST_WIDTH and _RULE.fullmatch(lines[place]):
            record = []
        if '="' in lines[place] or "'" in lines[place]:
            record = [found[1] or found[2] or "" if (found := _FORMULA.fullmatch(v)) else v for v in record]
        if titled := _TITLED.fullmatch(lines[place]):
            yield Row([])
            record = [titled[1]]
        yield Row(record, begin + place)
        place += count


def _record(lines: Sequence[str], place: int, dialect: _Dialect) -> tuple[list[str], int]:
    """The record that begins on a line, and on how many it stands; a stray quote costs that line at most."""
    first = lines[place]
    if dialect.quote not in first:
        return first.split(dialect.separator), 1
    if record := _read(first, dialect):
        return record, 1
    end = place + 1
    is_open = first.count(dialect.quote) % 2
    while is_open and end < len(lines):
        is_open = lines[end].count(dialect.quote) % 2 == 0
        end += 1
    record = _read("\n".join(lines[place:end]), dialect) if end > place + 1 else []
    if len(record) == dialect.width:
        return record, end - place
    return [_unquoted(value, dialect.quote) for value in first.split(dialect.separator)], 1


def _read(text: str, dialect: _Dialect) -> list[str]:
    """The values of one record; none if its quotes do not match."""
    for escape in (None, "\\"):
        reader = csv.reader(
            [text],
            delimiter=dialect.separator,
            quotechar=dialect.quote,
            escapechar=escape,
            skipinitialspace=True,
            strict=True,
        )
        try:
            return next(reader, [])
        except csv.Error:
            continue
    return []


def _unquoted(value: str, quote: str) -> str:
    """``value`` without a quote that has no other."""
    return value.strip().strip(quote) if value.count(quote) == 1 else value
