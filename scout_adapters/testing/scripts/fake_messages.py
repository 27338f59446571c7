"""LangChain messages and chunks of a scripted answer, for a model without HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import tool_call, tool_call_chunk

from scout_adapters.testing.ids import Ids
from scout_adapters.testing.model.answer import Answer, pieces
from scout_adapters.testing.model.chat_request import ReceivedRequest

FINISH = {"tools": "tool_calls", "stop_sequence": "stop"}
"""OpenAI's names of the reasons for which an answer ends, where they differ."""


def fake_message(request: ReceivedRequest, answer: Answer, ids: Ids) -> AIMessage:
    """Return an answer as one message."""
    blocks = [_reasoning(answer.reasoning)] if answer.reasoning else []
    text = [{"type": "text", "text": answer.text}] if answer.text else []
    return AIMessage(
        content=[*blocks, *text] if blocks else answer.text,
        tool_calls=[
            tool_call(name=call.name, args=call.args, id=_call_id(ids, at))
            for at, call in enumerate(answer.calls)
        ],
        id=f"fake-{ids.hex(24)}",
        usage_metadata=_usage(request, answer),
        response_metadata=_metadata(request, answer),
    )


def fake_chunks(request: ReceivedRequest, answer: Answer, ids: Ids) -> list[AIMessageChunk]:
    """Return an answer in chunks: reasoning, text, calls, then usage and metadata."""
    content = [*_content_chunks(answer), *_call_chunks(answer, ids)]
    last = AIMessageChunk(
        content="",
        usage_metadata=_usage(request, answer),
        response_metadata=_metadata(request, answer),
        chunk_position="last",
    )
    return [chunk.model_copy(update={"id": f"fake-{ids.hex(24)}"}) for chunk in (*content, last)]


def _content_chunks(answer: Answer) -> Iterator[AIMessageChunk]:
    if not answer.reasoning:
        yield from (AIMessageChunk(content=piece) for piece in answer.text_pieces)
        return
    for piece in pieces(answer.reasoning):
        yield AIMessageChunk(content=[_reasoning(piece) | {"index": 0}])
    for piece in answer.text_pieces:
        yield AIMessageChunk(content=[{"type": "text", "text": piece, "index": 1}])


def _call_chunks(answer: Answer, ids: Ids) -> Iterator[AIMessageChunk]:
    for at, call in enumerate(answer.calls):
        begun = tool_call_chunk(name=call.name, args="", id=_call_id(ids, at), index=at)
        rest = tool_call_chunk(args=call.arguments, index=at)
        yield from (AIMessageChunk(content="", tool_call_chunks=[part]) for part in (begun, rest))


def _reasoning(text: str) -> dict[str, Any]:
    return {"type": "reasoning", "reasoning": text}


def _call_id(ids: Ids, at: int) -> str:
    return f"call_{ids.of(at).hex(24)}"


def _metadata(request: ReceivedRequest, answer: Answer) -> dict[str, Any]:
    finish = FINISH.get(answer.finish, answer.finish)
    return {"model_name": request.model, "finish_reason": finish, "model_provider": "fake"}


def _usage(request: ReceivedRequest, answer: Answer) -> Any:
    """Return LangChain's `usage_metadata`."""
    given = answer.usage.input if answer.usage else request.input_tokens
    usage: dict[str, Any] = {"input_tokens": given, "output_tokens": answer.output_tokens}
    usage["total_tokens"] = given + answer.output_tokens
    if answer.usage and answer.usage.cached:
        usage["input_token_details"] = {"cache_read": answer.usage.cached}
    if answer.reasoning_tokens:
        usage["output_token_details"] = {"reasoning": answer.reasoning_tokens}
    return usage
