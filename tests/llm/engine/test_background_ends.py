"""The end of a call whose answer is made in the background: limits, Ctrl-C, cancellation."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest

from scout_adapters.errors import ProviderTimeout
from scout_adapters.testing import Emulator
from scout_adapters.testing.faults.refusals import Overloaded
from tests.llm.engine.background import methods, model_of, paths
from tests.support.clock import FakeTime
from tests.support.held import nothing_held
from tests.support.verbs import WHOLE, run_model


@pytest.mark.parametrize("verb", WHOLE)
@pytest.mark.parametrize("limit", [{"timeout": 20}, {"deadline": 20}], ids=str)
def test_an_answer_that_takes_too_long_is_cancelled(limit: Any, verb: str, time: FakeTime) -> None:
    emulator = Emulator(background_polls=10**6)
    began = time.now
    with pytest.raises(ProviderTimeout, match=r"was not ready within .*; it was cancelled"):
        run_model(model_of("openai", emulator, time, max_retries=0, **limit), verb)
    assert time.now - began == pytest.approx(20)
    poll = paths(emulator, "GET")[0]
    assert paths(emulator, "POST") == ["/v1/responses", f"{poll}/cancel"]
    assert nothing_held()


@pytest.mark.parametrize("verb", WHOLE)
def test_a_cancellation_that_fails_is_stated(verb: str, time: FakeTime) -> None:
    emulator = Emulator(background_polls=10**6)
    emulator.script("openai", [None, None, None, Overloaded()])
    with pytest.raises(ProviderTimeout, match="still being made, and may be billed"):
        run_model(model_of("openai", emulator, time, max_retries=0, timeout=2.0), verb)
    assert methods(emulator) == ["POST", "GET", "GET", "POST"]


@pytest.mark.parametrize("verb", WHOLE)
def test_a_deferred_answer_of_xai_cannot_be_cancelled_and_the_error_says_so(
    verb: str, time: FakeTime
) -> None:
    emulator = Emulator(background_polls=10**6)
    with pytest.raises(ProviderTimeout, match="still being made, and may be billed"):
        run_model(model_of("xai", emulator, time, max_retries=0, timeout=2.0), verb)
    assert paths(emulator, "POST") == ["/v1/chat/completions"]


class Interrupted(FakeTime):
    """Raises an exception in the pause after so many polls."""

    def __init__(self, error: BaseException, pauses: int = 2) -> None:
        super().__init__()
        self.error, self.pauses = error, pauses

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.slept) > self.pauses:
            raise self.error


@pytest.mark.parametrize("verb", WHOLE)
def test_ctrl_c_cancels_the_answer(verb: str) -> None:
    emulator = Emulator(background_polls=10**6)
    model = model_of("openai", emulator, Interrupted(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        run_model(model, verb)
    assert methods(emulator) == ["POST", "GET", "GET", "POST"]
    assert emulator.log[-1].path == f"{emulator.log[1].path}/cancel"
    assert nothing_held()


class Paused(FakeTime):
    """Waits in the pause after two polls until the task is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()

    async def asleep(self, seconds: float) -> None:
        await super().asleep(seconds)
        if len(self.slept) > 2:
            self.reached.set()
            await asyncio.Event().wait()


async def test_a_cancelled_task_cancels_the_answer() -> None:
    emulator, time = Emulator(background_polls=10**6), Paused()
    task = asyncio.create_task(model_of("openai", emulator, time).ainvoke("hi"))
    await time.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert methods(emulator) == ["POST", "GET", "GET", "POST"]
    assert nothing_held()


async def test_a_cancel_scope_cancels_the_answer() -> None:
    """A scope of anyio cancels every further await of its task."""
    emulator, time = Emulator(background_polls=10**6), Paused()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(model_of("openai", emulator, time).ainvoke, "hi")
        await time.reached.wait()
        tasks.cancel_scope.cancel()
    assert methods(emulator) == ["POST", "GET", "GET", "POST"]
    assert nothing_held()


class CompleteAtEnd(FakeTime):
    """Lets an answer be complete in the last pause before a limit."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self.emulator = emulator

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.now >= 1002:
            self.emulator._state.background.polls = 0


@pytest.mark.parametrize("verb", WHOLE)
def test_an_answer_that_is_complete_when_it_is_to_be_cancelled_is_returned(verb: str) -> None:
    emulator = Emulator(background_polls=10**6)
    message = run_model(model_of("openai", emulator, CompleteAtEnd(emulator), timeout=2.0), verb)
    assert message.text
    assert methods(emulator)[-2:] == ["GET", "POST"]
