"""Documents to a new generation: what has not changed is taken over by segments, what is new becomes new ones.

No more documents are in memory than one at a time.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from tqdm import tqdm

from rag.disk import link
from rag.index import sparse, store
from rag.index.dense import CODED_FROM, CODES, EXACT_UP_TO, learn, learnt_of, write_codes
from rag.index.generations import KEYS, OWNERS, STORE, TERMS, TEXTS, VECTORS, Written, write_generation
from rag.index.manifest import FileRecord, Manifest, Segment, build_settings
from rag.index.segments import texts
from rag.index.segments.texts import TextsWriter
from rag.index.sparse import SparseIndex
from rag.index.store import DocumentRecord, Part
from rag.index.vectors import VectorFile, VectorFiles
from rag.indexing.entries import Entry
from rag.indexing.journal import Journal
from rag.indexing.merging import MOST_PASSAGES, Reusable, is_large, to_keep
from rag.indexing.pipeline import Pipeline
from rag.indexing.reuse import Moved, New, are_current, write_vectors
from rag.indexing.splitting import SPLITTER, split
from rag.text.duplicates import Pair, alike, sketch
from rag.text.sounds import is_word, sounds_of
from rag.types import Encoder, Passage

_Terms = tuple[str, str]
# What was written of a document, and the terms of its passages.
_Placed = tuple[Part, Sequence[_Terms]]
_Cut = Callable[[str], str]


def build(
    folder: Path, entries: Sequence[Entry], old: Reusable | None, pipeline: Pipeline, *, outdated: Collection[str]
) -> Manifest:
    """Split, cut, embed and write ``entries`` as a new generation in force; returns its manifest.

    To be called inside `writing`. What ``old`` holds is not made again, and neither are the vectors that a run before
    this one had made when it was interrupted. ``outdated`` are the ids of documents that former loaders have read.
    Raises StorageError, ModelError.
    """
    journal: list[Journal] = []

    def fill(draft: Path) -> Written:
        made = _Draft(draft, entries, old, pipeline)
        made.take_over()
        made.write_texts()
        journal.append(made.write_vectors(folder))
        made.write_codes()
        made.write_list()
        return made.written(outdated)

    with pipeline.timing("write"):
        manifest = write_generation(folder, fill, pipeline.settings.keep_generations)
    for one in journal:
        one.discard()
    return manifest


class _Draft:
    """A generation that is being written into ``folder``."""

    def __init__(self, folder: Path, entries: Sequence[Entry], old: Reusable | None, pipeline: Pipeline) -> None:
        self.folder = folder
        self._entries = entries
        self._old = old
        self._pipeline = pipeline
        self._segments: list[Segment] = []
        # Folders of terms, and what of each belongs to this generation.
        self._terms: list[tuple[Path, Collection[str]]] = []
        self._linked: dict[str, FileRecord] = {}
        self._parts: dict[str, Part] = {}
        # Documents of segments that are written anew, with where they stood: the segment, and the first passage there.
        self._before: dict[str, tuple[DocumentRecord, int, int]] = {}
        # What of these segments is in new ones, by the numbers of these.
        self._moved: defaultdict[int, list[Moved]] = defaultdict(list)
        self._sketches = self._sketched()
        # The first of the segments that are new.
        self._new = 0
        self._dimension = 0

    def take_over(self) -> None:
        """Link the files of those segments of the old generation that serve as they are."""
        old = self._old
        if old is None or old.manifest is None or old.store is None:
            return
        manifest = old.manifest
        slots = {before: now for now, before in enumerate(to_keep(old, self._entries))}
        self._segments = [manifest.segments[one] for one in slots]
        self._new = len(slots)
        for one in self._segments:
            (self.folder / one.name).mkdir()
            for name in (TEXTS, VECTORS, OWNERS, KEYS):
                self._link(f"{one.name}/{name}", manifest.files)
        self._terms.append((old.folder / TERMS, {name for one in self._segments for name in one.terms}))
        places = zip(old.store.placement.segments.tolist(), old.store.placement.firsts.tolist(), strict=True)
        for record, (segment, first) in zip(old.store.records(), places, strict=True):
            if segment in slots:
                self._parts[record.doc_id] = record.part(slots[segment], first)
            else:
                self._before[record.doc_id] = record, segment, first

    def _link(self, file: str, known: Mapping[str, FileRecord]) -> None:
        assert self._old
        link(self._old.folder / file, self.folder / file)
        self._linked[file] = known[file]

    def write_texts(self) -> None:
        """Write documents, passages and terms of what is new into segments."""
        fresh = [entry for entry in self._entries if entry.doc_id not in self._parts]
        # What is left of a large segment is not mixed with what is new, which may soon change again.
        left = {entry.doc_id for entry in fresh if self._is_left(entry)}
        fresh.sort(key=lambda entry: entry.doc_id not in left)
        bar = iter(tqdm(fresh, desc="切分 split", unit="doc", disable=not self._pipeline.progress, delay=2))
        cut = _cutting(self._pipeline)
        for count in (len(left), len(fresh) - len(left)):
            while count:
                count -= self._write_segment(islice(bar, count), cut)
        if not self._segments:
            # An empty library is one segment of nothing.
            self._write_segment(bar, cut)
        files = [f"{TERMS}/{name}" for name in sparse.join(self.folder / TERMS, self._terms)]
        if self._old and self._old.manifest:
            before = self._old.manifest.files
            self._linked |= {file: before[file] for file in files if file in before}
        for folder, _ in self._terms:
            if folder.is_relative_to(self.folder):
                shutil.rmtree(folder)

    def _is_left(self, entry: Entry) -> bool:
        """Whether a document is as it was, in a large segment that is written anew because others are not."""
        stood, manifest = self._stood(entry), self._old.manifest if self._old else None
        return stood is not None and manifest is not None and is_large(manifest.segments[stood[1]].passages)

    def _stood(self, entry: Entry) -> tuple[DocumentRecord, int, int] | None:
        """Where a document stood that is as it was, in a segment that is written anew."""
        stood = self._before.get(entry.doc_id)
        # The title stands in the passages, too.
        same = stood and self._old and entry.store is self._old.store and stood[0].title == entry.origin.title
        return stood if same else None

    def _write_segment(self, entries: Iterator[Entry], cut: _Cut) -> int:
        """Write as many of ``entries`` as one segment takes; returns how many those are."""
        number = 1 + max((one.number for one in self._segments), default=0)
        documents = passages = 0
        folder = self.folder / Segment.name_of(number)
        folder.mkdir()
        words: set[str] = set()
        with texts.writing(folder / TEXTS) as text_file:
            with sparse.writing(folder / TERMS) as index:
                for entry in entries:
                    part, terms = self._take(entry, number, passages) or self._make(
                        entry, passages, text_file, cut, words
                    )
                    for ordinal, (body, context) in enumerate(terms, start=passages):
                        index(sparse.key_of(number, ordinal), body, context)
                    self._parts[entry.doc_id] = part
                    documents += 1
                    passages += part.passages
                    if passages >= MOST_PASSAGES:
                        break
                self._copy(number, text_file, index)
            text_file.add_sounds(self._sounding(number, SparseIndex(folder / TERMS), words))
        names = sparse.segments_of(folder / TERMS)
        self._terms.append((folder / TERMS, names))
        self._segments.append(Segment(number, documents, passages, 0, tuple(names)))
        return documents

    def _sounding(self, number: int, terms: SparseIndex, made: set[str]) -> Iterator[tuple[str, str, int]]:
        """How the words sound of what was ``made`` or moved, and how many passages of a new segment have each."""
        words = set(filter(is_word, made))
        sounds: dict[str, str] = {}
        held = self._old.store.texts if self._old and self._old.store else ()
        for segment in {moved.segment for moved in self._moved[number]}:
            sounds |= held[segment].sounds()
        words |= sounds.keys()
        for one in held:
            # Most are known, and to find out how one sounds takes a library that takes long to load.
            if lacking := words - sounds.keys():
                sounds |= one.sounds(lacking)
        frequencies = {word: terms.frequency(word) for word in words}
        return sounds_of({word: count for word, count in frequencies.items() if count}, sounds)

    def _take(self, entry: Entry, number: int, first: int) -> _Placed | None:
        """Find a place for a document that is as it was, in a segment that is not: nothing of it is made again.

        None for one of an index of before terms were kept, too.
        """
        old, stood = self._old, self._stood(entry)
        if stood is None or old is None or old.sparse is None:
            return None
        record, segment, before = stood
        if old.sparse.stored(record.passages.start) is None:
            return None
        moved = Moved(segment, range(before, before + len(record.passages)), first)
        there = self._moved[number]
        if there and there[-1].followed_by(moved):
            start = there.pop()
            moved = Moved(segment, range(start.before.start, moved.before.stop), start.now)
        there.append(moved)
        return record.part(len(self._segments), first), ()

    def _copy(self, number: int, texts: TextsWriter, index: Callable[[int, str, str], None]) -> None:
        """Write what has moved into the new segment of that number."""
        old = self._old
        if old is None or old.store is None or old.sparse is None:
            return
        with self._pipeline.timing("take over"):
            for segment, before, now in self._moved[number]:
                texts.take(old.store.texts[segment], before, now)
                ordinals = old.store.placement.ordinals(segment, np.arange(before.start, before.stop)).tolist()
                for ordinal, terms in enumerate(map(old.sparse.stored, ordinals), now):
                    assert terms
                    index(sparse.key_of(number, ordinal), *terms)

    def _make(self, entry: Entry, first: int, texts: TextsWriter, cut: _Cut, words: set[str]) -> _Placed:
        """Split a document into passages, numbered from ``first``, and cut these into terms, added to ``words``."""
        document = entry.document()
        with self._pipeline.timing("split"):
            made = split(document, self._pipeline.settings.split, first)
        known = _known_terms(made, self._old)
        terms = known or [(cut(document.text[one.start : one.end]), cut(one.context)) for one in made]
        words.update(*(body.split(" ") for body, _ in terms))
        texts.add(document, made, self._sketches[entry.doc_id])
        sizes = len(document.text), len(document.blocks), document.omitted
        return Part(len(self._segments), first, len(made), *sizes), terms

    def write_vectors(self, index: Path) -> Journal:
        """Write the vectors of the new segments; returns where those that had to be made are kept until it is done."""
        models, known = self._pipeline.models, self._old.vectors if self._old else ()

        def load() -> Encoder:
            with self._pipeline.timing("model"):
                return models.encoder.get()

        self._dimension = known[0].rows.dimension if known else load().dimension
        journal = Journal(index, models.encoder_name, self._dimension)
        new = self._segments[self._new :]
        with ExitStack() as opened, self._pipeline.timing("vectors"):
            folders = [self.folder / one.name for one in new]
            held = [opened.enter_context(closing(texts.Texts(one / TEXTS))) for one in folders]
            written = list(map(New, folders, held, map(self._found, new)))
            counts = write_vectors(written, known, journal, load, self._dimension, progress=self._pipeline.progress)
        pairs = zip(new, counts, strict=True)
        self._segments[self._new :] = [msgspec.structs.replace(one, vectors=rows) for one, rows in pairs]
        return journal

    def _found(self, new: Segment) -> list[Moved]:
        """What of a new segment has vectors that are found by where they stood."""
        moved = self._moved[new.number]
        sources = {one.segment for one in moved}
        store, vectors = (self._old.store, self._old.vectors) if self._old else (None, ())
        current = {one for one in sources if store and are_current(vectors[one], store.texts[one])}
        return [one for one in moved if one.segment in current]

    def write_codes(self) -> None:
        """Write codes of each large segment, if all of them together are so large; the same codes that are in use."""
        if sum(one.vectors for one in self._segments) <= EXACT_UP_TO:
            return
        large = [one for one in self._segments if one.vectors > CODED_FROM]
        coded = [one for one in large if self._link_codes(one)]
        new = [one for one in large if one not in coded]
        with self._pipeline.timing("codes"):
            learnt = self._learnt(coded) if new else None
            for one in new:
                folder = self.folder / one.name
                write_codes(VectorFile(folder / VECTORS), np.load(folder / OWNERS), folder, learnt)

    def _learnt(self, coded: Sequence[Segment]) -> Any:
        """The codes of those segments, which are the same in all; or some that are learnt from all vectors."""
        if coded:
            return learnt_of(self.folder / coded[0].name)
        return learn(VectorFiles([VectorFile(self.folder / one.name / VECTORS) for one in self._segments]))

    def _link_codes(self, segment: Segment) -> bool:
        """Take over the codes of a segment that was taken over, if it has any."""
        known = self._old.manifest.files if self._old and self._old.manifest else {}
        files = [f"{segment.name}/{name}" for name in CODES]
        there = segment in self._segments[: self._new] and all(file in known for file in files)
        for file in files if there else ():
            self._link(file, known)
        return there

    def write_list(self) -> None:
        """List all documents, in order, with where they are and which others are almost the same."""
        with self._pipeline.timing("compare"):
            ids = [entry.doc_id for entry in self._entries]
            sketches = [self._sketches[one] for one in ids]
            groups, scores = alike(ids, sketches, lambda place: self._entries[place].document().text, self._compared())
        with store.writing(self.folder / STORE) as listed:
            for entry in self._entries:
                files = (entry.origin, *entry.copies)
                part, group = self._parts[entry.doc_id], groups.get(entry.doc_id, "")
                listed.add(entry.doc_id, entry.sha256, files, part, group)
            listed.add_compared(scores)

    def _compared(self) -> dict[Pair, float]:
        """How much those documents have in common that are as they were."""
        store = self._old.store if self._old else None
        same = {entry.doc_id for entry in self._entries if entry.store is store}
        return {pair: score for pair, score in store.compared().items() if same.issuperset(pair)} if store else {}

    def _sketched(self) -> dict[str, bytes]:
        known = self._old.store.sketches() if self._old and self._old.store else {}
        bar = tqdm(self._entries, desc="比较 compare", unit="doc", disable=not self._pipeline.progress, delay=2)
        sketches = {}
        with self._pipeline.timing("compare"):
            for entry in bar:
                before = known.get(entry.doc_id) if entry.store else None
                sketches[entry.doc_id] = sketch(entry.document().text) if before is None else before
        return sketches

    def written(self, outdated: Collection[str]) -> Written:
        """What there is now."""
        corpus = {entry.source: entry.sha256 for entry in self._entries}
        settings, encoder = build_settings(self._pipeline.settings), self._pipeline.models.encoder_name
        return Written(settings, encoder, self._dimension, corpus, self._segments, SPLITTER, outdated, self._linked)


def _cutting(pipeline: Pipeline) -> _Cut:
    """Cuts a text into terms, joined by spaces; contexts are often the same."""

    @lru_cache(maxsize=256)
    def cut(text: str) -> str:
        with pipeline.timing("terms"):
            return " ".join(pipeline.cutting(text).terms())

    return cut


def _known_terms(passages: Sequence[Passage], old: Reusable | None) -> list[_Terms] | None:
    """The terms of a document's passages, if the old generation has the same passages of it."""
    if old is None or old.store is None or old.sparse is None:
        return None
    ordinals = old.store.ordinals(passages[0].doc_id)
    if ordinals is None or len(ordinals) != len(passages):
        return None
    same = all(
        (passage.start, passage.end, passage.context) == (before.start, before.end, before.context)
        for passage, before in zip(passages, old.store.passages_between(ordinals), strict=True)
    )
    return old.sparse.all_stored(ordinals) if same else None
