"""Turns, and the request in Anthropic's form that they become."""

from __future__ import annotations

from typing import Any

from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.anthropic_messages import WIRE

SPEC = ProviderSpec(
    name="anthropic",
    docs="https://platform.claude.com/docs/en/api/messages",
    wire=WIRE,
    base_url="https://api.anthropic.com",
)

MARK = {"type": "ephemeral"}

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tell the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def call(name: str = "weather", call_id: str = "toolu_1", **args: Any) -> dict[str, Any]:
    return {"type": "tool_call", "id": call_id, "name": name, "args": args}


def turn(role: Any, *blocks: Any, **more: Any) -> Turn:
    content = [text(block) if isinstance(block, str) else block for block in blocks]
    return Turn(role=role, blocks=content, at=more.pop("at", 0), **more)


def answer(call_id: str, *blocks: Any, **more: Any) -> Turn:
    return turn("tool", *blocks, tool_call_id=call_id, **more)


def build(*turns: Turn, spec: ProviderSpec = SPEC, **request: Any) -> dict[str, Any]:
    request = {"model": "claude-sonnet-4-6", **request}
    return WIRE.build_body(ChatRequest(messages=[], **request), turns or [turn("user", "hi")], spec)


def messages(*turns: Turn, **request: Any) -> list[dict[str, Any]]:
    return build(*turns, **request)["messages"]
