"""States of a response in the background, from a server whose every body a test writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage

from scout_adapters import ScoutOpenAIChatModel
from scout_adapters.errors import ScoutError
from tests.support.clock import FakeTime
from tests.support.verbs import WHOLE, run_model


def response(status: str, **fields: Any) -> Any:
    body = {"id": "resp_1", "object": "response", "status": status, "output": [], "error": None}
    return {**body, "model": "gpt-6-luna", **fields}


def answers(*bodies: Any) -> Iterator[Any]:
    return iter([lambda _, body=body: httpx.Response(200, json=body) for body in bodies])


@pytest.fixture
def server(providers: Any) -> Any:
    """Let the host of OpenAI answer with JSON bodies, one after the other."""
    return lambda *bodies: providers.on("api.openai.com", *answers(*bodies))


@pytest.fixture
def openai(providers: Any, time: FakeTime) -> ScoutOpenAIChatModel:
    return ScoutOpenAIChatModel(
        model="gpt-6-luna",
        background=True,
        api_key="k",
        clock=time.clock,
        transport=providers.transport,
        max_retries=0,
    )


MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "so far", "annotations": []}],
}
FAILURES: list[tuple[Any, str]] = [
    (response("failed", error={"code": "server_error", "message": "broken"}), "server_error"),
    (response("failed", error={"code": "rate_limit_exceeded", "message": "full"}), "rate_limit"),
    (response("cancelled"), "capacity"),
]


@pytest.mark.parametrize("verb", WHOLE)
@pytest.mark.parametrize(("last", "kind"), FAILURES)
def test_a_response_that_failed_is_the_error_of_a_whole_answer(
    last: Any, kind: str, verb: str, server: Any, openai: Any, providers: Any
) -> None:
    server(response("queued"), response("in_progress"), last)
    with pytest.raises(ScoutError) as caught:
        run_model(openai, verb)
    assert caught.value.kind == kind  # type: ignore[attr-defined]  # a ProviderError
    assert [request.method for request in providers.requests] == ["POST", "GET", "GET"]


@pytest.mark.parametrize("verb", WHOLE)
def test_an_incomplete_response_is_an_answer_that_was_cut(
    verb: str, server: Any, openai: Any
) -> None:
    reason = {"reason": "max_output_tokens"}
    server(response("queued"), response("incomplete", output=[MESSAGE], incomplete_details=reason))
    message: AIMessage = run_model(openai, verb)
    assert message.text == "so far"
    assert message.response_metadata["finish_reason"] == "length"


@pytest.mark.parametrize("verb", WHOLE)
@pytest.mark.parametrize("answer_id", ["../../files", "", "a/b", "?", 7, None])
def test_an_id_that_would_change_the_url_is_a_malformed_answer(
    answer_id: Any, verb: str, server: Any, openai: Any, providers: Any
) -> None:
    server(response("queued", id=answer_id))
    with pytest.raises(ScoutError, match="'id'"):
        run_model(openai, verb)
    assert len(providers.requests) == 1


@pytest.mark.parametrize("verb", WHOLE)
def test_the_server_may_state_the_time_of_the_next_poll(
    verb: str, openai: Any, providers: Any, time: FakeTime
) -> None:
    states = [response("queued"), response("in_progress"), response("completed", output=[MESSAGE])]
    headers = {"openai-poll-after-ms": "4000"}
    providers.on(
        "api.openai.com",
        *[lambda _, body=body: httpx.Response(200, json=body, headers=headers) for body in states],
    )
    assert run_model(openai, verb).text == "so far"
    assert time.slept == [4.0, 4.0]
