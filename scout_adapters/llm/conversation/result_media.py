"""Move media out of tool results into a user message after them, for packages that refuse them.

Tool messages of Chat Completions carry text only:
https://platform.openai.com/docs/api-reference/chat/create.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage

from scout_adapters.llm.wires.openai_chat.tool_media import PLACEHOLDER

TEXT_ONLY = frozenset({"openai", "deepseek", "xai", "groq", "mistralai"})
"""Makers whose packages send tool results to Chat Completions."""


def media_after_tool_messages(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return the messages with media of tool results after the last result of the step."""
    if not any(isinstance(message, ToolMessage) and _media(message) for message in messages):
        return list(messages)
    moved: list[BaseMessage] = []
    waiting: list[Any] = []
    for message in messages:
        if isinstance(message, ToolMessage):
            media = _media(message)
            waiting += media and [_label(message), *media]
            moved.append(_without(message, media))
            continue
        moved += _user_message(waiting)
        waiting = []
        moved.append(message)
    return [*moved, *_user_message(waiting)]


def _media(message: ToolMessage) -> list[Any]:
    blocks = [] if isinstance(message.content, str) else message.content
    return [block for block in blocks if isinstance(block, dict) and block.get("type") != "text"]


def _without(message: ToolMessage, media: Sequence[Any]) -> ToolMessage:
    """Return the result without its media; a text takes their place if nothing else is left."""
    if not media:
        return message
    rest = [block for block in message.content if not any(block is item for item in media)]
    return message.model_copy(update={"content": rest or PLACEHOLDER})


def _label(message: ToolMessage) -> Any:
    """Return a text block with the origin of media; the tool's name may be unknown."""
    return {"type": "text", "text": f"From {message.name or 'the tool'} ({message.tool_call_id}):"}


def _user_message(media: Sequence[Any]) -> list[BaseMessage]:
    return [HumanMessage(content=list(media))] if media else []
