"""What every system is given: the same files, questions and model; and what came back, kept until any of it changes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from eval.bench.peers.environments import OURS, REQUIREMENTS
from eval.bench.peers.harness import ADAPTERS
from rag.errors import EvaluationError
from rag.evaluation.datasets import sample, squad
from rag.evaluation.environment import code
from rag.evaluation.gold import GOLD, GoldQuestion, load_gold
from rag.loading import SourceFile, discover, load
from rag.types import Document

ARTICLES = "articles"
HITS = 50
HARNESS = ADAPTERS.parent / "harness.py"


class Found(msgspec.Struct, frozen=True):
    """A chunk of a document as a system returned it."""

    document: str
    text: str
    score: float


class Reply(msgspec.Struct, frozen=True):
    """What came back for a question, best first, in how many milliseconds."""

    id: str
    ms: float
    hits: tuple[Found, ...]


class Run(msgspec.Struct, frozen=True):
    """What the harness measured of one system and variant."""

    import_s: float
    load_s: float
    index_s: float
    peak_mb: float
    versions: dict[str, str]
    results: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts, the files that hold them, by name, and the questions that have evidence in them."""

    name: str
    texts: Mapping[str, str]
    files: Mapping[str, Path]
    questions: tuple[GoldQuestion, ...]
    left_out: int


def corpus(source: str, work: Path, articles: Path, size: int | None = None) -> Corpus:
    """``articles``, or ``squad:FILE``; with ``size`` only so many of its questions. Raises EvaluationError.

    Each document is written out as plain text with a blank line between its blocks, where any splitter looks for
    them first; Wenyuan reads the same files.
    """
    kind, _, file = source.partition(":")
    if source == ARTICLES:
        name, questions = ARTICLES, tuple(load_gold(GOLD))
        documents = {path.path.name: load(path) for path in discover([articles]).files}
    elif kind == "squad" and file:
        dataset = squad.load(Path(file), work / Path(file).stem / "loaded", progress=True)
        assert dataset.folder is not None
        name, questions = dataset.name, sample(dataset, size).questions
        documents = {path.path.name: load(path) for path in discover([dataset.folder]).files}
    else:
        raise EvaluationError(
            f"不认识的语料：{source}。可用：{ARTICLES}、squad:文件。",
            f"Unknown corpus: {source}. There are {ARTICLES} and squad:FILE.",
        )
    asked = tuple(question for question in questions if question.evidence)
    for question in asked:
        for place in question.places:
            if documents[place.document].text[place.start : place.end] != place.quote:
                raise EvaluationError(
                    f"问题 {question.id} 的证据与原文不符：{place.document}。",
                    f"Question {question.id}: the quote is not the text of {place.document}.",
                )
    files = {one: _write(document, one, work / name / "documents") for one, document in documents.items()}
    texts = {one: document.text for one, document in documents.items()}
    return Corpus(name, texts, files, asked, len(questions) - len(asked))


def _write(document: Document, name: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{Path(name).stem}.txt"
    file.write_text(document.text.replace("\n", "\n\n") + "\n", "utf-8")
    if load(SourceFile(file, name)).text != document.text:
        raise EvaluationError(
            f"{name} 写成纯文本后读出的不一样。", f"{name} reads otherwise when written as plain text."
        )
    return file


def fetch(
    peer: str, variant: str, corpus: Corpus, python: Path, *, model: Path, work: Path, threads: int, fresh: bool
) -> Run:
    """What ``variant`` of ``peer`` does with ``corpus``: measured now, or before with all the same.

    Raises EvaluationError, with the last line of what it said, if it fails.
    """
    folder = work / corpus.name
    task: dict[str, Any] = {
        "adapter": peer,
        "variant": variant,
        "queries": [{"id": question.id, "text": question.question} for question in corpus.questions],
        "k": HITS,
        "threads": threads,
    }
    kept = folder / f"{peer}-{variant}.{_fingerprint(peer, task, corpus.texts, model)}.json"
    if kept.is_file() and not fresh:
        return msgspec.json.decode(kept.read_bytes(), type=Run)
    scratch = folder / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    out, request = scratch / "out.json", scratch / "task.json"
    out.unlink(missing_ok=True)
    # Relative, as in the peers' tutorials: LlamaIndex embeds the path with the text.
    documents = {name: str(file.relative_to(folder)) for name, file in corpus.files.items()}
    task |= {"documents": documents, "model": str(model.resolve()), "out": str(out.resolve())}
    request.write_text(json.dumps(task, ensure_ascii=False), "utf-8")
    done = subprocess.run(
        [str(python), str(HARNESS), str(request.resolve())],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        # Caches of jieba and others go to a private place.
        env={**without_settings(os.environ), "TMPDIR": str(scratch.resolve())},
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
        raise EvaluationError(f"{peer}（{variant}）运行失败：{reason}", f"{peer} ({variant}) failed: {reason}")
    for old in folder.glob(f"{peer}-{variant}.*.json"):
        old.unlink()
    run = msgspec.json.decode(out.read_bytes(), type=Run)
    out.replace(kept)
    return run


def _fingerprint(peer: str, task: dict[str, Any], texts: Mapping[str, str], model: Path) -> str:
    """Digest of all that decides the outcome: task, texts, model, adapter, harness and the versions of packages."""
    digest = hashlib.sha256(json.dumps([task, dict(texts), model.name], ensure_ascii=False).encode())
    for file in (ADAPTERS / f"{peer}.py", HARNESS):
        digest.update(file.read_bytes())
    digest.update(code().digest.encode() if peer == OURS else (REQUIREMENTS / f"{peer}.txt").read_bytes())
    return digest.hexdigest()[:16]


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Wenyuan's own settings are the shipped ones, whatever the user's are; no other packages get in."""
    return {
        name: value
        for name, value in environment.items()
        if name == "WENYUAN_CACHE_DIR" or not name.startswith(("WENYUAN_", "PYTHON"))
    }
