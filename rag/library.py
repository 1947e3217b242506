"""A library: documents and everything built from them. Reads like the data flow of the project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from rag.answering import Part, compose
from rag.errors import IndexMismatchError, SettingsError
from rag.generations import current_name, open_generation
from rag.manifest import Manifest, check_settings
from rag.models import Models
from rag.protocols import Snapshot
from rag.reading import Candidate, Question
from rag.reading.questions import parts
from rag.retrieval import Retrieved, candidates_of, reranked, retrieve
from rag.settings import Settings, load_settings
from rag.spelling import understood
from rag.tokenization import reread
from rag.types import Answer, Document, Encoder, Hit, Passage
from rag.validation import validate

if TYPE_CHECKING:
    from rag.explain import Abstention, Explanation
    from rag.explain.explainer import Explainer
    from rag.indexing import IndexReport
    from rag.store import DocumentRecord

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
    ) -> None:
        self.index_dir = index
        self.pinned = pinned
        """Whether it stays with its generation, whatever comes into force."""
        self.settings = settings
        self._generation = generation
        self._fitting: Snapshot | None = None
        """The generation that the encoder was found to fit."""
        self._models = models or Models(settings)

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
        generation: Snapshot
        if settings.store == "milvus":
            from rag.milvus.generation import open_milvus

            if at is not None:
                settings.require_embedded()
            generation = open_milvus(settings)
        else:
            generation = open_generation(folder, at)
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
    ) -> IndexReport:
        """Bring the index in folder ``index`` up to date with ``paths``; see `rag.indexing.index_paths`.

        For a library in Milvus see `rag.milvus.indexing.index_paths`, and there for ``share``.
        """
        settings = settings or load_settings()
        if settings.store == "milvus":
            from rag.milvus.indexing import index_paths as index_in_milvus

            return index_in_milvus(paths, settings, share=share, exclude=Path(index), progress=progress)
        if share != (1, 1):
            raise SettingsError(
                "--share 只用于 Milvus：本机索引同时只能有一个进程在写。",
                "--share is for Milvus: an index folder has one writer at a time.",
            )
        from rag.indexing import index_paths

        return index_paths(paths, index, settings, progress=progress)

    def remove(self, doc_ids: Sequence[str]) -> None:
        """Remove documents from the index and go over to the new generation; see `rag.indexing.remove_documents`."""
        if self.settings.store == "milvus":
            from rag.milvus.indexing import remove_documents as remove_from_milvus

            remove_from_milvus(doc_ids, self.settings)
            return
        from rag.indexing import remove_documents

        remove_documents(doc_ids, self.index_dir, self.settings)
        self.refresh()

    def refresh(self) -> None:
        """Go over to the generation now in force, if it is another and this library is not pinned. Raises as `open`."""
        if self.settings.store == "milvus":
            return
        if not self.pinned and current_name(self.index_dir) != self._generation.manifest.generation:
            generation = open_generation(self.index_dir)
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
        return list(self._now().store.records())

    def document(self, doc_id: str) -> Document:
        """One document. Raises NotFoundError."""
        return self._now().document(doc_id)

    def passages(self, doc_id: str) -> list[Passage]:
        """The passages of one document, in order. Raises NotFoundError."""
        generation = self._now()
        return generation.store.passages_between(generation.ordinals(doc_id))

    def search(self, query: str, k: int | None = None) -> list[Hit]:
        """The best ``k`` passages (``settings.hits`` by default). Raises QuestionError for an unusable query."""
        validate(query)
        self._models.ahead(reading=False)
        return list(self._retrieve(query, k or self.settings.hits, self._now(query)).hits)

    def candidates(self, question: str) -> tuple[Question, list[Candidate]]:
        """What a reader is given for ``question``: the question made ready, and passages to read, best first."""
        validate(question)
        return self._candidates(question, self._now(question))

    def ask(
        self,
        question: str,
        *,
        doc_id: str | None = None,
        min_confidence: float | None = None,
        stage: Callable[[Stage], object] = lambda _: None,
    ) -> Answer:
        """Answer from the documents' own words, or abstain.

        ``doc_id`` asks one document only; ``min_confidence`` replaces that of the settings; ``stage`` is told what
        begins. Raises QuestionError for an unusable question, NotFoundError for an unknown document.
        """
        started = perf_counter()
        validate(question)
        stage("load")
        self._models.ahead()
        generation = self._now(question)
        within = None if doc_id is None else generation.ordinals(doc_id)
        retrieve_seconds = 0.0
        answered: list[Part] = []
        titles: dict[str, str] = {}
        for part in parts(question):
            began = perf_counter()
            stage("retrieve")
            asked, candidates = self._candidates(part, generation, within)
            retrieve_seconds += perf_counter() - began
            stage("read")
            reading = self._models.reader.get().read(asked, candidates[: self.settings.read])
            titles |= {c.document.doc_id: c.document.title for c in candidates}
            answered.append(Part(asked, reading, reranked(candidates, reading.ranking)[: self.settings.hits]))
        answer = compose(
            question,
            answered,
            titles=titles,
            min_confidence=self.min_confidence if min_confidence is None else min_confidence,
            language=self.settings.language,
        )
        total = perf_counter() - started
        timings = {"retrieve": retrieve_seconds, "read": total - retrieve_seconds, "total": total}
        return replace(answer, timings_ms={name: round(1000 * seconds, 3) for name, seconds in timings.items()})

    def explain(self, question: str, doc_id: str, start: int, *, within: str | None = None) -> Explanation:
        """Why the passage at position ``start`` was found and chosen for ``question``; see `Explainer.passage`.

        ``within`` is the ``doc_id`` that `ask` was given. Raises QuestionError and NotFoundError.
        """
        return self._explainer(question, within).passage(question, doc_id, start)

    def explain_abstention(self, question: str, *, within: str | None = None) -> tuple[Abstention, ...]:
        """What was lacking for each part of ``question`` that `ask` does not answer; see `Explainer.abstentions`.

        ``within`` is the ``doc_id`` that `ask` was given. Raises QuestionError and NotFoundError.
        """
        return self._explainer(question, within).abstentions(question)

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

    def _now(self, question: str = "") -> Snapshot:
        """What is in force, made ready for ``question``."""
        return self._generation.about(question)

    def _retrieve(self, query: str, k: int, generation: Snapshot, within: range | None = None) -> Retrieved:
        encoder = None if self.settings.retrieval == "bm25" else self._ready_encoder()
        return retrieve(query, k, generation, encoder, self.settings, within)

    def _explainer(self, question: str, doc_id: str | None) -> Explainer:
        from rag.explain.explainer import Explainer

        validate(question)
        generation = self._now(question)
        encoder = None if self.settings.retrieval == "bm25" else self._ready_encoder()
        within = None if doc_id is None else generation.ordinals(doc_id)
        return Explainer(generation, encoder, self._models.reader.get(), self.settings, self.min_confidence, within)

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

    def _candidates(
        self, question: str, generation: Snapshot, within: range | None = None
    ) -> tuple[Question, list[Candidate]]:
        asked = understood(question, generation, self.settings.dictionary_path)
        retrieved = self._retrieve(asked.text, max(self.settings.hits, self.settings.read), generation, within)
        return asked, candidates_of(retrieved, generation)
