"""Streams: failover until the first content, an honest end after it, and nothing left behind."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from langchain_core import exceptions as lc

from scout_adapters.errors import ProviderTimeout, ScoutError, StreamInterrupted
from scout_adapters.llm.health.circuit_breaker import circuit
from tests.support.fake_http import GROQ, OPENAI, key_state
from tests.support.held import nothing_held

ROUTE = ("groq/llama-3.3-70b-versatile", "openai/gpt-4o-mini")

IN_BAND = {"error": {"message": "overloaded", "type": "server_error", "code": 503}}


@pytest.fixture(params=["stream", "astream"])
def ask(request: pytest.FixtureRequest, asks: Any) -> Any:
    return asks(request.param)


@pytest.mark.parametrize(
    "broken",
    [
        "refused",
        "error event",
        "cut before content",
        "no terminal event",
        "reset",
        "rubbish",
    ],
)
async def test_before_the_first_content_another_candidate_takes_over(
    broken, providers, wire, router, ask
) -> None:
    role = wire.event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})
    replies = {
        "refused": wire.refuse(503),
        "error event": wire.sse(role, wire.event(IN_BAND)),
        "cut before content": wire.sse(role, httpx.ReadError("cut")),
        "no terminal event": wire.sse(role),
        "reset": wire.fail(httpx.RemoteProtocolError),
        "rubbish": wire.sse(b"data: {rubbish\n\n"),
    }
    providers.on(GROQ, replies[broken])
    providers.on(OPENAI, wire.say("from openai"))
    answer = await ask(router(*ROUTE, max_retries=0))
    assert answer.text == "from openai"
    assert providers.hosts == [GROQ, OPENAI]
    assert answer.response_metadata["scout"]["provider"] == "openai"
    assert answer.response_metadata["model_provider"] == "openai"
    assert nothing_held()


@pytest.mark.parametrize(
    "broken",
    ["error event", "reset", "silence", "no terminal event", "rubbish", "half an event"],
)
async def test_after_the_first_content_the_error_holds_what_came(
    broken, providers, wire, router, ask
) -> None:
    ends = {
        "error event": [wire.event(IN_BAND)],
        "reset": [httpx.ReadError("cut")],
        "silence": [httpx.ReadTimeout("idle")],
        "no terminal event": [],
        "rubbish": [b"data: {rubbish\n\n"],
        "half an event": [b'data: {"choices": [{"del'],
    }
    providers.on(GROQ, wire.sse(wire.delta("to"), wire.delta("day"), *ends[broken]))
    providers.on(OPENAI, wire.say("never"))
    with pytest.raises(StreamInterrupted) as caught:
        await ask(router(*ROUTE))
    error = caught.value
    assert error.partial.text == "today"
    assert isinstance(error, lc.ModelConnectionError)
    assert not error.is_retryable
    assert (error.provider, error.phase) == ("groq", "mid_stream")
    assert [a["outcome"] for a in error.attempts] == ["stream_interrupted"]
    assert providers.hosts == [GROQ]
    assert circuit("groq").faults == 1
    assert key_state("key-of-groq").failures == 0
    assert nothing_held()


async def test_a_callers_refusal_in_mid_stream_is_not_the_providers_fault(
    providers, wire, router, ask
) -> None:
    refused = {"error": {"message": "no", "code": "content_policy_violation"}}
    providers.on(GROQ, wire.sse(wire.delta("to"), wire.event(refused)))
    with pytest.raises(StreamInterrupted) as caught:
        await ask(router(*ROUTE))
    assert caught.value.partial.text == "to"
    assert circuit("groq").faults == 0


async def test_a_connection_that_breaks_after_the_end_does_not_spoil_the_answer(
    providers, wire, groq, ask
) -> None:
    providers.on(
        GROQ, wire.sse(wire.delta("all"), wire.delta(finish="stop"), httpx.ReadError("cut"))
    )
    assert (await ask(groq())).text == "all"


async def test_data_after_done_is_ignored(providers, wire, groq, ask) -> None:
    rubbish = b"data: {rubbish\n\n"
    for end in ([wire.DONE, rubbish], [wire.DONE + rubbish], [wire.DONE + wire.delta("more")]):
        providers.on(GROQ, wire.sse(wire.delta("all"), wire.delta(finish="stop"), *end))
        assert (await ask(groq())).text == "all"


async def test_a_stream_ends_at_its_terminal_event_even_if_the_server_stays_on_the_line(
    providers, wire, groq, ask, time
) -> None:
    def linger() -> bytes:
        time.now += 60
        return b": still here\n\n"

    providers.on(GROQ, wire.sse(wire.delta("all"), wire.delta(finish="stop"), wire.DONE, linger))
    answer = await ask(groq())
    assert answer.text == "all"
    assert answer.response_metadata["scout"]["latency_s"] == 0.0
    assert time.now == 1000.0


async def test_a_refusal_that_comes_whole_where_a_stream_was_asked_for_is_that_refusal(
    providers, wire, router, ask
) -> None:
    providers.on(GROQ, lambda request: httpx.Response(200, json=IN_BAND))
    providers.on(OPENAI, wire.say("from openai"))
    answer = await ask(router(*ROUTE, max_retries=0))
    assert answer.text == "from openai"
    assert answer.response_metadata["scout"]["attempts"][0]["outcome"] == "capacity"


async def test_an_answer_that_comes_whole_is_priced_like_a_stream(
    providers, wire, groq, ask
) -> None:
    message = {"role": "assistant", "content": "whole"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    providers.on(
        GROQ, lambda r: httpx.Response(200, json={"choices": [choice], "usage": wire.USAGE})
    )
    answer = await ask(groq())
    assert answer.usage_metadata["total_tokens"] == 15
    assert answer.response_metadata["scout"]["cost_usd"] > 0
    assert answer.response_metadata["finish_reason"] == "stop"


async def test_the_deadline_ends_a_stream_that_never_shows_anything(
    providers, wire, router, ask, time
) -> None:
    def ping() -> bytes:
        time.now += 1
        return b": PROCESSING\n\n"

    providers.on(GROQ, wire.sse(*[ping] * 100))
    providers.on(OPENAI, wire.say("never"))
    with pytest.raises(ScoutError):
        await ask(router(*ROUTE, deadline=5.0))
    assert time.now <= 1000 + 7
    assert providers.hosts == [GROQ]


async def test_the_deadline_ends_a_stream_that_goes_on_for_ever(
    providers, wire, groq, ask, time
) -> None:
    def slowly() -> bytes:
        time.now += 1
        return wire.delta("a")

    providers.on(GROQ, wire.sse(*[slowly] * 100))
    with pytest.raises(StreamInterrupted) as caught:
        await ask(groq(deadline=5.0))
    assert set(caught.value.partial.text) == {"a"}
    assert time.now <= 1000 + 7


async def test_an_error_after_the_finish_reason_wins(providers, wire, groq, ask) -> None:
    end = [wire.delta(finish="stop"), wire.event(IN_BAND), wire.DONE]
    providers.on(GROQ, wire.sse(wire.delta("all"), *end))
    with pytest.raises(StreamInterrupted):
        await ask(groq())


async def test_keep_alives_without_a_token_time_out_and_another_takes_over(
    providers, wire, router, ask, time
) -> None:
    def ping() -> bytes:
        time.now += 30
        return b": PROCESSING\n\n"

    providers.on(GROQ, wire.sse(*[ping] * 100))
    providers.on(OPENAI, wire.say("openai"))
    assert (await ask(router(*ROUTE))).text == "openai"
    assert time.now == 1000 + 150


async def test_a_first_token_that_never_comes_is_a_timeout(
    providers, wire, groq, ask, time
) -> None:
    def ping() -> bytes:
        time.now += 30
        return b": PROCESSING\n\n"

    providers.on(GROQ, wire.sse(*[ping] * 100))
    with pytest.raises(ProviderTimeout) as caught:
        await ask(groq(timeout=60))
    assert caught.value.phase == "first_token"


async def test_the_answer_is_the_same_for_every_split_of_its_bytes(
    providers, wire, groq, ask
) -> None:
    whole = (
        wire.delta("h\u00e9llo \U0001f600 data: [DONE]")
        + wire.delta("\n\ndata: [DONE]\n\n")
        + wire.delta(finish="stop")
        + wire.DONE
    )
    for size in (1, 2, 3, 7, 1000):
        providers.on(GROQ, wire.sse(*(whole[i : i + size] for i in range(0, len(whole), size))))
        answer = await ask(groq())
        assert answer.text == "h\u00e9llo \U0001f600 data: [DONE]\n\ndata: [DONE]\n\n"


async def test_usage_and_scout_stand_once_on_the_last_chunk(providers, wire, groq) -> None:
    providers.on(GROQ, wire.say("hello"))
    chunks = list(groq().stream("hi"))
    assert [("scout" in c.response_metadata, c.usage_metadata is not None) for c in chunks] == [
        (False, False)
    ] * (len(chunks) - 1) + [(True, True)]
    assert chunks[-1].chunk_position == "last"


async def test_an_empty_answer_is_an_answer(providers, wire, groq, ask) -> None:
    providers.on(GROQ, wire.sse(wire.delta(""), wire.delta(finish="stop"), wire.DONE))
    assert (await ask(groq())).text == ""


async def test_heartbeats_as_data_are_no_part_of_a_stream(providers, wire, groq, ask) -> None:
    ping = b"data: [PING]\n\n"
    pieces = (wire.delta("to"), ping, ping + wire.delta("day"), ping, wire.delta(finish="stop"))
    providers.on(GROQ, wire.sse(ping, *pieces, ping, wire.DONE))
    assert (await ask(groq())).text == "today"
    assert providers.hosts == [GROQ]


async def test_an_id_in_the_second_fragment_of_a_call_is_its_id(providers, wire, groq, ask) -> None:
    def fragment(**fields: Any) -> bytes:
        delta = {"tool_calls": [{"index": 0, **fields}]}
        return wire.event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})

    head, tail = fragment(function={"name": "f"}), fragment(id="c1", function={"arguments": "{}"})
    providers.on(GROQ, wire.sse(head, tail, wire.delta(finish="tool_calls"), wire.DONE))
    [call] = (await ask(groq())).tool_calls
    assert (call["name"], call["args"], call["id"]) == ("f", {}, "c1")
