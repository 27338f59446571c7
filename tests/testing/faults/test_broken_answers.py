"""Answers that are late, cut, or no answers at all: the same over loopback and without sockets."""

from __future__ import annotations

import json
from typing import Any

import httpcore
import httpx
import pytest

from scout_adapters.testing import (
    CloseBeforeAnswer,
    CutMidStream,
    Drip,
    EmptyBody,
    ErrorInBand,
    ExtraHeaders,
    Hang,
    KeepAlive,
    NotJson,
    Raw,
    Redirect,
    Slow,
    Stall,
)
from tests.support.waiting import HANG, until

WIRES = ["groq", "anthropic", "google"]


@pytest.fixture(params=["served", "client"])
def talk(request: Any) -> Any:
    """A client over loopback, or without sockets."""
    return request.getfixturevalue(request.param)


def ask(talk: Any, provider: str, *faults: Any, **more: Any) -> httpx.Response:
    talk.emulator.script(provider, faults)
    answer: httpx.Response = talk.ask(provider, **more)
    return answer


def stream_of(talk: Any, fault: Any, provider: str = "groq") -> tuple[str, type[Exception] | None]:
    """Stream an answer; return what came, and what ended it."""
    talk.emulator.script(provider, [fault])
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    url = f"{talk.emulator.url(provider)}/chat/completions"
    received = ""
    try:
        with talk.http.stream(
            "POST", url, json=body, headers={"authorization": "Bearer k"}
        ) as response:
            for text in response.iter_text():
                received += text
    except httpx.TransportError as error:
        return received, type(error)
    return received, None


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_stream_is_cut_after_so_many_events(talk: Any, after: int) -> None:
    received, error = stream_of(talk, CutMidStream(after))
    assert received.count("data: ") == after
    assert error is httpx.RemoteProtocolError


def test_a_stream_is_reset_in_the_middle(talk: Any) -> None:
    received, error = stream_of(talk, CutMidStream(2, "reset", between=0.02))
    assert error is httpx.ReadError
    assert 1 <= received.count("data: ") <= 2


def test_a_stream_ends_early_as_if_all_were_well(talk: Any) -> None:
    received, error = stream_of(talk, CutMidStream(3, "clean"))
    assert error is None
    assert received.count("data: ") == 3
    assert "[DONE]" not in received


@pytest.mark.parametrize("provider", WIRES)
def test_a_whole_answer_is_cut_in_the_middle(talk: Any, provider: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        ask(talk, provider, CutMidStream())


@pytest.mark.parametrize("provider", WIRES)
def test_the_line_is_closed_before_the_answer(talk: Any, provider: str) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        ask(talk, provider, CloseBeforeAnswer())
    assert not talk.emulator.log[0].billed


def test_the_line_is_reset_before_the_answer(talk: Any) -> None:
    with pytest.raises(httpx.ReadError):
        ask(talk, "groq", CloseBeforeAnswer(reset=True, billed=True))
    logged = talk.emulator.log[0]
    assert (logged.billed, logged.finished) == (True, False)
    assert logged.output_tokens > 0


@pytest.mark.parametrize("provider", WIRES)
def test_silence_runs_into_the_client_s_patience(talk: Any, provider: str) -> None:
    talk.http.timeout = httpx.Timeout(HANG, read=0.05)
    with pytest.raises(httpx.ReadTimeout):
        ask(talk, provider, Hang())
    until(lambda: talk.emulator.log)  # the server may be slower than the client's patience
    assert talk.emulator.settle(HANG)
    logged = talk.emulator.log[0]
    assert (logged.billed, logged.finished, logged.fault) == (True, False, "Hang")


def test_silence_ends_with_the_line(talk: Any) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        ask(talk, "groq", Hang(0.02))


@pytest.mark.parametrize("provider", WIRES)
def test_a_slow_answer_comes_whole(talk: Any, provider: str) -> None:
    answer = ask(talk, provider, Slow(first=0.02, between=0.001, lull=0.01), stream=True)
    assert "emulator" in answer.text
    assert answer.elapsed.total_seconds() >= 0.02
    assert talk.emulator.settle(HANG)
    assert talk.emulator.log[0].finished


def test_a_first_event_may_be_later_than_its_headers(talk: Any) -> None:
    talk.http.timeout = httpx.Timeout(HANG, read=0.05)
    received, error = stream_of(talk, Slow(lull=HANG))
    assert (received, error) == ("", httpx.ReadTimeout)


def test_a_stream_falls_silent_after_some_events(client: Any) -> None:
    client.http.timeout = httpx.Timeout(HANG, read=0.05)
    received, error = stream_of(client, Stall(2))
    assert received.count("data: ") == 2
    assert error is httpx.ReadTimeout
    assert 0 < client.emulator.log[0].output_tokens < 15


def test_a_line_falls_silent_after_some_events(served: Any) -> None:
    served.http.timeout = HANG
    served.emulator.script("groq", [Stall(2)])
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    url, headers = f"{served.emulator.url('groq')}/chat/completions", {"authorization": "Bearer k"}
    with served.http.stream("POST", url, json=body, headers=headers) as response:
        pieces, received = response.iter_text(), ""
        while received.count("data: ") < 2:
            received += next(pieces)
        with pytest.raises(httpcore.ReadTimeout):
            response.extensions["network_stream"].read(1, timeout=0.05)
    assert received.count("data: ") == 2
    assert served.emulator.settle(HANG)
    assert 0 < served.emulator.log[0].output_tokens < 15


def test_a_line_may_stay_open_after_the_end(talk: Any) -> None:
    received, error = stream_of(talk, Stall(None, 0.01))
    assert received.endswith("data: [DONE]\n\n")
    assert error is httpx.RemoteProtocolError


def test_comments_come_before_the_answer(talk: Any) -> None:
    received, error = stream_of(talk, KeepAlive(3, 0.001))
    assert received.startswith(": keep-alive\n\n" * 3 + "data: ")
    assert error is None


def test_a_whole_answer_waits_for_as_long_as_comments_would(talk: Any) -> None:
    answer = ask(talk, "groq", KeepAlive(2, 0.01))
    assert answer.elapsed.total_seconds() >= 0.02
    assert answer.status_code == 200


@pytest.mark.parametrize("provider", WIRES)
def test_a_dripping_answer_is_complete(talk: Any, provider: str) -> None:
    dripped = ask(talk, provider, Drip(64, 0.0), stream=True).text
    assert "speaking" in dripped
    assert dripped.count("data: ") == ask(talk, provider, stream=True).text.count("data: ")


@pytest.mark.parametrize("provider", WIRES)
def test_nothing_a_page_and_a_redirect(talk: Any, provider: str) -> None:
    assert ask(talk, provider, EmptyBody()).content == b""
    page = ask(talk, provider, NotJson())
    assert (page.status_code, page.text[:15]) == (200, "<!DOCTYPE html>")
    away = ask(talk, provider, Redirect("https://elsewhere.test/"))
    assert (away.status_code, away.headers["location"]) == (307, "https://elsewhere.test/")
    assert [request.billed for request in talk.emulator.log] == [False] * 3


def test_a_raw_answer_is_given_word_for_word(talk: Any) -> None:
    odd = ask(talk, "groq", Raw(520, b"<html>", {"content-type": "text/html"}))
    assert (odd.status_code, odd.text) == (520, "<html>")
    pieces = ask(talk, "groq", Raw(events=(b"data: 1\n", b"\ndata: 2\n\n")))
    assert pieces.text == "data: 1\n\ndata: 2\n\n"


def test_a_good_answer_may_carry_a_misleading_header(talk: Any) -> None:
    answer = ask(talk, "anthropic", ExtraHeaders())
    assert (answer.status_code, answer.headers["retry-after"]) == (200, "61")


@pytest.mark.parametrize(
    ("provider", "start"),
    [
        ("groq", 'event: error\ndata: {"error":{"message":"Internal Server Error"'),
        ("anthropic", 'event: error\ndata: {"type":"error","error":{"type":"api_error"'),
        ("google", 'data: {"error":{"code":500,'),
        ("openai", 'data: {"error":{"message":"The server had an error'),
        ("openrouter", 'data: {"error":{"message":"Provider returned error","code":500'),
        ("minimax", "data: {"),
        ("xai", 'data: {"code":"Internal error","error":"Internal error"}'),
    ],
)
def test_an_error_stands_inside_a_200(client: Any, provider: str, start: str) -> None:
    whole = ask(client, provider, ErrorInBand())
    assert whole.status_code == 200
    assert "emulator speaking" not in whole.text
    stream = ask(client, provider, ErrorInBand(), stream=True)
    assert (stream.status_code, stream.text[: len(start)]) == (200, start)
    assert not any(request.billed for request in client.emulator.log)


@pytest.mark.parametrize("provider", ["groq", "anthropic", "google", "openrouter", "minimax"])
def test_an_error_comes_after_some_events(client: Any, provider: str) -> None:
    after = {"anthropic": 5, "google": 1}.get(provider, 3)
    good = ask(client, provider, stream=True).text
    bad = ask(client, provider, ErrorInBand(after), stream=True).text
    assert bad.count("data: ") == after + 1
    assert "This " in bad
    assert "emulator" in good
    assert client.emulator.log[1].billed
    assert client.emulator.log[1].output_tokens < client.emulator.log[0].output_tokens


def test_an_error_without_words_still_stands_in_a_stream(client: Any) -> None:
    fault = ErrorInBand(condition="daily_quota")
    assert 'data: {"error":' in ask(client, "mistral", fault, stream=True).text


async def test_an_async_client_raises_for_a_reset_and_for_silence(emulator: Any) -> None:
    emulator.script("groq", [CutMidStream(2, "reset", between=0.001)])
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    async with httpx.AsyncClient(transport=emulator.transport()) as http:
        url = f"{emulator.url('groq')}/chat/completions"
        with pytest.raises(httpx.ReadError):
            await http.post(url, json=body, headers={"authorization": "Bearer k"})


def test_groq_s_and_openrouter_s_errors_look_as_recorded(client: Any) -> None:
    groq = ask(client, "groq", ErrorInBand(), stream=True).text.split("data: ")[1]
    assert json.loads(groq)["error"]["status_code"] == 500
    router = json.loads(ask(client, "openrouter", ErrorInBand(), stream=True).text[6:])
    assert router["choices"][0]["finish_reason"] == "error"
    assert router["object"] == "chat.completion.chunk"
