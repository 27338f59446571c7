"""Read requests of OpenAI's chat completions; write answers whole and as server-sent events.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.http_messages import NO_RUNS, BodyPart, Json, ToolRuns, dumps
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

    from scout_adapters.testing.ids import Ids
    from scout_adapters.testing.protocols.openai_dialects import OpenAIDialect
    from scout_adapters.testing.protocols.openai_usage import UsageCounts

_ROLES = {"system": "system", "developer": "system", "assistant": "model", "tool": "tool"}
_MEDIA = {"image_url": "image", "input_audio": "audio", "file": "file", "video_url": "video"}
_REASONERS = ("reason", "-r1", "thinking", "magistral")
_FRAGMENT = 12
"""Characters of a tool call's arguments in one delta."""

DONE = b"data: [DONE]\n\n"


def read(body: Json) -> ReceivedRequest:
    """Read a request body."""
    turns = [_turn(message) for message in objects(body.get("messages"))]
    tools = tuple(_tool(tool) for tool in objects(body.get("tools")))
    form = mapping(body.get("response_format"))
    limit = body.get("max_completion_tokens", body.get("max_tokens"))
    return ReceivedRequest(
        model=str(body.get("model")),
        stream=body.get("stream") is True,
        tools=tools,
        choice=_choice(body.get("tool_choice")),
        parallel=body.get("parallel_tool_calls") is not False,
        schema=mapping(form.get("json_schema")).get("schema"),
        json_mode=form.get("type") == "json_object",
        stop=strings(body.get("stop")),
        max_tokens=limit if isinstance(limit, int) else None,
        thinks=_thinks(body),
        **received_text(turns),
        **token_weights(turns, body.get("tools")),
    )


def _turn(message: Json) -> ReceivedTurn:
    content = message.get("content")
    parts = objects(content)
    text = content if isinstance(content, str) else "".join(str(p.get("text", "")) for p in parts)
    calls = tuple(
        str(mapping(call.get("function")).get("name"))
        for call in objects(message.get("tool_calls"))
    )
    media = tuple(_MEDIA[part["type"]] for part in parts if part.get("type") in _MEDIA)
    role: Any = _ROLES.get(str(message.get("role")), "user")
    return ReceivedTurn(role, text, calls, media)


def _tool(tool: Json) -> ReceivedTool:
    function = mapping(tool.get("function"))
    return ReceivedTool(str(function.get("name")), mapping(function.get("parameters")))


def _choice(choice: Any) -> str:
    if isinstance(choice, dict):
        name = mapping(choice.get("function")).get("name")
        return f"={name}" if name else str(choice.get("type", "auto"))
    return {"required": "any", None: "auto"}.get(choice, str(choice))


def _thinks(body: Json) -> bool:
    effort = body.get("reasoning_effort", mapping(body.get("reasoning")).get("effort"))
    if effort == "none" or mapping(body.get("thinking")).get("type") == "disabled":
        return False
    enabled = effort or body.get("include_reasoning") or body.get("reasoning_split")
    enabled = enabled or mapping(body.get("reasoning")).get("enabled") or body.get("thinking")
    return bool(enabled) or any(part in str(body.get("model")).lower() for part in _REASONERS)


@dataclass(frozen=True, slots=True)
class ChatWriter:
    """Writes one answer in a provider's dialect."""

    dialect: OpenAIDialect
    ids: Ids
    created: int
    body: Json
    """The request."""

    answer: Answer
    counts: UsageCounts
    runs: ToolRuns = NO_RUNS

    @property
    def finish(self) -> str:
        """OpenAI's `finish_reason`."""
        return {"tools": "tool_calls", "stop_sequence": "stop"}.get(
            self.answer.finish, self.answer.finish
        )

    def whole(self) -> Json:
        """Return the answer as one body."""
        choice = {
            "index": 0,
            "message": self._message(),
            "finish_reason": self.finish,
            **self.dialect.whole_choice_keys,
        }
        if "logprobs" in self.dialect.choice_keys:
            choice["logprobs"] = self._logprobs(self.answer.text)
        if "native_finish_reason" in self.dialect.choice_keys:
            choice["native_finish_reason"] = self.finish
        body = self._frame("chat.completion") | {"choices": [choice]} | self.dialect.last_keys
        body["usage"] = self.dialect.usage(self.counts)
        if self.dialect.x_groq:
            body |= {"x_groq": self._x_groq, "usage_breakdown": None, "service_tier": "on_demand"}
        return body

    def _message(self) -> Json:
        text = self._inline + self.answer.text
        message: Json = {"role": "assistant", "content": text, **self.dialect.message_keys}
        if self._shown:
            message |= self._reasoning(self._shown, text)
        if tools := self._executed_tools():
            message["executed_tools"] = tools
        if self.answer.calls:
            if not (self.answer.text or self._inline):
                del message["content"]
                message |= self.dialect.textless_keys
            message["tool_calls"] = [
                self._call(at, call) for at, call in enumerate(self.answer.calls)
            ]
        return message

    def _executed_tools(self) -> list[Json]:
        """Return the runs of Groq's own tools: https://console.groq.com/docs/browser-search."""
        if not self.dialect.x_groq:
            return []
        kinds = {"search": "browser.search", "open": "browser.open"}
        times = self.runs.times
        runs = [name for kind, name in kinds.items() for _ in range(times.get(kind, 0))]
        return [
            {"index": at, "type": "browser_search", "name": name, "arguments": "{}", "output": "x"}
            for at, name in enumerate(runs)
        ]

    def _reasoning(self, reasoning: str, content: str) -> Json:
        """Return the reasoning of a whole message; Mistral puts it into the content."""
        if self.dialect.reasoning_delta is None:
            return {}
        delta = self.dialect.reasoning_delta(reasoning)
        delta.pop("channel", None)
        if isinstance(delta.get("content"), list):
            text = [{"type": "text", "text": content}] if content else []
            return {"content": delta["content"] + text}
        delta.pop("content", None)
        return delta

    def _call(self, at: int, call: AnsweredCall) -> Json:
        tool_call: Json = {
            "id": self.dialect.call_id(self.ids.of(at)),
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        return tool_call | ({"index": at} if self.dialect.calls_have_index else {})

    @property
    def _split(self) -> bool:
        """Whether reasoning is in a field of its own."""
        form = self.body.get("reasoning_format")
        return form != "raw" and (
            not self.dialect.reasoning_in_text or bool(self.body.get("reasoning_split"))
        )

    @property
    def _shown(self) -> str:
        """The reasoning in a field of its own, "" if there is none."""
        hidden = self.body.get("reasoning_format") == "hidden"
        hidden = hidden or mapping(self.body.get("reasoning")).get("exclude") is True
        return self.answer.reasoning if self._split and not hidden else ""

    @property
    def _inline(self) -> str:
        """The reasoning in front of the text, "" if there is none."""
        reasoning = self.answer.reasoning
        return f"<think>\n{reasoning}\n</think>\n\n" if reasoning and not self._split else ""

    @property
    def _x_groq(self) -> Json:
        return {"id": f"req_{self.ids.hex(26)}"}

    def _frame(self, kind: str) -> Json:
        frame: Json = {
            "id": self.dialect.answer_id(self.ids),
            "object": kind,
            "created": self.created,
            "model": self.body["model"],
        }
        return frame | self.dialect.body_keys

    def _logprobs(self, text: str) -> Json | None:
        if not self.body.get("logprobs") or not text:
            return None
        top = int(self.body.get("top_logprobs") or 0)
        return {"content": [_logprob(piece, top) for piece in pieces(text)], "refusal": None}

    def events(self) -> tuple[BodyPart, ...]:
        """Return the answer as server-sent events."""
        frame = self._frame("chat.completion.chunk") | self.dialect.chunk_keys
        if self.dialect.usage_at == "on_request" and self._usage_requested:
            frame["usage"] = None
        deltas = list(self._deltas())
        last: Json = {} if not self.dialect.finish_with_last_delta else deltas.pop()[0]
        parts = []
        for at, (delta, tokens) in enumerate(deltas):
            choice = {"index": 0, "delta": delta, **self.dialect.choice_keys}
            if "logprobs" in choice:
                choice["logprobs"] = self._logprobs(delta.get("content") or "")
            chunk = frame | {"choices": [choice]}
            if at == 0 and self.dialect.x_groq:
                chunk["x_groq"] = self._x_groq
            parts.append(BodyPart(b"data: " + dumps(chunk) + b"\n\n", tokens))
        if self.dialect.comments:
            parts[0] = replace(parts[0], data=self.dialect.comments + parts[0].data)
        return (*parts, *self._close(frame, last))

    @property
    def _usage_requested(self) -> bool:
        return bool(mapping(self.body.get("stream_options")).get("include_usage"))

    def _close(self, frame: Json, delta: Json) -> tuple[BodyPart, ...]:
        """Return the finish chunk, the usage where this dialect has it, and the end."""
        end = self.counts.completion
        chunks = self._last_chunks(frame, delta)
        chunks[-1] |= self.dialect.last_keys
        parts = tuple(BodyPart(b"data: " + dumps(chunk) + b"\n\n", end) for chunk in chunks)
        return (*parts, BodyPart(DONE, end)) if self.dialect.ends_with_done else parts

    def _last_chunks(self, frame: Json, delta: Json) -> list[Json]:
        usage = self.dialect.usage(self.counts)
        where, keys = self.dialect.usage_at, self.dialect.choice_keys
        choice = {"index": 0, "delta": delta, **keys, "finish_reason": self.finish}
        finish = frame | {"choices": [choice]}
        chunks = [finish]
        if where == "groq":
            finish["x_groq"] = self._x_groq | {"usage": usage}
        if where == "finish" or (where == "groq" and not self._usage_requested):
            finish["usage"] = usage
        elif where == "after" or (where in {"on_request", "groq"} and self._usage_requested):
            chunks.append(frame | {"choices": [], "usage": usage})
        elif where == "openrouter":
            empty = {"index": 0, "delta": self.dialect.delta_keys, **keys}
            finish["choices"] = [
                choice | {"delta": self.dialect.delta_keys, "native_finish_reason": self.finish}
            ]
            chunks.append(frame | {"choices": [empty], "usage": usage})
        return chunks

    def _deltas(self) -> Iterator[tuple[Json, int]]:
        """Yield the deltas before the finish, each with the output tokens up to its end."""
        characters = 0
        pending: Json = {"role": "assistant"}
        if self.dialect.first_delta is not None:
            null = not self.answer.text and self.dialect.textless_keys.get("content", "") is None
            yield self.dialect.first_delta | ({"content": None} if null else {}), 0
            pending = {}
        for delta, length in self._content_deltas():
            characters += length
            yield self.dialect.delta_keys | pending | delta, (characters + 3) // 4
            pending = {}
        if pending:
            yield self.dialect.delta_keys | pending | {"content": ""}, 0

    def _content_deltas(self) -> Iterator[tuple[Json, int]]:
        for tool in self._executed_tools():
            begun = {name: value for name, value in tool.items() if name != "output"}
            yield {"executed_tools": [begun]}, 0
            yield {"executed_tools": [tool]}, 0
        reasoning_delta = self.dialect.reasoning_delta
        if reasoning_delta is not None:
            for piece in pieces(self._shown):
                yield reasoning_delta(piece), len(piece)
        null_reasoning = self.dialect.null_reasoning if self._shown else {}
        for piece in (*pieces(self._inline), *self.answer.text_pieces):
            yield {"content": piece, **null_reasoning}, len(piece)
        for at, call in enumerate(self.answer.calls):
            yield from self._call_deltas(at, call)

    def _call_deltas(self, at: int, call: AnsweredCall) -> Iterator[tuple[Json, int]]:
        tool_call = self._call(at, call) | {"index": at}
        if self.dialect.calls_in_one_delta:
            yield {"tool_calls": [tool_call]}, len(call.name) + len(call.arguments)
            return
        head = tool_call | {"function": {"name": call.name, "arguments": ""}}
        yield {"tool_calls": [head]}, len(call.name)
        for start in range(0, len(call.arguments), _FRAGMENT):
            text = call.arguments[start : start + _FRAGMENT]
            yield {"tool_calls": [{"index": at, "function": {"arguments": text}}]}, len(text)


def _logprob(piece: str, top: int) -> Json:
    token: Json = {"token": piece, "logprob": -0.1, "bytes": list(piece.encode())}
    return token | {"top_logprobs": [token] * min(top, 1)}
