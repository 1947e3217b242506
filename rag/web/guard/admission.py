"""How much is done at once: a few questions are answered, some wait, and more are told to come later."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import to_thread

from rag.errors import BusyError

_Result = TypeVar("_Result")


class Admission:
    """Runs work in threads, ``at_once`` at a time; of the rest ``waiting`` wait. To be used from one event loop."""

    def __init__(self, at_once: int = 4, waiting: int = 32) -> None:
        self._limiter = anyio.CapacityLimiter(at_once)
        self._most = at_once + waiting
        self._inside = 0

    async def run(self, work: Callable[[], _Result]) -> _Result:
        """What ``work`` returns or raises. Raises BusyError if too many wait already."""
        if self._inside >= self._most:
            raise BusyError(
                "现在提问的人太多。请过几秒再试。", "Too many questions are being asked. Try again in a few seconds."
            )
        self._inside += 1
        try:
            return await to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._inside -= 1
