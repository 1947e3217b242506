"""Who is interrupted goes on: what was embedded is on the disk, and is taken from there by whoever indexes next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from documents import HashEncoder

from rag.index.generations import open_generation
from rag.indexing.journal import FOLDER, KEY_BYTES, Journal
from rag.indexing.update import index_paths
from rag.settings import Settings
from rag.types import Row

if TYPE_CHECKING:
    from rag.types import Vectors

KEYS = [bytes([n]) * KEY_BYTES for n in range(4)]
VECTORS = np.eye(4, 8, dtype=np.float32)


def journal(folder: Path, encoder: str = "hash@1") -> Journal:
    return Journal(folder, encoder, 8)


def test_what_was_appended_is_there_for_the_next(tmp_path: Path) -> None:
    first = journal(tmp_path)
    assert (len(first), first.keys(), list(tmp_path.iterdir())) == (0, b"", [])
    first.append(KEYS[0] + KEYS[1], VECTORS[:2])
    first.append(KEYS[2], VECTORS[2:3])
    again = journal(tmp_path)
    assert again.keys() == b"".join(KEYS[:3])
    assert again.take(np.array([2, 0])).tolist() == VECTORS[[2, 0]].tolist()
    again.discard()
    assert (len(journal(tmp_path)), list(tmp_path.iterdir())) == (0, [])


@pytest.mark.parametrize(("file", "kept"), [("keys", -3), ("vectors", -1)])
def test_what_a_kill_cut_off_is_written_again(tmp_path: Path, file: str, kept: int) -> None:
    journal(tmp_path).append(KEYS[0] + KEYS[1], VECTORS[:2])
    whole = (tmp_path / FOLDER / file).read_bytes()
    (tmp_path / FOLDER / file).write_bytes(whole[:kept])
    cut = journal(tmp_path)
    assert cut.keys() == KEYS[0]
    cut.append(KEYS[3], VECTORS[3:])
    again = journal(tmp_path)
    assert again.keys() == KEYS[0] + KEYS[3]
    assert again.take(np.array([0, 1])).tolist() == VECTORS[[0, 3]].tolist()


def test_another_encoder_takes_nothing_over(tmp_path: Path) -> None:
    journal(tmp_path).append(KEYS[0], VECTORS[:1])
    other = journal(tmp_path, "other@1")
    assert len(other) == 0
    other.append(KEYS[1], VECTORS[1:2])
    assert journal(tmp_path, "other@1").keys() == KEYS[1]


class Failing(HashEncoder):
    """Stops after some texts, as a user who presses Ctrl-C does."""

    def encode_rows(self, rows: Sequence[Row]) -> Vectors:
        if len(self.passages) >= 6:
            raise KeyboardInterrupt
        return super().encode_rows(rows)


def test_indexing_goes_on_where_it_was_interrupted(
    tmp_path: Path, hash_encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(12):
        (tmp_path / f"{n:02}.txt").write_text(f"第{n}篇只有这一句，说的是{'甲乙丙丁戊己庚辛壬癸子丑'[n]}。", "utf-8")
    index, failing = tmp_path / "index", Failing()
    monkeypatch.setattr("rag.indexing.reuse._AT_ONCE", 3)
    with monkeypatch.context() as patched:
        patched.setattr("rag.models.load_encoder", lambda *_, **__: failing)
        with pytest.raises(KeyboardInterrupt):
            index_paths([tmp_path], index, Settings())
    assert [path.name for path in index.iterdir() if path.name != ".lock"] == ["generations", FOLDER]
    (tmp_path / "03.txt").unlink()
    index_paths([tmp_path], index, Settings())
    assert (len(failing.passages), len(hash_encoder.passages)) == (6, 6)
    assert set(failing.passages).isdisjoint(hash_encoder.passages)
    assert not (index / FOLDER).exists()
    index_paths([tmp_path], tmp_path / "anew", Settings())
    grown, anew = open_generation(index).dense, open_generation(tmp_path / "anew").dense
    assert (grown.vectors(range(11)) == anew.vectors(range(11))).all()


def test_a_run_that_ended_well_leaves_no_journal(tmp_path: Path, hash_encoder: HashEncoder) -> None:  # noqa: ARG001
    (tmp_path / "a.txt").write_text("只有这一句。", "utf-8")
    index_paths([tmp_path / "a.txt"], tmp_path / "index", Settings())
    assert sorted(path.name for path in (tmp_path / "index").iterdir()) == [".lock", "CURRENT", "generations"]
