"""The library as tools for language models over MCP; their docstrings are what a model reads of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from rag.contract import answer_json, hit_json
from rag.errors import WenyuanError
from rag.web.admission import Admission
from rag.web.desk import Desk
from rag.web.quotes import quote_json

logger = logging.getLogger(__name__)

Tool = Callable[..., Awaitable[str]]
MOST_HITS = 50


def tools(desk: Desk, asking: Admission) -> list[Tool]:
    """The tools over the library at ``desk``: ``ask``, ``search``, ``open_citation``. Each returns JSON."""

    async def ask(question: str, document: str = "") -> str:
        """用本地中文文档的原话回答一个问题，每个答案都带出处；文档没有说的，status 为 abstained，绝不编造。
        Answer a question from the user's own (Chinese) documents in their exact words, with citations. If the documents
        do not say, status is "abstained" and hits are the nearest passages. Quote `answer` and `citations` unchanged.

        Args:
            question: 一个完整的问题，中文或英文，最多 1000 字。 One complete question, at most 1000 characters.
            document: 只问这一篇（doc_id）；留空则问全部。 Ask this document (doc_id) only; empty for all.
        """
        return await _json(asking, lambda: answer_json(desk.library().ask(question, doc_id=document or None)))

    async def search(query: str, k: int = 10) -> str:
        """在本地文档里检索与查询最相关的段落，不生成回答。
        Search the user's documents for the passages nearest to a query, best first, without answering.

        Args:
            query: 查询的文字。 What to search for, in Chinese or English.
            k: 返回几段，1 到 50。 How many passages, 1 to 50.
        """
        return await _json(
            asking, lambda: [hit_json(hit) for hit in desk.library().search(query, min(max(k, 1), MOST_HITS))]
        )

    async def open_citation(doc_id: str, start: int, end: int) -> str:
        """打开一条出处：核对原文的这一段，并看它所在的句子、段落和文章。
        Open a citation to verify it: the document's exact words at [start, end), with their sentence and paragraph.

        Args:
            doc_id: 出处里的 doc_id。 The citation's doc_id.
            start: 出处里的 start。 The citation's start.
            end: 出处里的 end。 The citation's end.
        """
        return await _json(asking, lambda: quote_json(desk.library(), doc_id, start, end))

    return [_told(tool) for tool in (ask, search, open_citation)]


async def _json(asking: Admission, work: Callable[[], Any]) -> str:
    return json.dumps(await asking.run(work), ensure_ascii=False)


def _told(tool: Tool) -> Tool:
    """``tool``, whose errors a model can act on; of unexpected ones only the server's log has the details."""

    @wraps(tool)
    async def told(*arguments: Any, **named: Any) -> str:
        try:
            return await tool(*arguments, **named)
        except WenyuanError as error:
            raise RuntimeError(f"{error.zh} {error.en}") from error
        except Exception as error:
            logger.exception("a tool failed")
            raise RuntimeError("出了意料之外的问题。 Something unexpected went wrong.") from error

    return told
