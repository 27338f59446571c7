"""Threads of agents: growing conversations with tools, and when their turns are due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    convert_to_messages,
)

from tests.support.recordings import records

WORDS = ("invoice", "harbour", "weather", "ledger", "meadow", "engine", "signal", "copper")
MARK = {"cache_control": {"type": "ephemeral"}}


@dataclass
class Thread:
    """One conversation: what is in front, and what each turn adds."""

    name: str
    system: str
    turns: list[list[BaseMessage]]
    due: list[float] = field(default_factory=list)
    """Seconds: when each turn is sent."""

    @property
    def characters(self) -> int:
        """The characters of all messages together."""
        return len(self.system) + sum(len(m.text) for added in self.turns for m in added)

    def messages(self, turn: int, *, marked: bool) -> list[BaseMessage]:
        """Return the messages of a turn; `marked`: with Anthropic's markers, as users set them."""
        history = [message for added in self.turns[: turn + 1] for message in added]
        if not marked:
            return [SystemMessage(self.system), *history]
        system = SystemMessage([{"type": "text", "text": self.system, **MARK}])
        *before, last = history
        return [system, *before, last.model_copy(update={"content": _marked(last.content)})]


def _marked(content: Any) -> list[Any]:
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    return [*blocks[:-1], {**blocks[-1], **MARK}]


def text(random: Random, tokens: int) -> str:
    """Return a text of about so many tokens of four letters."""
    return " ".join(random.choice(WORDS) for _ in range(max(1, tokens * 4 // 8)))


def synthetic(random: Random, count: int, turns: int) -> list[Thread]:
    """Return threads that each have a system prompt of their own, and a tool result a turn."""
    return [_synthetic(random, f"thread-{number}", turns) for number in range(count)]


def _synthetic(random: Random, name: str, turns: int) -> Thread:
    parts = [[HumanMessage(f"{name}: {text(random, 300)}")]]
    for turn in range(1, turns):
        call = {"name": "search", "args": {"query": str(turn)}, "id": f"call_{turn:08d}"}
        result = ToolMessage(text(random, random.randrange(100, 700)), tool_call_id=call["id"])
        parts.append([AIMessage("", tool_calls=[call]), result])
    return Thread(name, text(random, random.randrange(2000, 6000)), parts)


def recorded(limit: int) -> list[Thread]:
    """Return the recorded tool conversations with most text, one for each system prompt."""
    found: dict[str, Thread] = {}
    for record in records():
        body = record.get("request_json")
        if isinstance(body, dict) and body.get("tools") and (thread := _recorded(body)):
            before = found.get(thread.system)
            if before is None or len(thread.turns) > len(before.turns):
                found[thread.system] = thread
    longest = sorted(found.values(), key=lambda thread: -thread.characters)[:limit]
    for number, thread in enumerate(longest):
        thread.name = f"recorded-{number}"
    return longest


def _recorded(body: Any) -> Thread | None:
    messages = body.get("messages")
    if not isinstance(messages, list) or not any(m.get("role") == "tool" for m in messages):
        return None
    try:
        parsed = convert_to_messages(messages)
    except (ValueError, KeyError, TypeError, AttributeError):  # made to be refused
        return None
    system = "\n".join(message.text for message in parsed if message.type == "system")
    turns = list(_turns([message for message in parsed if message.type != "system"]))
    return Thread("", system, turns) if len(turns) > 1 and turns[0] else None


def _turns(messages: list[BaseMessage]) -> Iterator[list[BaseMessage]]:
    """Split a conversation in front of each answer of the model."""
    part: list[BaseMessage] = []
    for message in messages:
        if message.type == "ai" and part:
            yield part
            part = []
        part.append(message)
    if part and part[-1].type != "ai":
        yield part
