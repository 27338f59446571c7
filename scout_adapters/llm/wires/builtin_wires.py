"""The wires of this library, for questions that concern all of them."""

from __future__ import annotations

from scout_adapters.llm.types import Wire
from scout_adapters.llm.wires import anthropic_messages, gemini, openai_chat, openai_responses

WIRES: tuple[Wire, ...] = (
    openai_chat.WIRE,
    anthropic_messages.WIRE,
    gemini.WIRE,
    openai_responses.WIRE,
)

NATIVE_BLOCKS = frozenset[str]().union(*(wire.native_blocks for wire in WIRES))
"""Types of content blocks that only one API has."""


def native_wire(kind: object) -> Wire | None:
    """Return the wire whose API alone has content blocks of this type."""
    return next((wire for wire in WIRES if kind in wire.native_blocks), None)
