"""A connection to Milvus: the only module that imports pymilvus. What goes wrong there is said in our words."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from rag.errors import MilvusError
from rag.milvus.expressions import any_of
from rag.milvus.layout import Collection
from rag.milvus.schema import how, planned
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.types import Vectors

Row = dict[str, Any]
T = TypeVar("T")

TOKEN_VARIABLE = "WENYUAN_MILVUS_TOKEN"
OLDEST_SERVER = (2, 5)
"""The first Milvus that has BM25 as a function."""
_CONNECT_SECONDS = 10
_CALL_SECONDS = 60
# How many requests of one question are on their way at once.
_AT_ONCE = 8
_PAGE = 1000
# Milvus allows 64 MB a request; vectors travel as text of about four bytes a byte in the worst case.
_ROWS_PER_REQUEST = 500
_ALL = "id >= 0"
_LITE = re.compile(r"milvus_lite")
_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Ask:
    """One way of searching a collection: by ``value``, a vector or a text, in ``field``."""

    field: str
    value: Vectors | str


class Connection:
    """Milvus as this package uses it, with the names and the consistency of one library. Thread-safe.

    Readers may see a state some seconds old ("bounded"), for what is written waits for them; see `rag.milvus.writing`.
    Every method raises MilvusError.
    """

    def __init__(self, settings: Settings) -> None:
        """Connect. Raises MilvusError if pymilvus is not installed, nobody answers, or the server is too old."""
        pymilvus = _pymilvus()
        self.settings = settings
        self.uri = settings.milvus_uri
        with self._told():
            token = os.environ.get(TOKEN_VARIABLE, "")
            self._client = pymilvus.MilvusClient(self.uri, token=token, timeout=_CONNECT_SECONDS)
            version = str(self._client.get_server_version())
        self.lite = bool(_LITE.search(version))
        """Whether it is milvus-lite, which shows what it was given at once, and has no index of lists."""
        number = _VERSION.search(version)
        if number and not self.lite and tuple(map(int, number.groups())) < OLDEST_SERVER:
            raise MilvusError(
                f"{self.uri} 是 Milvus {version}，需要 2.5 或更新的版本（BM25 函数）。请升级 Milvus。",
                f"{self.uri} is Milvus {version}; 2.5 or newer is needed (BM25 functions). Upgrade Milvus.",
            )
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="milvus")

    def close(self) -> None:
        """Leave Milvus."""
        self._pool.shutdown(cancel_futures=True)
        self._client.close()

    def together(self, calls: Iterable[Callable[[], T]]) -> list[T]:
        """What ``calls`` return, in order; they run at the same time. Not to be used inside one of them."""
        return [future.result() for future in [self._pool.submit(call) for call in calls]]

    def has(self, collection: Collection) -> bool:
        """Whether the collection is there."""
        with self._told():
            return bool(self._client.has_collection(self._name(collection), timeout=_CALL_SECONDS))

    def make(self, collection: Collection, dimension: int) -> None:
        """Make a collection with its indexes and load it, or as much of that as is not done yet."""
        name = self._name(collection)
        schema, indexes = planned(collection, dimension, self.settings.milvus_index, _pymilvus(), lists=not self.lite)
        self._unless(
            lambda: self.has(collection),
            lambda: self._client.create_collection(
                name, schema=schema, consistency_level="Bounded", timeout=_CALL_SECONDS
            ),
        )
        for field, index in indexes:
            self._unless(
                # There is nothing to be indexed yet, so nothing to be waited for.
                partial(self._client.list_indexes, name, field),
                partial(self._client.create_index, name, index, timeout=_CALL_SECONDS, sync=False),
            )
        with self._told():
            self._client.load_collection(name, timeout=_CALL_SECONDS)

    def load(self, collection: Collection) -> None:
        """Have a collection ready to be searched: it is not after milvus-lite was started, or someone released it."""
        name = self._name(collection)
        with self._told():
            if self._client.get_load_state(name, timeout=_CALL_SECONDS)["state"].name != "Loaded":
                self._client.load_collection(name, timeout=_CALL_SECONDS)

    def query(self, collection: Collection, where: str, fields: Sequence[str], *, strong: bool = False) -> list[Row]:
        """The rows for which ``where`` holds, in no order, at most some thousands; ``strong``: as of this moment."""
        with self._told():
            found = self._client.query(
                self._name(collection),
                filter=where,
                output_fields=list(fields),
                timeout=_CALL_SECONDS,
                **_level(strong),
            )
        return [dict(row) for row in found]

    def get(
        self, collection: Collection, ids: Sequence[int], fields: Sequence[str], *, strong: bool = False
    ) -> list[Row]:
        """The rows with the given keys that are there, in no order."""
        parts = (ids[i : i + _ROWS_PER_REQUEST] for i in range(0, len(ids), _ROWS_PER_REQUEST))
        return [row for part in parts for row in self.query(collection, any_of("id", part), fields, strong=strong)]

    def pages(
        self, collection: Collection, where: str, fields: Sequence[str], *, strong: bool = False
    ) -> Iterator[Row]:
        """All rows for which ``where`` holds, by key, however many."""
        with self._told():
            pages = self._client.query_iterator(
                self._name(collection),
                batch_size=_PAGE,
                filter=where or _ALL,
                output_fields=list(fields),
                timeout=_CALL_SECONDS,
                **_level(strong),
            )
            try:
                while page := pages.next():
                    yield from (dict(row) for row in page)
            finally:
                pages.close()

    def count(self, collection: Collection, where: str = _ALL, *, strong: bool = False) -> int:
        """How many rows there are for which ``where`` holds."""
        return int(self.query(collection, where, ["count(*)"], strong=strong)[0]["count(*)"])

    def search(self, collection: Collection, ask: Ask, k: int, where: str, fields: Sequence[str]) -> list[Row]:
        """The rows nearest to ``ask``, best first."""
        with self._told():
            found = self._client.search(
                self._name(collection),
                data=[_data(ask.value)],
                anns_field=ask.field,
                search_params=how(ask.value, k, self.settings.milvus_index),
                limit=k,
                filter=where,
                output_fields=list(fields),
                timeout=_CALL_SECONDS,
            )
        return [{"id": hit["id"], **hit["entity"]} for hit in found[0]]

    def hybrid(
        self, collection: Collection, asks: Sequence[Ask], k: int, where: str, fields: Sequence[str]
    ) -> list[Row]:
        """The rows that are nearest by several ways, each giving ``k``, merged by Milvus by their ranks (RRF)."""
        pymilvus = _pymilvus()
        with self._told():
            requests = [
                pymilvus.AnnSearchRequest(
                    [_data(ask.value)], ask.field, how(ask.value, k, self.settings.milvus_index), k, expr=where or None
                )
                for ask in asks
            ]
            found = self._client.hybrid_search(
                self._name(collection),
                requests,
                pymilvus.RRFRanker(),
                limit=k * len(asks),
                output_fields=list(fields),
                timeout=_CALL_SECONDS,
            )
        return [{"id": hit["id"], **hit["entity"]} for hit in found[0]]

    def upsert(self, collection: Collection, rows: Sequence[Row]) -> None:
        """Write rows; those of the same keys are replaced."""
        for start in range(0, len(rows), _ROWS_PER_REQUEST):
            part = list(rows[start : start + _ROWS_PER_REQUEST])
            with self._told():
                self._client.upsert(self._name(collection), part, timeout=_CALL_SECONDS)

    def delete(self, collection: Collection, where: str) -> None:
        """Delete the rows for which ``where`` holds."""
        with self._told():
            self._client.delete(self._name(collection), filter=where, timeout=_CALL_SECONDS)

    def _name(self, collection: Collection) -> str:
        return f"{self.settings.milvus_prefix}_{collection.name}"

    def _unless(self, there: Callable[[], object], make: Callable[[], object]) -> None:
        """Make what is not there; another process may be quicker by a moment."""
        with self._told():
            if there():
                return
            try:
                make()
            except Exception:
                if not there():
                    raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except MilvusError:
            raise
        except Exception as error:
            if not _is_of_milvus(error):
                raise
            reason = getattr(error, "message", "") or str(error)
            raise MilvusError(
                f"Milvus（{self.uri}）出错：{reason}。请检查它是否在运行、地址和 {TOKEN_VARIABLE} 是否正确，"
                "然后重新运行；已写入的不会丢，也不会只显示一半。",
                f"Milvus ({self.uri}): {reason}. Check that it runs, its address and {TOKEN_VARIABLE}, then run this "
                "again; nothing that was written is lost, and nothing is half-visible.",
            ) from error


def _data(value: Vectors | str) -> Any:
    return value if isinstance(value, str) else value.tolist()


def _level(strong: bool) -> dict[str, str]:
    return {"consistency_level": "Strong"} if strong else {}


def _pymilvus() -> Any:
    try:
        import pymilvus
    except ImportError as error:
        raise MilvusError(
            '没有安装 Milvus 的客户端。请运行：pip install "wenyuan[milvus]"',
            'The Milvus client is not installed. Run: pip install "wenyuan[milvus]"',
        ) from error
    # What goes wrong is raised; it need not be printed as well, with a traceback.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    return pymilvus


def _is_of_milvus(error: Exception) -> bool:
    return type(error).__module__.split(".")[0] in ("pymilvus", "grpc", "milvus_lite") or isinstance(error, OSError)
