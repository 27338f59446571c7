"""`ChatBedrockConverse` as a candidate: its timeout, and its regions."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from langchain_aws import ChatBedrockConverse

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import CircuitOpenError, ProviderTimeout
from scout_adapters.testing import Emulator, Hang, RateLimited
from tests.support.clock import FakeTime
from tests.support.verbs import SYNC, run_model
from tests.support.waiting import HANG, until
from tests.system.mixed_routes.partners import KEYS, MODELS, close_clients, partner

SHORT = 1.0
"""Seconds that a test waits for a timeout of a socket."""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(keys={"bedrock": [KEYS["bedrock"]]})
    with emulator.serve():
        yield emulator
        asyncio.run(close_clients())


def in_region_with(read_timeout: int | None) -> ChatBedrockConverse:
    name, _, secret = KEYS["bedrock"].partition(":")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own construction
        return ChatBedrockConverse(
            model=MODELS["bedrock"],
            region_name="us-east-1",
            endpoint_url="https://bedrock.example",
            config=Config(read_timeout=read_timeout) if read_timeout else None,
            aws_access_key_id=name,
            aws_secret_access_key=secret,
        )


@pytest.mark.parametrize("verb", SYNC)
def test_a_synchronous_call_ends_by_the_routers_timeout(verb: str, emulator: Emulator) -> None:
    router = ScoutRouterChatModel(
        models=[partner("bedrock", emulator)], max_retries=0, timeout=SHORT
    )
    emulator.script("bedrock", [Hang(HANG)])
    with pytest.raises(ProviderTimeout):
        run_model(router, verb)
    until(lambda: answered(router, verb))  # the user's client and the copy are still usable


def answered(router: ScoutRouterChatModel, verb: str) -> bool:
    """Return whether a call is answered: a busy machine may take longer than `SHORT`."""
    try:
        return bool(run_model(router, verb).text)
    except (ProviderTimeout, CircuitOpenError):
        return False


@pytest.mark.parametrize(
    ("own", "timeout", "read"),
    [(None, 300.0, 300.0), (30, 300.0, 30.0), (90, 300.0, 90.0), (None, 20.0, 20.0)],
)
def test_botocores_default_does_not_shorten_the_routers_timeout(
    own: int | None, timeout: float, read: float
) -> None:
    waits: list[float] = []

    def see(request: Any, **_: Any) -> AWSResponse:
        waits.append(request.context["read_timeout"])
        raise ReadTimeoutError(endpoint_url=request.url)

    model = in_region_with(own)
    model.client.meta.events.register_last("before-send.bedrock-runtime", see)
    time = FakeTime()  # making a client of botocore takes a busy machine seconds
    router = ScoutRouterChatModel(models=[model], max_retries=0, timeout=timeout, clock=time.clock)
    with pytest.raises(ProviderTimeout):
        router.invoke("Hello")
    assert waits == [read]


def test_a_throttled_region_does_not_hold_up_another(emulator: Emulator) -> None:
    regions = [partner("bedrock", emulator, region) for region in ("us-east-1", "eu-west-1")]
    router = ScoutRouterChatModel(models=regions)
    emulator.script("bedrock", [RateLimited(30.0, "retry-after")])
    assert router.invoke("Hello").text
    assert router.invoke("Hello").text
    signed = [exchange.headers["authorization"] for exchange in emulator.log]
    assert [text.split("/")[2] for text in signed] == ["us-east-1", "eu-west-1", "eu-west-1"]
