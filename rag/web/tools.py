"""The library as tools for language models over MCP; models read their docstrings and what is said of arguments."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any

from pydantic import Field

from rag.contract.documents import Collection
from rag.errors import WenyuanError
from rag.web.guard.admission import Admission
from rag.web.live_library import LiveLibrary
from rag.web.quotes import opened
from rag.wire import to_json

logger = logging.getLogger(__name__)

Tool = Callable[..., Awaitable[str]]
MOST_HITS = 50

_Question = Annotated[
    str,
    Field(description="一个完整的问题，中文或英文，最多 1000 字。 One complete question, at most 1000 characters."),
]
_Only = Annotated[
    str,
    Field(description="只问这一篇（doc_id）；留空则问全部。 Ask this document (doc_id) only; empty for all."),
]
_Among = Annotated[
    list[str] | None,
    Field(
        description="只问这些文档集（list_collections 给出的名字）；不给则问全部。 "
        "Ask these collections only, by the names that `list_collections` gives; all documents without it."
    ),
]
_Query = Annotated[str, Field(description="查询的文字。 What to search for, in Chinese or English.")]
_Count = Annotated[int, Field(description="返回几段，1 到 50。 How many passages, 1 to 50.")]
_Cited = Annotated[str, Field(description="出处里的 doc_id。 The citation's doc_id.")]
_Start = Annotated[int, Field(description="出处里的 start。 The citation's start.")]
_End = Annotated[int, Field(description="出处里的 end。 The citation's end.")]


def tools(live: LiveLibrary, asking: Admission) -> list[Tool]:
    """The tools over the library at ``live``: ``ask``, ``search``, ``list_collections``, ``open_citation``; JSON."""

    async def ask(question: _Question, document: _Only = "", collections: _Among = None) -> str:
        """用本地中文文档的原话回答一个问题，每个答案都带出处；文档没有说的，status 为 abstained，绝不编造。
        Answer a question from the user's own (Chinese) documents in their exact words, with citations. If the documents
        do not say, status is "abstained" and hits are the nearest passages; what asks nothing gets "courtesy", and
        what asks what a document is about "overview": the first sentences of its sections; what asks how two editions
        differ gets "differences". Quote `answer` and `citations` unchanged.
        """
        documents = [document] if document else []
        return await _json(
            asking,
            lambda: live.library().ask(question, collections=collections or (), documents=documents),
        )

    async def search(query: _Query, k: _Count = 10, collections: _Among = None) -> str:
        """在本地文档里检索与查询最相关的段落，不生成回答。
        Search the user's documents for the passages nearest to a query, best first, without answering.
        """
        most = min(max(k, 1), MOST_HITS)
        return await _json(
            asking,
            lambda: live.library().search(query, most, collections=collections or ()),
        )

    async def list_collections() -> str:
        """列出文档集（文件夹）和各有几篇；ask 和 search 可以只查其中几个。
        List the collections (folders) of the user's documents and how many each has: `ask` and `search` take names.
        """
        return await _json(asking, lambda: [Collection.of(one) for one in live.library().collections()])

    async def open_citation(doc_id: _Cited, start: _Start, end: _End) -> str:
        """打开一条出处：核对原文的这一段，并看它所在的句子、段落和文章。
        Open a citation to verify it: the document's exact words at [start, end), with their sentence and paragraph.
        """
        return await _json(asking, lambda: opened(live.library(), doc_id, start, end))

    return [_told(tool) for tool in (ask, search, list_collections, open_citation)]


async def _json(asking: Admission, work: Callable[[], Any]) -> str:
    return json.dumps(to_json(await asking.run(work)), ensure_ascii=False)


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
