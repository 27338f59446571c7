"""Prompts for the models, and the content blocks of the expected answers in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.tools import tool

from tests.chat_models.models import ROUTE
from tests.support.weather import get_time, get_weather


@tool
def roll_dice() -> str:
    """Roll the dice."""
    return "Seven."


TOOLS = [get_weather, get_time, roll_dice]

Block = tuple[str, Any]
"""A content block's type, and its text or, of a call, name and arguments."""


@dataclass(frozen=True)
class Saying:
    """A prompt, and the emulator's answer to it."""

    prompt: str
    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()

    @property
    def thought(self) -> str:
        plan = "I will answer in a sentence or two."
        plan = f"I will call {self.calls[0][0]}." if self.calls else plan
        return f"The user says: {self.prompt} {plan}"

    def blocks(self, *, thought: bool) -> list[Block]:
        """List the answer's blocks, with or without a thought before them."""
        text_blocks = [("text", self.text)] if self.text else []
        called = [("tool_call", call) for call in self.calls]
        return [*([("reasoning", self.thought)] if thought else []), *text_blocks, *called]


PARIS, LONDON = {"location": "Paris"}, {"location": "London"}
LOUD = "I will call get_weather."

SAYINGS = {
    "call": Saying("What is the weather in Paris?", "", (("get_weather", PARIS),)),
    "text and call": Saying("Aloud: the weather in Paris?", LOUD, (("get_weather", PARIS),)),
    "calls of two tools": Saying(
        "Use get_weather and get_time in Paris.",
        "",
        (("get_weather", PARIS), ("get_time", PARIS)),
    ),
    "text and calls of one tool": Saying(
        "Aloud: the weather in Paris and in London?",
        LOUD,
        (("get_weather", PARIS), ("get_weather", LONDON)),
    ),
    "call without arguments": Saying("Please roll_dice for me.", "", (("roll_dice", {}),)),
}

SHY = frozenset({"openai"})
"""Providers whose models do not show their reasoning: Chat Completions only counts the tokens."""

UNASKED = frozenset({"minimax"})
"""Providers whose models reason by default."""


def thinking(name: str) -> dict[str, Any]:
    """Return the options with which a model thinks."""
    model = {"model": "gpt-5-mini"} if name == "openai" else {}
    return {"reasoning_effort": "low", **model}


def first_provider(name: str) -> str:
    """Return the provider that answers for a name: the first one of a route."""
    return ROUTE[0] if name == "router" else name


def blocks_of(message: BaseMessage) -> list[Block]:
    """List a message's blocks in a form that compares."""
    return [_shape(dict(block)) for block in message.content_blocks]


def _shape(block: dict[str, Any]) -> Block:
    kind = block["type"]
    if kind in {"text", "reasoning"}:
        return kind, block[kind]
    return kind, (block["name"], block["args"])
