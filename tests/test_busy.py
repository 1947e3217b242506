"""Who asks while others write gets answers of one generation, whole, and no error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from conftest import ROOT

from rag.evaluation.gold import GOLD, load_gold
from rag.library import Library
from rag.models import Models, Once
from rag.reading.calibration import load_calibration
from rag.reading.readers import CALIBRATION, SHIPPED, load_network
from rag.reading.trained import TrainedReader
from rag.wire import to_json

SECONDS = float(os.environ.get("BUSY_SECONDS", "4"))
ASKERS = 2

ASK = """
import json, sys, time
from pathlib import Path
from documents import HashEncoder, use
from rag.library import Library
from rag.models import Models, Once
from rag.reading.calibration import load_calibration
from rag.reading.readers import CALIBRATION, SHIPPED, load_network
from rag.reading.trained import TrainedReader
from rag.settings import Settings
use(HashEncoder())
index = Path(sys.argv[1])
settings = Settings(min_confidence=0.0)
library, asked, opened, cited, wrong, seen = Library.open(index, settings), 0, 0, 0, [], set()
library.ask("豆包")
until = time.time() + float(sys.argv[2])
while time.time() < until or len(seen) < 3:
    if asked % 3 == 0:
        library, opened = Library.open(index, settings), opened + 1
    else:
        library.refresh()
    answer = library.ask("豆包的月活跃用户是多少万？")
    texts = {record.doc_id: library.document(record.doc_id).text for record in library.documents()}
    versions = {text.split("版")[0] for text in texts.values()}
    if len(versions) != 1 or len(texts) != 3:
        wrong.append(["mixed", sorted(versions)])
    for c in answer.citations:
        cited += 1
        if texts.get(c.doc_id, "")[c.start:c.end] != c.quote:
            wrong.append(["citation", c.quote])
    for hit in answer.hits:
        if texts.get(hit.passage.doc_id, "")[hit.passage.start:hit.passage.end] != hit.text:
            wrong.append(["hit", hit.text])
    asked += 1
    seen |= versions
print(json.dumps([asked, opened, cited, len(seen), wrong]))
"""

WRITE = """
import json, sys
from pathlib import Path
from documents import HashEncoder, use
from rag.indexing.update import index_paths
from rag.settings import Settings
use(HashEncoder())
index, corpus, stop = map(Path, sys.argv[1:])
written = 0
while written == 0 or not stop.exists():
    for name in "abc":
        said = [f"{written}版{name}。", f"豆包的月活跃用户是{written}万{name}。", f"别的话{written}。" * (written % 7)]
        (corpus / f"{name}.txt").write_text("\\n\\n".join(said), "utf-8")
    # As few as can be kept: what a reader has just begun to open may be gone at once.
    index_paths([corpus], index, Settings(keep_generations=1))
    written += 1
print(json.dumps(written))
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=SECONDS + 120)
    assert (process.returncode, err) == (0, "")
    return out


def test_two_processes_ask_while_a_third_replaces_every_document(tmp_path: Path) -> None:
    corpus, index, stop = tmp_path / "corpus", tmp_path / "index", tmp_path / "stop"
    corpus.mkdir()
    stop.touch()
    assert json.loads(ended(start(WRITE, index, corpus, stop))) == 1
    stop.unlink()
    writer = start(WRITE, index, corpus, stop)
    try:
        results = [json.loads(ended(asker)) for asker in [start(ASK, index, SECONDS) for _ in range(ASKERS)]]
    finally:
        stop.touch()
        written = json.loads(ended(writer))
    print(f"{written} generations; asked, opened, citations, versions seen: {[one[:4] for one in results]}")
    assert written >= 3
    for asked, opened, cited, seen, wrong in results:
        assert wrong == []
        assert asked >= opened >= 1
        assert cited >= asked
        assert seen >= 3
    assert len(list((index / "generations").iterdir())) == 1


def test_answers_are_the_same_to_the_last_digit_whatever_is_asked_beside_them(library: Library) -> None:
    questions = [one.question for one in load_gold(GOLD)[:8]]
    # A reader of its own remembers nothing.
    models = Models(library.settings)
    models.reader = Once(lambda: TrainedReader(load_network(SHIPPED), load_calibration(SHIPPED / CALIBRATION)))
    crowded = Library.open(library.index_dir, library.settings, models=models)
    crowded.warm_up()
    with ThreadPoolExecutor(8) as people:
        together = list(people.map(crowded.ask, questions))
    alone = [library.ask(question) for question in questions]
    assert [to_json(replace(one, timings_ms={})) for one in together] == [
        to_json(replace(one, timings_ms={})) for one in alone
    ]
