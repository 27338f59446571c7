"""Whole answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE

PLAIN = ProviderSpec(
    name="openai",
    docs="https://platform.openai.com/docs",
    wire=WIRE,
    base_url="https://api.openai.com",
)

ID = "chatcmpl-9xYz012345"


def answer(message: Json | None = None, *, choice: Json | None = None, **body: Any) -> Json:
    return {
        "id": ID,
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-5-2026",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello"} | (message or {}),
                "finish_reason": "stop",
            }
            | (choice or {})
        ],
        **body,
    }


def parse(body: Any, maker: str = "") -> AIMessage:
    return WIRE.parse_response(body, replace(PLAIN, model_provider=maker))


def tool_call(arguments: Any, **more: Any) -> Json:
    return {"type": "function", "function": {"name": "f", "arguments": arguments}, **more}
