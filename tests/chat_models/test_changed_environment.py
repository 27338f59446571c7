"""The environment is looked at again: by a new model, and by one without a working key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scout_adapters import ScoutGroqChatModel, ScoutRouterChatModel, init_scout_model
from scout_adapters.errors import ScoutError
from scout_adapters.llm import call_groq_async
from scout_adapters.llm.providers import registry
from scout_adapters.testing import Emulator, Revoked

MODEL = "llama-3.3-70b-versatile"
MAKERS: dict[str, Callable[[], Any]] = {
    "a model": lambda: ScoutGroqChatModel(model=MODEL),
    "a router": lambda: ScoutRouterChatModel(models=[f"groq/{MODEL}"]),
    "a router over a model": lambda: ScoutRouterChatModel(models=[ScoutGroqChatModel(model=MODEL)]),
    "init_scout_model": lambda: init_scout_model(f"groq/{MODEL}"),
}


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    emulator = Emulator(keys={"groq": {"wrong": Revoked(), "first": None, "second": None}})
    with emulator.serve():
        monkeypatch.setenv("GROQ_API_URL", emulator.url("groq"))
        monkeypatch.setenv("GROQ_API_KEY", "wrong")
        yield emulator


@pytest.mark.parametrize("maker", MAKERS)
def test_a_corrected_key_is_used_by_a_new_model_and_by_the_old_one(
    maker: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = MAKERS[maker]()
    with pytest.raises(ScoutError):
        old.invoke("hi")
    monkeypatch.setenv("GROQ_API_KEY", "first")
    assert MAKERS[maker]().invoke("hi").text
    assert old.invoke("hi").text
    assert [exchange.key for exchange in emulator.log] == ["wrong", "first", "first"]


@pytest.mark.parametrize("maker", MAKERS)
def test_a_new_model_has_the_keys_of_now_while_the_old_one_keeps_its_own(
    maker: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "first")
    old = MAKERS[maker]()
    old.invoke("hi")
    monkeypatch.setenv("GROQ_API_KEY", "second")
    MAKERS[maker]().invoke("hi")
    old.invoke("hi")
    assert [exchange.key for exchange in emulator.log] == ["first", "second", "first"]


def test_the_address_is_looked_at_again_too(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "first")
    ScoutGroqChatModel(model=MODEL).invoke("hi")
    other = Emulator()
    with other.serve():
        monkeypatch.setenv("GROQ_API_URL", other.url("groq"))
        ScoutGroqChatModel(model=MODEL).invoke("hi")
    assert (len(emulator.log), len(other.log)) == (1, 1)


def test_functions_without_a_model_use_the_corrected_key(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ScoutError):
        asyncio.run(call_groq_async("hi", model=MODEL))
    monkeypatch.setenv("GROQ_API_KEY", "first")
    assert asyncio.run(call_groq_async("hi", model=MODEL)).content
    assert [state.key for state in registry.get("groq").keys] == ["first"]


def test_an_unchanged_environment_gives_the_same_endpoint(emulator: Emulator) -> None:
    client = registry.get("groq")
    assert client.endpoint is client.endpoint
