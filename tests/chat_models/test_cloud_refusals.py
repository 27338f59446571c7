"""Refusals of the clouds are named as what they are, whole and in streams."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from scout_adapters import (
    ScoutAzureAnthropicChatModel,
    ScoutAzureOpenAIChatModel,
    ScoutBedrockChatModel,
    ScoutRouterChatModel,
    ScoutVertexChatModel,
)
from scout_adapters.errors import ErrorKind, ProviderError, StreamInterrupted
from scout_adapters.testing import Emulator
from scout_adapters.testing.faults import refusals
from tests.support.verbs import merge_chunks

CLAUDE = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
CLOUDS: dict[str, tuple[Any, str, dict[str, str]]] = {
    "azure": (ScoutAzureOpenAIChatModel, "azure", {"model": "gpt", "resource": "r"}),
    "foundry": (
        ScoutAzureAnthropicChatModel,
        "azure_anthropic",
        {"model": "claude-haiku-4-5", "resource": "r"},
    ),
    "bedrock": (ScoutBedrockChatModel, "bedrock", {"model": CLAUDE, "region": "us-east-1"}),
    "bedrock-chat": (
        ScoutBedrockChatModel,
        "bedrock",
        {"model": "openai.gpt-oss-120b-1:0", "region": "us-east-1"},
    ),
    "vertex": (ScoutVertexChatModel, "vertex", {"model": "gemini-3.5-flash", "project": "p"}),
    "vertex-claude": (
        ScoutVertexChatModel,
        "vertex",
        {"model": "claude-haiku-4-5@20251001", "project": "p"},
    ),
}
KINDS: dict[refusals.Fault, str] = {
    refusals.Revoked(): "auth_invalid",
    refusals.Suspended(): "auth_suspended",
    refusals.Forbidden(): "permission",
    refusals.ModelMissing(): "model_not_found",
    refusals.ContextOverflow(): "context_overflow",
    refusals.Overloaded(): "capacity",
    refusals.RateLimited(3): "rate_limit",
    refusals.DailyQuota(): "quota_window",
    refusals.BadRequest("odd"): "invalid_request",
    refusals.ServerError(502): "server_error",
}


@pytest.mark.parametrize("stream", [False, True], ids=["invoke", "stream"])
@pytest.mark.parametrize("fault", KINDS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_refusal_of_a_cloud_is_named(cloud: str, fault: refusals.Fault, stream: bool) -> None:
    make, provider, options = CLOUDS[cloud]
    emulator = Emulator(down={provider: fault})
    model = make(**options, api_key="ya29.k", transport=emulator.transport(), max_retries=0)
    with pytest.raises(ProviderError) as caught:
        list(model.stream("Hello")) if stream else model.invoke("Hello")
    assert str(caught.value.kind) == KINDS[fault]


def streamed(*events: str) -> httpx.MockTransport:
    body = "".join(f"event: x\ndata: {event}\n\n" for event in events).encode()
    headers = {"content-type": "text/event-stream"}
    return httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=body))


START = (
    '{"type":"message_start","message":{"id":"msg_bdrk_1","type":"message","role":"assistant",'
    '"model":"claude-haiku-4-5","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}'
)
TEXT = (
    '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
    '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}',
)
BROKEN = (
    '{"type":"error","error":{"type":"modelStreamErrorException",'
    '"message":"An error occurred while streaming the response. Retry your request."}}'
)


def bedrock(transport: httpx.MockTransport) -> ScoutBedrockChatModel:
    return ScoutBedrockChatModel(
        model=CLAUDE, region="us-east-1", api_key="k", transport=transport, max_retries=0
    )


def test_a_stream_that_bedrock_breaks_before_content_goes_to_the_next_candidate() -> None:
    vertex = ScoutVertexChatModel(
        model="claude-haiku-4-5", project="p", api_key="ya29.k", transport=Emulator().transport()
    )
    router = ScoutRouterChatModel(models=[bedrock(streamed(START, BROKEN)), vertex], max_retries=0)
    text = "".join(chunk.text for chunk in router.stream("Hello"))
    assert "vertex/claude-haiku-4-5" in text


def test_a_stream_that_bedrock_breaks_after_content_keeps_what_arrived() -> None:
    with pytest.raises(StreamInterrupted) as caught:
        list(bedrock(streamed(START, *TEXT, BROKEN)).stream("Hello"))
    assert caught.value.partial.text == "Hel"
    cause = caught.value.__cause__
    assert isinstance(cause, ProviderError)
    assert cause.kind is ErrorKind.SERVER_ERROR


def test_an_answer_that_azure_s_filter_withholds_says_what_it_found() -> None:
    found = {"violence": {"filtered": True, "severity": "high"}}
    choice = {"index": 0, "finish_reason": "content_filter", "content_filter_results": found}
    body = {"id": "1", "model": "gpt-4.1-2025-04-14", "object": "chat.completion"}
    reply = httpx.Response(200, json={**body, "choices": [choice]})
    model = ScoutAzureOpenAIChatModel(
        model="gpt", resource="r", api_key="k", transport=httpx.MockTransport(lambda _: reply)
    )
    metadata = model.invoke("Hello").response_metadata
    assert metadata["finish_reason"] == "content_filter"
    assert metadata["content_filter_results"] == found


TRACE = {"guardrail": {"input": {"gr-1": {"topicPolicy": {"topics": []}}}}}
GUARDED = {"amazon-bedrock-guardrailAction": "INTERVENED", "amazon-bedrock-trace": TRACE}
BLOCKED = "Sorry, the model cannot answer this question."


def test_an_answer_in_which_a_guardrail_of_bedrock_intervened_says_so() -> None:
    body = {
        "id": "msg_bdrk_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": [{"type": "text", "text": BLOCKED}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 9},
        **GUARDED,
    }
    answer = bedrock(httpx.MockTransport(lambda _: httpx.Response(200, json=body))).invoke("Hi")
    assert answer.text == BLOCKED
    assert {name: answer.response_metadata[name] for name in GUARDED} == GUARDED


@pytest.mark.parametrize("place", ["message_delta", "message_stop"])
def test_a_stream_in_which_a_guardrail_of_bedrock_intervened_says_so(place: str) -> None:
    ends: dict[str, dict[str, Any]] = {
        "message_delta": {"delta": {"stop_reason": "guardrail_intervened"}},
        "message_stop": {},
    }
    ends[place] |= GUARDED
    events = [json.dumps({"type": kind, **end}) for kind, end in ends.items()]
    stop = '{"type":"content_block_stop","index":0}'
    chunks = list(bedrock(streamed(START, *TEXT, stop, *events)).stream("Hi"))
    metadata = merge_chunks(chunks).response_metadata
    assert metadata["stop_reason"] == "guardrail_intervened"
    assert {name: metadata[name] for name in GUARDED} == GUARDED


def test_a_guardrail_over_chat_completions_says_so() -> None:
    choice = {"index": 0, "finish_reason": "stop", "message": {"content": BLOCKED}}
    body = {"id": "1", "model": "openai.gpt-oss-120b-1:0", "choices": [choice], **GUARDED}
    reply = httpx.Response(200, json=body)
    model = ScoutBedrockChatModel(
        model="openai.gpt-oss-120b-1:0",
        region="us-east-1",
        api_key="k",
        transport=httpx.MockTransport(lambda _: reply),
    )
    metadata = model.invoke("Hi").response_metadata
    assert metadata["amazon-bedrock-guardrailAction"] == "INTERVENED"


def test_provisioned_throughput_at_its_limit_rests_for_the_stated_milliseconds() -> None:
    headers = {"retry-after-ms": "850", "retry-after": "1"}
    body = {"error": {"code": "429", "message": "Rate limit is exceeded. Try again in 1 seconds."}}
    transport = httpx.MockTransport(lambda _: httpx.Response(429, headers=headers, json=body))
    model = ScoutAzureOpenAIChatModel(
        model="gpt", resource="r", api_key="k", transport=transport, max_retries=0, max_wait=0
    )
    with pytest.raises(ProviderError) as caught:
        model.invoke("Hello")
    assert caught.value.retry_after == 0.85
