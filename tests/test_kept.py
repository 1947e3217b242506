"""What is kept in the cache is taken back whole or not at all."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rag.inference import cache as kept


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WENYUAN_CACHE_DIR", str(tmp_path))
    return tmp_path


def found(key: str) -> bytes | None:
    data = kept.find("nets", key)
    return None if data is None else data.tobytes()


def only_file(cache: Path) -> Path:
    (file,) = (cache / "nets").iterdir()
    return file


def test_what_is_kept_is_found_under_its_key_alone(cache: Path) -> None:
    assert found("a") is None
    kept.keep("nets", "a", b"network")
    assert (found("a"), found("b")) == (b"network", None)
    kept.keep("nets", "a", b"")
    assert found("a") == b""
    if os.name == "posix":
        assert stat.S_IMODE((cache / "nets").stat().st_mode) == 0o700


@pytest.mark.parametrize("size", [0, 1, 20, 35, 36, 40, 42])
def test_a_file_that_is_cut_off_is_not_taken(cache: Path, size: int) -> None:
    kept.keep("nets", "a", b"network")
    assert only_file(cache).stat().st_size == 43
    os.truncate(only_file(cache), size)
    assert found("a") is None


@pytest.mark.parametrize("place", range(43))
def test_a_file_with_one_wrong_byte_is_not_taken(cache: Path, place: int) -> None:
    kept.keep("nets", "a", b"network")
    content = bytearray(only_file(cache).read_bytes())
    content[place] ^= 1
    only_file(cache).write_bytes(content)
    assert found("a") is None


def test_what_was_kept_under_another_key_is_not_taken_for_its_name(cache: Path) -> None:
    kept.keep("nets", "a", b"network")
    content, name = only_file(cache).read_bytes(), only_file(cache)
    name.unlink()
    kept.keep("nets", "b", b"another")
    only_file(cache).write_bytes(content)
    assert found("b") is None


def test_what_is_handed_out_may_be_changed_and_the_file_is_not(cache: Path) -> None:  # noqa: ARG001
    kept.keep("nets", "a", b"network")
    data = kept.find("nets", "a")
    assert data is not None
    data[:] = 0
    assert found("a") == b"network"


def resident() -> int:
    """Bytes of files in this process's memory."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("RssFile"))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such call")
def test_what_is_spared_leaves_memory_and_is_there_again_when_needed(cache: Path) -> None:  # noqa: ARG001
    data = os.urandom(1 << 20) * 40
    kept.keep("nets", "a", data)
    before = resident()
    mapped = kept.find("nets", "a")
    assert mapped is not None
    # What was written to the map is this process's own and stays.
    mapped[:5] = 7
    assert resident() - before > 30_000_000
    kept.spare(mapped)
    assert resident() - before < 5_000_000
    assert mapped.tobytes() == bytes([7] * 5) + data[5:]


def test_a_cache_that_cannot_be_written_keeps_nothing_and_is_no_error(cache: Path) -> None:
    (cache / "nets").write_text("a file where the folder would be")
    kept.keep("nets", "a", b"network")
    assert found("a") is None


@pytest.mark.skipif(sys.platform == "win32", reason="limits a file's size as POSIX does")
def test_a_full_disk_keeps_nothing_and_leaves_nothing(cache: Path) -> None:
    code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
from rag.inference import cache as kept
kept.keep("nets", "a", bytes(5000))
print(kept.find("nets", "a"))
"""
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert finished.stdout == "None\n"
    assert list((cache / "nets").iterdir()) == []


def test_the_least_recently_used_goes_when_there_are_more_than_eight(cache: Path) -> None:
    for number in range(8):
        kept.keep("nets", str(number), b"%d" % number)
        newest = max((cache / "nets").iterdir(), key=lambda file: file.stat().st_mtime)
        os.utime(newest, (1000 + number, 1000 + number))
    assert found("0") == b"0"
    kept.keep("nets", "8", b"8")
    assert [found(str(number)) is not None for number in range(9)] == [True, False, *[True] * 7]


def test_processes_that_keep_the_same_at_once_leave_one_whole_file(cache: Path) -> None:
    code = "from rag.inference import cache as kept\nfor _ in range(20): kept.keep('nets', 'a', bytes(200_000))"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert found("a") == bytes(200_000)
    assert only_file(cache).name.endswith(".kept")


def test_a_digest_is_remembered_until_the_file_is_another(cache: Path) -> None:
    file = cache / "weights"
    for content in (b"one", bytes(3_000_000), b"two"):
        file.write_bytes(content)
        assert kept.digest(file) == kept.digest(file) == hashlib.sha256(content).hexdigest()
    assert len(list((cache / "digest").iterdir())) == 3
    # The same size and contents at another time, as after a copy: computed anew, and the same.
    os.utime(file, (1000, 1000))
    assert kept.digest(file) == hashlib.sha256(b"two").hexdigest()
    assert len(list((cache / "digest").iterdir())) == 4
