"""The README's table of providers, made from the cards."""

from __future__ import annotations

import re

import scout_adapters
from scout_adapters.chat_models.providers import model_class
from scout_adapters.llm.providers import registry
from tests.support.paths import README

PLACE = re.compile(r"(<!-- providers: .*? -->\n).*?(<!-- /providers -->)", re.DOTALL)
WIRES = {
    "openai_chat": "Chat Completions",
    "anthropic_messages": "Messages",
    "gemini": "generateContent",
    "openai_responses": "Responses",
}


def table() -> str:
    lines = [
        "| provider | chat model | keys from | speaks | worth knowing |",
        "|---|---|---|---|---|",
    ]
    for spec in registry.specs():
        names = (*(f"{prefix}_API_KEY(S)" for prefix in spec.prefixes), *spec.key_variables)
        keys = " or ".join(f"`{name}`" for name in names)
        made = model_class(spec.name).__name__
        cells = (
            f"[{spec.name}]({spec.docs})",
            f"`{made}`" if made in scout_adapters.__all__ else f'`"{spec.name}/..."`',
            f"none needed, or {keys}" if spec.keyless else keys,
            ", ".join(WIRES[card.wire.name] for card in (spec, spec.second_card) if card),
            " ".join(spec.quirks),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def updated(text: str) -> str:
    return PLACE.sub(lambda match: match[1] + table() + match[2], text)


def main() -> int:
    """Bring the README up to date."""
    README.write_text(updated(README.read_text()))
    return 0
