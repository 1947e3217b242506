"""A library: documents and everything built from them. Reads like the data flow of the project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from rag.answering.agreement import Source
from rag.answering.answerer import Answerer, Stage, threshold
from rag.answering.compose import cite
from rag.answering.confirmed import Confirmation, confirmations, standing
from rag.answering.editions import Families, edition_of, names
from rag.answering.overview import answer as overview
from rag.answering.related import others
from rag.answering.revised import Asked, Known
from rag.answering.revised import answer as revised
from rag.index.manifest import Manifest, check_encoder, check_settings
from rag.index.protocols import Snapshot
from rag.models import Models
from rag.places import open_store
from rag.question.analysis import Question, analyse
from rag.question.courtesy import reply, reply_language
from rag.question.division import divided
from rag.question.revisions import revision
from rag.question.spelling import understood
from rag.question.summaries import summary
from rag.question.validation import validate
from rag.reading import Candidate
from rag.retrieval.collections import ALL, Choice, Collection, Scope, collections_of, in_scope
from rag.retrieval.fusion import Fusion, fuse
from rag.retrieval.named import NamedCollections, named_collections
from rag.retrieval.ranking import Search
from rag.retrieval.versions import Standing, Versions, check_current, reinstate, standing_of, versions
from rag.retrieval.versions import replace as replace_document
from rag.settings import Settings, load_settings
from rag.text.tokenization import Cut, Cutting, reread
from rag.types import Answer, Citation, Document, Encoder, Hit, Passage, Span

if TYPE_CHECKING:
    from rag.answering.comparing import Compared
    from rag.answering.explain import Explainer
    from rag.answering.explanation import Abstention, Explanation
    from rag.index.store import DocumentRecord
    from rag.indexing.pipeline import Pipeline
    from rag.types import IndexReport


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
        self._families = Families(generation)
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
            self._generation, self._families = generation, Families(generation)

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
        records = {one.doc_id: one for one in generation.store.records() if one.doc_id in (doc_id, by)}
        edition = edition_of(generation.document(doc_id), generation.document(by))
        old, new = records[doc_id], records[by]
        replace_document(self.index_dir, generation.store, old, new, edition)
        NamedCollections(self.index_dir).put_beside(old, new)

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
        search = self._search(query, [cut], Choice(tuple(collections), tuple(documents), tuple(without)))
        question = analyse(cut, search.generation.sparse)
        return list(search.retrieve(question, k or self.settings.hits).hits)

    def candidates(self, question: str, choice: Choice = ALL) -> tuple[Question, list[Candidate]]:
        """What a reader is given for ``question``: the question made ready, and passages to read, best first."""
        validate(question)
        cut = self._cutting(question)
        search = self._search(question, [cut], choice)
        asked = understood(cut, search.generation)
        return asked, search.candidates(asked)

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
        before them, which 「总结一下」 and 「新版改了什么」 speak of; without ``confirmed`` the answers that the user
        has confirmed are not used; ``stage`` is told what begins.

        Raises QuestionError for an unusable question, NotFoundError for an unknown collection or document.
        """
        started = perf_counter()
        parts = divided(question)
        if courteous := reply(question, self.settings.language):
            return courteous
        choice = Choice(tuple(collections), tuple(documents), tuple(without))
        if told := self._told_of_documents(question, parts, choice, at_hand):
            return _timed(told, 0.0, started)
        stage("load")
        self._models.ahead()
        cuts = [self._cutting(part) for part in parts]
        search = self._search(question, cuts, choice)
        known = confirmations(self.index_dir) if confirmed else ()
        older = {doc_id: one.edition for doc_id, one in self._versions(search.generation).older.items()}
        answerer = Answerer(search, self._models, self._families, known, older)
        if len(cuts) > 1 and answerer.told(question).reading:
            cuts = [self._cutting(question)]
        return _timed(*answerer.answer(question, cuts, min_confidence, stage), started)

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
        return threshold(self.settings, self._models)

    def warm_up(self) -> None:
        """Load the models and jieba's taggers now rather than with the first question."""
        self._models.ahead()
        if self.settings.retrieval != "bm25":
            self._encoder().encode_queries(["预热"])
        self._models.reader.get()
        self._models.tagger.get()

    def _told_of_documents(
        self, question: str, parts: Sequence[str], choice: Choice, at_hand: str | None
    ) -> Answer | None:
        """What ``question``, of such parts, asks of documents as such: what they are about, or what two editions of one
        differ in. None if it asks for something else.
        """
        summed_up, revised_in = (summary(parts[0]), revision(parts[0])) if len(parts) == 1 else (None, None)
        if summed_up is None and revised_in is None:
            return None
        generation = self._generation.about()
        scope, language = self._scope(choice, generation), reply_language(question, self.settings.language)
        found = None
        if revised_in:
            known = Known(generation, self._versions(generation), self._families)
            found = revised(question, revised_in, known, Asked(scope, choice.documents, at_hand), language)
        if found is None and summed_up:
            found = overview(question, summed_up, generation, scope, at_hand, language)
        return found

    def _explainer(self, question: str, choice: Choice) -> Explainer:
        from rag.answering.explain import Explainer

        cuts = [self._cutting(part) for part in divided(question)]
        return Explainer(cuts, self._search(question, cuts, choice), self._models.reader.get(), self.min_confidence)

    def _search(self, question: str, cuts: Sequence[Cut], choice: Choice) -> Search:
        """The search for a question in these parts, among the documents that are chosen."""
        generation = self._generation.about(cuts)
        scope = self._scope(choice, generation, question)
        return Search(generation, self.settings, self._encoder, scope, self._fusion)

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

    def _encoder(self) -> Encoder:
        """The encoder, once it is found to be the one that the index was built with."""
        encoder, generation = self._models.encoder.get(), self._generation
        if self._fitting is not generation:
            check_encoder(generation.manifest, encoder.name)
            self._fitting = generation
        return encoder


def _timed(answer: Answer, retrieving: float, started: float) -> Answer:
    """``answer`` with the milliseconds that it took since ``started``, of which some seconds went to ``retrieving``."""
    total = perf_counter() - started
    timings = {"retrieve": retrieving, "read": total - retrieving, "total": total}
    return replace(answer, timings_ms={name: round(1000 * seconds, 3) for name, seconds in timings.items()})
