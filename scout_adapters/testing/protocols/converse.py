"""Read requests of Bedrock's Converse; write answers whole and as an AWS event stream.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import struct
from binascii import crc32
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from scout_adapters.testing.http_messages import BodyPart, Json, dumps
from scout_adapters.testing.ids import Ids, sign
from scout_adapters.testing.model.answer import Answer
from scout_adapters.testing.model.chat_request import (
    ReceivedRequest,
    ReceivedTool,
    ReceivedTurn,
    mapping,
    objects,
    received_text,
    strings,
    token_weights,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MEDIA = {"image": "image", "document": "file", "video": "file"}
_FINISHES = {"stop": "end_turn", "tools": "tool_use", "length": "max_tokens"}
_FRAGMENT = 12
"""Characters of a tool call's arguments in one delta."""

_STRING = 7
"""Type of a header whose value is a text."""

EXCEPTIONS: Mapping[int, str] = {
    429: "throttlingException",
    503: "serviceUnavailableException",
    400: "validationException",
    424: "modelStreamErrorException",
}
"""Names of exceptions in a stream by status; others are `internalServerException`."""


def read(body: Json, model: str, *, stream: bool) -> ReceivedRequest:
    """Read a request body; the path has the model."""
    system = "".join(str(block.get("text") or "") for block in objects(body.get("system")))
    turns = [ReceivedTurn("system", system)] if system else []
    for message in objects(body.get("messages")):
        turns += _turns(message)
    tool_config, settings = mapping(body.get("toolConfig")), mapping(body.get("inferenceConfig"))
    tools = [mapping(tool.get("toolSpec")) for tool in objects(tool_config.get("tools"))]
    return ReceivedRequest(
        model=model,
        stream=stream,
        tools=tuple(_tool(tool) for tool in tools if tool),
        choice=_choice(mapping(tool_config.get("toolChoice"))),
        schema=_schema(body),
        stop=strings(settings.get("stopSequences")),
        max_tokens=settings.get("maxTokens"),
        **received_text(turns),
        **token_weights(turns, tools or None),
    )


def _turns(message: Json) -> Iterator[ReceivedTurn]:
    """Yield the turns of a message: tool results come first and are turns of their own."""
    blocks = objects(message.get("content"))
    for block in blocks:
        if result := mapping(block.get("toolResult")):
            parts = objects(result.get("content"))
            text = "".join(str(part.get("text") or part.get("json") or "") for part in parts)
            yield ReceivedTurn("tool", text)
    calls = tuple(str(mapping(b["toolUse"]).get("name")) for b in blocks if "toolUse" in b)
    media = tuple(kind for name, kind in _MEDIA.items() for block in blocks if name in block)
    text = "".join(str(block.get("text") or "") for block in blocks)
    if text or calls or media:
        is_model = message.get("role") == "assistant"
        yield ReceivedTurn("model" if is_model else "user", text, calls, media)


def _tool(spec: Json) -> ReceivedTool:
    return ReceivedTool(
        str(spec.get("name")), mapping(mapping(spec.get("inputSchema")).get("json"))
    )


def _choice(choice: Json) -> str:
    if tool := mapping(choice.get("tool")):
        return f"={tool.get('name')}"
    return "any" if "any" in choice else "auto"


def _schema(body: Json) -> Json | None:
    form = mapping(mapping(body.get("outputConfig")).get("textFormat"))
    schema = mapping(mapping(form.get("structure")).get("jsonSchema")).get("schema")
    return mapping(orjson.loads(schema)) if isinstance(schema, str) else None


@dataclass(frozen=True, slots=True)
class ConverseWriter:
    """Writes one answer."""

    ids: Ids
    answer: Answer
    input_tokens: int

    def whole(self) -> Json:
        """Return the answer as one body."""
        message = {"role": "assistant", "content": list(self._content())}
        return {"output": {"message": message}, "stopReason": self._finish, **self._counts}

    @property
    def _finish(self) -> str:
        return _FINISHES.get(self.answer.finish, self.answer.finish)

    @property
    def _counts(self) -> Json:
        given, made = self.input_tokens, self.answer.output_tokens
        usage = {"inputTokens": given, "outputTokens": made, "totalTokens": given + made}
        return {"usage": usage, "metrics": {"latencyMs": 12}}

    def _content(self) -> Iterator[Json]:
        if reasoning := self.answer.reasoning:
            text = {"text": reasoning, "signature": sign(reasoning)}
            yield {"reasoningContent": {"reasoningText": text}}
        if self.answer.text:
            yield {"text": self.answer.text}
        for at, call in enumerate(self.answer.calls):
            yield {"toolUse": {**self._call(at, call.name), "input": call.args}}

    def _call(self, at: int, name: str) -> Json:
        return {"toolUseId": f"tooluse_{self.ids.of(at).hex(22)}", "name": name}

    def events(self) -> tuple[BodyPart, ...]:
        """Return the answer as the messages of an event stream."""
        parts = [event("messageStart", {"role": "assistant"})]
        at = 0
        if self.answer.text:
            before = 0
            for piece in self.answer.text_pieces:
                before += len(piece)
                delta = {"contentBlockIndex": 0, "delta": {"text": piece}}
                parts.append(event("contentBlockDelta", delta, (before + 3) // 4))
            parts.append(event("contentBlockStop", {"contentBlockIndex": 0}))
            at = 1
        for number, call in enumerate(self.answer.calls):
            parts += self._call_events(at + number, number, call.name, call.arguments)
        end = self.answer.output_tokens
        parts.append(event("messageStop", {"stopReason": self._finish}, end))
        return (*parts, event("metadata", self._counts, end))

    def _call_events(self, at: int, number: int, name: str, arguments: str) -> Iterator[BodyPart]:
        start = {"toolUse": self._call(number, name)}
        yield event("contentBlockStart", {"contentBlockIndex": at, "start": start})
        for begin in range(0, len(arguments), _FRAGMENT):
            delta = {"toolUse": {"input": arguments[begin : begin + _FRAGMENT]}}
            yield event("contentBlockDelta", {"contentBlockIndex": at, "delta": delta})
        yield event("contentBlockStop", {"contentBlockIndex": at})


def event(name: str, payload: Json, tokens: int = 0) -> BodyPart:
    """Return one event of a stream; `tokens` counts output tokens up to its end."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return BodyPart(framed(headers, dumps(payload)), tokens)


def exception(status: int, body: Json) -> bytes:
    """Return an error as a message of a stream."""
    name = EXCEPTIONS.get(status, "internalServerException")
    headers = {":exception-type": name, ":content-type": "application/json"}
    return framed({**headers, ":message-type": "exception"}, dumps(body))


def framed(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Return a message in AWS's binary form: lengths, checksum, headers, payload, checksum."""
    head = b"".join(
        struct.pack("!B", len(name))
        + name.encode()
        + struct.pack("!BH", _STRING, len(value))
        + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + payload
    return message + struct.pack("!I", crc32(message))
