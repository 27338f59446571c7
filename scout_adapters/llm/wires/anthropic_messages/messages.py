"""Turns rendered into `system` and `messages`, whose roles alternate.

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
    """Collects turns; the content of `messages` are lists of blocks until `finish`."""

    def __init__(self, *, system_anywhere: bool) -> None:
        """`system_anywhere`: whether the model accepts system messages between the others."""
        self.system: list[Json] = []
        self.messages: list[Json] = []
        self._system_anywhere = system_anywhere
        self._pending_system: list[Json] = []

    def add(self, role: Role, content: list[Json]) -> None:
        """Add the content of a turn, which must not be empty."""
        if role == "system":
            self._add_system(content)
            return
        api_role = "assistant" if role == "assistant" else "user"
        self._place_system(in_place=api_role == "assistant")
        last = self.messages[-1] if self.messages else None
        if last is None or last["role"] != api_role:
            self.messages.append({"role": api_role, "content": content})
        elif role == "tool":
            # The API requires results before other blocks of the message.
            blocks = last["content"]
            results = sum(block["type"] == "tool_result" for block in blocks)
            blocks[results:results] = content
        else:
            last["content"].extend(content)

    def _add_system(self, content: list[Json]) -> None:
        """Hold a system message until its place is known, or add it to `system`.

        In its place it must follow a user message, or one that ends with a server tool's result.
        """
        last = self.messages[-1] if self.messages else None
        if last and self._system_anywhere:
            end = str(last["content"][-1].get("type"))
            if last["role"] == "user" or end.endswith("_tool_result"):
                self._pending_system.extend(content)
                return
        self.system.extend(content)

    def _place_system(self, *, in_place: bool) -> None:
        """Add the pending system message in its place or to `system`.

        In its place only an assistant message may follow it; `system` applies to the whole
        conversation.
        """
        if not self._pending_system:
            return
        if in_place:
            self.messages.append({"role": "system", "content": self._pending_system})
        else:
            self.system.extend(self._pending_system)
        self._pending_system = []

    def finish(self) -> None:
        """Add a pending system message, and replace content that is one text by a string."""
        self._place_system(in_place=True)
        if self.messages and self.messages[-1]["role"] == "assistant":
            end = self.messages[-1]["content"][-1]
            if end.get("type") == "text":
                # The API refuses trailing white space in an answer that it has to continue.
                end["text"] = end["text"].rstrip()
        for message in self.messages:
            message["content"] = plain_text(message["content"])


def render_messages(
    turns: Sequence[Turn], spec: ProviderSpec, *, system_anywhere: bool
) -> MessageList:
    """Render the turns for the provider `spec`.

    Raises:
        UnsupportedContent: A block has no form in this API.
    """
    rendered = MessageList(system_anywhere=system_anywhere)
    ids = CallIds(spec.tool_call_id)
    for turn in turns:
        if turn.role == "system":
            _check_system(turn)
        content = [tool_result(turn, ids)] if turn.role == "tool" else render_blocks(turn, ids)
        if content:
            rendered.add(turn.role, content)
    if not rendered.messages:
        raise UnsupportedContent.empty_conversation()
    rendered.finish()
    return rendered


def _check_system(turn: Turn) -> None:
    for block in turn.blocks:
        if block["type"] not in {"text", "native"}:
            what = f"a block of type {block['type']!r}"
            raise UnsupportedContent(turn.where, what, "a system message contains text only")


def interrupts_thinking(messages: Sequence[Json]) -> bool:
    """Return whether the last answer called tools without thinking first.

    With a thinking budget the API refuses to continue such a conversation. Answers of other
    providers are like that, and those from before thinking was enabled.
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
