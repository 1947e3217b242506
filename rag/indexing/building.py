"""Documents to a new generation, one after the other: no more of them is in memory than one at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from rag.index import sparse, store
from rag.index.dense import EXACT_UP_TO, write_codes
from rag.index.generations import OWNERS, STORE, TERMS, VECTORS, Generation, Written, write_generation
from rag.index.manifest import Manifest, build_settings
from rag.index.vectors import VectorFile
from rag.indexing.entries import Entry
from rag.indexing.journal import Journal
from rag.indexing.pipeline import Pipeline
from rag.indexing.reuse import Held, write_vectors
from rag.indexing.splitting import split
from rag.settings import Settings
from rag.text.duplicates import alike, sketch
from rag.text.sounds import sounds_of, words_in
from rag.text.tokenization import cutter
from rag.types import Encoder, Passage

_Terms = tuple[str, str]


def held(old: Generation, settings: Settings) -> Held:
    """What need not be made again with ``settings``; terms only if the same code and words have cut them."""
    made, wanted = old.manifest, build_settings(settings)
    same = (made.cutter, made.settings.user_dictionary) == (cutter(), wanted.user_dictionary)
    return Held(made.encoder, old.store, old.dense, old.sparse if same else None)


def build(
    folder: Path,
    entries: Sequence[Entry],
    old: Held | None,
    pipeline: Pipeline,
    *,
    outdated: Collection[str],
) -> Manifest:
    """Split, cut, embed and write ``entries`` as a new generation in force; returns its manifest.

    To be called inside `writing`. Vectors and terms that ``old`` holds are not made again, and neither are the vectors
    that a run before this one had made when it was interrupted. ``outdated`` are the ids of documents that former
    loaders have read. Raises StorageError, ModelError.
    """
    settings, name = pipeline.settings, pipeline.models.encoder_name
    old_vectors = old if old is not None and old.encoder == name else None

    def load() -> Encoder:
        with pipeline.timing("model"):
            return pipeline.models.encoder.get()

    dimension = old_vectors.dense.dimension if old_vectors else load().dimension
    journal = Journal(folder, name, dimension)

    def fill(draft: Path) -> Written:
        passages = _write_texts(draft, entries, old, pipeline)
        owners = _write_vectors(draft, old_vectors, journal, load, dimension, pipeline)
        corpus = {entry.source: entry.sha256 for entry in entries}
        return Written(build_settings(settings), name, dimension, corpus, passages, owners, outdated)

    with pipeline.timing("write"):
        manifest = write_generation(folder, fill, settings.keep_generations)
    journal.discard()
    return manifest


def _write_texts(draft: Path, entries: Sequence[Entry], old: Held | None, pipeline: Pipeline) -> int:
    """Write documents, passages and terms; returns how many passages there are."""
    with pipeline.timing("compare"):
        sketches = _sketches(entries, old, progress=pipeline.progress)
        groups = alike([one.doc_id for one in entries], sketches, lambda place: entries[place].document().text)
    heard: Counter[str] = Counter()
    cut = _cut(pipeline)
    ordinal = 0
    with store.writing(draft / STORE) as documents, sparse.writing(draft / TERMS) as index:
        bar = tqdm(entries, desc="切分 split", unit="doc", disable=not pipeline.progress, delay=2)
        for entry, its_sketch in zip(bar, sketches, strict=True):
            document = entry.document(groups.get(entry.doc_id, ""))
            with pipeline.timing("split"):
                passages = split(document, pipeline.settings.split, ordinal)
            documents.add(document, entry.path, passages, its_sketch)
            known = _known_terms(passages, old)
            for n, passage in enumerate(passages):
                body, context = (
                    known[n]
                    if known
                    else (
                        cut(document.text[passage.start : passage.end]),
                        cut(passage.context),
                    )
                )
                index(passage.ordinal, body, context)
                heard.update(words_in(body))
            ordinal += len(passages)
        documents.add_sounds(sounds_of(heard))
    return ordinal


def _sketches(entries: Sequence[Entry], old: Held | None, *, progress: bool) -> list[bytes]:
    bar = tqdm(entries, desc="比较 compare", unit="doc", disable=not progress, delay=2)
    found = []
    for entry in bar:
        known = old.store.sketch(entry.doc_id) if old else None
        found.append(sketch(entry.document().text) if known is None else known)
    return found


def _cut(pipeline: Pipeline) -> Callable[[str], str]:
    """Cuts a text into terms, joined by spaces; contexts are often the same."""

    @lru_cache(maxsize=256)
    def cut(text: str) -> str:
        with pipeline.timing("terms"):
            return " ".join(pipeline.cutting(text).terms())

    return cut


def _known_terms(passages: Sequence[Passage], old: Held | None) -> list[_Terms] | None:
    """The terms of a document's passages, if the old generation has the same passages of it."""
    ordinals = old.store.ordinals(passages[0].doc_id) if old and old.sparse else None
    if old is None or old.sparse is None or ordinals is None or len(ordinals) != len(passages):
        return None
    found = []
    for passage, before in zip(passages, old.store.passages_between(ordinals), strict=True):
        same = (passage.start, passage.end, passage.context) == (before.start, before.end, before.context)
        stored = old.sparse.stored(before.ordinal) if same else None
        if stored is None:
            return None
        found.append(stored)
    return found


def _write_vectors(
    draft: Path,
    old: Held | None,
    journal: Journal,
    load: Callable[[], Encoder],
    dimension: int,
    pipeline: Pipeline,
) -> int:
    """Write the vectors of what `_write_texts` has written; returns how many there are."""
    with closing(store.Store(draft / STORE)) as written, pipeline.timing("vectors"):
        owners = write_vectors(written, old, journal, load, draft / VECTORS, dimension, progress=pipeline.progress)
    np.save(draft / OWNERS, owners)
    if len(owners) > EXACT_UP_TO:
        with pipeline.timing("codes"):
            write_codes(VectorFile(draft / VECTORS), owners, draft)
    return len(owners)
