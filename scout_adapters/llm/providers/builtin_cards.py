"""The list of the cards that are shipped; a new card is added here."""

from __future__ import annotations

from scout_adapters.llm.providers import (
    anthropic,
    cerebras,
    deepseek,
    fireworks,
    google,
    groq,
    minimax,
    mistral,
    ollama,
    openai,
    openai_compatible,
    openrouter,
    together,
    xai,
)

BUILTIN_CARDS = (
    groq.SPEC,
    google.SPEC,
    minimax.SPEC,
    anthropic.SPEC,
    openai.SPEC,
    openrouter.SPEC,
    deepseek.SPEC,
    mistral.SPEC,
    xai.SPEC,
    together.SPEC,
    fireworks.SPEC,
    cerebras.SPEC,
    ollama.SPEC,
    openai_compatible.SPEC,
)
"""In the order in which `call_llm` looks for the provider of a model."""
