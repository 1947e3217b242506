"""CSV and TSV to blocks: each record is one, under the names of the columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from rag.errors import LoadError
from rag.loading.blocks import Parsed, gather
from rag.loading.decoding import decode
from rag.loading.tables import Row, table

_SEPARATORS = ",;\t|"


def parse_csv(data: bytes, name: Path) -> Parsed:
    """The records of a CSV file, whichever of ``, ; |`` or a tab stands most often in its first line."""
    text = decode(data, name)
    first = text.lstrip("\n").partition("\n")[0]
    return _parsed(text, max(_SEPARATORS, key=first.count), name)


def parse_tsv(data: bytes, name: Path) -> Parsed:
    """The records of a file with tabs between its values."""
    return _parsed(decode(data, name), "\t", name)


def _parsed(text: str, separator: str, name: Path) -> Parsed:
    return Parsed(gather(table(_rows(text, separator, name), ()), name))


def _rows(text: str, separator: str, name: Path) -> Iterator[Row]:
    # By default a value has 131072 characters at most; that of the whole process is changed.
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    begin = 1
    try:
        for record in reader:
            yield Row(record, begin)
            begin = reader.line_num + 1
    except csv.Error as error:
        raise LoadError(
            f"无法读取 {name}：第 {reader.line_num} 行有误（{error}），已跳过。请重新导出后再索引。",
            f"Can't read {name}: line {reader.line_num} is malformed ({error}); it was skipped. Export it again.",
        ) from error
