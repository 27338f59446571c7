"""`reset()` leaves nothing of an earlier test in the process; a snapshot keeps what was set up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from scout_adapters import ScoutGroqChatModel, ScoutRouterChatModel, registry
from scout_adapters.audit import AuditLog, get_audit
from scout_adapters.errors import ScoutError, UnknownProvider
from scout_adapters.llm.engine.record import runs_with_attempts
from scout_adapters.llm.health.circuit_breaker import circuit, is_provider_available
from scout_adapters.llm.health.shared_states import shared_state
from scout_adapters.llm.pricing import PRICING, estimate_cost_usd
from scout_adapters.llm.profiles.limits import limits_of
from scout_adapters.llm.providers import ProviderClient, ProviderSpec
from scout_adapters.llm.transport.http_transport import as_transport, shared_transport
from scout_adapters.testing import (
    CutMidStream,
    Emulator,
    RateLimited,
    Revoked,
    ServerError,
    reset,
    snapshot,
)
from tests.support.waiting import until


async def own_function(*_: Any, **__: Any) -> Any:
    raise NotImplementedError


def model_on(emulator: Emulator, *keys: str, **more: Any) -> ScoutGroqChatModel:
    return ScoutGroqChatModel(
        api_keys=list(keys), transport=emulator.transport(), max_wait=0, max_retries=0, **more
    )


def spec(name: str = "acme") -> ProviderSpec:
    groq = registry.spec("groq")
    return ProviderSpec(name=name, docs="", wire=groq.wire, base_url="https://acme.test/v1")


def test_an_existing_model_asks_every_key_again() -> None:
    emulator = Emulator(keys={"groq": {"a": Revoked(), "b": RateLimited(seconds=600)}})
    model = model_on(emulator, "a", "b")
    with pytest.raises(ScoutError):
        model.invoke("hi")
    name, now = model.client.spec.default_model, time.monotonic()
    assert not any(state.is_usable(name, now) for state in model.client.keys)
    emulator.keys["groq"] = {"a": None, "b": None}
    with pytest.raises(ScoutError):
        model.invoke("hi")
    before = len(emulator.log)
    reset()
    model.invoke("hi")
    model.invoke("hi")
    assert {exchange.key for exchange in emulator.log[before:]} == {"a", "b"}


def test_the_circuit_of_an_existing_model_closes() -> None:
    emulator = Emulator(down={"groq": ServerError()})
    model = model_on(emulator, "a")
    for _ in range(6):
        with pytest.raises(ScoutError):
            model.invoke("hi")
    assert not is_provider_available("groq")
    emulator.down.clear()
    reset()
    assert is_provider_available("groq")
    assert model.invoke("hi").text


def test_a_model_is_reset_each_time() -> None:
    limited = Emulator(keys={"groq": {"a": RateLimited(seconds=600)}})
    broken = Emulator(down={"groq": ServerError()})
    models = [model_on(limited, "a"), model_on(broken, "b")]
    for times in range(1, 4):
        for model in models:
            with pytest.raises(ScoutError):
                model.invoke("hi")
        assert (len(limited.log), len(broken.log)) == (times, times)
        circuits = [model._route().candidates[0].endpoint.circuit for model in models]
        assert circuits[1].faults == 1
        reset()
        assert circuits[1].faults == 0


def test_the_result_of_a_call_from_before_does_not_count_after() -> None:
    breaker = circuit("groq")
    permits = [breaker.permit(now) for now in range(1, 9)]
    reset()
    for now, permit in enumerate(permits, start=10):
        assert permit is not None
        breaker.report(permit, "fault", now)
    assert breaker.faults == 0


def test_a_key_in_use_stays_in_use() -> None:
    emulator = Emulator()
    model = model_on(emulator, "a")
    (state,) = model.client.keys
    stream = model.stream("hi")
    next(stream)
    assert state.in_flight == 1
    reset()
    assert state.in_flight == 1
    for _ in stream:
        pass
    assert state.in_flight == 0


def test_limits_that_answers_stated_are_forgotten() -> None:
    emulator = Emulator()
    model = model_on(emulator, "a", model="openai/gpt-oss-120b")
    model.invoke("hi")
    (state,) = model.client.keys
    assert state.quotas
    reset()
    assert not state.quotas
    assert shared_state("groq", "https://api.groq.com/openai/v1", "a") is not state


def test_keys_are_read_from_the_environment_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "first")
    assert [state.key for state in registry.get("groq").keys] == ["first"]
    monkeypatch.setenv("GROQ_API_KEY", "second")
    assert [state.key for state in registry.get("groq").keys] == ["first"]
    reset()
    assert [state.key for state in registry.get("groq").keys] == ["second"]


def test_the_load_and_the_retry_budget_of_an_existing_model_start_new() -> None:
    model = model_on(Emulator(), "a")
    endpoint = model.client.endpoint
    model.invoke("hi")
    while endpoint.retries.spend():
        pass
    assert endpoint.loads
    reset()
    assert not endpoint.loads
    assert endpoint.retries.spend()


def test_connections_are_closed_and_open_again() -> None:
    emulator = Emulator()
    with emulator.serve() as root:
        model = ScoutGroqChatModel(api_key="a", base_url=emulator.url("groq"))
        model.invoke("hi")
        pool = shared_transport().pool()
        assert emulator.connections == 1
        reset()
        until(lambda: not emulator.connections)
        assert shared_transport().pool() is not pool
        model.invoke("hi")
        assert httpx.post(f"{root}/groq/openai/v1/chat/completions", json={}).status_code == 401


def test_the_transport_of_a_user_is_closed_and_forgotten() -> None:
    class Closing(httpx.MockTransport):
        closed = 0

        def close(self) -> None:
            self.closed += 1

    own = Closing(lambda _: httpx.Response(500))
    wrapped = as_transport(own)
    assert wrapped is as_transport(own)
    assert wrapped is not None
    wrapped.pool()
    reset()
    assert own.closed == 1
    assert as_transport(own) is not wrapped


def test_logs_are_closed_and_their_settings_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Path] = []
    real = AuditLog.close
    monkeypatch.setattr(AuditLog, "close", lambda self: (closed.append(self.path), real(self))[1])
    log = get_audit(tmp_path / "audit.jsonl", durability="power")
    log.log("event")
    closed.clear()
    reset()
    assert closed == [log.path]
    assert get_audit(tmp_path / "audit.jsonl").durability == "process"
    log.log("event")


def test_reported_runs_and_cached_limits_are_dropped() -> None:
    runs_with_attempts.put(1, None)
    limits = limits_of(registry.spec("groq"), "m")
    reset()
    assert not runs_with_attempts
    assert limits_of(registry.spec("groq"), "m") is not limits


def test_a_warning_is_given_once_more(caplog: pytest.LogCaptureFixture) -> None:
    def warn() -> int:
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            model_on(Emulator(), "a", model="no-price").invoke("hi")
        return len([row for row in caplog.records if "price" in row.getMessage()])

    assert (warn(), warn()) == (1, 0)
    reset()
    assert warn() == 1


def add_card() -> None:
    registry.register(spec())


def add_function() -> None:
    registry.register("acme", ProviderClient(name="acme", call=own_function))


def replace_card() -> None:
    registry.register(spec("groq"))


def replace_by_function() -> None:
    registry.register("groq", ProviderClient(name="groq", call=own_function))


@pytest.mark.parametrize("change", [add_card, add_function, replace_card, replace_by_function])
def test_what_a_test_registers_is_removed(change: Callable[[], None]) -> None:
    names, groq = registry.list_providers(), registry.spec("groq")
    change()
    reset()
    assert registry.list_providers() == names
    assert registry.spec("groq") == groq
    assert registry.get("groq").function is None
    with pytest.raises(UnknownProvider):
        registry.get("acme")


@pytest.mark.parametrize("change", [add_card, add_function, replace_card, replace_by_function])
def test_what_was_registered_before_a_snapshot_is_kept(change: Callable[[], None]) -> None:
    change()
    before, names = snapshot(), registry.list_providers()
    registry.register(spec("of_the_test"))
    registry.register(spec("acme"))
    registry.register(spec("groq"))
    reset(before)
    assert registry.list_providers() == names
    assert snapshot() == before
    assert (registry.get("groq").function is None) == (change is not replace_by_function)


def test_prices_are_removed_and_those_of_a_snapshot_restored() -> None:
    PRICING["groq"] = {"m": {"input": 1.0, "output": 1.0}}
    before = snapshot()
    PRICING["groq"]["m"]["input"] = 2.0
    PRICING["acme"] = {"m": {"input": 1.0}}
    reset(before)
    assert PRICING == {"groq": {"m": {"input": 1.0, "output": 1.0}}}
    assert estimate_cost_usd(provider="groq", model="m", input_tokens=1000, output_tokens=0) == 1.0
    reset()
    assert PRICING == {}


def test_a_broken_stream_leaves_nothing_behind() -> None:
    emulator = Emulator()
    emulator.script("groq", [CutMidStream()] * 3)
    model = ScoutRouterChatModel(
        models=[{"model": "groq/m", "api_key": "a", "transport": emulator.transport()}]
    )
    with pytest.raises(ScoutError):
        list(model.stream("hi"))
    reset()
    assert not registry.registrations().clients
    assert circuit("groq").faults == 0
