"""Parts of requests."""

from __future__ import annotations

from typing import Any

USER = {"role": "user", "content": "Hi"}


def call(made: str, name: str = "f") -> dict[str, Any]:
    return {"id": made, "type": "function", "function": {"name": name, "arguments": "{}"}}


def calling(*made: str) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": [call(one) for one in made]}


def result(made: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": made, "content": "ok"}
