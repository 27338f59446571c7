"""Answers that a provider makes in the background: one request, and polls with the same key."""

from __future__ import annotations

from time import time as system_time
from typing import Any

import pytest

from scout_adapters import ScoutAzureOpenAIChatModel, ScoutRouterChatModel
from scout_adapters.audit import read_rows
from scout_adapters.auth import Token
from scout_adapters.errors import (
    AnswerLost,
    ConfigurationError,
)
from scout_adapters.llm.health.circuit_breaker import circuit
from scout_adapters.testing import Emulator
from scout_adapters.testing.faults.broken_answers import CloseBeforeAnswer, CutMidStream, NotJson
from scout_adapters.testing.faults.refusals import (
    Fault,
    ModelMissing,
    Overloaded,
    RateLimited,
    Revoked,
    ServerError,
)
from tests.llm.engine.background import CLASSES, OPTIONS, PROVIDERS, methods, model_of, paths
from tests.support.clock import FakeTime
from tests.support.held import nothing_held
from tests.support.verbs import STREAMS, WHOLE, call_model, run_model


@pytest.mark.parametrize("verb", WHOLE)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_answer_in_the_background_is_polled_for_and_is_one_attempt(
    provider: str, verb: str, time: FakeTime, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "audit.jsonl"
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(log))
    emulator = Emulator(background_polls=3)
    message = await call_model(model_of(provider, emulator, time), verb, "What time is it?")
    assert "What time is it?" in message.text
    assert methods(emulator) == ["POST", "GET", "GET", "GET"]
    assert {exchange.key for exchange in emulator.log} == {"k1"}
    (attempt,) = message.response_metadata["scout"]["attempts"]
    (outcome,) = (row for row in read_rows(log) if row["event"] == "llm_attempt")
    spent = emulator.log[0].spent
    assert (outcome["input_t"], outcome["output_t"]) == (spent.input, spent.output)
    assert message.usage_metadata["output_tokens"] == spent.output
    assert attempt["outcome"] == "ok"
    assert message.response_metadata["scout"]["cost_usd"] > 0


@pytest.mark.parametrize("verb", WHOLE)
def test_the_pauses_between_polls_grow_to_a_limit(verb: str, time: FakeTime) -> None:
    emulator = Emulator(background_polls=15)
    run_model(model_of("openai", emulator, time), verb)
    assert time.slept[:3] == [0.5, 0.75, 1.125]
    assert sorted(time.slept) == time.slept
    assert time.slept[-3:] == [10.0, 10.0, 10.0]


WAITED_OUT: list[Fault] = [
    Overloaded(),
    ServerError(502),
    RateLimited(7.0),
    CloseBeforeAnswer(),
    NotJson(),
]


@pytest.mark.parametrize("verb", WHOLE)
@pytest.mark.parametrize("fault", WAITED_OUT, ids=lambda fault: fault.name)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_poll_that_fails_is_repeated_and_the_request_is_not(
    provider: str, fault: Fault, verb: str, time: FakeTime
) -> None:
    emulator = Emulator(background_polls=1)
    emulator.script(provider, [None, fault, fault])
    message = run_model(model_of(provider, emulator, time, max_retries=0), verb)
    assert message.text
    assert methods(emulator) == ["POST", "GET", "GET", "GET"]
    assert len(set(paths(emulator, "GET"))) == 1
    if fault.name == "rate_limited":
        assert max(time.slept) == pytest.approx(7.0)
    assert nothing_held()


@pytest.mark.parametrize("verb", WHOLE)
@pytest.mark.parametrize("fault", [Revoked(), ModelMissing()], ids=lambda fault: fault.name)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_answer_that_cannot_be_fetched_is_lost_and_never_requested_again(
    provider: str, fault: Fault, verb: str, time: FakeTime
) -> None:
    emulator = Emulator()
    emulator.script(provider, [None, None, fault])
    name = f"{provider}/{OPTIONS[provider]['model']}"
    entry = {**OPTIONS[provider], "model": name, "api_keys": ["k1", "k2"]}
    other = {"model": "groq/llama-3.3-70b-versatile", "api_key": "k"}
    entries = [{**each, "transport": emulator.transport()} for each in (entry, other)]
    router = ScoutRouterChatModel(models=entries, clock=time.clock)
    with pytest.raises(AnswerLost, match="cannot be fetched") as caught:
        run_model(router, verb)
    assert methods(emulator) == ["POST", "GET", "GET"]
    assert caught.value.answer_id
    assert caught.value.answer_id in paths(emulator, "GET")[0]
    assert caught.value.kind == "answer_lost"
    assert not caught.value.is_retryable
    assert "may bill" in str(caught.value)
    assert circuit(provider).is_available(time.now)
    assert nothing_held()


@pytest.mark.parametrize("verb", WHOLE)
def test_a_deferred_answer_can_be_fetched_once_and_is_lost_if_that_breaks(
    verb: str, time: FakeTime
) -> None:
    emulator = Emulator(background_polls=1)
    emulator.script("xai", [None, CutMidStream()])
    with pytest.raises(AnswerLost, match="not found"):
        run_model(model_of("xai", emulator, time), verb)
    assert methods(emulator) == ["POST", "GET", "GET"]


@pytest.mark.parametrize("verb", WHOLE)
def test_polls_go_to_the_address_of_the_key(verb: str, time: FakeTime) -> None:
    emulator = Emulator(background_polls=1)
    keys = [{"api_key": f"k{n}", "resource": f"resource-{n}"} for n in (1, 2)]
    model = ScoutAzureOpenAIChatModel(
        model="gpt-6-luna",
        background=True,
        api_keys=keys,
        clock=time.clock,
        transport=emulator.transport(),
    )
    assert run_model(model, verb).text
    assert methods(emulator) == ["POST", "GET"]
    assert {exchange.key for exchange in emulator.log} == {"k1"}


class OneAccount:
    """Sends one key for all tokens, as the emulator gives an answer to its own key alone."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def headers(self, key: Any, method: str, url: str, headers: Any, body: bytes) -> Any:
        self.tokens.append(key.value)
        return {"Authorization": "Bearer account"}


@pytest.mark.parametrize("verb", WHOLE)
@pytest.mark.parametrize(("life", "fault"), [(1.0, None), (10**6, Revoked())], ids=str)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_poll_is_sent_with_a_new_key_when_the_old_one_ends(
    provider: str, life: float, fault: Fault | None, verb: str, time: FakeTime
) -> None:
    emulator, account = Emulator(background_polls=3), OneAccount()
    emulator.script(provider, [None, None, fault])
    numbers = iter(range(100))

    def token() -> Token:
        return Token(f"token-{next(numbers)}", system_time() + life)

    model = model_of(provider, emulator, time, api_key=token, auth=account)
    message = run_model(model, verb)
    assert message.text
    assert len(message.response_metadata["scout"]["attempts"]) == 1
    assert account.tokens[:2] == ["token-0", "token-0"]
    assert account.tokens[-1] != "token-0"
    assert methods(emulator).count("POST") == 1
    assert nothing_held()


@pytest.mark.parametrize("verb", WHOLE)
def test_an_answer_is_lost_if_the_source_returns_the_refused_key_again(
    verb: str, time: FakeTime
) -> None:
    emulator = Emulator(background_polls=9)
    emulator.script("openai", [None, None, *[Revoked()] * 9])
    with pytest.raises(AnswerLost, match="cannot be fetched"):
        run_model(model_of("openai", emulator, time, api_key=lambda: "sk-same"), verb)
    assert methods(emulator).count("GET") <= 5


class Signer:
    """Records the requests that it signs."""

    def __init__(self) -> None:
        self.signed: list[tuple[str, str, bytes]] = []

    def headers(self, key: Any, method: str, url: str, headers: Any, body: bytes) -> Any:
        self.signed.append((method, url, body))
        return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("verb", WHOLE)
def test_every_poll_is_signed_as_it_is_sent(verb: str, time: FakeTime) -> None:
    emulator, signer = Emulator(background_polls=1), Signer()
    run_model(model_of("openai", emulator, time, auth=signer), verb)
    (post, _, body), (get, url, empty) = signer.signed
    assert (post, get, empty) == ("POST", "GET", b"")
    assert body
    assert url.endswith(emulator.log[1].path)


class Refusing(Signer):
    """Signs the first request only."""

    def headers(self, key: Any, method: str, url: str, headers: Any, body: bytes) -> Any:
        if self.signed:
            raise ConfigurationError("no more signatures")
        return super().headers(key, method, url, headers, body)


@pytest.mark.parametrize("verb", WHOLE)
def test_an_error_of_a_signer_ends_the_call_as_it_is(verb: str, time: FakeTime) -> None:
    emulator = Emulator()
    with pytest.raises(ConfigurationError, match="no more signatures"):
        run_model(model_of("openai", emulator, time, auth=Refusing()), verb)
    assert methods(emulator) == ["POST"]
    assert nothing_held()


@pytest.mark.parametrize("verb", STREAMS)
async def test_a_stream_of_a_deferred_answer_is_refused_and_nothing_is_sent(
    verb: str, time: FakeTime
) -> None:
    emulator = Emulator()
    with pytest.raises(ConfigurationError, match=r"xai: .* use invoke\(\) .* leave deferred= out"):
        await call_model(model_of("xai", emulator, time), verb)
    assert emulator.log == []


@pytest.mark.parametrize("verb", WHOLE)
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.usefixtures("carried")
def test_polls_go_over_sockets(provider: str, verb: str, time: FakeTime) -> None:
    emulator = Emulator()
    with emulator.serve():
        options = {**OPTIONS[provider], "api_key": "k1", "clock": time.clock}
        model = CLASSES[provider](base_url=emulator.url(provider), **options)
        assert run_model(model, verb).text
    assert methods(emulator) == ["POST", "GET", "GET"]
    for exchange in emulator.log[1:]:
        assert not {"content-length", "content-type", "transfer-encoding"} & exchange.headers.keys()
