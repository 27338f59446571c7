"""The canned server's answers: bytes made once, with the usual size and headers.

Each event of a stream is an HTTP chunk of its own, as servers frame what they flush token by token,
and many chunks come in one write, unless `grain` is set.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

MODEL = "gpt-5-mini"
TEXT = "One key has one limit, and a hundred callers reach it before breakfast."
WRITE_BYTES = 16 * 1024

LIMITS = {
    "x-ratelimit-limit-requests": "30000",
    "x-ratelimit-limit-tokens": "180000000",
    "x-ratelimit-remaining-requests": "29999",
    "x-ratelimit-remaining-tokens": "179999987",
    "x-ratelimit-reset-requests": "2ms",
    "x-ratelimit-reset-tokens": "0s",
}
HEADERS = {
    "date": "Thu, 01 Jan 2026 00:00:00 GMT",
    "server": "canned",
    "cache-control": "no-cache",
    "x-request-id": "req_011CUyTfH2S8Kx4L7v1NqWbA",
    "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
    **LIMITS,
}


def head(**more: str) -> bytes:
    """Return the status line and headers of a 200."""
    named = HEADERS | {name.replace("_", "-"): value for name, value in more.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode()


STREAM_HEAD = head(content_type="text/event-stream; charset=utf-8", transfer_encoding="chunked")
STREAM_END = b"0\r\n\r\n"


def whole(answer: dict[str, Any]) -> bytes:
    """Return a whole answer with its headers."""
    body = _json(answer)
    return head(content_type="application/json", content_length=str(len(body))) + body


def words(count: int) -> list[str]:
    """Return the text of a stream, one word to an event."""
    return [f" word{number % 100}" for number in range(count)]


def openai_whole() -> bytes:
    """Return a Chat Completion."""
    message = {"role": "assistant", "content": TEXT, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    named = {"object": "chat.completion", "choices": [choice], "usage": openai_usage(17)}
    return whole(_completion(named))


def openai_events(count: int) -> Iterator[bytes]:
    """Yield a streamed Chat Completion with `count` events of text, its usage and `[DONE]`."""
    yield _openai_event({"role": "assistant", "content": "", "refusal": None})
    for word in words(count):
        yield _openai_event({"content": word})
    yield _openai_event({}, finish="stop")
    last = {"object": "chat.completion.chunk", "choices": [], "usage": openai_usage(count)}
    yield _data(_completion(last))
    yield b"data: [DONE]\n\n"


def openai_usage(output: int) -> dict[str, Any]:
    """Return the usage of an answer of `output` tokens."""
    return {
        "prompt_tokens": 13,
        "completion_tokens": output,
        "total_tokens": 13 + output,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _openai_event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _data(_completion({"object": "chat.completion.chunk", "choices": [choice]}))


def _completion(more: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-CXq2bW1ZJfV0cY8o4TtT6sQ1aBcDe",
        "created": 1767225600,
        "model": MODEL,
        "service_tier": "default",
        "system_fingerprint": "fp_3f0c1a2b4d",
        **more,
    }


def anthropic_whole() -> bytes:
    """Return an answer of Anthropic's Messages."""
    content = [{"type": "text", "text": TEXT}]
    usage = anthropic_usage(17)
    return whole(_message({"content": content, "stop_reason": "end_turn", "usage": usage}))


def anthropic_events(count: int) -> Iterator[bytes]:
    """Yield a streamed message with `count` events of text."""
    begun = _message({"content": [], "stop_reason": None, "usage": anthropic_usage(1)})
    yield named_event("message_start", {"message": begun})
    block = {"type": "text", "text": ""}
    yield named_event("content_block_start", {"index": 0, "content_block": block})
    yield named_event("ping", {})
    for word in words(count):
        delta = {"type": "text_delta", "text": word}
        yield named_event("content_block_delta", {"index": 0, "delta": delta})
    yield named_event("content_block_stop", {"index": 0})
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    yield named_event("message_delta", {"delta": ended, "usage": {"output_tokens": count}})
    yield named_event("message_stop", {})


def anthropic_usage(output: int) -> dict[str, Any]:
    """Return the usage of an answer of `output` tokens."""
    return {
        "input_tokens": 13,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output,
        "service_tier": "standard",
    }


def _message(more: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "stop_sequence": None,
        **more,
    }


def chunked(events: Iterable[bytes], grain: int) -> list[bytes]:
    """Put events into HTTP chunks: `grain` to each, or where that is 0 as many as fit a write."""
    chunks: list[list[bytes]] = [[]]
    for event in events:
        full = len(chunks[-1]) >= grain if grain else _size(chunks[-1]) + len(event) > WRITE_BYTES
        if chunks[-1] and full:
            chunks.append([])
        chunks[-1].append(event)
    return [b"%x\r\n%b\r\n" % (_size(chunk), b"".join(chunk)) for chunk in chunks]


def in_writes(pieces: Iterable[bytes]) -> list[bytes]:
    """Join pieces to a few large writes, whatever HTTP chunks they hold."""
    joined = b"".join(pieces)
    return [joined[at : at + WRITE_BYTES] for at in range(0, len(joined), WRITE_BYTES)]


def _size(chunk: list[bytes]) -> int:
    return sum(map(len, chunk))


def named_event(event: str, more: dict[str, Any]) -> bytes:
    """Return a server-sent event with its name on a line and in its data."""
    return f"event: {event}\n".encode() + _data({"type": event, **more})


def _data(value: dict[str, Any]) -> bytes:
    return b"data: " + _json(value) + b"\n\n"


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
