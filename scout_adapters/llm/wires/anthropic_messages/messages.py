"""The conversation: what the system says, and messages of alternating roles.

https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
"""

from __future__ import annotations

from collections.abc import Sequence

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import ProviderSpec, Role, Turn
from scout_adapters.llm.wires.anthropic_messages.content import (
    plain_text,
    render_blocks,
    tool_result,
)
from scout_adapters.llm.wires.anthropic_messages.tool_call_ids import CallIds

THOUGHTS = frozenset({"thinking", "redacted_thinking"})


class MessageList:
    """Grows turn by turn; `messages` hold lists of blocks until `finish`."""

    def __init__(self, *, system_anywhere: bool) -> None:
        """`system_anywhere`: whether the model hears the system in the middle."""
        self.system: list[Json] = []
        self.messages: list[Json] = []
        self._system_anywhere = system_anywhere
        self._waiting: list[Json] = []

    def add(self, role: Role, content: list[Json]) -> None:
        """Add what a turn says; turns that say nothing must not come here."""
        if role == "system":
            self._interject(content)
            return
        speaker = "assistant" if role == "assistant" else "user"
        self._place_waiting(in_place=speaker == "assistant")
        last = self.messages[-1] if self.messages else None
        if last is None or last["role"] != speaker:
            self.messages.append({"role": speaker, "content": content})
        elif role == "tool":
            # Results come first in their message, or the API does not find them.
            said = last["content"]
            at = sum(block["type"] == "tool_result" for block in said)
            said[at:at] = content
        else:
            last["content"].extend(content)

    def _interject(self, content: list[Json]) -> None:
        """Keep the system's words in their place if they may stand there, or put them on top.

        They must follow a user's message, or one that ends in a server tool's result.
        """
        last = self.messages[-1] if self.messages else None
        if last and self._system_anywhere:
            end = str(last["content"][-1].get("type"))
            if last["role"] == "user" or end.endswith("_tool_result"):
                self._waiting.extend(content)
                return
        self.system.extend(content)

    def _place_waiting(self, *, in_place: bool) -> None:
        """Give the system's words their place, now that the speaker after them is known.

        Only an answer may follow them. (Elsewhere they apply to the whole conversation.)
        """
        if not self._waiting:
            return
        if in_place:
            self.messages.append({"role": "system", "content": self._waiting})
        else:
            self.system.extend(self._waiting)
        self._waiting = []

    def finish(self) -> None:
        """Settle what is left, and write lone texts as strings."""
        self._place_waiting(in_place=True)
        if self.messages and self.messages[-1]["role"] == "assistant":
            end = self.messages[-1]["content"][-1]
            if end.get("type") == "text":
                # An answer to go on from must not end in white space.
                end["text"] = end["text"].rstrip()
        for message in self.messages:
            message["content"] = plain_text(message["content"])


def render_messages(
    turns: Sequence[Turn], spec: ProviderSpec, *, system_anywhere: bool
) -> MessageList:
    """Render the turns for `spec`'s provider; raises `UnsupportedContent`."""
    dialogue = MessageList(system_anywhere=system_anywhere)
    ids = CallIds(spec.tool_call_id)
    for turn in turns:
        if turn.role == "system":
            _expect_words(turn)
        content = [tool_result(turn, ids)] if turn.role == "tool" else render_blocks(turn, ids)
        if content:
            dialogue.add(turn.role, content)
    dialogue.finish()
    return dialogue


def _expect_words(turn: Turn) -> None:
    for block in turn.blocks:
        if block["type"] not in {"text", "native"}:
            what = f"a block of type {block['type']!r}"
            raise UnsupportedContent(turn.where, what, "a system message is made of text")


def interrupts_thinking(messages: Sequence[Json]) -> bool:
    """Tell whether the last answer called tools without having thought first.

    With a thinking budget, the API refuses to go on from there; an answer of another maker, or
    one from before thinking was switched on, looks like that.
    """
    for message in reversed(messages):
        if message["role"] == "assistant":
            content = message["content"]
            return (
                isinstance(content, list)
                and content[0].get("type") not in THOUGHTS
                and any(block.get("type") == "tool_use" for block in content)
            )
    return False
