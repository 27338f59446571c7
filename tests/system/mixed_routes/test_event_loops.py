"""One router with official packages in it, in one event loop after another."""

from __future__ import annotations

import asyncio
from copy import deepcopy

import pytest

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator
from tests.support.verbs import ASYNC, call_model
from tests.system.mixed_routes.partners import close_clients, partner


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_router_works_in_one_event_loop_after_another(provider: str) -> None:
    emulator = Emulator()
    with emulator.serve():
        router = ScoutRouterChatModel(models=[partner(provider, emulator)], max_retries=0)

        async def call(verb: str) -> str:
            answer = await call_model(router, verb)
            await close_clients()
            return str(answer.text)

        texts = [asyncio.run(call(verb)) for verb in (*ASYNC, *ASYNC)]
    assert len(set(texts)) == 1
    assert len(emulator.log) == 4


def test_deep_copies_share_the_chat_model() -> None:
    inner = partner("openai", Emulator())
    router = deepcopy(ScoutRouterChatModel(models=[inner]))
    assert router.models[0].model is inner
