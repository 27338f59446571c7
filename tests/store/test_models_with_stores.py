"""Chat models whose keys share their health: by option, by variable, and not by `store=True`."""

from __future__ import annotations

import pickle
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scout_adapters import ScoutGroqChatModel, ScoutOpenAIChatModel, ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.health.shared_health import SharedHealth
from scout_adapters.store import MemoryStore
from scout_adapters.store.open_store import close_stores
from scout_adapters.testing import Emulator, RateLimited, Revoked
from tests.support.paths import ROOT
from tests.support.redis_server import LocalRedis
from tests.support.waiting import until

MODEL = "openai/gpt-oss-120b"


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    close_stores()


def facts_of(store: MemoryStore) -> set[tuple[str, str]]:
    return {(fact.kind, fact.place) for fact in store.facts()}


def groq(emulator: Emulator, *keys: str, **options: Any) -> ScoutGroqChatModel:
    transport = emulator.transport()
    return ScoutGroqChatModel(model=MODEL, api_keys=list(keys), transport=transport, **options)


def test_a_call_publishes_which_keys_it_found_refused_or_limited() -> None:
    store = MemoryStore()
    emulator = Emulator(keys={"groq": {"dead": Revoked(), "busy": RateLimited(20.0), "good": None}})
    groq(emulator, "dead", "busy", "good", store=store).invoke("hello")
    assert facts_of(store) == {("quarantine", "state"), ("rest", f"rest {MODEL}")}


def test_a_key_that_a_router_finds_refused_is_so_in_another_process() -> None:
    store, emulator = MemoryStore(), Emulator(keys={"groq": {"dead": Revoked(), "good": None}})
    elsewhere = KeyState("dead")
    SharedHealth(store).add_key("groq", "https://api.groq.com/openai/v1", elsewhere)
    entry = {
        "model": f"groq/{MODEL}",
        "api_keys": ["dead", "good"],
        "transport": emulator.transport(),
    }
    model = ScoutRouterChatModel(models=[entry], store=store)
    model.invoke("hello")
    assert elsewhere.permanently_failed  # published by the call
    model.invoke("hello")
    assert [exchange.key for exchange in emulator.log] == ["dead", "good", "good"]


def test_the_variable_shares_the_health_of_all_models(
    redis: LocalRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCOUT_STORE", redis.url)
    emulator = Emulator(keys={"groq": {"dead-1": Revoked(), "good-1": None}})
    groq(emulator, "dead-1", "good-1").invoke("hello")
    until(lambda: b"quarantine" in redis.command("HGETALL", _subject(redis)))
    everything = redis.command("KEYS", "*") + redis.command("HGETALL", _subject(redis))
    assert b"dead-1" not in everything


def _subject(redis: LocalRedis) -> str:
    names = redis.command("KEYS", "scout:{health}:of:key*").decode().splitlines()
    return next((name for name in names if name.startswith("scout")), "none")


def test_store_true_is_still_a_field_of_the_request() -> None:
    emulator = Emulator()
    model = ScoutOpenAIChatModel(
        model="gpt-5.6-luna", api_key="k", store=True, transport=emulator.transport()
    )
    model.invoke("hello")
    assert emulator.log[0].body["store"] is True


def test_a_store_that_cannot_be_is_refused_without_its_password() -> None:
    model = groq(Emulator(), "k", store="postgres://ada:hunter2@db/0")
    with pytest.raises(ConfigurationError, match="store's address") as raised:
        model.invoke("hello")
    assert "hunter2" not in str(raised.value)


def test_no_password_of_a_store_is_shown_or_pickled() -> None:
    model = groq(Emulator(), "k", store="redis://ada:hunter2@127.0.0.1:1/0")
    model.transport = None
    shown = repr(model) + str(model) + repr(model._identifying_params)
    assert "hunter2" not in shown
    assert b"hunter2" not in pickle.dumps(model)


def test_a_call_needs_no_store_that_answers() -> None:
    emulator = Emulator()
    model = groq(emulator, "k", store="redis://127.0.0.1:1")
    assert model.invoke("hello").text
    assert len(emulator.log) == 1


def test_a_route_file_names_the_store_of_its_keys_and_budgets(
    tmp_path: Path, redis: LocalRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_STORE", redis.url)
    file = tmp_path / "route.yaml"
    file.write_text(
        f"models: [groq/{MODEL}]\n"
        "store: env:TEST_STORE\n"
        "budgets:\n"
        "  - {limit_usd: 5, name: team}\n"
        "  - {limit_usd: 1, per: run}\n"
        f"  - {{limit_usd: 9, path: {tmp_path / 'budgets.db'}}}\n"
    )
    emulator = Emulator(keys={"groq": {"dead-2": Revoked(), "good-2": None}})
    monkeypatch.setenv("GROQ_API_KEYS", "dead-2,good-2")
    with emulator.serve():
        monkeypatch.setenv("GROQ_BASE_URL", emulator.url("groq"))
        model = ScoutRouterChatModel.from_file(file, callbacks=None)
        stores = [type(handler.store).__name__ for handler in model.callbacks]
        assert stores == ["RedisBudgets", "MemoryBudgets", "SqliteBudgets"]
        assert model.invoke("hello").text
    until(lambda: _subject(redis) != "none")
    until(model.callbacks[0].store.flush)
    assert model.callbacks[0].spent_usd > 0


def test_a_reference_to_no_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_STORE", raising=False)
    with pytest.raises(ConfigurationError, match="env:NO_SUCH_STORE"):
        groq(Emulator(), "k", store="env:NO_SUCH_STORE").invoke("hello")


def test_the_example_runs_with_a_server(
    redis: LocalRedis, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SCOUT_STORE", redis.url)
    monkeypatch.setenv("GROQ_API_KEY", "example-key")
    with Emulator().serve() as root:
        monkeypatch.setenv("GROQ_BASE_URL", f"{root}/groq/openai/v1")
        runpy.run_path(str(ROOT / "examples/many_processes.py"))
    assert " spent by both, as RedisBudgets(" in capsys.readouterr().out
