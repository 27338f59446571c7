"""The README's table of providers, made from the cards: run this file to bring it up to date."""

from __future__ import annotations

import re
from pathlib import Path

from scout_adapters.chat_models import FACES
from scout_adapters.llm.providers import registry

README = Path(__file__).parents[2] / "README.md"
PLACE = re.compile(r"(<!-- providers: .*? -->\n).*?(<!-- /providers -->)", re.DOTALL)
WIRES = {
    "openai_chat": "Chat Completions",
    "anthropic_messages": "Messages",
    "gemini": "generateContent",
}


def table() -> str:
    lines = [
        "| provider | chat model | keys from | speaks | worth knowing |",
        "|---|---|---|---|---|",
    ]
    for spec in registry.specs():
        prefixes = spec.variables or (spec.name.upper(),)
        keys = " or ".join(f"`{prefix}_API_KEY(S)`" for prefix in prefixes)
        cells = (
            f"[{spec.name}]({spec.docs})",
            f"`{FACES[spec.name].__name__}`",
            f"none needed, or {keys}" if spec.keyless else keys,
            WIRES[spec.wire.name],
            " ".join(spec.quirks),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def updated(text: str) -> str:
    return PLACE.sub(lambda found: found[1] + table() + found[2], text)


if __name__ == "__main__":
    README.write_text(updated(README.read_text()))
