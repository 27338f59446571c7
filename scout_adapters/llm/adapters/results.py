"""Results without LangChain: what a provider function returns, and what `call_llm` returns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProviderResult:
    """A provider's answer to one prompt. Cost in USD; None means unknown."""

    response_text: str
    cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    model: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class LLMResponse:
    """An answer and its cost in USD; None means unknown."""

    content: str
    cost_usd: float | None = None
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    provider: str = ""
