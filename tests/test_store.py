"""Documents and passages come back from the store as they went in, whichever thread asks."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from documents import DOCUMENTS, document, stored
from hypothesis import given

from rag.index.store import DocumentRecord, Store
from rag.indexing.splitting import SplitSettings, split
from rag.types import BlockKind, Document


@given(DOCUMENTS)
def test_any_document_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, made: Document) -> None:
    passages = split(made, SplitSettings())
    store = stored(tmp_path_factory.mktemp("store"), (made, Path("/a.md")))
    assert store.document(made.doc_id) == made
    assert store.passages(range(len(passages))) == passages


def test_passages_come_in_the_order_asked_for(tmp_path: Path) -> None:
    made = document("\n\n".join("这一段有十个字以上的。" * 8 for _ in range(5)))
    store = stored(tmp_path, (made, Path("/a.md")))
    assert [p.ordinal for p in store.passages([3, 0, 4])] == [3, 0, 4]
    assert store.passages([]) == []
    with pytest.raises(KeyError):
        store.passages([99])


def test_records_say_what_there_is_in_index_order(tmp_path: Path) -> None:
    first, second = document("# 甲\n\n字🎉。"), document("乙。", "b.txt")
    store = stored(tmp_path, (second, Path("/x/b.txt")), (first, Path("/x/a.md")))
    assert list(store.records()) == [
        DocumentRecord(second.doc_id, "b", "b.txt", "/x/b.txt", second.sha256, 2, 1, range(1)),
        DocumentRecord(first.doc_id, "甲", "a.md", "/x/a.md", first.sha256, 5, 2, range(1, 2)),
    ]
    assert store.document("unknown") is None


def test_a_store_of_before_has_its_rows_without_cells(tmp_path: Path) -> None:
    made = document("产品,产地\n云雾茶,清溪\n", "a.csv")
    stored(tmp_path, (made, Path("/x/a.csv")))
    with closing(sqlite3.connect(tmp_path / "texts")) as connection:
        (blocks,) = connection.execute("SELECT blocks FROM documents").fetchone()
        before = [{k: v for k, v in b.items() if k not in ("header", "grid")} for b in json.loads(blocks)]
        connection.execute("UPDATE documents SET blocks = ?", (json.dumps(before).encode(),))
        connection.commit()
    read = Store(tmp_path / "list", [tmp_path / "texts"]).document(made.doc_id)
    assert read
    assert [(block.kind, block.header, block.cells) for block in read.blocks] == [(BlockKind.ROW, 0, ())] * 2
    assert (read.text, read.row(read.blocks[1])) == (made.text, None)


def test_many_threads_read_at_once(tmp_path: Path) -> None:
    made = document("\n\n".join("这一段有十个字以上的。" * 8 for _ in range(20)))
    passages = split(made, SplitSettings())
    store = stored(tmp_path, (made, Path("/a.md")))
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: store.passages([n % 20])[0], range(400)))
    assert found == [passages[n % 20] for n in range(400)]
