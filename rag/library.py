"""A library: documents and everything built from them. Reads like the data flow of the project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from rag.answering.agreement import Source
from rag.answering.compose import Part, cite, compose
from rag.answering.confirmed import Told, confirmations, matching, standing, told
from rag.answering.editions import differ, edition_of, families, is_dated, names
from rag.answering.listing import kinds
from rag.answering.overview import answer as overview_answer
from rag.answering.overview import meant
from rag.answering.related import closest, others
from rag.errors import IndexMismatchError
from rag.index.manifest import Manifest, check_settings
from rag.index.protocols import Snapshot
from rag.models import Models
from rag.places import open_store
from rag.question.analysis import Question, analyse
from rag.question.courtesy import reply, reply_language
from rag.question.division import divided
from rag.question.sorts import sorts
from rag.question.spelling import understood
from rag.question.summaries import summary
from rag.question.validation import validate
from rag.reading import Candidate, Reading
from rag.retrieval.collections import ALL, Choice, Collection, Scope, collections_of, in_scope
from rag.retrieval.fusion import Fusion, fuse
from rag.retrieval.named import NamedCollections, named_collections
from rag.retrieval.ranking import Retrieved, candidates_of, reranked, retrieve
from rag.retrieval.versions import Standing, Versions, check_current, reinstate, standing_of, versions
from rag.retrieval.versions import replace as replace_document
from rag.settings import Settings, load_settings
from rag.text.tokenization import Cutting, reread
from rag.types import Answer, Citation, Document, Encoder, Hit, Passage, Role, Span

if TYPE_CHECKING:
    from rag.answering.comparing import Compared
    from rag.answering.confirmed import Confirmation
    from rag.answering.explain import Explainer
    from rag.answering.explanation import Abstention, Explanation
    from rag.index.store import DocumentRecord
    from rag.indexing.pipeline import Pipeline
    from rag.indexing.update import IndexReport

# Passages of another edition that are read for what the first one answers, and documents among which it is looked for.
_EDITION_READ, _MOST_DOCUMENTS = 3, 50_000
Stage = Literal["load", "retrieve", "read"]


class Library:
    """The documents of one index folder, open for questions. Safe to use from several threads.

    A library answers from the generation that was in force when it was opened or last refreshed.
    """

    def __init__(
        self,
        index: Path,
        generation: Snapshot,
        settings: Settings,
        *,
        pinned: bool = False,
        models: Models | None = None,
        cutting: Cutting | None = None,
        fusion: Fusion = fuse,
    ) -> None:
        """The stages that no setting names, ``cutting`` and ``fusion``, are there to be measured."""
        self.index_dir = index
        self.pinned = pinned
        """Whether it stays with its generation, whatever comes into force."""
        self.settings = settings
        self._generation = generation
        self._fitting: Snapshot | None = None
        """The generation that the encoder was found to fit."""
        self._known_versions: tuple[Snapshot | None, tuple[Versions, ...], Standing] = (None, (), Standing())
        self._known_editions: tuple[Snapshot, dict[str, tuple[str, ...]]] | None = None
        self._models = models or Models(settings)
        self._store = open_store(settings, index)
        self._cutting = cutting or Cutting(settings.dictionary_path)
        self._fusion = fusion

    @classmethod
    def open(
        cls,
        index: Path | str = "index",
        settings: Settings | None = None,
        *,
        at: str | None = None,
        models: Models | None = None,
    ) -> Library:
        """Open the index in folder ``index``: the generation in force, or for good the one called ``at``.

        ``models`` are those of the same settings, where they are being loaded already.

        Raises IndexMissingError, NotFoundError for an unknown generation, IndexDamagedError, or IndexMismatchError if
        it was built with other settings.
        """
        folder, settings = Path(index), settings or load_settings()
        generation = open_store(settings, folder).open(at)
        check_settings(generation.manifest, settings)
        return cls(folder, generation, settings, pinned=at is not None, models=models)

    @staticmethod
    def index(
        paths: Sequence[Path],
        index: Path | str = "index",
        settings: Settings | None = None,
        *,
        share: tuple[int, int] = (1, 1),
        progress: bool = False,
        checksum: bool = False,
        pipeline: Pipeline | None = None,
    ) -> IndexReport:
        """Bring the index in folder ``index`` up to date with ``paths``; see `rag.indexing.update.index_paths`.

        For a library in Milvus see `rag.milvus.update.index_paths`, and there for ``share``. A ``pipeline`` stands for
        ``settings``, ``progress`` and ``checksum``.
        """
        from rag.indexing.pipeline import Pipeline

        pipeline = pipeline or Pipeline.of(settings, progress=progress, checksum=checksum)
        return open_store(pipeline.settings, index).index(paths, pipeline, share)

    def remove(self, doc_ids: Sequence[str]) -> None:
        """Remove documents from the index and go over to the new generation; see `rag.indexing.update`."""
        self._store.remove(doc_ids)
        self.refresh()

    def refresh(self) -> None:
        """Go over to the generation now in force, if it is another and this library is not pinned. Raises as `open`."""
        generation = None if self.pinned else self._store.newer(self._generation)
        if generation is not None:
            check_settings(generation.manifest, self.settings)
            if generation.manifest.settings.user_dictionary != self.manifest.settings.user_dictionary:
                reread()
            self._generation = generation

    @property
    def manifest(self) -> Manifest:
        """What the index in use was built from and with."""
        return self._generation.manifest

    def documents(self) -> list[DocumentRecord]:
        """All documents, in index order."""
        return list(self._generation.about().store.records())

    def document(self, doc_id: str) -> Document:
        """One document. Raises NotFoundError."""
        return self._generation.about().document(doc_id)

    def passages(self, doc_id: str) -> list[Passage]:
        """The passages of one document, in order. Raises NotFoundError."""
        generation = self._generation.about()
        return generation.store.passages_between(generation.ordinals(doc_id))

    def collections(self) -> list[Collection]:
        """The named parts of the library that can be asked alone, by path."""
        generation = self._generation.about()
        named, of_old = named_collections(self.index_dir), self._versions(generation)
        return collections_of(generation.store.records(), named, of_old)

    def versions(self) -> Standing:
        """Which documents are older versions of others, and so not asked by default."""
        return self._versions(self._generation.about())

    def check_current(self, doc_id: str) -> None:
        """Raise NotFoundError if there is no such document, VersionError if it is an older version."""
        check_current(doc_id, self.document(doc_id).title, self.versions().older)

    def replace(self, doc_id: str, by: str) -> None:
        """Make a document an older version of another, which takes its place in the user's own collections.

        Raises NotFoundError, VersionError if one of them is an older version already, StorageError.
        """
        generation = self._generation.about()
        found = {one.doc_id: one for one in generation.store.records() if one.doc_id in (doc_id, by)}
        old, new = generation.document(doc_id), generation.document(by)
        replace_document(self.index_dir, generation.store, found[doc_id], found[by], edition_of(old, new))
        own = NamedCollections(self.index_dir)
        for one in named_collections(self.index_dir):
            if one.has(found[doc_id]):
                own.put(one.name, [found[by]])

    def reinstate(self, doc_id: str) -> None:
        """Make an older version current again, beside the one that had replaced it. Raises NotFoundError, StorageError.

        The other stays in the collections that it was put into.
        """
        generation = self._generation.about()
        generation.document(doc_id)
        reinstate(self.index_dir, generation.store, doc_id)

    def scope(self, collections: Sequence[str] = (), documents: Sequence[str] = ()) -> Scope | None:
        """What `ask` looks at with such a choice; None for all documents. Raises NotFoundError."""
        return self._scope(Choice(tuple(collections), tuple(documents)), self._generation.about())

    def search(
        self,
        query: str,
        k: int | None = None,
        *,
        collections: Sequence[str] = (),
        documents: Sequence[str] = (),
        without: Sequence[str] = (),
    ) -> list[Hit]:
        """The best ``k`` passages (``settings.hits`` by default), of some documents only as in `ask`.

        Raises QuestionError for an unusable query, NotFoundError for an unknown collection or document.
        """
        validate(query)
        self._models.ahead(reading=False)
        cut = self._cutting(query)
        generation = self._generation.about([cut])
        question = analyse(cut, generation.sparse)
        scope = self._scope(Choice(tuple(collections), tuple(documents), tuple(without)), generation, query)
        return list(self._retrieve(question, k or self.settings.hits, generation, scope).hits)

    def candidates(self, question: str, choice: Choice = ALL) -> tuple[Question, list[Candidate]]:
        """What a reader is given for ``question``: the question made ready, and passages to read, best first."""
        validate(question)
        cut = self._cutting(question)
        generation = self._generation.about([cut])
        asked = understood(cut, generation)
        return asked, self._candidates(asked, generation, self._scope(choice, generation, question))

    def ask(
        self,
        question: str,
        *,
        collections: Sequence[str] = (),
        documents: Sequence[str] = (),
        without: Sequence[str] = (),
        min_confidence: float | None = None,
        at_hand: str | None = None,
        confirmed: bool = True,
        stage: Callable[[Stage], object] = lambda _: None,
    ) -> Answer:
        """Answer from the documents' own words, or abstain; courtesy is returned.

        ``collections`` and ``documents`` ask those only, by name and id, ``without`` leaves some of the former out;
        ``min_confidence`` replaces that of the settings; ``at_hand`` is the id of the document that the user has
        before them, which 「总结一下」 speaks of; without ``confirmed`` the answers that the user has confirmed are not
        used; ``stage`` is told what begins.

        Raises QuestionError for an unusable question, NotFoundError for an unknown collection or document.
        """
        started = perf_counter()
        parts = divided(question)
        if courteous := reply(question, self.settings.language):
            return courteous
        choice = Choice(tuple(collections), tuple(documents), tuple(without))
        if overview := self._overview(question, parts, choice, at_hand):
            took = round(1000 * (perf_counter() - started), 3)
            return replace(overview, timings_ms={"retrieve": 0.0, "read": took, "total": took})
        stage("load")
        self._models.ahead()
        cuts = [self._cutting(part) for part in parts]
        generation = self._generation.about(cuts)
        scope = self._scope(choice, generation, question)
        if confirmed and len(cuts) > 1 and self._confirmed(question, generation, scope).reading:
            cuts = [self._cutting(question)]
        retrieve_seconds = 0.0
        answered: list[Part] = []
        titles: dict[str, str] = {}
        for cut in cuts:
            began = perf_counter()
            stage("retrieve")
            asked = understood(cut, generation)
            candidates = self._candidates(asked, generation, scope)
            retrieve_seconds += perf_counter() - began
            stage("read")
            known = self._confirmed(cut.text, generation, scope) if confirmed else Told()
            reading = known.reading or self._models.reader.get().read(asked, candidates[: self.settings.read])
            if known.reading is None:
                reading = self._with_editions(asked, reading, generation, scope)
            titles |= {c.document.doc_id: c.document.title for c in candidates}
            hits = reranked(candidates, reading.ranking)[: self.settings.hits]
            nearest = None if reading.evidence else closest(candidates)
            answered.append(Part(asked, reading, hits, nearest, known.confirmed, known.outdated))
        answer = compose(
            question,
            answered,
            titles=titles,
            older={doc_id: one.edition for doc_id, one in self._versions(generation).older.items()},
            min_confidence=self.min_confidence if min_confidence is None else min_confidence,
            language=self.settings.language,
        )
        if len(answered) == 1 and (listed := self._kinds(answered[0].question, candidates, answer)):
            answer = listed
        total = perf_counter() - started
        timings = {"retrieve": retrieve_seconds, "read": total - retrieve_seconds, "total": total}
        return replace(answer, timings_ms={name: round(1000 * seconds, 3) for name, seconds in timings.items()})

    def confirmed(self) -> list[tuple[Confirmation, list[Compared]]]:
        """The answers that the user has confirmed, newest first, and what has become of each place."""
        store = self._generation.about().store
        return [(one, standing(one, store)) for one in confirmations(self.index_dir)]

    def others(
        self, question: str, wrong: Sequence[tuple[str, Span]], most: int = 3, *, choice: Choice = ALL
    ) -> list[Citation]:
        """What might answer ``question`` instead of what stands at ``wrong`` (documents' ids and ranges), surest first.

        Raises QuestionError, and NotFoundError for an unknown collection or document.
        """
        asked, candidates = self.candidates(question, choice)
        reader = self._models.reader.get()
        found = others(asked, candidates[: self.settings.read], reader, wrong, most)
        return [cite(Source(one, one.document.also_in), 0) for one in found]

    def explain(self, question: str, doc_id: str, start: int, *, choice: Choice = ALL) -> Explanation:
        """Why the passage at position ``start`` was found and chosen for ``question``; see `Explainer.passage`.

        ``choice`` is what `ask` was given of collections and documents. Raises QuestionError and NotFoundError.
        """
        return self._explainer(question, choice).passage(doc_id, start)

    def explain_abstention(self, question: str, *, choice: Choice = ALL) -> tuple[Abstention, ...]:
        """What was lacking for each part of ``question`` that `ask` does not answer; see `Explainer.abstentions`.

        ``choice`` is what `ask` was given of collections and documents. Raises QuestionError and NotFoundError.
        """
        return self._explainer(question, choice).abstentions()

    @property
    def min_confidence(self) -> float:
        """The confidence below which `ask` abstains: that of the settings, or what their ``max_error`` comes to."""
        allowed = self.settings.max_error
        return self.settings.min_confidence if allowed is None else self._models.reader.get().threshold(allowed)

    def warm_up(self) -> None:
        """Load the models and jieba's taggers now rather than with the first question."""
        self._models.ahead()
        if self.settings.retrieval != "bm25":
            self._ready_encoder().encode_queries(["预热"])
        self._models.reader.get()
        self._models.tagger.get()

    def _confirmed(self, question: str, generation: Snapshot, scope: Scope | None) -> Told:
        """What the user has confirmed of ``question``, where it stands in the documents that are asked."""
        known = confirmations(self.index_dir)
        cosine = None if self.settings.retrieval == "bm25" else self._cosine
        found = matching(question, known, cosine, self.settings.dictionary_path) if known else None
        return told(found, generation.store, scope) if found else Told()

    def _overview(self, question: str, parts: Sequence[str], choice: Choice, at_hand: str | None) -> Answer | None:
        """The overview that ``question``, of such parts, asks for; None if it asks for something else."""
        asked = summary(parts[0]) if len(parts) == 1 else None
        if asked is None:
            return None
        generation = self._generation.about()
        scope = self._scope(choice, generation)
        # An older version that is open is meant by 这篇, though it is not asked otherwise.
        beside = at_hand if not asked.name and not any(choice) else None
        records = generation.store.records()
        among = [one for one in records if scope is None or one.doc_id in scope or one.doc_id == beside]
        found = meant(asked, among, at_hand)
        language = reply_language(question, self.settings.language)
        return overview_answer(question, found, generation.document, language) if found else None

    def _kinds(self, asked: Question, candidates: Sequence[Candidate], answer: Answer) -> Answer | None:
        """The kinds of a thing where ``asked`` asks for them, a document lists them, and ``answer`` is no list.

        What was read well stays, unless it stands in the document that surely has the list.
        """
        wanted = sorts(asked.text)
        (part,) = answer.parts
        if wanted is None or part.confirmed or len(part.items) > 1:
            return None
        if any(word not in wanted.noun for word in answer.missing):
            return None
        near = {one.document.doc_id: one.document for one in candidates[: self.settings.read]}
        found = [near[one.doc_id] for one in answer.citations[:1] if one.doc_id in near] or list(near.values())
        language = reply_language(asked.text, self.settings.language)
        listed = kinds(answer.question, wanted, found, language, surely=bool(part.items))
        return replace(listed, hits=answer.hits) if listed else None

    def _scope(self, choice: Choice, generation: Snapshot, question: str = "") -> Scope | None:
        """What is asked with such a choice: of each document the version that ``question`` names, or the newest."""
        of_old = self._versions(generation)
        named = [one for one, older in of_old.older.items() if names(question, older.edition)]
        newer = {of_old.older[one].replaced_by: one for one in named}
        document = generation.document
        both = [new for new, old in newer.items() if names(question, edition_of(document(new), document(old)))]
        of_old = of_old.asking(named, both) if named else of_old
        return in_scope(choice, generation, named_collections(self.index_dir) if any(choice) else (), of_old)

    def _versions(self, generation: Snapshot) -> Standing:
        known = versions(self.index_dir)
        if self._known_versions[:2] != (generation, known):
            self._known_versions = (generation, known, standing_of(known, generation.store))
        return self._known_versions[2]

    def _cosine(self, one: str, other: str) -> float:
        first, second = self._ready_encoder().encode_queries([one, other])
        return float(first @ second)

    def _with_editions(self, asked: Question, reading: Reading, generation: Snapshot, scope: Scope | None) -> Reading:
        """``reading`` with what another edition of its document answers instead, if it has only one answer so far."""
        first = reading.evidence[0] if len(reading.evidence) == 1 else None
        if first is None or reading.confidence < self.min_confidence or is_dated(asked):
            return reading
        for doc_id in self._editions(generation).get(first.document.doc_id, ()):
            if scope and doc_id not in scope:
                continue
            alone = self._scope(Choice(documents=(doc_id,)), generation)
            retrieved = self._retrieve(asked, _EDITION_READ, generation, alone)
            other = self._models.reader.get().read(asked, candidates_of(retrieved, generation))
            if other.evidence and other.confidence >= self.min_confidence and differ(first, other.evidence[0]):
                return replace(reading, evidence=(first, replace(other.evidence[0], role=Role.DIFFERENT)))
        return reading

    def _editions(self, generation: Snapshot) -> dict[str, tuple[str, ...]]:
        """The other editions of each document; among very many documents they are not looked for."""
        if self._known_editions is None or self._known_editions[0] is not self._generation:
            few = self.manifest.documents <= _MOST_DOCUMENTS
            self._known_editions = (self._generation, families(generation.store.records()) if few else {})
        return self._known_editions[1]

    def _retrieve(self, question: Question, k: int, generation: Snapshot, scope: Scope | None) -> Retrieved:
        encoder = None if self.settings.retrieval == "bm25" else self._ready_encoder()
        return retrieve(
            question, k, generation, encoder, self.settings, scope.ordinals if scope else None, self._fusion
        )

    def _candidates(self, question: Question, generation: Snapshot, scope: Scope | None) -> list[Candidate]:
        retrieved = self._retrieve(question, max(self.settings.hits, self.settings.read), generation, scope)
        return candidates_of(retrieved, generation)

    def _explainer(self, question: str, choice: Choice) -> Explainer:
        from rag.answering.explain import Explainer

        cuts = [self._cutting(part) for part in divided(question)]
        generation = self._generation.about(cuts)
        encoder = None if self.settings.retrieval == "bm25" else self._ready_encoder()
        scope = self._scope(choice, generation, question)
        return Explainer(
            cuts,
            generation,
            encoder,
            self._models.reader.get(),
            self.settings,
            self.min_confidence,
            scope.ordinals if scope else None,
            self._fusion,
        )

    def _ready_encoder(self) -> Encoder:
        encoder, generation = self._models.encoder.get(), self._generation
        if self._fitting is generation:
            return encoder
        built_with = generation.manifest.encoder
        if encoder.name != built_with:
            raise IndexMismatchError(
                f"索引是用模型 {built_with} 建的，现在的模型是 {encoder.name}。请重建：wenyuan index 文件夹…",
                f"The index was built with model {built_with}, the model is now {encoder.name}. "
                "Rebuild it: wenyuan index PATH…",
            )
        self._fitting = generation
        return encoder
