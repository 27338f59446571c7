"""How each provider speaks OpenAI's protocol: one value for each dialect of its bodies.

Read off recorded traffic; where a provider has several generations, the newest recorded one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from scout_adapters.testing.ids import Ids
from scout_adapters.testing.protocols import openai_usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scout_adapters.testing.http_messages import Json

UsageAt = Literal["asked", "groq", "finish", "after", "openrouter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIDialect:
    """The quirks of one provider's chat completions."""

    answer_id: Callable[[Ids], str] = lambda ids: f"chatcmpl-{ids.hex(29)}"
    call_id: Callable[[Ids], str] = lambda ids: f"call_{ids.hex(24)}"
    usage: Callable[[openai_usage.UsageCounts], Json]
    usage_at: UsageAt = "finish"
    """Where a stream counts: a chunk of its own if asked for, Groq's own way, in the finish chunk,
    always in a chunk of its own, or in a last chunk with an empty choice."""

    caches: bool = False
    """Whether long beginnings of prompts are cached without being asked, and counted."""

    done: bool = True
    """Whether streams end with `[DONE]`."""

    opening: Json | None = field(default_factory=lambda: {"role": "assistant", "content": ""})
    """The first delta; None where the role comes with the first content."""

    every: Json = field(default_factory=dict)
    """Keys of every delta."""

    choice: Json = field(default_factory=lambda: {"logprobs": None, "finish_reason": None})
    """Keys of every streamed choice before the last."""

    silent: Json = field(default_factory=dict)
    """Content of a whole message that only calls tools; no key at all by default."""

    thought: Callable[[str], Json] | None = None
    """Renders a piece of reasoning; None where reasoning is only counted."""

    inline: bool = False
    """Reasoning stands in the text, between `<think>` tags, unless `reasoning_split` is asked."""

    whole_calls: bool = True
    """Streams a tool call in one delta."""

    finish_with_calls: bool = False
    indexed: bool = False
    """Tool calls of whole answers carry an `index`."""

    extra: Json = field(default_factory=dict)
    """Further keys of every body and chunk."""

    closing: Json = field(default_factory=dict)
    """Further keys of whole bodies and of the last chunk."""

    padding: Json = field(default_factory=dict)
    """Further keys of every chunk, which mean nothing."""

    stream_type: str = "text/event-stream; charset=utf-8"
    headers: Callable[[Ids], dict[str, str]] = lambda ids: {"x-request-id": ids.hex(32)}


def _details(text: str, form: str, **more: str) -> list[Json]:
    return [{"type": "reasoning.text", **more, "text": text, "format": form, "index": 0}]


def _request_id(ids: Ids) -> dict[str, str]:
    return {"x-request-id": f"req_{ids.hex(26)}"}


def _limits(ids: Ids) -> dict[str, str]:
    """Name OpenAI's and Groq's limits; resets are Go durations."""
    return {
        **_request_id(ids),
        "x-ratelimit-limit-requests": "1000",
        "x-ratelimit-limit-tokens": "30000",
        "x-ratelimit-remaining-requests": "999",
        "x-ratelimit-remaining-tokens": "29000",
        "x-ratelimit-reset-requests": "1m26.4s",
        "x-ratelimit-reset-tokens": "2.003s",
    }


VOICES: Mapping[str, OpenAIDialect] = {
    "openai": OpenAIDialect(
        usage=openai_usage.openai,
        caches=True,
        usage_at="asked",
        opening={"role": "assistant", "content": "", "refusal": None},
        silent={"content": None},
        whole_calls=False,
        extra={"service_tier": "default", "system_fingerprint": "fp_560af6e559"},
        padding={"obfuscation": "Nothing"},
        headers=lambda ids: {
            **_limits(ids),
            "openai-processing-ms": "1",
            "openai-version": "2020-10-01",
        },
    ),
    "groq": OpenAIDialect(
        answer_id=lambda ids: f"chatcmpl-{ids.uuid()}",
        call_id=lambda ids: f"fc_{ids.uuid()}",
        usage=openai_usage.groq,
        caches=True,
        usage_at="groq",
        thought=lambda text: {"reasoning": text, "channel": "analysis"},
        extra={"system_fingerprint": "fp_c82faf3ca0"},
        stream_type="text/event-stream",
        headers=lambda ids: {**_limits(ids), "x-groq-region": "fra"},
    ),
    "openrouter": OpenAIDialect(
        answer_id=lambda ids: f"gen-{ids.digits(10)}-{ids.hex(20)}",
        usage=openai_usage.openrouter,
        caches=True,
        usage_at="openrouter",
        opening=None,
        every={"role": "assistant", "content": ""},
        choice={"finish_reason": None, "native_finish_reason": None, "logprobs": None},
        silent={"content": None},
        thought=lambda text: {"reasoning": text, "reasoning_details": _details(text, "unknown")},
        indexed=True,
        extra={"provider": "Emulator", "system_fingerprint": None, "service_tier": None},
        stream_type="text/event-stream",
        headers=lambda ids: {"x-generation-id": f"gen-{ids.digits(10)}-{ids.hex(20)}"},
    ),
    "deepseek": OpenAIDialect(
        answer_id=Ids.uuid,
        call_id=lambda ids: f"call_00_{ids.hex(24)}",
        usage=openai_usage.deepseek,
        caches=True,
        thought=lambda text: {"content": None, "reasoning_content": text},
        silent={"content": ""},
        whole_calls=False,
        indexed=True,
        extra={"system_fingerprint": "fp_8b330d02d0_prod0820_fp8_kvcache_20260402"},
        padding={"usage": None},
        headers=lambda ids: {"x-ds-trace-id": ids.hex(32)},
    ),
    "mistral": OpenAIDialect(
        answer_id=lambda ids: ids.hex(32),
        call_id=lambda ids: ids.hex(9),
        usage=openai_usage.cached,
        choice={"finish_reason": None},
        silent={"content": ""},
        thought=lambda text: {
            "content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]
        },
        finish_with_calls=True,
        indexed=True,
        padding={"p": "abcdefghij"},
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
        caches=True,
        usage_at="after",
        opening=None,
        choice={},
        silent={"content": ""},
        thought=lambda text: {"reasoning_content": text},
        extra={"system_fingerprint": "fp_99052e9f23"},
        stream_type="text/event-stream",
    ),
    "together": OpenAIDialect(
        answer_id=lambda ids: f"{ids.hex(16)}-FRA",
        usage=lambda counts: {**openai_usage.basic(counts), "cached_tokens": 0},
        silent={"content": None},
        thought=lambda text: {"reasoning": text},
        indexed=True,
        headers=lambda _: {
            "x-ratelimit-limit": "2",
            "x-ratelimit-remaining": "1",
            "x-ratelimit-reset": "2",
        },
    ),
    "fireworks": OpenAIDialect(
        answer_id=Ids.uuid,
        usage=openai_usage.cached,
        silent={"content": None},
        thought=lambda text: {"reasoning_content": text},
        whole_calls=False,
    ),
    "cerebras": OpenAIDialect(
        answer_id=lambda ids: f"chatcmpl-{ids.uuid()}",
        call_id=lambda ids: ids.hex(9),
        usage=openai_usage.cached,
        done=False,
        opening={"role": "assistant"},
        choice={},
        thought=lambda text: {"reasoning": text},
        extra={"system_fingerprint": "fp_8a8c0bd8448557718491"},
        closing={"time_info": {"queue_time": 0.0001, "completion_time": 0.04, "total_time": 0.05}},
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
        usage_at="asked",
        opening=None,
        choice={"finish_reason": None},
        silent={"content": ""},
        thought=lambda text: {"content": "", "reasoning": text},
        indexed=True,
        extra={"system_fingerprint": "fp_ollama"},
        stream_type="text/event-stream",
    ),
    "minimax": OpenAIDialect(
        answer_id=lambda ids: ids.hex(32),
        call_id=lambda ids: f"call_function_{ids.hex(12)}_1",
        usage=openai_usage.minimax,
        usage_at="after",
        opening=None,
        every={"role": "assistant", "name": "MiniMax AI", "audio_content": ""},
        choice={},
        silent={"content": ""},
        thought=lambda text: {
            "reasoning_content": text,
            "reasoning_details": _details(text, "MiniMax-response-v1", id="reasoning-text-1"),
        },
        inline=True,
        extra={"input_sensitive": False, "output_sensitive": False},
        closing={"base_resp": {"status_code": 0, "status_msg": ""}},
        padding={"usage": None},
        stream_type="text/event-stream",
        headers=lambda ids: {"trace-id": ids.hex(32)},
    ),
    "vllm": OpenAIDialect(
        answer_id=lambda ids: f"chatcmpl-{ids.hex(32)}",
        usage=openai_usage.basic,
        usage_at="asked",
        silent={"content": None},
        thought=lambda text: {"reasoning_content": text},
        whole_calls=False,
    ),
}
