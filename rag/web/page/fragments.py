"""Pieces of the page that are fetched when they are wanted, as HTML, and places in a document."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from rag.web.guard.admission import Admission
from rag.web.page.steps import Page


def fragments(page: Page, asking: Admission) -> APIRouter:
    """The routes of ``page``'s pieces. Each waits where questions do; what nobody has asked for, until there are none.

    ``only`` everywhere is what was chosen to be asked, as `rag.web.page.choosing.parse` reads it.
    """
    router = APIRouter(prefix="/page", include_in_schema=False, default_response_class=HTMLResponse)
    finding = asyncio.Lock()

    @router.get("/why")
    async def why(question: str, doc_id: str | None = None, start: int = 0, only: str = "") -> str:
        """Why the answer to ``question`` is that at ``start``; without ``doc_id`` why there is none."""
        return await asking.run(lambda: page.why(question, doc_id, start, only))

    @router.get("/instead")
    async def instead(request: Request, question: str, only: str = "") -> str:
        """Other wordings of ``question`` that are answered; empty if there are none."""
        return await asking.aside(page.instead(question, only), request.is_disconnected) or ""

    @router.get("/onward")
    async def onward(request: Request, conversation: str, question: int) -> str:
        """Questions to go on with after an answer; empty if there are none."""
        return await asking.aside(page.onward(conversation, question), request.is_disconnected) or ""

    @router.get("/others")
    async def others(question: str, wrong: str, only: str = "") -> str:
        """What else might answer ``question``; ``wrong`` are the places that do not, as `Page.others` reads them."""
        return await asking.run(lambda: page.others(question, wrong, only))

    @router.get("/facts")
    async def facts(doc_id: str) -> str:
        """What stands out in a document; empty if nothing does."""
        return await asking.run(lambda: page.facts(doc_id))

    @router.get("/find", response_class=JSONResponse)
    async def find(doc_id: str, words: str) -> list[tuple[int, int, int]]:
        """Where ``words`` stand in a document: block number, start, end."""
        return await asking.run(lambda: page.found(doc_id, words))

    @router.get("/glimpse")
    async def glimpse(place: str) -> str:
        """The words around a citation; empty if it can't be opened."""
        return await asking.run(lambda: page.glimpse(place))

    @router.get("/examples")
    async def examples(request: Request) -> str:
        """Questions to try; empty if there are none."""
        # Found once for all.
        async with finding:
            return await asking.aside(page.examples(), request.is_disconnected) or ""

    @router.get("/chosen")
    async def chosen(only: str = "") -> str:
        """What is chosen to be asked, each to be taken back; empty for all."""
        return await asking.run(lambda: page.chosen(only))

    return router
