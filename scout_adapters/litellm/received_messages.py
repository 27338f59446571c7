"""OpenAI's messages, as LiteLLM passes them, as LangChain's; an answer of ours comes back whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import litellm
from langchain_core.messages import AIMessage, BaseMessage, convert_to_messages
from pydantic import BaseModel

from scout_adapters.errors.error_response import one_line

MAX_MESSAGE = 200
"""Characters of why a message cannot be read."""

ANSWER = "scout_answer"
"""The provider-specific field of a message with what OpenAI's form cannot express."""


def langchain_messages(messages: Sequence[Any]) -> list[BaseMessage]:
    """Return messages for a chat model.

    Raises: LiteLLM's `BadRequestError` for what is no message.

    An answer of ours has its blocks again, with the reasoning that its provider signed, unless its
    text was changed; an answer of another provider has its text, reasoning and calls.
    """
    try:
        received = [_plain(message) for message in messages]
        converted = convert_to_messages(received)
    except (TypeError, ValueError) as error:
        message = f"a message cannot be read: {one_line(str(error), MAX_MESSAGE)}"
        raise litellm.BadRequestError(message, model="scout", llm_provider="scout") from None
    return [
        _answer(raw, message) if isinstance(message, AIMessage) else message
        for raw, message in zip(received, converted, strict=True)
    ]


def _plain(message: Any) -> dict[str, Any]:
    """Return a message as a dict with a content: OpenAI's may have none beside calls."""
    plain = dict(message.model_dump() if isinstance(message, BaseModel) else message)
    if plain.get("content") is None:
        plain["content"] = ""
    return {name: value for name, value in plain.items() if value is not None}


def _answer(raw: Mapping[str, Any], message: AIMessage) -> AIMessage:
    fields = raw.get("provider_specific_fields")
    stored = fields.get(ANSWER) if isinstance(fields, Mapping) else None
    if not isinstance(stored, Mapping):
        return _with_thinking(raw, message)
    content = stored.get("content")
    if isinstance(content, list) and not all(isinstance(item, str | dict) for item in content):
        return message
    restored = message.model_copy(
        update={
            "additional_kwargs": dict(stored.get("additional_kwargs") or {}),
            "response_metadata": dict(stored.get("response_metadata") or {}),
            "content": content if isinstance(content, str | list) else message.content,
        }
    )
    return restored if restored.text == message.text else message


def _with_thinking(raw: Mapping[str, Any], message: AIMessage) -> AIMessage:
    """Return an answer with Claude's signed reasoning, as LiteLLM's own deployments have it."""
    if not (thinking := raw.get("thinking_blocks")):
        return message
    texts = [{"type": "text", "text": message.text}] if message.text else []
    return message.model_copy(
        update={
            "content": [*map(dict, thinking), *texts],
            "response_metadata": {"model_provider": "anthropic"},
        }
    )


def stored_answer(message: AIMessage) -> dict[str, Any]:
    """Return what a message of ours needs to be sent back to its provider unchanged."""
    metadata = message.response_metadata
    kept = {
        name: metadata[name] for name in ("model_provider", "model_name", "id") if name in metadata
    }
    return {
        "content": message.content,
        "additional_kwargs": message.additional_kwargs,
        "response_metadata": kept,
    }
