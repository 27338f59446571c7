"""`make tables`: write the summaries of the cards, which the registry reads instead of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scout_adapters.llm.providers import builtin_cards
from scout_adapters.llm.providers.card_summary import CardSummary

FILE = Path(builtin_cards.__file__).with_name(f"{builtin_cards.SUMMARIES}.py")
FIRST = ("groq", "google", "minimax", "anthropic", "openai", "openrouter", "deepseek", "mistral")
FIRST += ("xai", "together", "fireworks", "cerebras", "ollama", "openai_compatible")
"""The providers that `call_llm` tries first, in this order; the others follow by name."""

HEAD = '''"""Summaries of the shipped cards; `make tables` writes this file from the cards.

In the order in which `call_llm` looks for the provider of a model, and for one with a key.
"""

from __future__ import annotations

from collections.abc import Mapping

from scout_adapters.llm.providers.card_summary import CardSummary as Card

CARD_SUMMARIES: Mapping[str, Card] = {
    card.name: card
    for card in (
'''
FOOT = "    )\n}\n"


def content() -> str:
    """Return the content of the file, as the formatter writes it."""
    names = builtin_cards.card_names()
    ordered = [*(name for name in FIRST if name in names), *(n for n in names if n not in FIRST)]
    rows = (CardSummary.of(builtin_cards.load_card(name)) for name in ordered)
    text = HEAD + "".join(f"        {_row(row)},\n" for row in rows) + FOOT
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(FILE), "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)  # noqa: S603  # our own formatter
    return done.stdout


def _row(summary: CardSummary) -> str:
    """Write a summary as Python, without fields that have their default."""
    defaults = CardSummary._field_defaults
    fields = summary._asdict()
    named = (f"{n}={v!r}" for n, v in fields.items() if n in defaults and v != defaults[n])
    return f"Card({', '.join((repr(summary.name), repr(summary.maker), *named))})"


def main() -> int:
    """Write the file."""
    FILE.write_text(content())
    return 0


if __name__ == "__main__":
    sys.exit(main())
