"""Builds bodies of the Responses API, and judges them by the types of OpenAI's own package."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
)
from openai.types.responses.response_create_params import ResponseCreateParams

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.types import ChatRequest, ProviderSpec
from scout_adapters.llm.wires.openai_responses import WIRE
from tests.llm.wires.openai_responses.examples import (
    SPEC,
    response,
)
from tests.system.conversations.strict_judge import judge

departures = judge(ResponseCreateParams)
HI = HumanMessage("hi")


def build(
    *messages: BaseMessage, spec: ProviderSpec = SPEC, check: bool = True, **fields: Any
) -> Json:
    conversation = build_turns(messages or [HI], spec)
    request = ChatRequest(**{"model": "gpt-5", "messages": messages, **fields})
    body = WIRE.build_body(request, conversation.turns, spec)
    assert not check or departures(body) == []
    return body


def items(*messages: BaseMessage, **fields: Any) -> list[Json]:
    built: list[Json] = build(*messages, **fields)["input"]
    return built


def answer(*output: Json) -> AIMessage:
    return WIRE.parse_response(response(*output), SPEC)
