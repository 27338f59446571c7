"""Mistral's own models, documented at https://docs.mistral.ai/api/endpoint/chat."""

import hashlib
import re
from typing import Literal

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import EmbeddingsApi, ProviderSpec, RateLimitHeaders
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

OWN_ID = re.compile(r"[A-Za-z0-9]{9}")


def _nine_characters(call_id: str) -> str:
    """Return an id of nine letters and digits, which Mistral requires; its own pass unchanged."""
    return (
        call_id if OWN_ID.fullmatch(call_id) else hashlib.sha256(call_id.encode()).hexdigest()[:9]
    )


def _adjust(body: Json) -> Json:
    """Write audio and documents in Mistral's form, and meet its rules for roles.

    Only an assistant message may follow a tool message (error 3230). An assistant message may be
    the last one only with `prefix`, which continues it. Messages have no `name`.
    """
    messages: list[Json] = []
    for message in body["messages"]:
        message.pop("name", None)
        if isinstance(message.get("content"), list):
            message["content"] = [_part(part) for part in message["content"]]
        if messages and messages[-1]["role"] == "tool" and message["role"] in {"user", "system"}:
            messages.append({"role": "assistant", "content": "OK"})
        messages.append(message)
    if messages and messages[-1]["role"] == "assistant" and not messages[-1].get("tool_calls"):
        messages[-1]["prefix"] = True
    return body | {"messages": messages}


def _part(part: Json) -> Json:
    """Write audio as plain base64, and documents as `document_url`."""
    match part:
        case {"type": "input_audio", "input_audio": {"data": data}}:
            return {"type": "input_audio", "input_audio": data}
        case {"type": "file", "file": {"file_data": data}}:
            return {"type": "document_url", "document_url": data}
    return part


UNITS: tuple[tuple[Literal["requests", "tokens"], str], ...] = (
    ("requests", "req"),
    ("tokens", "tokens"),
)

WINDOWS = {
    "second": 1,
    "1-second": 1,
    "10-second": 10,
    "30-second": 30,
    "60-second": 60,
    "minute": 60,
    "5-minute": 300,
    "hour": 3600,
    "1-hour": 3600,
    "day": 86_400,
    "1-day": 86_400,
    "month": 86_400,
    "1-month": 86_400,
}
"""Seconds of the windows in the names of its headers; they differ by model and plan.

What is left of a month is looked at again after a day, as its end is not stated.
"""

SPEC = ProviderSpec(
    name="mistral",
    docs="https://docs.mistral.ai/api/endpoint/chat",
    wire=WIRE,
    base_url="https://api.mistral.ai/v1",
    default_model="mistral-small-latest",
    models=("mistral-", "ministral-", "codestral-", "magistral-", "devstral-", "pixtral-"),
    model_provider="mistralai",
    tool_call_id=_nine_characters,
    dialect=ChatCompletionsDialect(
        any_tool="any",
        reasoning_field="content",
        reasoning_models=re.compile(
            r"(?!ministral|codestral|pixtral|voxtral|open-|mistral-(?:tiny|saba|nemo))"
        ),
        refuses=frozenset({"empty_answers"}),  # error 3240
    ),
    body_fields=frozenset({"guardrails", "prompt_mode", "random_seed", "safe_prompt"}),
    rename={"seed": "random_seed"},
    drop=frozenset({"stream_options"}),  # 422; streams have token counts without it
    adjust=_adjust,
    json_schema=False,
    # https://docs.mistral.ai/api/endpoint/embeddings; the limits are those of its errors, "Too many
    # inputs in request" (from user reports) and "Too many tokens in batch. Max is 16384".
    embeddings=EmbeddingsApi(
        max_inputs=256,
        max_tokens=16_384,
        dimensions_field="output_dimension",
        body_fields=frozenset({"metadata"}),
    ),
    limits=(
        RateLimitHeaders(
            counts="tokens", remaining="ratelimitbysize-remaining", reset="ratelimitbysize-reset"
        ),
        *(
            RateLimitHeaders(
                counts=counts, remaining=f"x-ratelimit-remaining-{unit}-{name}", window=seconds
            )
            for counts, unit in UNITS
            for name, seconds in WINDOWS.items()
        ),
    ),
    quirks=(
        "Tool-call ids have nine letters and digits; ids of other providers are converted.",
        "A 401 without a body may mean an exhausted quota instead of an invalid key.",
    ),
)
