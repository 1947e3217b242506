"""How much is done at once: a few questions are answered, some wait, and more are told when to come again."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import perf_counter
from typing import Final, TypeVar

import anyio
from anyio import to_thread

from rag.errors import BusyError

_Result = TypeVar("_Result")

# What a turn is taken to last before there has been one, in seconds, and how much each says of the next.
_FIRST: Final = 1.0
_NEWEST: Final = 0.2
_END: Final = object()


class Admission:
    """Runs work in threads, ``at_once`` at a time; of the rest ``waiting`` wait, first come, first served.

    To be used from one event loop. What waits holds no thread.
    """

    def __init__(self, at_once: int = 4, waiting: int = 32) -> None:
        self._at_once, self._waiting = at_once, waiting
        self._turns = anyio.Semaphore(at_once)
        self._threads = anyio.CapacityLimiter(math.inf)
        self._inside = 0
        self._turn_seconds = _FIRST
        self._aside = anyio.Lock()
        self._quiet = anyio.Event()

    @property
    def wait(self) -> float:
        """Seconds after which who comes now may have a turn, by what turns took lately."""
        ahead = max(0, self._inside - self._at_once + 1)
        return ahead * self._turn_seconds / self._at_once

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """What ``work`` returns or raises. Raises BusyError if too many wait already."""
        (result,) = await self.each([work])
        return result

    async def each(self, works: Iterable[Callable[[], _Result]]) -> list[_Result]:
        """What each of ``works`` returns, in order. They take one place together, and others have turns between them.

        Raises as `run`.
        """
        results = []
        with self._place():
            for work in works:
                async with self._turn():
                    results.append(await self._in_thread(work))
        return results

    async def steps(self, steps: Iterator[_Result]) -> AsyncIterator[_Result]:
        """What ``steps`` gives, all of it in one turn. Raises as `run`."""
        with self._place():
            async with self._turn():
                while (step := await self._in_thread(lambda: next(steps, _END))) is not _END:
                    yield step  # type: ignore[misc]

    async def aside(self, steps: Iterator[_Result], gone: Callable[[], Awaitable[bool]]) -> _Result | None:
        """The last that ``steps`` gives. Each is taken when nobody waits for an answer, none for who is ``gone``."""
        last: _Result | None = None
        while not await gone():
            async with self._aside:
                while self._inside:
                    await self._quiet.wait()
                step = await self._in_thread(lambda: next(steps, _END))
            if step is _END:
                break
            last = step  # type: ignore[assignment]
        return last

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        return await to_thread.run_sync(work, limiter=self._threads)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._inside >= self._at_once + self._waiting:
            ahead, seconds = self._inside, max(1, math.ceil(self.wait))
            raise BusyError(
                f"现在太忙：前面还有 {ahead} 个请求。请约 {seconds} 秒后再试。",
                f"Too busy, with {ahead} ahead of you. Try again in about {seconds} s.",
                seconds,
            )
        if not self._inside:
            self._quiet = anyio.Event()
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._quiet.set()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        async with self._turns:
            began = perf_counter()
            try:
                yield
            finally:
                self._turn_seconds += _NEWEST * (perf_counter() - began - self._turn_seconds)
