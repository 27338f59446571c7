"""Which conversation a request belongs to, as a digest: by its id, or by how it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from langchain_core.messages import BaseMessage

from scout_adapters.llm.types import ChatRequest

DIGEST_BYTES = 12
MAX_TEXT = 1024
"""Characters of a text that the digest depends on, beside its length."""


def conversation_digest(request: ChatRequest, conversation_id: str | None = None) -> bytes:
    """Return a digest that all turns of a conversation share, and only they.

    Without an id it depends on the system messages, the names of the tools and the first other
    message: turns are added behind them. Nothing of the content can be read from it.
    """
    if conversation_id is not None:
        return blake2b(conversation_id.encode(), digest_size=DIGEST_BYTES, key=b"id").digest()
    parts = [str(_tool_name(tool)) for tool in request.tools]
    parts += [_shown(message.content) for message in _beginning(request.messages)]
    text = "\n".join(parts).encode(errors="replace")
    return blake2b(text, digest_size=DIGEST_BYTES).digest()


def _tool_name(tool: Mapping[str, Any]) -> Any:
    function = tool.get("function")
    return function.get("name") if isinstance(function, dict) else tool.get("type")


def _beginning(messages: Sequence[BaseMessage]) -> Sequence[BaseMessage]:
    """Return the messages up to the first that is no system message, and that one."""
    for at, message in enumerate(messages):
        if message.type != "system":
            return messages[: at + 1]
    return messages


def _shown(content: Any) -> str:
    """Return the beginning of a content, and its length; of media the beginning of their data.

    A text is the same with and without a block around it, and with and without a cache marker.
    """
    if isinstance(content, str):
        return f"{len(content)}:{content[:MAX_TEXT]}"
    if isinstance(content, list):
        return ",".join(map(_shown, content))
    if not isinstance(content, dict):
        return ""
    if content.get("type") == "text":
        return _shown(content.get("text"))
    values = (value for name, value in content.items() if name != "cache_control")
    return f"{{{','.join(_shown(value) for value in values if value)}}}"
