"""What the page shows at each step: the conversation, a notice, the source pane. All of it HTML in strings."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from rag import __version__
from rag.errors import Language, NotFoundError, WenyuanError
from rag.followup import Earlier, resolve
from rag.library import Library
from rag.types import Answer
from rag.validation import validate
from rag.web import answers, sources
from rag.web.conversation import Turn
from rag.web.desk import Desk
from rag.web.markup import Place, both, esc, exact, message
from rag.web.takeaway import to_html, to_markdown
from rag.web.why import why, why_not

logger = logging.getLogger(__name__)

_TURNS = 50
# A stage that is over sooner is not worth a change on the page.
_PATIENCE = 0.4

_TITLE = both("用资料的原话回答", "Answers in the documents’ own words")
_PROMISE = both(
    "每个答案都是原文的一段，点出处就能看到它在文章里的位置；资料没有说的，就直说没有。",
    "Every answer is a slice of a source; its citation opens the place. What no document says is left unsaid.",
)
# The page fetches the examples: making sure that they are answered takes a while.
_WELCOME = (
    f'<div class="log welcome"><h2>{_TITLE}</h2><p>{_PROMISE}</p><div class="examples" aria-busy="true"></div></div>'
)


class View(NamedTuple):
    """The three changing parts of the page; None leaves one as it is."""

    conversation: str | None
    notice: str | None
    source: str | None


class Page:
    """A view of the library at ``desk``; keeps nothing of its own between two calls."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def opening(self) -> View:
        """The page before the first question."""
        try:
            library = self._desk.library()
            return View(_WELCOME, "", sources.documents(library.documents()))
        except WenyuanError as error:
            return View(_WELCOME, _notice(error), sources.nothing())
        except Exception:
            return View(_WELCOME, _unexpected(), sources.nothing())

    def examples(self) -> str:
        """Questions to try, each a button; empty if there are none."""
        try:
            found = self._desk.examples()
        except WenyuanError:
            # The page says already what is wrong with the index.
            return ""
        chips = "".join(f'<button type="button" class="chip" data-ask="{exact(e)}">{esc(e)}</button>' for e in found)
        return (
            f'<p class="try">{both("试试这些问题", "Try one of these")}</p><div class="chips">{chips}</div>'
            if chips
            else ""
        )

    def ask(self, turns: Sequence[Turn], question: str) -> Iterator[tuple[list[Turn], View]]:
        """The turns so far and the view: what is being done, where that takes long, then the reply or a notice.

        The page itself shows the question while it waits.
        """
        before = list(turns)
        try:
            validate(question)
            meant = resolve(question, [Earlier(turn.answer.question, turn.answer.answer) for turn in before])
            library = self._desk.library()
            for said in _asked(library, meant):
                if isinstance(said, str):
                    yield before, View(_log(before, answers.pending(question, meant, said)), None, None)
                    continue
                after = [*before, Turn(question, said, _titles(library, said))][-_TURNS:]
                yield after, View(_log(after), "", _first_source(library, said))
        except WenyuanError as error:
            yield before, View(self._unchanged(before), _notice(error), None)
        except Exception:
            yield before, View(self._unchanged(before), _unexpected(), None)

    def open(self, address: str) -> View:
        """The source pane at an address that one of the page's own buttons, or a link to a citation, carried."""
        try:
            place = Place.parse(address)
            document = self._desk.library().document(place.doc_id)
            return View(None, "", sources.document(document, place))
        except NotFoundError:
            gone = both(
                "这篇资料已不在索引里，可能已更新或移除。请重新提问。",
                "This document is no longer in the index: it was changed or removed. Ask again.",
            )
            return View(None, _alert(gone), None)
        except WenyuanError as error:
            return View(None, _notice(error), None)
        except ValueError:
            wrong = both("这个链接不完整，打不开。", "This link is incomplete and can’t be opened.")
            return View(None, _alert(wrong), None)
        except Exception:
            return View(None, _unexpected(), None)

    def why(self, question: str, doc_id: str | None, start: int) -> str:
        """Why ``question`` was answered from position ``start`` of a document, or why not if ``doc_id`` is None."""
        try:
            library = self._desk.library()
            if doc_id is None:
                return why_not(library.explain_abstention(question))
            return why(library.explain(question, doc_id, start), question)
        except WenyuanError as error:
            return _notice(error)
        except Exception:
            return _unexpected()

    def take(self, turns: Sequence[Turn], kind: str, language: str, base: str) -> str:
        """The conversation as a file for the page to save: ``md`` or ``html``, in a template that says its name."""
        write, media = (to_markdown, "text/markdown") if kind == "md" else (to_html, "text/html")
        now = datetime.now().astimezone()
        words: Language = "en" if language == "en" else "zh"
        text = write(turns, language=words, generated=now, version=__version__, base=base)
        name = f"wenyuan-{now:%Y%m%d-%H%M}.{'md' if kind == 'md' else 'html'}"
        return f'<template data-name="{name}" data-type="{media}">{exact(text)}</template>'

    def _unchanged(self, turns: Sequence[Turn]) -> str:
        return _log(turns) if turns else _WELCOME


def _asked(library: Library, question: str) -> Iterator[str | Answer]:
    """The stages that take long, as they come, and then the answer. Raises as `Library.ask`."""
    said: queue.SimpleQueue[str | Answer | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            said.put(library.ask(question, stage=said.put))
        except BaseException as error:
            said.put(error)

    threading.Thread(target=work, name="ask", daemon=True).start()
    stage = ""
    while True:
        try:
            now = said.get(timeout=_PATIENCE if stage else None)
        except queue.Empty:
            yield stage
            stage = ""
            continue
        if isinstance(now, BaseException):
            raise now
        if isinstance(now, Answer):
            yield now
            return
        stage = now


def _first_source(library: Library, answer: Answer) -> str:
    """The first citation's place; without one the list of documents, for an old source would look like a new one."""
    if not answer.citations:
        return sources.documents(library.documents())
    first = answer.citations[0]
    return sources.document(library.document(first.doc_id), answers.place(first))


def _titles(library: Library, answer: Answer) -> dict[str, str]:
    return {hit.passage.doc_id: library.document(hit.passage.doc_id).title for hit in answer.hits}


def _log(turns: Sequence[Turn], last: str = "") -> str:
    shown = "".join(map(answers.turn, turns))
    return f'<div class="log" role="log">{shown}{last}</div>'


def _notice(error: WenyuanError) -> str:
    return _alert(message(error.zh, error.en))


def _unexpected() -> str:
    """A plain notice; to be called while the exception is handled, which goes to the server's log."""
    logger.exception("the page could not be served")
    return _alert(
        both(
            "出了意料之外的问题，没能回答。详情见服务端日志，可以再试一次。",
            "Something unexpected went wrong. The server’s log has the details; you may try again.",
        )
    )


def _alert(words: str) -> str:
    return f'<div class="notice" role="alert">{words}</div>'
