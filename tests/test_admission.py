"""Who waits has their turn in order, a batch lets others in, and what nobody waits for is done when nobody asks."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from anyio import from_thread
from anyio.from_thread import start_blocking_portal

from rag.errors import BusyError
from rag.web.guard.admission import Admission

PATIENCE = 30


async def never() -> bool:
    return False


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with start_blocking_portal() as portal:
        portal.call(test)


class Held:
    """Work that is under way until it is released."""

    def __init__(self) -> None:
        self.begun, self.released = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.begun.set()
        assert self.released.wait(PATIENCE)

    async def under_way(self) -> None:
        assert await asyncio.to_thread(self.begun.wait, PATIENCE)


def test_who_waits_has_a_turn_in_the_order_of_coming() -> None:
    done: list[int] = []

    async def crowd() -> None:
        admission, held = Admission(1, 5), Held()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(admission.run, held)
            for number in range(5):
                await anyio.wait_all_tasks_blocked()
                tasks.start_soon(admission.run, lambda number=number: done.append(number))
            await anyio.wait_all_tasks_blocked()
            held.released.set()

    run(crowd)
    assert done == [0, 1, 2, 3, 4]


def test_a_batch_takes_one_place_and_others_have_turns_between_its_questions() -> None:
    done: list[str] = []

    def said(words: str) -> Callable[[], None]:
        return lambda: done.append(words)

    async def crowd() -> None:
        admission, held = Admission(1, 1), Held()
        async with anyio.create_task_group() as tasks:

            async def batch() -> None:
                questions: list[Callable[[], object]] = [held, *map(said, ("batch 2", "batch 3"))]
                await admission.each(questions)

            tasks.start_soon(batch)
            await held.under_way()
            tasks.start_soon(admission.run, said("one"))
            await anyio.wait_all_tasks_blocked()
            held.released.set()

    run(crowd)
    assert done == ["one", "batch 2", "batch 3"]


def test_who_is_refused_is_told_when_all_who_wait_have_had_their_turn() -> None:
    told: list[BusyError] = []

    async def crowd() -> None:
        admission, held = Admission(2, 3), Held()
        assert admission.wait == 0.0
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(admission.run, held)
            await anyio.wait_all_tasks_blocked()
            # Before there has been a turn, each counts as a second: four of them, two at a time.
            assert admission.wait == 2.0
            with pytest.raises(BusyError) as refused:
                await admission.run(held)
            told.append(refused.value)
            held.released.set()
        assert admission.wait == 0.0

    run(crowd)
    assert [(one.seconds, one.zh) for one in told] == [(2, "现在太忙：前面还有 5 个请求。请约 2 秒后再试。")]


def test_what_is_done_aside_waits_until_nobody_asks_and_lets_who_asks_go_between_its_steps() -> None:
    done: list[str] = []

    async def crowd() -> None:
        admission, first, second = Admission(1, 5), Held(), Held()
        async with anyio.create_task_group() as tasks:

            def steps() -> Iterator[int]:
                done.append("step 1")
                yield 1
                from_thread.run_sync(tasks.start_soon, admission.run, second)
                assert second.begun.wait(PATIENCE)
                done.append("step 2")
                yield 2
                done.append("step 3")
                yield 3

            async def aside() -> None:
                done.append(f"found {await admission.aside(steps(), never)}")

            tasks.start_soon(admission.run, first)
            await first.under_way()
            tasks.start_soon(aside)
            await anyio.wait_all_tasks_blocked()
            done.append("first question")
            first.released.set()
            await second.under_way()
            while "step 2" not in done:
                await asyncio.sleep(0)
            await anyio.wait_all_tasks_blocked()
            done.append("second question")
            second.released.set()

    run(crowd)
    assert done == ["first question", "step 1", "step 2", "second question", "step 3", "found 3"]


def test_what_nobody_wants_any_more_is_not_begun() -> None:
    done: list[str] = []

    def steps() -> Iterator[str]:
        done.append("begun")
        yield "found"

    async def gone() -> bool:
        return True

    async def crowd() -> None:
        assert await Admission().aside(steps(), gone) is None
        assert await Admission().aside(steps(), never) == "found"

    run(crowd)
    assert done == ["begun"]


def test_steps_have_one_turn_together_and_give_their_place_back_when_nobody_reads_on() -> None:
    async def crowd() -> None:
        admission = Admission(1, 0)
        assert [step async for step in admission.steps(iter("abc"))] == ["a", "b", "c"]
        reading = admission.steps(iter("abc"))
        assert await anext(reading) == "a"
        with pytest.raises(BusyError):
            await anext(admission.steps(iter("abc")))
        await reading.aclose()  # type: ignore[attr-defined]
        assert await admission.run(lambda: "d") == "d"

    run(crowd)


def test_the_page_says_how_long_one_waits_and_when_too_many_do(plain_library: Any) -> None:
    from rag.settings import Settings
    from rag.web.app import _blocks
    from rag.web.live_library import LiveLibrary
    from rag.web.page.steps import Page

    shown: list[str] = []
    said = SimpleNamespace(conversation="", question="豆包的月活？", only="", beside="")

    async def crowd() -> None:
        asking, held = Admission(1, 3), Held()
        live = LiveLibrary(plain_library.index_dir, Settings(retrieval="bm25"))
        (ask,) = (one.fn for one in _blocks(Page(live), asking).fns.values() if one.name == "ask" and one.fn)
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(asking.run, held)
            await anyio.wait_all_tasks_blocked()
            waiting = ask(said)
            shown.append((await anext(waiting))[0])
            await waiting.aclose()
            tasks.start_soon(asking.run, held)
            await anyio.wait_all_tasks_blocked()
            shown.extend([view[1] async for view in ask(said)][1:])
            held.released.set()

    run(crowd)
    assert [
        part in one for part, one in zip(("约 3 秒后轮到", "前面还有 4 个请求。请约 4 秒后再试。"), shown, strict=True)
    ] == [True, True]
