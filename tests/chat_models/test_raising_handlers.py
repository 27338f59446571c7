"""Handlers that raise on purpose (`raise_error`): the error is the call's, and nothing is held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.testing import Emulator, ServerError
from tests.chat_models.prompts import first_provider
from tests.chat_models.unfinished import STORY, Enough, calm, outcomes
from tests.support.held import nothing_held
from tests.support.verbs import VERBS, call_model

Make = Callable[..., ScoutChatModel]

HOOKS = {
    "on_chat_model_start": [],
    "on_llm_new_token": ["cancelled"],
    "on_llm_end": ["ok"],
}
"""Callbacks in which a handler may raise, and the attempt's outcome then."""

WAYS = [*VERBS, "ainvoke, streaming", "invoke, streaming"]


def moments(verbs: Iterable[str]) -> list[tuple[str, str]]:
    """Pair verbs with the hooks that they reach: a whole answer has no token callbacks."""
    pairs = product(verbs, HOOKS)
    return [(v, hook) for v, hook in pairs if hook != "on_llm_new_token" or "stream" in v]


def raising(hook: str, base: type[Any]) -> Any:
    """Make a handler that raises in one of its hooks."""

    def fail(*_: Any, **__: Any) -> None:
        raise Enough(hook)

    async def afail(*_: Any, **__: Any) -> None:
        raise Enough(hook)

    method = afail if base is AsyncCallbackHandler else fail
    return type("Strict", (base,), {hook: method, "raise_error": True})()


async def call(model: Any, verb: str, handler: Any) -> None:
    config = {"callbacks": [handler]}
    match verb:
        case "invoke" | "ainvoke" | "stream" | "astream":
            await call_model(model, verb, STORY, config)
        case "invoke, streaming":
            model.invoke(STORY, config, stream=True)
        case _:
            await model.ainvoke(STORY, config, stream=True)


@pytest.mark.parametrize(("verb", "hook"), moments(WAYS))
async def test_a_handlers_error_is_the_calls_and_nothing_is_held(
    make: Make, emulator: Emulator, log: Path, hook: str, verb: str
) -> None:
    before = asyncio.all_tasks()
    model = make()
    with pytest.raises(Enough, match=hook):
        await call(model, verb, raising(hook, BaseCallbackHandler))
    assert await calm(before)
    assert outcomes(log) == HOOKS[hook]
    assert len(emulator.log) == len(HOOKS[hook])
    assert model.invoke("Hello").text
    assert nothing_held()


@pytest.mark.parametrize(("verb", "hook"), moments(verb for verb in WAYS if verb[0] == "a"))
async def test_an_async_handlers_error_is_the_calls_and_nothing_is_held(
    make: Make, emulator: Emulator, log: Path, hook: str, verb: str
) -> None:
    before = asyncio.all_tasks()
    model = make()
    with pytest.raises(Enough, match=hook):
        await call(model, verb, raising(hook, AsyncCallbackHandler))
    assert await calm(before)
    assert outcomes(log) == HOOKS[hook]
    assert len(emulator.log) == len(HOOKS[hook])
    assert (await model.ainvoke("Hello")).text
    assert nothing_held()


@pytest.mark.parametrize("hook", ["on_retry", "on_custom_event"])
@pytest.mark.parametrize("verb", WAYS)
async def test_a_handler_can_end_a_call_at_its_first_failed_attempt(
    name: str, make: Make, emulator: Emulator, log: Path, hook: str, verb: str
) -> None:
    emulator.script(first_provider(name), [ServerError()])
    before = asyncio.all_tasks()
    with pytest.raises(Enough, match=hook):
        await call(make(), verb, raising(hook, BaseCallbackHandler))
    assert await calm(before)
    assert outcomes(log) == ["server_error"]
    assert len(emulator.log) == 1
    assert nothing_held()


@pytest.mark.parametrize("verb", WAYS)
async def test_a_handler_that_only_stumbles_does_not_disturb_the_call(
    make: Make, emulator: Emulator, log: Path, verb: str
) -> None:
    class Clumsy(BaseCallbackHandler):
        def on_llm_end(self, *args: Any, **kwargs: Any) -> None:
            raise Enough

        def on_custom_event(self, *args: Any, **kwargs: Any) -> None:
            raise Enough

    await call(make(), verb, Clumsy())
    assert outcomes(log) == ["ok"]
    assert len(emulator.log) == 1
