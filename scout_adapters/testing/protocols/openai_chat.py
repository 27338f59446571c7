"""OpenAI's chat completions: reads requests, writes answers whole and as server-sent events.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.http_messages import BodyPart, Json, dumps
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
from scout_adapters.testing.protocols.openai_dialects import VOICES, OpenAIDialect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scout_adapters.testing.emulated_providers import EmulatedProvider
    from scout_adapters.testing.ids import Ids
    from scout_adapters.testing.protocols.openai_usage import UsageCounts

_SPEAKERS = {"system": "system", "developer": "system", "assistant": "model", "tool": "tool"}
_MEDIA = {"image_url": "image", "input_audio": "audio", "file": "file", "video_url": "video"}
_THINKERS = ("reason", "-r1", "thinking", "magistral")
_MESSAGE: dict[str, Json] = {
    "openai": {"refusal": None, "annotations": []},
    "openrouter": {"refusal": None, "reasoning": None},
    "xai": {"refusal": None},
    "mistral": {"tool_calls": None},
}
_FRAGMENT = 12
DONE = b"data: [DONE]\n\n"


def read(body: Json) -> ReceivedRequest:
    """Read a request."""
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
    speaker: Any = _SPEAKERS.get(str(message.get("role")), "user")
    return ReceivedTurn(speaker, text, calls, media)


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
    asked = effort or body.get("include_reasoning") or body.get("reasoning_split")
    asked = asked or mapping(body.get("reasoning")).get("enabled") or body.get("thinking")
    return bool(asked) or any(sign in str(body.get("model")).lower() for sign in _THINKERS)


@dataclass(frozen=True, slots=True)
class ChatWriter:
    """Writes one answer."""

    house: EmulatedProvider
    ids: Ids
    created: int
    body: Json
    """The request."""

    answer: Answer
    counts: UsageCounts

    @property
    def voice(self) -> OpenAIDialect:
        """The provider's quirks."""
        return VOICES[self.house.flavour]

    @property
    def finish(self) -> str:
        """OpenAI's word for why the answer ends."""
        return {"tools": "tool_calls", "stop_sequence": "stop"}.get(
            self.answer.finish, self.answer.finish
        )

    def whole(self) -> Json:
        """Render the answer as one body."""
        choice = {
            "index": 0,
            "message": self._message(),
            "finish_reason": self.finish,
        }
        if "logprobs" in self.voice.choice:
            choice["logprobs"] = self._logprobs(self.answer.text)
        if self.house.flavour == "openrouter":
            choice["native_finish_reason"] = self.finish
        body = self._frame("chat.completion") | {"choices": [choice]} | self.voice.closing
        body["usage"] = self.voice.usage(self.counts)
        if self.house.flavour == "groq":
            body |= {"x_groq": self._x_groq, "usage_breakdown": None, "service_tier": "on_demand"}
        return body

    def _message(self) -> Json:
        message: Json = {"role": "assistant", "content": self._inline + self.answer.text}
        if self.house.flavour in _MESSAGE:
            message |= _MESSAGE[self.house.flavour]
        shown = self._shown
        if shown:
            message |= self._thought(shown, message["content"])
        if self.answer.calls:
            if not (self.answer.text or self._inline):
                del message["content"]
                message |= self.voice.silent
            message["tool_calls"] = [
                self._call(at, call) for at, call in enumerate(self.answer.calls)
            ]
        return message

    def _thought(self, shown: str, content: str) -> Json:
        """Render the reasoning of a whole message; Mistral puts it into the content."""
        if self.voice.thought is None:
            return {}
        said = self.voice.thought(shown)
        said.pop("channel", None)
        if isinstance(said.get("content"), list):
            text = [{"type": "text", "text": content}] if content else []
            return {"content": said["content"] + text}
        said.pop("content", None)
        return said

    def _call(self, at: int, call: AnsweredCall) -> Json:
        made: Json = {
            "id": self.voice.call_id(self.ids.of(at)),
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        return made | ({"index": at} if self.voice.indexed else {})

    @property
    def _split(self) -> bool:
        """Whether reasoning has a field of its own."""
        form = self.body.get("reasoning_format")
        return form != "raw" and (not self.voice.inline or bool(self.body.get("reasoning_split")))

    @property
    def _shown(self) -> str:
        """The reasoning that goes into its own field."""
        hidden = self.body.get("reasoning_format") == "hidden"
        hidden = hidden or mapping(self.body.get("reasoning")).get("exclude") is True
        return self.answer.reasoning if self._split and not hidden else ""

    @property
    def _inline(self) -> str:
        """The reasoning that goes in front of the text."""
        said = self.answer.reasoning
        return f"<think>\n{said}\n</think>\n\n" if said and not self._split else ""

    @property
    def _x_groq(self) -> Json:
        return {"id": f"req_{self.ids.hex(26)}"}

    def _frame(self, kind: str) -> Json:
        frame: Json = {
            "id": self.voice.answer_id(self.ids),
            "object": kind,
            "created": self.created,
            "model": self.body["model"],
        }
        return frame | self.voice.extra

    def _logprobs(self, text: str) -> Json | None:
        if not self.body.get("logprobs") or not text:
            return None
        top = int(self.body.get("top_logprobs") or 0)
        return {"content": [_logprob(piece, top) for piece in pieces(text)], "refusal": None}

    def events(self) -> tuple[BodyPart, ...]:
        """Render the answer as server-sent events."""
        frame = self._frame("chat.completion.chunk") | self.voice.padding
        if self.voice.usage_at == "asked" and self._counts_asked:
            frame["usage"] = None
        deltas = list(self._deltas())
        last: Json = {} if not self.voice.finish_with_calls else deltas.pop()[0]
        parts = []
        for at, (delta, tokens) in enumerate(deltas):
            choice = {"index": 0, "delta": delta, **self.voice.choice}
            if "logprobs" in choice:
                choice["logprobs"] = self._logprobs(delta.get("content") or "")
            chunk = frame | {"choices": [choice]}
            if at == 0 and self.house.flavour == "groq":
                chunk["x_groq"] = self._x_groq
            parts.append(BodyPart(b"data: " + dumps(chunk) + b"\n\n", tokens))
        return self._open(parts) + self._close(frame, last)

    def _open(self, parts: list[BodyPart]) -> tuple[BodyPart, ...]:
        if self.house.flavour == "openrouter":
            first = BodyPart(b": OPENROUTER PROCESSING\n\n" * 2 + parts[0].data, parts[0].tokens)
            return (first, *parts[1:])
        return tuple(parts)

    @property
    def _counts_asked(self) -> bool:
        return bool(mapping(self.body.get("stream_options")).get("include_usage"))

    def _close(self, frame: Json, delta: Json) -> tuple[BodyPart, ...]:
        """Write the finish chunk, the usage where this provider has it, and the end."""
        end = self.counts.completion
        usage = self.voice.usage(self.counts)
        where = self.voice.usage_at
        choice = {"index": 0, "delta": delta, **self.voice.choice, "finish_reason": self.finish}
        finish = frame | {"choices": [choice]}
        chunks = [finish]
        if where == "groq":
            finish["x_groq"] = self._x_groq | {"usage": usage}
        if where == "finish" or (where == "groq" and not self._counts_asked):
            finish["usage"] = usage
        elif where == "after" or (where in {"asked", "groq"} and self._counts_asked):
            chunks.append(frame | {"choices": [], "usage": usage})
        elif where == "openrouter":
            empty = {"index": 0, "delta": self.voice.every, **self.voice.choice}
            finish["choices"] = [
                choice | {"delta": self.voice.every, "native_finish_reason": self.finish}
            ]
            chunks.append(frame | {"choices": [empty], "usage": usage})
        chunks[-1] |= self.voice.closing
        parts = tuple(BodyPart(b"data: " + dumps(chunk) + b"\n\n", end) for chunk in chunks)
        return (*parts, BodyPart(DONE, end)) if self.voice.done else parts

    def _deltas(self) -> Iterator[tuple[Json, int]]:
        """Yield the deltas before the finish, each with the tokens that have been said by then."""
        characters = 0
        waiting: Json = {"role": "assistant"}
        if self.voice.opening is not None:
            silent = not self.answer.text and self.voice.silent.get("content", "") is None
            yield self.voice.opening | ({"content": None} if silent else {}), 0
            waiting = {}
        for delta, length in self._said():
            characters += length
            yield self.voice.every | waiting | delta, (characters + 3) // 4
            waiting = {}
        if waiting:
            yield self.voice.every | waiting | {"content": ""}, 0

    def _said(self) -> Iterator[tuple[Json, int]]:
        thought = self.voice.thought
        if thought is not None:
            for piece in pieces(self._shown):
                yield thought(piece), len(piece)
        both = (
            {"reasoning_content": None} if self.house.flavour == "deepseek" and self._shown else {}
        )
        for piece in pieces(self._inline + self.answer.text):
            yield {"content": piece, **both}, len(piece)
        for at, call in enumerate(self.answer.calls):
            yield from self._called(at, call)

    def _called(self, at: int, call: AnsweredCall) -> Iterator[tuple[Json, int]]:
        made = self._call(at, call) | {"index": at}
        if self.voice.whole_calls:
            yield {"tool_calls": [made]}, len(call.name) + len(call.arguments)
            return
        head = made | {"function": {"name": call.name, "arguments": ""}}
        yield {"tool_calls": [head]}, len(call.name)
        for start in range(0, len(call.arguments), _FRAGMENT):
            text = call.arguments[start : start + _FRAGMENT]
            yield {"tool_calls": [{"index": at, "function": {"arguments": text}}]}, len(text)


def _logprob(piece: str, top: int) -> Json:
    said: Json = {"token": piece, "logprob": -0.1, "bytes": list(piece.encode())}
    return said | {"top_logprobs": [said] * min(top, 1)}
