"""Prepare a conversation for a chat model of another package, which converts messages itself.

What one provider signed, encrypted or wrote in a form of its own goes back to that provider only;
answers of other makers become text and tool calls.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.conversation.assistant import assistant_turn, made_by
from scout_adapters.llm.conversation.blocks import canonical
from scout_adapters.llm.conversation.result_media import TEXT_ONLY, media_after_tool_messages
from scout_adapters.llm.conversation.turns import MEDIA, result_ids
from scout_adapters.llm.types import ProviderSpec, Turn, Wire
from scout_adapters.llm.wires import anthropic_messages, gemini, openai_chat

WIRES: Mapping[str, Wire] = {
    "anthropic": anthropic_messages.WIRE,
    "google_genai": gemini.WIRE,
    "google_vertexai": gemini.WIRE,
}
"""The wire of a maker, whose own content blocks its package takes; Chat Completions for others."""

STANDARD = frozenset({"text", "image_url", "text-plain", "audio", "input_audio", "video"})
"""Types of content blocks that every package converts, or refuses, itself."""

SOURCES = ("base64", "url", "file_id", "source_type")
"""Fields of media blocks in LangChain's form."""


@dataclass(slots=True)
class PreparedMessages:
    """Messages for one maker, what was changed, and the blocks that are not text."""

    messages: list[BaseMessage] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    media: list[Json] = field(default_factory=list)


def wire_of(maker: str) -> Wire:
    """Return the wire whose content blocks a maker's package takes unchanged."""
    return WIRES.get(maker, openai_chat.WIRE)


def prepare_messages(messages: Sequence[BaseMessage], card: ProviderSpec) -> PreparedMessages:
    """Return the messages in the form that the package of the chat model of `card` can convert.

    Messages of other makers are rewritten; those of the same maker stay, apart from ids of calls.

    Raises: `UnsupportedContent` for a block that no other maker can use.
    """
    if not messages:
        raise UnsupportedContent.empty_conversation()
    prepared = PreparedMessages()
    results = frozenset(result_ids(messages))
    for at, message in enumerate(messages):
        if isinstance(message, AIMessage):
            prepared.messages.append(_answer(message, at, card, prepared.changes, results))
        else:
            prepared.messages += _with_blocks(message, at, card, prepared.media)
    if card.maker in TEXT_ONLY:
        prepared.messages = media_after_tool_messages(prepared.messages)
    return prepared


def _answer(
    message: AIMessage, at: int, card: ProviderSpec, changes: list[str], results: Collection[str]
) -> AIMessage:
    """Return an answer as it is for its maker, and as text and calls for others."""
    named = "model_provider" in message.response_metadata
    by_hand = not named and isinstance(message.content, str) and not message.invalid_tool_calls
    if made_by(message, card) or (by_hand and not message.additional_kwargs):
        return _with_ids(message, card)
    turn = assistant_turn(message, at, card, changes, results)
    calls = [block for block in turn.blocks if block["type"] == "tool_call"]
    return AIMessage(
        content=_content(turn),
        name=message.name,
        id=message.id,
        tool_calls=[_call(call, card) for call in calls if isinstance(call["args"], dict)],
        invalid_tool_calls=[
            {**_call(call, card), "args": str(call["args"]), "error": None}
            for call in calls
            if not isinstance(call["args"], dict)
        ],
    )


def _call(call: Json, card: ProviderSpec) -> Any:
    return {"name": call["name"], "args": call["args"], "id": _id(call["id"], card)}


def _content(turn: Turn) -> Any:
    """Return the content of an answer: its text if it has nothing else."""
    blocks = [block for block in turn.blocks if block["type"] != "tool_call"]
    if all(block["type"] == "text" for block in blocks):
        return "".join(block["text"] for block in blocks)
    return [block["value"] if block["type"] == "native" else block for block in blocks]


def _id(call_id: str, card: ProviderSpec) -> str:
    return card.tool_call_id(call_id) if card.tool_call_id else call_id


def _with_ids(message: AIMessage, card: ProviderSpec) -> AIMessage:
    """Return an answer whose calls have ids that the provider takes."""
    if not card.tool_call_id or not message.tool_calls:
        return message
    calls = [{**call, "id": _id(call["id"] or "", card)} for call in message.tool_calls]
    same = all(new["id"] == old["id"] for new, old in zip(calls, message.tool_calls, strict=True))
    return message if same else message.model_copy(update={"tool_calls": calls})


def _with_blocks(
    message: BaseMessage, at: int, card: ProviderSpec, media: list[Json]
) -> Iterator[BaseMessage]:
    """Yield a message with blocks that the provider's package takes.

    Tool results in Anthropic's form become messages of their own for other makers.
    """
    if isinstance(message, ToolMessage) and card.tool_call_id:
        new_id = card.tool_call_id(message.tool_call_id)
        if new_id != message.tool_call_id:
            message = message.model_copy(update={"tool_call_id": new_id})
    content = message.content
    if isinstance(content, str):
        yield message
        return
    blocks: list[Any] = []
    for index, block in enumerate(content):
        if _is_result(block, card):
            yield _result(cast("Json", block), card)
            continue
        where = f"message {at} ({message.type}), block {index}"
        blocks.append(_block(block, where, card, media))
    if len(blocks) == len(content) and all(map(is_, blocks, content)):
        yield message
    elif blocks or not content:
        yield message.model_copy(update={"content": blocks})


def _is_result(block: Any, card: ProviderSpec) -> bool:
    is_result = isinstance(block, dict) and block.get("type") == "tool_result"
    return is_result and card.maker != "anthropic"


def _result(block: Json, card: ProviderSpec) -> ToolMessage:
    return ToolMessage(
        content=block.get("content") or "",
        tool_call_id=_id(str(block.get("tool_use_id") or ""), card),
        status="error" if block.get("is_error") else "success",
    )


def _block(block: Any, where: str, card: ProviderSpec, media: list[Json]) -> Any:
    """Return a block of a user, of the system or of a tool for the provider's package."""
    if not isinstance(block, dict):
        return block
    kind = block.get("type")
    if "cache_control" in block and card.maker != "anthropic":
        block = {name: value for name, value in block.items() if name != "cache_control"}
    if kind == "text" or kind is None:
        return block
    if kind in card.wire.native_blocks or (card.maker == "anthropic" and kind == "tool_result"):
        media.append({"type": "file", "url": ""})
        return block
    converted = canonical(block, where, card.wire)
    if converted["type"] in MEDIA:
        media.append(converted)
    standard = kind in STANDARD or any(name in block for name in SOURCES)
    return block if standard else converted
