"""Answers of providers of which nothing was recorded, in the shapes that their pages show.

The values are made up; each row has the page with its shape.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import httpx
import pytest
from langchain_core.messages import AIMessage

from scout_adapters import init_scout_model
from tests.support.verbs import merge_chunks

COUNTS = {"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19}


class Shape(NamedTuple):
    """An answer: the fields of its message and of its usage beside the usual ones."""

    provider: str
    source: str
    message: dict[str, Any]
    usage: dict[str, Any] = {}  # noqa: RUF012  # never changed
    text: str = "Hello."
    reasoning: str | None = None
    cost: float | None = None
    finish: str = "stop"

    def __str__(self) -> str:
        return f"{self.provider} {' '.join(self.message) or 'plain'}"


HELLO = {"content": "Hello."}
SHAPES = (
    Shape(
        "nvidia",
        "https://github.com/vava-nessa/free-coding-models/issues/98",
        HELLO | {"reasoning_content": None, "tool_calls": [], "refusal": None},
        {"prompt_tokens_details": None, "reasoning_tokens": 0},
    ),
    Shape(
        "nvidia",
        "https://docs.api.nvidia.com/nim/reference/llm-apis",
        HELLO | {"reasoning_content": "Think."},
        reasoning="Think.",
    ),
    Shape(
        "deepinfra",
        "https://docs.deepinfra.com/chat/overview",
        HELLO | {"reasoning_content": None, "tool_calls": None, "name": None},
        {"prompt_tokens_details": None, "estimated_cost": 0.0000268},
        cost=0.0000268,
    ),
    Shape(  # a model that spent its whole limit on reasoning
        "novita",
        "https://github.com/juspay/neurolink/blob/HEAD/src/lib/providers/catalog/novita.json",
        {"content": "", "reasoning_content": "Let me"},
        text="",
        reasoning="Let me",
        finish="length",
    ),
    Shape(
        "wandb",
        "https://docs.wandb.ai/inference/response-settings/reasoning",
        HELLO | {"reasoning": "Think."},
        reasoning="Think.",
    ),
    Shape(  # LiteLLM's llms/ovhcloud: the newer name of the field, and the older one
        "ovhcloud",
        "https://docs.litellm.ai/docs/providers",
        HELLO | {"reasoning": "Think."},
        reasoning="Think.",
    ),
    Shape(
        "ovhcloud",
        "https://docs.litellm.ai/docs/providers",
        HELLO | {"reasoning_content": "Think."},
        reasoning="Think.",
    ),
    Shape(
        "sambanova",
        "https://github.com/sambanova/ai-starter-kit/pull/560",
        HELLO,
        {
            "acceptance_rate": 4.0,
            "completion_tokens_after_first_per_sec": 402.1,
            "completion_tokens_after_first_per_sec_first_ten": 406.2,
            "is_last_response": True,
            "time_to_first_token": 0.1,
            "total_latency": 0.3,
        },
    ),
    Shape("nebius", "https://docs.tokenfactory.nebius.com/api-reference/introduction", HELLO),
    Shape("hyperbolic", "https://docs.hyperbolic.ai/inference/text-apis", HELLO),
    Shape(
        "scaleway",
        "https://www.scaleway.com/en/docs/generative-apis/api-cli/using-chat-api",
        HELLO | {"refusal": None, "annotations": None, "reasoning_content": None},
        {"prompt_tokens_details": None},
    ),
    Shape("chutes", "https://chutes.ai/docs/guides/agents-and-tools", HELLO | {"tool_calls": None}),
    Shape(  # its reasoning is encrypted and shown empty
        "meta",
        "https://dev.meta.ai/docs/protocols/chat-completions",
        HELLO | {"reasoning_content": ""},
    ),
    Shape("langsmith", "https://docs.langchain.com/langsmith/llm-gateway-api-formats", HELLO),
)


def server(shape: Shape) -> httpx.MockTransport:
    """Return a server that answers in this shape, whole or streamed, as the request asks for."""
    head = {"id": "chatcmpl-1", "created": 1, "model": "m"}
    usage = COUNTS | shape.usage

    def answer(request: httpx.Request) -> httpx.Response:
        if not json.loads(request.content).get("stream"):
            message = {"role": "assistant", **shape.message}
            choice = {"index": 0, "message": message, "finish_reason": shape.finish}
            body = head | {"object": "chat.completion", "choices": [choice], "usage": usage}
            return httpx.Response(200, json=body)
        delta = {name: value for name, value in shape.message.items() if value is not None}
        deltas = [({"role": "assistant", "content": ""}, None), (delta, None), ({}, shape.finish)]
        choices = [[{"index": 0, "delta": d, "finish_reason": f}] for d, f in deltas]
        chunks = [head | {"choices": each} for each in choices]
        lines = [*chunks, head | {"choices": [], "usage": usage}]
        text = "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + "data: [DONE]\n\n"
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=text)

    return httpx.MockTransport(answer)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_an_answer_is_read_as_its_provider_s_page_shows_it(shape: Shape, streamed: bool) -> None:
    assert shape.source.startswith("https://")
    options: dict[str, Any] = {"api_key": "k", "transport": server(shape), "max_retries": 0}
    model = init_scout_model(f"{shape.provider}/m", **options)
    message: AIMessage = merge_chunks(list(model.stream("hi"))) if streamed else model.invoke("hi")
    assert message.text == shape.text
    assert (message.additional_kwargs.get("reasoning_content") or None) == shape.reasoning
    assert message.tool_calls == []
    assert message.usage_metadata is not None
    assert message.usage_metadata["input_tokens"] == COUNTS["prompt_tokens"]
    assert message.usage_metadata["output_tokens"] == COUNTS["completion_tokens"]
    assert message.response_metadata["finish_reason"] == shape.finish
    scout = message.response_metadata["scout"]
    assert scout["provider"] == shape.provider
    assert (scout["cost_usd"] if scout["cost_source"] == "provider" else None) == shape.cost
