"""Pieces of the page that are fetched when they are wanted, as HTML."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from rag.web.page import Page


def fragments(page: Page) -> APIRouter:
    """The routes of ``page``'s pieces. Each may take as long as a question."""
    router = APIRouter(prefix="/page", include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/why")
    def why(question: str, doc_id: str | None = None, start: int = 0) -> str:
        """Why the answer to ``question`` is that at ``start``; without ``doc_id`` why there is none."""
        return page.why(question, doc_id, start)

    @router.get("/examples")
    def examples() -> str:
        """Questions to try; empty if there are none."""
        return page.examples()

    return router
