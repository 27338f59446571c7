"""What belongs to a maker alone: signatures, what is encrypted, thoughts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.messages import BaseMessage

SEALED = frozenset({"signature", "thoughtSignature", "encrypted_content", "encrypted_index"})
THOUGHTS = frozenset({"thinking", "reasoning", "reasoning_content"})
SIGNATURES = "__gemini_function_call_thought_signatures__"
BOUND = SEALED | THOUGHTS | {SIGNATURES}


def bound(value: Any, *, under: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from bound(inner, under=SIGNATURES if under == SIGNATURES else key)
    elif isinstance(value, list):
        for inner in value:
            yield from bound(inner, under=under)
    elif isinstance(value, str) and value and under in BOUND:
        yield value


def leaks(messages: Sequence[BaseMessage], body: Any) -> list[str]:
    """Return what of it stands in a request."""
    text = json.dumps(body, ensure_ascii=False)
    return [one for one in bound([one.model_dump() for one in messages]) if one in text]
