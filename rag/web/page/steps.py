"""What the page shows at each step: the conversation, a notice, the source pane. All of it HTML in strings."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from rag.errors import BusyError, NotFoundError, StorageError, WenyuanError
from rag.library import Library
from rag.question.followup import Earlier, resolve
from rag.question.validation import validate
from rag.retrieval.collections import Choice
from rag.types import Answer, Status
from rag.web.conversation import Turn
from rag.web.conversations.conversation_file import MOST_TURNS
from rag.web.live_library import LiveLibrary
from rag.web.page import answers, choosing, seeking, sources
from rag.web.page.elsewhere import other_versions
from rag.web.page.markup import Place, both, esc, exact, message, place_of
from rag.web.page.why import why, why_not
from rag.web.suggestions.instead import instead
from rag.web.suggestions.key_facts import key_facts
from rag.web.suggestions.onward import onward

logger = logging.getLogger(__name__)

DOCUMENTS = "documents"
"""The place that is the list of all documents."""
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
_FULL = both(
    f"上一个对话已有 {MOST_TURNS} 个问题，这里另起了一个。",
    f"The conversation before has {MOST_TURNS} questions; this is a new one.",
)


class View(NamedTuple):
    """The three changing parts of the page; None leaves one as it is."""

    conversation: str | None
    notice: str | None
    source: str | None


class Page:
    """A view of the library at ``live``; keeps nothing of its own between two calls."""

    def __init__(self, live: LiveLibrary) -> None:
        self._live = live

    def opening(self) -> View:
        """The page before the first question."""
        beside = self.open(DOCUMENTS)
        return View(_WELCOME, beside.notice, beside.source or sources.nothing())

    def arrived(self) -> None:
        """To be called when a page is there: what its first question needs is loaded in the background."""
        self._live.warm_up()

    def conversation(self, conversation: str, question: int, place: str) -> View:
        """A kept conversation ("" for a new one), with ``place`` beside it, or without one the source of its answer
        ``question``, counted from 1, or of the last one.
        """
        if not conversation:
            opening = self.opening()
            return opening if not place else View(opening.conversation, *self.open(place)[1:])
        try:
            turns, notice = self._live.conversations.turns(conversation), ""
        except WenyuanError as error:
            turns, notice = [], _notice(error)
        beside = self.open(place or _first_place(turns[:question][-1:] or turns[-1:]))
        return View(self._unchanged(turns, conversation), notice or beside.notice, beside.source)

    def examples(self) -> Iterator[str]:
        """Questions to try, each a button, as far as they are found; empty if there are none."""
        return _offered("试试这些问题", "Try one of these", self._live.examples)

    def instead(self, question: str, only: str = "") -> Iterator[str]:
        """Questions in the documents' own words that come near to one without an answer, and have one, as far as they
        are found; may be empty.
        """
        words = ("换成资料里的说法，这些答得出", "In the documents’ words, these are answered")
        return _offered(*words, lambda: instead(self._live.library(), question, choosing.parse(only)))

    def onward(self, conversation: str, number: int) -> Iterator[str]:
        """Questions to go on with after the answer to question ``number`` of a conversation, as far as they are found;
        may be empty.
        """

        def found() -> Iterator[Sequence[str]]:
            turns = self._live.conversations.turns(conversation)[: max(0, number)]
            if not turns or turns[-1].answer.status is not Status.ANSWERED:
                return iter(())
            return onward(self._live.library(), _earlier(turns), turns[-1].answer.citations, choice=turns[-1].only)

        return _offered("接着问", "Go on with", found)

    def chosen(self, only: str) -> str:
        """What is chosen to be asked, each to be taken back; nothing for all."""
        try:
            return choosing.chosen(choosing.parse(only), self._live.library())
        except WenyuanError as error:
            return _notice(error)
        except Exception:
            return _unexpected()

    def others(self, question: str, wrong: str, only: str = "") -> str:
        """What else might answer ``question``, each to be kept as right.

        ``wrong`` are the places that do not, as addresses of `Place` with commas between them.
        """
        try:
            places = [Place.parse(address) for address in wrong.split(",") if address]
            library = self._live.library()
            citations = library.others(
                question, [(place.doc_id, place.exact) for place in places], choice=choosing.parse(only)
            )
            return answers.alternatives(question, citations)
        except ValueError:
            return answers.alternatives(question, ())
        except WenyuanError as error:
            return _notice(error)
        except Exception:
            return _unexpected()

    def ask(self, conversation: str, question: str, only: str = "", beside: str = "") -> Iterator[View]:
        """The view: what is being done, where that takes long, then the reply or a notice.

        ``only`` says which documents are asked; see `rag.web.page.choosing`. ``beside`` is the address that the source
        pane shows: 「总结一下」 speaks of the document there.

        The reply is kept in ``conversation``, or in a new one where there is none or it is full. The page itself shows
        the question while it waits.
        """
        before: list[Turn] = []
        try:
            before = self._turns(conversation)
            validate(question)
            meant = resolve(question, _earlier(before))
            library = self._live.library()
            choice = choosing.parse(only)
            for said in _asked(library, meant, choice, _document(beside)):
                if isinstance(said, str):
                    yield View(self._log(before, conversation, answers.pending(question, meant, said)), None, None)
                    continue
                turn = Turn(question, said, _titles(library, said, choice), choice)
                log, notice = self._kept(conversation, before, turn)
                is_courtesy = said.status is Status.COURTESY
                yield View(log, notice, None if is_courtesy else self.open(_first_place([turn])).source)
        except WenyuanError as error:
            yield View(self._unchanged(before, conversation), _notice(error), None)
        except Exception:
            yield View(self._unchanged(before, conversation), _unexpected(), None)

    def waiting(self, conversation: str, question: str, seconds: int) -> View:
        """The view while others are answered first, for about so many seconds."""
        try:
            return View(
                self._log(self._turns(conversation), conversation, answers.queued(question, seconds)), None, None
            )
        except WenyuanError:
            # It is told when the turn comes.
            return View(None, None, None)

    def refused(self, error: BusyError) -> View:
        """The view where too many wait already."""
        return View(None, _notice(error), None)

    def open(self, address: str) -> View:
        """The source pane at an address that one of the page's own buttons, or a link to a citation, carried."""
        try:
            library = self._live.library()
            if address == DOCUMENTS:
                listed = sources.documents(library.documents(), library.collections(), library.versions())
                return View(None, "", listed)
            place = Place.parse(address)
            document = library.document(place.doc_id)
            others = other_versions(place.doc_id, library.versions(), lambda one: library.document(one).title)
            return View(None, "", sources.document(document, place, others))
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

    def glimpse(self, address: str) -> str:
        """The words around the place at ``address``; empty where it can't be opened, as a click on it will say."""
        try:
            place = Place.parse(address)
            return answers.glimpse(self._live.library().document(place.doc_id), place)
        except (ValueError, WenyuanError):
            return ""
        except Exception:
            return _unexpected()

    def found(self, doc_id: str, words: str) -> list[tuple[int, int, int]]:
        """Where ``words`` stand in a document, as `seeking.found`. Raises as `Library.open` and `Library.document`."""
        return seeking.found(self._live.library().document(doc_id), words)

    def why(self, question: str, doc_id: str | None, start: int, only: str = "") -> str:
        """Why ``question`` was answered from position ``start`` of a document, or why not if ``doc_id`` is None."""
        try:
            library, choice = self._live.library(), choosing.parse(only)
            if doc_id is None:
                return why_not(library.explain_abstention(question, choice=choice))
            return why(library.explain(question, doc_id, start, choice=choice), question)
        except WenyuanError as error:
            return _notice(error)
        except Exception:
            return _unexpected()

    def facts(self, doc_id: str) -> str:
        """The key figures, dates and names of a document, each to be opened; empty if it is gone or has none."""
        try:
            document = self._live.library().document(doc_id)
            return sources.facts(document, key_facts(document))
        except WenyuanError:
            return ""
        except Exception:
            return _unexpected()

    def _turns(self, conversation: str) -> list[Turn]:
        """What was asked before; nothing in a new conversation. Raises StorageError."""
        try:
            return self._live.conversations.turns(conversation) if conversation else []
        except NotFoundError:
            return []

    def _kept(self, conversation: str, before: Sequence[Turn], turn: Turn) -> tuple[str, str]:
        """The log with ``turn``, and a notice if there is something to say of the conversation that it is kept in."""
        try:
            now = self._live.conversations.append(conversation, turn)
            log = self._log(self._turns(now), now)
        except StorageError as error:
            return self._log([*before, turn], conversation), _notice(error)
        return log, _alert(_FULL) if len(before) >= MOST_TURNS and now != conversation else ""

    def _unchanged(self, turns: Sequence[Turn], conversation: str) -> str:
        return self._log(turns, conversation) if turns else _WELCOME

    def _log(self, turns: Sequence[Turn], conversation: str, last: str = "") -> str:
        shown = "".join(map(answers.turn, turns))
        only, changed = self._only(turns[-1]) if turns else ("", "")
        # The page itself says what is new: see spoken.js.
        data = f'data-id="{esc(conversation)}" data-only="{exact(only)}"'
        return f'<div class="log" role="log" aria-live="off" {data}>{shown}{changed}{last}</div>'

    def _only(self, turn: Turn) -> tuple[str, str]:
        """What is chosen after ``turn``, as the page sends it, and what is to say of it."""
        try:
            if any(turn.only):
                library = self._live.library()
                now = choosing.still(turn.only, library)
                return choosing.said(now), choosing.changed(turn.only, library, turn.titles)
        except WenyuanError:
            # What is wrong is said when one asks.
            return choosing.said(turn.only), ""
        return "", ""


def _earlier(turns: Sequence[Turn]) -> list[Earlier]:
    return [Earlier(turn.answer.question, turn.answer.answer) for turn in turns]


def _asked(library: Library, question: str, choice: Choice, at_hand: str | None) -> Iterator[str | Answer]:
    """The stages that take long, as they come, and then the answer. Arguments and errors as of `Library.ask`."""
    said: queue.SimpleQueue[str | Answer | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            said.put(library.ask(question, at_hand=at_hand, stage=said.put, **choice._asdict()))
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


def _titles(library: Library, answer: Answer, choice: Choice) -> dict[str, str]:
    concerned = dict.fromkeys((*(hit.passage.doc_id for hit in answer.hits), *choice.documents, *choice.without))
    older = library.versions().older
    editions = {doc_id: f"（旧版 {older[doc_id].edition}）" for doc_id in concerned if doc_id in older}
    return {doc_id: library.document(doc_id).title + editions.get(doc_id, "") for doc_id in concerned}


def _offered(zh: str, en: str, found: Callable[[], Iterator[Sequence[str]]]) -> Iterator[str]:
    """What ``found`` gives, to click; nothing where it fails, for the answer stands without it."""
    try:
        for questions in found():
            yield _chips(zh, en, questions)
    except WenyuanError:
        yield ""
    except Exception:
        logger.exception("%s: no questions could be found", en)
        yield ""


def _chips(zh: str, en: str, questions: Sequence[str]) -> str:
    """Questions to click; nothing if there are none."""
    chips = "".join(f'<button type="button" class="chip" data-ask="{exact(q)}">{esc(q)}</button>' for q in questions)
    return f'<p class="try">{both(zh, en)}</p><div class="chips">{chips}</div>' if chips else ""


def _first_place(turns: Sequence[Turn]) -> str:
    """Where the answer of the first of ``turns`` stands, or what may be related.

    Without either the list of documents, for an old source would look like a new one; of an answer that names several
    documents that list, too.
    """
    said = [turn.answer for turn in turns[:1]]
    if any(map(_names_several, said)):
        return DOCUMENTS
    related = (part.related for answer in said for part in answer.parts if part.related)
    first = next(chain((citation for answer in said for citation in answer.citations), related), None)
    return str(place_of(first)) if first else DOCUMENTS


def _names_several(answer: Answer) -> bool:
    """Whether it is an overview of several documents, or names those that have two editions."""
    told = answer.status in (Status.OVERVIEW, Status.DIFFERENCES)
    changes = any(item.change for part in answer.parts for item in part.items)
    return told and not changes and len({citation.doc_id for citation in answer.citations}) > 1


def _document(address: str) -> str | None:
    """The id of the document that is open at an address; None for the list of documents and what is no address."""
    try:
        return Place.parse(address).doc_id
    except ValueError:
        return None


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
