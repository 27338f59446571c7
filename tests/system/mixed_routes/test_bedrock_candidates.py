"""`ChatBedrockConverse` as a candidate: its timeout, and its regions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import ProviderTimeout
from scout_adapters.testing import Emulator, Hang, RateLimited
from tests.support.verbs import SYNC, run_model
from tests.system.mixed_routes.partners import KEYS, close_clients, partner

SHORT = 0.05
"""Seconds that a test waits for a timeout of a socket."""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(keys={"bedrock": [KEYS["bedrock"]]})
    with emulator.serve():
        yield emulator
        asyncio.run(close_clients())


@pytest.mark.parametrize("verb", SYNC)
def test_a_synchronous_call_ends_by_the_routers_timeout(verb: str, emulator: Emulator) -> None:
    router = ScoutRouterChatModel(
        models=[partner("bedrock", emulator)], max_retries=0, timeout=SHORT
    )
    emulator.script("bedrock", [Hang(2.0)])
    with pytest.raises(ProviderTimeout):
        run_model(router, verb)
    assert run_model(router, verb).text  # the user's client and the copy are still usable


def test_a_throttled_region_does_not_hold_up_another(emulator: Emulator) -> None:
    regions = [partner("bedrock", emulator, region) for region in ("us-east-1", "eu-west-1")]
    router = ScoutRouterChatModel(models=regions)
    emulator.script("bedrock", [RateLimited(30.0, "retry-after")])
    assert router.invoke("Hello").text
    assert router.invoke("Hello").text
    signed = [exchange.headers["authorization"] for exchange in emulator.log]
    assert [text.split("/")[2] for text in signed] == ["us-east-1", "eu-west-1", "eu-west-1"]
