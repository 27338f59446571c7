"""The stored response that a request continues: `use_previous_response_id=True` as in ChatOpenAI.

https://platform.openai.com/docs/guides/conversation-state
"""

from __future__ import annotations

from typing import NamedTuple

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import mapping
from scout_adapters.llm.types import PREVIOUS, WHOLE, ChatRequest, ProviderSpec


class PreviousResponse(NamedTuple):
    """A stored response, and where its answer stands in the conversation."""

    id: str | None
    at: int
    """Index of its message: only messages after it are sent."""


NO_RESPONSE = PreviousResponse(None, -1)


def previous_response(request: ChatRequest, spec: ProviderSpec) -> PreviousResponse:
    """Return the last response of this provider in a conversation.

    `NO_RESPONSE` if there is none, if the caller named one, or after a refusal.
    """
    if request.extra.get(PREVIOUS) == WHOLE or request.extra.get("previous_response_id"):
        return NO_RESPONSE
    for at in range(len(request.messages) - 1, -1, -1):
        message = request.messages[at]
        if isinstance(message, AIMessage) and (response_id := _response_id(message, spec)):
            return PreviousResponse(response_id, at)
    return NO_RESPONSE


def _response_id(message: AIMessage, spec: ProviderSpec) -> str | None:
    """Return the id of a message's response if this provider may have stored it."""
    metadata = message.response_metadata
    response_id = metadata.get("id")
    if not isinstance(response_id, str) or not response_id.startswith("resp_"):
        return None
    provider = mapping(metadata.get("scout")).get("provider", spec.name)
    maker = metadata.get("model_provider", spec.maker)
    return response_id if (provider, maker) == (spec.name, spec.maker) else None
