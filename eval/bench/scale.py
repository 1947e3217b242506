"""How a library grows: thousands of files of nine formats indexed, looked at again, and one file added.

    python -m eval.bench.scale --files 10000 [--news FOLDER] [--encoder none] [--out eval/results/scale.json]

makes the files in a temporary folder (see `eval.bench.folder`), measures each run in a process of its own, and prints
and saves the figures. With ``--encoder none`` vectors are made up of the texts' digests: everything is then measured
but the embedding itself.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from eval.bench.folder import make
from rag.errors import EvaluationError
from rag.evaluation.environment import Code, Machine, code, machine
from rag.evaluation.results import RESULTS, pretty
from rag.evaluation.stages import MadeUp, Run, measured

_ROOT = Path(__file__).parents[2]


class Scale(msgspec.Struct, frozen=True):
    """Everything that was measured; ``encoder`` is "none" where vectors were made up."""

    created: str
    code: Code
    machine: Machine
    files: int
    characters: int
    text: str
    encoder: str
    index_mb: int
    first: Run
    again: Run
    one_more: Run


def main() -> None:
    """Measure, print and save; or, with ``--run``, be one of the processes that are measured."""
    parser = argparse.ArgumentParser(description="How indexing grows with the number of files.")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--news", type=Path, help="a folder of part-*.txt with an article a line")
    parser.add_argument("--encoder", choices=["bundled", "none"], default="bundled")
    parser.add_argument("--out", type=Path, default=_ROOT / RESULTS / "scale.json")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        sys.stdout.buffer.write(msgspec.json.encode(run(options.run, options.encoder)))
        return
    found = measure(options.files, options.news, options.encoder)
    for name, one in (("first", found.first), ("again", found.again), ("one more", found.one_more)):
        stages = " ".join(f"{stage} {seconds:.1f}" for stage, seconds in one.stages.items())
        spent = f"{one.seconds:8.1f} s ({one.cpu_seconds:.1f} s CPU)  {one.memory_mb:5} MB"
        print(f"{name:9} {spent}  {one.texts_embedded:7} texts embedded  ({stages})")
    options.out.write_bytes(pretty(found))


def measure(files: int, news: Path | None = None, encoder: str = "bundled") -> Scale:
    """Make a folder of ``files`` files and index it three times. Raises EvaluationError if a run fails."""
    with tempfile.TemporaryDirectory(prefix="wenyuan-scale-") as made:
        folder = Path(made)
        make(folder / "files", files, news)
        first, again = _measured(folder, encoder), _measured(folder, encoder)
        (folder / "files" / "one-more.md").write_text("# 又一篇\n\n新来的一篇只有这一句，别处没有说过。\n", "utf-8")
        one_more = _measured(folder, encoder)
        generation = max((folder / "index" / "generations").iterdir())
        return Scale(
            created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            code=code(),
            machine=machine(),
            files=files,
            characters=first.characters,
            text="news" if news else "articles",
            encoder=encoder,
            index_mb=round(sum(file.stat().st_size for file in generation.rglob("*") if file.is_file()) / 1e6),
            first=first.run,
            again=again.run,
            one_more=one_more.run,
        )


class _Measured(msgspec.Struct, frozen=True):
    run: Run
    characters: int


def _measured(folder: Path, encoder: str) -> _Measured:
    command = [sys.executable, "-m", "eval.bench.scale", "--run", str(folder), "--encoder", encoder]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, cwd=_ROOT)
    if done.returncode:
        raise EvaluationError("索引没有成功。", "Indexing failed; see above.")
    return msgspec.json.decode(done.stdout, type=_Measured)


def run(folder: Path, encoder: str) -> _Measured:
    """Index ``folder/files`` into ``folder/index`` in this process, which should do nothing else."""
    from rag.index.generations import open_generation

    done = measured([folder / "files"], folder / "index", encoder=MadeUp() if encoder == "none" else None)
    records = open_generation(folder / "index").store.records()
    return _Measured(done, sum(record.characters for record in records))


if __name__ == "__main__":
    main()
