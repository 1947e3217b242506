"""Evaluations and gold pairs over HTTP. Errors are those of `rag.errors`; the app maps them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from rag.answering.comparing import Compared
from rag.answering.confirmed import NAME, Confirmation, stands
from rag.errors import Language, NotFoundError, WenyuanError
from rag.evaluation.corpus import Corpus
from rag.evaluation.gold import GoldQuestion, Place
from rag.library import Library
from rag.question.validation import MAX_QUESTION
from rag.settings import Settings
from rag.web.evaluation.evaluations import Bench, SetName, State
from rag.web.evaluation.gold_file import GoldFile
from rag.web.evaluation.job import Words
from rag.web.quotes import opened

# A report is a page of its own; this keeps its scripts away from the app's.
_SANDBOX = {"Content-Security-Policy": "sandbox allow-scripts"}
# Of answers, and of places that state them; and characters of each.
_MOST = 100
_MOST_TEXT = 10_000
_Text = Annotated[str, Field(max_length=_MOST_TEXT)]


class Start(BaseModel):
    """Which questions to evaluate: those that come with Wenyuan (``gold``) or the user's own (``mine``)."""

    model_config = ConfigDict(extra="forbid")
    questions: SetName = "gold"
    sample: Annotated[int, Field(ge=1, description="ask a fixed sample of so many questions")] | None = None


class Quoted(BaseModel):
    """Where a document says something: ``quote`` is its text at ``[start, end)``, in code points."""

    model_config = ConfigDict(extra="forbid")
    doc_id: Annotated[str, Field(max_length=100)]
    start: Annotated[int, Field(ge=0, le=2**53)]
    end: Annotated[int, Field(ge=0, le=2**53)]
    quote: Annotated[str, Field(min_length=1, max_length=_MOST_TEXT)]


class Pair(BaseModel):
    """A gold pair. Each of ``places`` states one of the facts that the answer needs.

    Without answers and places it is a question that the documents do not answer.
    """

    model_config = ConfigDict(extra="forbid")
    question: Annotated[str, Field(max_length=MAX_QUESTION)]
    answers: Annotated[list[_Text], Field(max_length=_MOST)] = []
    places: Annotated[list[Quoted], Field(max_length=_MOST)] = []
    confirmed: Annotated[bool, Field(description="the question is answered from it, and from nothing else")] = False


class Stood(msgspec.Struct, frozen=True):
    """A place of a confirmed answer as it is now; ``start`` and ``end`` are null if its words have changed."""

    doc_id: str | None
    title: str
    start: int | None
    end: int | None
    quote: str
    sentence: str


class Confirmed(msgspec.Struct, frozen=True):
    """A confirmed answer; it ``holds`` as long as all of its text stands."""

    id: str
    question: str
    answers: tuple[str, ...]
    confirmed: str
    holds: bool
    places: list[Stood]


class Kept(msgspec.Struct, frozen=True):
    """A gold pair in the file, and why it can't be asked of the index as it is now, if so."""

    pair: GoldQuestion
    problem: Words | None


def bench_router(index: Path, settings: Settings, library: Callable[[], Library]) -> APIRouter:
    """The routes for the index in folder ``index``; ``library`` opens it in its newest generation."""
    router = APIRouter(tags=["evaluation"], include_in_schema=False)
    _add_evaluations(router, Bench(index, settings, library))
    gold = GoldFile(index / NAME)
    _add_pairs(router, gold, library)
    _add_gold_file(router, gold)
    return router


def _add_evaluations(router: APIRouter, bench: Bench) -> None:
    @router.post("/evaluations", status_code=202)
    def start(wanted: Start) -> Response:
        """Start an evaluation; there is one at a time."""
        return _json(bench.start(wanted.questions, wanted.sample), 202)

    @router.get("/evaluations")
    def evaluations() -> Response:
        """The question sets, and all evaluations, newest first."""
        return _json({"sets": bench.sets(), "runs": bench.runs()})

    @router.get("/evaluations/{run_id}")
    def evaluation(run_id: str) -> Response:
        """How far an evaluation is; of a finished one its result, and how it is shown in each language."""
        run = bench.run(run_id)
        shown: dict[str, Any] = {**msgspec.structs.asdict(run), "result": None, "view": None}
        if run.state is State.FINISHED:
            result, view = bench.view(run_id)
            shown |= {"result": msgspec.Raw(result), "view": msgspec.Raw(view)}
        return _json(shown)

    @router.get("/evaluations/{run_id}/report")
    def report(run_id: str, language: Language = "zh") -> Response:
        """The whole report of a finished evaluation: one HTML page that needs nothing else."""
        return Response(bench.report(run_id, language), media_type="text/html", headers=_SANDBOX)

    @router.delete("/evaluations/{run_id}", status_code=204)
    def delete(run_id: str) -> None:
        """Stop an evaluation if it is running, and delete it."""
        bench.delete(run_id)


def _add_pairs(router: APIRouter, gold: GoldFile, library: Callable[[], Library]) -> None:
    @router.post("/gold", status_code=201)
    def add(pair: Pair) -> Response:
        """Keep a question with its answers and the place that states them, or one that nothing answers."""
        opened = library()
        corpus = Corpus(opened)
        places = [_place(one, corpus, opened if pair.confirmed else None) for one in pair.places]
        today = f"{datetime.now().astimezone():%Y-%m-%d}" if pair.confirmed and places else ""
        return _json(gold.add(pair.question, pair.answers, places, corpus, today), 201)

    @router.get("/confirmed")
    def confirmed() -> Response:
        """All answers that the user has confirmed, newest first, and whether their text stands."""
        known = library().confirmed() if gold.file.exists() else []
        return _json({"confirmed": [_confirmed(*one) for one in known]})

    @router.get("/gold")
    def pairs() -> Response:
        """All gold pairs of the user's own."""
        kept = gold.pairs()
        corpus = Corpus(library()) if kept else None
        return _json({"pairs": [Kept(pair, _problem(pair, corpus)) for pair in kept]})


def _add_gold_file(router: APIRouter, gold: GoldFile) -> None:
    @router.get("/gold.jsonl")
    def download() -> Response:
        """The gold file as it is, for ``wenyuan eval --gold``."""
        if not gold.pairs():
            raise NotFoundError("还没有自己的问答。", "There are no pairs of your own yet.")
        named = {"Content-Disposition": f'attachment; filename="{NAME}"'}
        return Response(gold.file.read_bytes(), media_type="application/jsonl", headers=named)

    @router.delete("/gold/{pair_id}", status_code=204)
    def remove(pair_id: str) -> None:
        """Remove a gold pair."""
        gold.remove(pair_id)


def _place(one: Quoted, corpus: Corpus, library: Library | None) -> Place:
    """The place under its document's name, with ``library`` also the sentence around it."""
    around = opened(library, one.doc_id, one.start, one.end).sentence if library else ""
    return Place(corpus.name(one.doc_id), one.start, one.end, one.quote, around)


def _confirmed(one: Confirmation, found: Sequence[Compared]) -> Confirmed:
    places = [
        Stood(
            now.document.doc_id if now.document else None,
            now.document.title if now.document else now.citation.source,
            now.quote.start if now.quote else None,
            now.quote.end if now.quote else None,
            now.citation.quote,
            now.text or now.citation.sentence,
        )
        for now in found
    ]
    return Confirmed(one.id, one.question, one.answers, one.confirmed, all(map(stands, found)), places)


def _problem(pair: GoldQuestion, corpus: Corpus | None) -> Words | None:
    try:
        if corpus:
            corpus.check((pair,))
    except WenyuanError as error:
        return Words(error.zh, error.en)
    return None


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
