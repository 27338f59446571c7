"""The table of providers, made from the cards."""

from __future__ import annotations

import scout_adapters
from scout_adapters.chat_models.providers import model_class
from scout_adapters.llm.providers import registry
from scout_adapters.llm.types import ProviderSpec
from tools.pages.markdown_table import code, table

HEADER = ("provider", "chat model", "keys from", "speaks", "worth knowing")
WIRES = {
    "openai_chat": "Chat Completions",
    "anthropic_messages": "Messages",
    "gemini": "generateContent",
    "openai_responses": "Responses",
}


def provider_table() -> str:
    """Return a row for each card."""
    return table(HEADER, map(_row, registry.specs()))


def _row(spec: ProviderSpec) -> tuple[str, ...]:
    names = (*(f"{prefix}_API_KEY(S)" for prefix in spec.prefixes), *spec.key_variables)
    keys = " or ".join(map(code, names))
    made = model_class(spec.name).__name__
    return (
        f"[{spec.name}]({spec.docs})",
        code(made if made in scout_adapters.__all__ else f'"{spec.name}/..."'),
        f"none needed, or {keys}" if spec.keyless else keys,
        ", ".join(WIRES[card.wire.name] for card in (spec, spec.second_card) if card),
        " ".join(spec.quirks),
    )
