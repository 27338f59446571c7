"""How each provider deviates from OpenAI's chat completions: one `OpenAIDialect` for each.

Taken from recorded traffic; where a provider has several generations, the newest recorded one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from scout_adapters.testing.http_messages import dumps
from scout_adapters.testing.ids import Ids
from scout_adapters.testing.protocols import openai_usage
from scout_adapters.testing.protocols.protocol import data_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scout_adapters.testing.http_messages import Json
    from scout_adapters.testing.protocols.protocol import EmulatedRequest

UsageAt = Literal["on_request", "groq", "finish", "after", "openrouter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIDialect:
    """How one provider writes its chat completions. A field `*_keys` is added to a JSON object."""

    answer_id: Callable[[Ids], str] = lambda ids: f"chatcmpl-{ids.hex(29)}"
    call_id: Callable[[Ids], str] = lambda ids: f"call_{ids.hex(24)}"
    usage: Callable[[openai_usage.UsageCounts], Json]
    usage_at: UsageAt = "finish"
    """Where a stream contains the usage: in a chunk of its own if the request sets
    `include_usage`, in Groq's `x_groq`, in the finish chunk, always in a chunk of its own after the
    finish, or in a last chunk with an empty choice (OpenRouter)."""

    caches: bool = False
    """Whether long prefixes of prompts are cached without a marker, and counted."""

    ends_with_done: bool = True
    """Whether streams end with `[DONE]`."""

    first_delta: Json | None = field(default_factory=lambda: {"role": "assistant", "content": ""})
    """The first delta; None if the role comes with the first content."""

    delta_keys: Json = field(default_factory=dict)
    """Keys of every delta."""

    choice_keys: Json = field(default_factory=lambda: {"logprobs": None, "finish_reason": None})
    """Keys of every streamed choice before the last."""

    whole_choice_keys: Json = field(default_factory=dict)
    """Keys of the choice of a whole answer."""

    textless_keys: Json = field(default_factory=dict)
    """Keys of a whole message that contains only tool calls, instead of `content`."""

    reasoning_delta: Callable[[str], Json] | None = None
    """Returns a piece of reasoning as a delta; None if reasoning is only counted."""

    reasoning_in_text: bool = False
    """Reasoning is in the text, in `<think>` tags, unless the request sets `reasoning_split`."""

    null_reasoning: Json = field(default_factory=dict)
    """Keys of text deltas that follow reasoning."""

    calls_in_one_delta: bool = True
    """Whether a stream contains each tool call in one delta."""

    finish_with_last_delta: bool = False
    """Whether the finish reason is in the chunk of the last delta."""

    calls_have_index: bool = False
    """Whether tool calls of whole answers have an `index`."""

    message_keys: Json = field(default_factory=dict)
    """Keys of whole messages."""

    body_keys: Json = field(default_factory=dict)
    """Keys of whole bodies and of chunks."""

    last_keys: Json = field(default_factory=dict)
    """Keys of whole bodies and of the last chunk."""

    chunk_keys: Json = field(default_factory=dict)
    """Keys of chunks, without meaning."""

    x_groq: bool = False
    """Whether bodies and first chunks contain Groq's `x_groq`."""

    blank_lines: bytes = b""
    """Sent in front of whole bodies, to keep the connection alive."""

    comments: bytes = b""
    """Sent in front of the first chunk of a stream, to keep the connection alive."""

    error_event: Callable[[EmulatedRequest, Json, int], bytes] = data_event
    """Returns an error body with its status as an event of a stream."""

    stream_type: str = "text/event-stream; charset=utf-8"
    headers: Callable[[Ids], dict[str, str]] = lambda ids: {"x-request-id": ids.hex(32)}


def _details(text: str, form: str, **more: str) -> list[Json]:
    return [{"type": "reasoning.text", **more, "text": text, "format": form, "index": 0}]


def _request_id(ids: Ids) -> dict[str, str]:
    return {"x-request-id": f"req_{ids.hex(26)}"}


def _limits(ids: Ids) -> dict[str, str]:
    """Return the rate-limit headers of OpenAI and Groq; resets are Go durations."""
    return {
        **_request_id(ids),
        "x-ratelimit-limit-requests": "1000",
        "x-ratelimit-limit-tokens": "30000",
        "x-ratelimit-remaining-requests": "999",
        "x-ratelimit-remaining-tokens": "29000",
        "x-ratelimit-reset-requests": "1m26.4s",
        "x-ratelimit-reset-tokens": "2.003s",
    }


def _groq_error(_: EmulatedRequest, body: Json, status: int) -> bytes:
    body["error"]["status_code"] = status
    return b"event: error\ndata: " + dumps(body) + b"\n\n"


def _openrouter_error(request: EmulatedRequest, body: Json, status: int) -> bytes:
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "error"}
    chunk = {
        "id": f"gen-{request.ids.digits(10)}-{request.ids.hex(20)}",
        "provider": "Emulator",
        "model": request.model,
        "object": "chat.completion.chunk",
        "created": int(request.wall),
        "choices": [choice],
    }
    return data_event(request, body | chunk, status)


_SAFE: Json = {
    kind: {"filtered": False, "severity": "safe"}
    for kind in ("hate", "self_harm", "sexual", "violence")
}
_PROMPT_FILTER = [{"prompt_index": 0, "content_filter_results": _SAFE}]
_FILTER_EVENT: Json = {"choices": [], "created": 0, "id": "", "model": "", "object": ""}
_FILTER_EVENT["prompt_filter_results"] = _PROMPT_FILTER

DIALECTS: Mapping[str, OpenAIDialect] = {
    "openai": OpenAIDialect(
        usage=openai_usage.openai,
        caches=True,
        usage_at="on_request",
        first_delta={"role": "assistant", "content": "", "refusal": None},
        message_keys={"refusal": None, "annotations": []},
        textless_keys={"content": None},
        calls_in_one_delta=False,
        body_keys={"service_tier": "default", "system_fingerprint": "fp_560af6e559"},
        chunk_keys={"obfuscation": "Nothing"},
        headers=lambda ids: {
            **_limits(ids),
            "openai-processing-ms": "1",
            "openai-version": "2020-10-01",
        },
    ),
    "azure": OpenAIDialect(
        usage=openai_usage.openai,
        caches=True,
        usage_at="on_request",
        first_delta={"role": "assistant", "content": "", "refusal": None},
        message_keys={"refusal": None, "annotations": []},
        textless_keys={"content": None},
        calls_in_one_delta=False,
        choice_keys={"logprobs": None, "finish_reason": None, "content_filter_results": {}},
        whole_choice_keys={"content_filter_results": _SAFE},
        last_keys={"prompt_filter_results": _PROMPT_FILTER},
        body_keys={"system_fingerprint": "fp_560af6e559"},
        comments=b"data: %b\n\n" % dumps(_FILTER_EVENT),
        headers=lambda ids: {**_limits(ids), "apim-request-id": ids.uuid()},
    ),
    "groq": OpenAIDialect(
        answer_id=lambda ids: f"chatcmpl-{ids.uuid()}",
        call_id=lambda ids: f"fc_{ids.uuid()}",
        usage=openai_usage.groq,
        caches=True,
        usage_at="groq",
        x_groq=True,
        error_event=_groq_error,
        reasoning_delta=lambda text: {"reasoning": text, "channel": "analysis"},
        body_keys={"system_fingerprint": "fp_c82faf3ca0"},
        stream_type="text/event-stream",
        headers=lambda ids: {**_limits(ids), "x-groq-region": "fra"},
    ),
    "openrouter": OpenAIDialect(
        answer_id=lambda ids: f"gen-{ids.digits(10)}-{ids.hex(20)}",
        usage=openai_usage.openrouter,
        caches=True,
        usage_at="openrouter",
        message_keys={"refusal": None, "reasoning": None},
        blank_lines=b"\n         \n\n         \n",
        comments=b": OPENROUTER PROCESSING\n\n" * 2,
        error_event=_openrouter_error,
        first_delta=None,
        delta_keys={"role": "assistant", "content": ""},
        choice_keys={"finish_reason": None, "native_finish_reason": None, "logprobs": None},
        textless_keys={"content": None},
        reasoning_delta=lambda text: {
            "reasoning": text,
            "reasoning_details": _details(text, "unknown"),
        },
        calls_have_index=True,
        body_keys={"provider": "Emulator", "system_fingerprint": None, "service_tier": None},
        stream_type="text/event-stream",
        headers=lambda ids: {"x-generation-id": f"gen-{ids.digits(10)}-{ids.hex(20)}"},
    ),
    "deepseek": OpenAIDialect(
        answer_id=Ids.uuid,
        call_id=lambda ids: f"call_00_{ids.hex(24)}",
        usage=openai_usage.deepseek,
        caches=True,
        reasoning_delta=lambda text: {"content": None, "reasoning_content": text},
        null_reasoning={"reasoning_content": None},
        textless_keys={"content": ""},
        calls_in_one_delta=False,
        calls_have_index=True,
        body_keys={"system_fingerprint": "fp_8b330d02d0_prod0820_fp8_kvcache_20260402"},
        chunk_keys={"usage": None},
        headers=lambda ids: {"x-ds-trace-id": ids.hex(32)},
    ),
    "mistral": OpenAIDialect(
        answer_id=lambda ids: ids.hex(32),
        call_id=lambda ids: ids.hex(9),
        usage=openai_usage.cached,
        message_keys={"tool_calls": None},
        choice_keys={"finish_reason": None},
        textless_keys={"content": ""},
        reasoning_delta=lambda text: {
            "content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]
        },
        finish_with_last_delta=True,
        calls_have_index=True,
        chunk_keys={"p": "abcdefghij"},
        headers=lambda ids: {
            "mistral-correlation-id": ids.uuid(),
            "x-ratelimit-limit-req-minute": "60",
            "x-ratelimit-remaining-req-minute": "59",
            "x-ratelimit-tokens-query-cost": "68",
        },
    ),
    "xai": OpenAIDialect(
        answer_id=Ids.uuid,
        call_id=lambda ids: f"call_{ids.digits(8)}",
        usage=openai_usage.xai,
        message_keys={"refusal": None},
        caches=True,
        usage_at="after",
        first_delta=None,
        choice_keys={},
        textless_keys={"content": ""},
        reasoning_delta=lambda text: {"reasoning_content": text},
        body_keys={"system_fingerprint": "fp_99052e9f23"},
        stream_type="text/event-stream",
    ),
    "together": OpenAIDialect(
        answer_id=lambda ids: f"{ids.hex(16)}-FRA",
        usage=lambda counts: {**openai_usage.basic(counts), "cached_tokens": 0},
        textless_keys={"content": None},
        reasoning_delta=lambda text: {"reasoning": text},
        calls_have_index=True,
        headers=lambda _: {
            "x-ratelimit-limit": "2",
            "x-ratelimit-remaining": "1",
            "x-ratelimit-reset": "2",
        },
    ),
    "fireworks": OpenAIDialect(
        answer_id=Ids.uuid,
        usage=openai_usage.cached,
        textless_keys={"content": None},
        reasoning_delta=lambda text: {"reasoning_content": text},
        calls_in_one_delta=False,
    ),
    "cerebras": OpenAIDialect(
        answer_id=lambda ids: f"chatcmpl-{ids.uuid()}",
        call_id=lambda ids: ids.hex(9),
        usage=openai_usage.cached,
        ends_with_done=False,
        first_delta={"role": "assistant"},
        choice_keys={},
        reasoning_delta=lambda text: {"reasoning": text},
        body_keys={"system_fingerprint": "fp_8a8c0bd8448557718491"},
        last_keys={
            "time_info": {"queue_time": 0.0001, "completion_time": 0.04, "total_time": 0.05}
        },
        headers=lambda ids: {
            "x-request-id": f"{ids.hex(16)}-FRA",
            "x-ratelimit-limit-requests-day": "1440000",
            "x-ratelimit-remaining-requests-day": "1439980",
            "x-ratelimit-reset-requests-day": "3554.371318101883",
        },
    ),
    "ollama": OpenAIDialect(
        answer_id=lambda ids: f"chatcmpl-{ids.digits(3)}",
        call_id=lambda ids: f"call_{ids.hex(8)}",
        usage=openai_usage.basic,
        usage_at="on_request",
        first_delta=None,
        choice_keys={"finish_reason": None},
        textless_keys={"content": ""},
        reasoning_delta=lambda text: {"content": "", "reasoning": text},
        calls_have_index=True,
        body_keys={"system_fingerprint": "fp_ollama"},
        stream_type="text/event-stream",
    ),
    "minimax": OpenAIDialect(
        answer_id=lambda ids: ids.hex(32),
        call_id=lambda ids: f"call_function_{ids.hex(12)}_1",
        usage=openai_usage.minimax,
        usage_at="after",
        first_delta=None,
        delta_keys={"role": "assistant", "name": "MiniMax AI", "audio_content": ""},
        choice_keys={},
        textless_keys={"content": ""},
        reasoning_delta=lambda text: {
            "reasoning_content": text,
            "reasoning_details": _details(text, "MiniMax-response-v1", id="reasoning-text-1"),
        },
        reasoning_in_text=True,
        body_keys={"input_sensitive": False, "output_sensitive": False},
        last_keys={"base_resp": {"status_code": 0, "status_msg": ""}},
        chunk_keys={"usage": None},
        stream_type="text/event-stream",
        headers=lambda ids: {"trace-id": ids.hex(32)},
    ),
    "vllm": OpenAIDialect(
        answer_id=lambda ids: f"chatcmpl-{ids.hex(32)}",
        usage=openai_usage.basic,
        usage_at="on_request",
        textless_keys={"content": None},
        reasoning_delta=lambda text: {"reasoning_content": text},
        calls_in_one_delta=False,
    ),
}
