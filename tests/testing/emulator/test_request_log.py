from __future__ import annotations

import dataclasses
from typing import Any

import httpx
import pytest

from scout_adapters.testing import CutMidStream, Emulator, Exchange, Revoked


def test_an_exchange_is_written_down_as_it_was(client: Any) -> None:
    answer = client.chat("groq", "Hello", key="secret-key", model="llama", stream=True)
    logged: Exchange = client.emulator.log[0]
    assert (logged.number, logged.provider, logged.model, logged.stream) == (
        1,
        "groq",
        "llama",
        True,
    )
    assert (logged.path, logged.key) == ("/groq/openai/v1/chat/completions", "secret-key")
    assert (logged.status, logged.fault, logged.finished) == (200, None, True)
    assert logged.body["messages"] == [{"role": "user", "content": "Hello"}]
    assert logged.headers["authorization"] == "Bearer secret-key"
    assert f'"completion_tokens":{logged.output_tokens}' in answer.text
    assert f'"prompt_tokens":{logged.input_tokens}' in answer.text


def test_no_key_shows_in_what_is_printed(client: Any) -> None:
    client.chat("groq", key="secret-key")
    assert "secret-key" not in repr(client.emulator.log)


def test_an_exchange_cannot_be_changed(client: Any) -> None:
    client.chat("groq")
    with pytest.raises(dataclasses.FrozenInstanceError):
        client.emulator.log[0].billed = False


@pytest.mark.parametrize("provider", ["groq", "anthropic", "google"])
def test_the_log_bills_the_usage_of_the_answer(client: Any, provider: str) -> None:
    usage = client.ask(provider, "How many tokens is this?").json()
    usage = usage.get("usage") or usage["usageMetadata"]
    logged = client.emulator.log[0]
    names = {"prompt_tokens", "input_tokens", "promptTokenCount"} & set(usage)
    assert logged.input_tokens == usage[names.pop()]
    names = {"completion_tokens", "output_tokens", "candidatesTokenCount"} & set(usage)
    assert logged.output_tokens == usage[names.pop()]


@pytest.mark.parametrize("provider", ["groq", "anthropic", "google"])
def test_streams_are_billed_like_whole_answers(client: Any, provider: str) -> None:
    client.ask(provider)
    client.ask(provider, stream=True)
    whole, streamed = client.emulator.log
    assert (whole.input_tokens, whole.output_tokens) == (
        streamed.input_tokens,
        streamed.output_tokens,
    )


def test_refusals_cost_nothing(asking: Any) -> None:
    client = asking(Emulator({"openrouter": {"k": Revoked()}}))
    client.chat("openrouter")
    logged = client.emulator.log[0]
    assert (logged.billed, logged.input_tokens, logged.output_tokens) == (False, 0, 0)
    assert logged.cost_nanousd == 0


def test_a_stream_that_is_cut_is_billed_for_what_was_sent(client: Any) -> None:
    client.chat("openrouter", stream=True)
    client.emulator.script("openrouter", [CutMidStream(4)])
    with pytest.raises(httpx.RemoteProtocolError):
        client.chat("openrouter", stream=True)
    whole, cut = client.emulator.log
    assert 0 < cut.output_tokens < whole.output_tokens
    assert cut.cost_nanousd == cut.input_tokens * 100 + cut.output_tokens * 400


def test_only_providers_that_name_a_price_have_a_cost(client: Any) -> None:
    for provider in ("groq", "openrouter", "xai"):
        client.chat(provider)
    assert [request.cost_nanousd is None for request in client.emulator.log] == [True, False, False]


def test_requests_are_found_by_provider_and_key(client: Any) -> None:
    for provider, key in (("groq", "a"), ("groq", "b"), ("openai", "a")):
        client.chat(provider, key=key)
    requests = client.emulator.requests
    assert [request.number for request in requests("groq")] == [1, 2]
    assert [request.number for request in requests(key="a")] == [1, 3]
    assert [request.number for request in requests("groq", "b")] == [2]
    client.gemini()
    assert len(requests("gemini")) == len(requests("google")) == 1


def test_the_log_s_times_are_those_of_the_clock_that_was_passed(asking: Any) -> None:
    now = [50.0]
    client = asking(Emulator(clock=lambda: now[0], wall=lambda: 0.0))
    now[0] = 52.5
    answer = client.chat("groq")
    assert client.emulator.log[0].at == 2.5
    assert answer.headers["date"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert answer.json()["created"] == 0


def test_clearing_forgets_log_scripts_and_caches(client: Any) -> None:
    client.emulator.script("groq", [Revoked()] * 2)
    client.chat("groq")
    client.emulator.clear()
    assert client.emulator.log == []
    assert client.chat("groq").status_code == 200
    assert client.emulator.log[0].number == 2


def test_urls_are_what_users_put_as_base_url(emulator: Emulator) -> None:
    names = ("groq", "anthropic", "google", "gemini", "openrouter", "acme")
    assert [emulator.url(name).removeprefix("http://emulator.test") for name in names] == [
        "/groq/openai/v1",
        "/anthropic",
        "/google",
        "/google",
        "/openrouter/api/v1",
        "/acme/v1",
    ]
    assert emulator.url("minimax", "anthropic").endswith("/minimax/anthropic")


def test_the_same_requests_get_the_same_answers(asking: Any) -> None:
    def answers() -> list[str]:
        client = asking(Emulator(wall=lambda: 0.0))
        return [client.ask(name, stream=True).text for name in ("groq", "anthropic", "google")]

    assert answers() == answers()


def test_no_two_answers_share_an_id(client: Any) -> None:
    ids = {client.chat("groq").json()["id"] for _ in range(20)}
    assert len(ids) == 20
