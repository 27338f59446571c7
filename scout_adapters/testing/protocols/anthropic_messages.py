"""Read requests of Anthropic's Messages; write answers whole and as server-sent events.

https://platform.claude.com/docs/en/api/messages and …/build-with-claude/streaming
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.http_messages import (
    NO_RUNS,
    BodyPart,
    CachedTokens,
    Json,
    ToolRuns,
    dumps,
)
from scout_adapters.testing.ids import Ids, sign
from scout_adapters.testing.model.answer import Answer, AnsweredCall, pieces
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
    from collections.abc import Iterator

_MEDIA = {"image": "image", "document": "file"}
_REASONERS = ("reason", "-r1", "thinking")
_DATED = re.compile(r"_20\d{6}$")
_FRAGMENT = 12
"""Characters of a tool call's arguments in one delta."""


def read(body: Json) -> ReceivedRequest:
    """Read a request body."""
    turns = [ReceivedTurn("system", _text(body.get("system")))] if body.get("system") else []
    for message in objects(body.get("messages")):
        turns.extend(_turns(message))
    choice = mapping(body.get("tool_choice"))
    return ReceivedRequest(
        model=str(body.get("model")),
        stream=body.get("stream") is True,
        tools=tuple(_tool(tool) for tool in objects(body.get("tools")) if not is_hosted(tool)),
        choice=f"={choice['name']}" if "name" in choice else str(choice.get("type", "auto")),
        parallel=choice.get("disable_parallel_tool_use") is not True,
        schema=_schema(body),
        stop=strings(body.get("stop_sequences")),
        max_tokens=body.get("max_tokens"),
        thinks=_thinks(body),
        **received_text(turns),
        **token_weights(turns, body.get("tools")),
    )


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(str(block.get("text", "")) for block in objects(content))


def _turns(message: Json) -> Iterator[ReceivedTurn]:
    """Yield the turns of a message: tool results come first and are turns of their own."""
    content = message.get("content")
    blocks = objects(content)
    for block in blocks:
        if block.get("type") == "tool_result":
            media = tuple(
                _MEDIA[b["type"]] for b in objects(block.get("content")) if b["type"] in _MEDIA
            )
            yield ReceivedTurn("tool", _text(block.get("content")), (), media)
    calls = tuple(str(b.get("name")) for b in blocks if b.get("type") == "tool_use")
    media = tuple(_MEDIA[b["type"]] for b in blocks if b.get("type") in _MEDIA)
    text = _text(content)
    role: Any = "model" if message.get("role") == "assistant" else "user"
    if text or calls or media or isinstance(content, str):
        yield ReceivedTurn(role, text, calls, media)


def is_hosted(tool: Json) -> bool:
    """Return whether a tool runs at Anthropic: its type ends with a date."""
    return _DATED.search(str(tool.get("type"))) is not None


def _tool(tool: Json) -> ReceivedTool:
    return ReceivedTool(str(tool.get("name")), mapping(tool.get("input_schema")))


def _schema(body: Json) -> Json | None:
    form = mapping(body.get("output_config")).get("format") or body.get("output_format")
    return mapping(form).get("schema")


def _thinks(body: Json) -> bool:
    kind = mapping(body.get("thinking")).get("type")
    if kind is not None:
        return kind in {"enabled", "adaptive"}
    return any(part in str(body.get("model")).lower() for part in _REASONERS)


@dataclass(frozen=True, slots=True)
class MessagesWriter:
    """Writes one answer."""

    ids: Ids
    body: Json
    """The request."""

    answer: Answer
    input_tokens: int
    cached: CachedTokens
    runs: ToolRuns = NO_RUNS

    def whole(self) -> Json:
        """Return the answer as one body."""
        return self._message(
            content=list(self._content()),
            stop_reason=self._stop_reason,
            stop_sequence=self.answer.stopped_by,
            usage=self._usage(self.answer.output_tokens) | self._details,
        )

    def _message(self, **more: Any) -> Json:
        return {
            "model": self.body["model"],
            "id": f"msg_01{self.ids.hex(22)}",
            "type": "message",
            "role": "assistant",
            **more,
        }

    @property
    def _stop_reason(self) -> str:
        reasons = {"stop": "end_turn", "tools": "tool_use", "length": "max_tokens"}
        return reasons.get(self.answer.finish, self.answer.finish)

    @property
    def _details(self) -> Json:
        """The thinking tokens and the searches; a stream contains them only at its end."""
        details: Json = {"output_tokens_details": {"thinking_tokens": self.answer.reasoning_tokens}}
        if searches := self.runs.times.get("search"):
            counts = {"web_search_requests": searches, "web_fetch_requests": 0}
            details["server_tool_use"] = counts
        return details

    def _usage(self, output_tokens: int) -> Json:
        hour = self.cached.written if self.cached.hour else 0
        fresh = self.input_tokens - self.cached.read - self.cached.written
        return {
            "input_tokens": max(0, fresh),
            "cache_creation_input_tokens": self.cached.written,
            "cache_read_input_tokens": self.cached.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.cached.written - hour,
                "ephemeral_1h_input_tokens": hour,
            },
            "output_tokens": output_tokens,
            "service_tier": "standard",
        }

    def _content(self) -> Iterator[Json]:
        reasoning = self.answer.reasoning
        if reasoning:
            yield {"type": "thinking", "thinking": reasoning, "signature": sign(reasoning)}
        for at in range(self.runs.times.get("search", 0)):
            yield from self._search(at)
        if self.answer.text:
            yield {"type": "text", "text": self.answer.text}
        for at, call in enumerate(self.answer.calls):
            yield self._tool_use(at, call) | {"input": call.args}

    def _search(self, at: int) -> tuple[Json, Json]:
        """Return a search and its result, as the provider's tool writes them."""
        call_id = f"srvtoolu_01{self.ids.of(f'search{at}').hex(22)}"
        page = {"type": "web_search_result", "url": "https://news.example", "title": "News"}
        query = {"query": f"query {at}"}
        return (
            {"type": "server_tool_use", "id": call_id, "name": "web_search", "input": query},
            {
                "type": "web_search_tool_result",
                "tool_use_id": call_id,
                "content": [page | {"encrypted_content": sign("News"), "page_age": None}],
            },
        )

    def _tool_use(self, at: int, call: AnsweredCall) -> Json:
        call_id = f"toolu_01{self.ids.of(at).hex(22)}"
        return {"type": "tool_use", "id": call_id, "name": call.name, "input": {}}

    def events(self) -> tuple[BodyPart, ...]:
        """Return the answer as server-sent events."""
        end = self.answer.output_tokens
        start = self._message(
            content=[], stop_reason=None, stop_sequence=None, usage=self._usage(1)
        )
        parts = [_event("message_start", {"message": start})]
        for at, (block, deltas) in enumerate(self._streamed()):
            parts.append(_event("content_block_start", {"index": at, "content_block": block}))
            parts += [_event("ping", {})] * (at == 0)
            for delta, tokens in deltas:
                parts.append(_event("content_block_delta", {"index": at, "delta": delta}, tokens))
            parts.append(_event("content_block_stop", {"index": at}, parts[-1].tokens))
        delta = {"stop_reason": self._stop_reason, "stop_sequence": self.answer.stopped_by}
        usage = self._usage(end)
        counts = {key: usage[key] for key in usage if key.endswith("_tokens")}
        parts.append(
            _event("message_delta", {"delta": delta, "usage": counts | self._details}, end)
        )
        return (*parts, _event("message_stop", {}, end))

    def _streamed(self) -> Iterator[tuple[Json, list[tuple[Json, int]]]]:
        """Yield each block as it starts, with its deltas and the output tokens up to each."""
        reasoning, before = self.answer.reasoning, 0
        if reasoning:
            deltas = _deltas("thinking_delta", "thinking", pieces(reasoning), 0)
            signature = {"type": "signature_delta", "signature": sign(reasoning)}
            before = len(reasoning)
            closing = [(signature, (before + 3) // 4)]
            yield {"type": "thinking", "thinking": "", "signature": ""}, deltas + closing
        for at in range(self.runs.times.get("search", 0)):
            search, result = self._search(at)
            query = ["", dumps(search["input"]).decode()]
            shown = [({"type": "input_json_delta", "partial_json": text}, 0) for text in query]
            yield search | {"input": {}}, shown
            yield result, []
        if self.answer.text:
            deltas = _deltas("text_delta", "text", self.answer.text_pieces, before)
            yield {"type": "text", "text": ""}, deltas
        for at, call in enumerate(self.answer.calls):
            # `{}` is streamed as an empty text.
            text = "" if call.arguments == "{}" else call.arguments
            cut = ["", *(text[i : i + _FRAGMENT] for i in range(0, len(text), _FRAGMENT))]
            yield self._tool_use(at, call), _deltas("input_json_delta", "partial_json", cut, before)
            before += len(call.name) + len(text)


def _deltas(kind: str, name: str, texts: list[str], before: int) -> list[tuple[Json, int]]:
    deltas: list[tuple[Json, int]] = []
    for text in texts:
        before += len(text)
        deltas.append(({"type": kind, name: text}, (before + 3) // 4))
    return deltas


def _event(kind: str, fields: Json, tokens: int = 0) -> BodyPart:
    data = dumps({"type": kind, **fields})
    return BodyPart(b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n", tokens)


def headers(ids: Ids) -> dict[str, str]:
    """Return the headers of every answer: the request id, and the limits of the account."""
    reset = "2026-01-01T00:01:00Z"
    headers = {"request-id": f"req_011{ids.hex(21)}", "anthropic-organization-id": ids.uuid()}
    for kind, limit in (("requests", "4000"), ("tokens", "480000")):
        headers[f"anthropic-ratelimit-{kind}-limit"] = limit
        headers[f"anthropic-ratelimit-{kind}-remaining"] = str(int(limit) - 1)
        headers[f"anthropic-ratelimit-{kind}-reset"] = reset
    return headers
