"""Read requests of OpenAI's Responses API; write responses whole and as server-sent events.

https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.http_messages import BodyPart, Json, TokensSpent, dumps
from scout_adapters.testing.ids import sign
from scout_adapters.testing.model.answer import Answer, AnsweredCall, pieces
from scout_adapters.testing.model.chat_request import (
    ReceivedRequest,
    ReceivedTool,
    ReceivedTurn,
    mapping,
    objects,
    received_text,
    token_weights,
)
from scout_adapters.testing.protocols.reasoning_efforts import default_effort
from scout_adapters.testing.provider_tools import response_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scout_adapters.testing.ids import Ids
    from scout_adapters.testing.protocols.responses_variants import ResponsesVariant

ENCRYPTED = "reasoning.encrypted_content"
STORED, NOT_STORED = "e401", "e400"
"""How the digits of an item's id begin, by whether later requests can refer to it."""

CALLS = ("function_call", "custom_tool_call")
_ROLES = {"system": "system", "developer": "system", "assistant": "model"}
_MEDIA = {"input_image": "image", "input_audio": "audio", "input_file": "file"}
_FRAGMENT = 12
"""Characters of a tool call's arguments in one delta."""

_ECHOED: tuple[tuple[str, Any], ...] = (
    ("frequency_penalty", 0.0),
    ("incomplete_details", None),
    ("instructions", None),
    ("max_output_tokens", None),
    ("max_tool_calls", None),
    ("model", None),
    ("output", []),
    ("parallel_tool_calls", True),
    ("presence_penalty", 0.0),
    ("previous_response_id", None),
    ("prompt_cache_key", None),
    ("reasoning", {}),
    ("safety_identifier", None),
    ("service_tier", "default"),
    ("store", True),
    ("temperature", 1.0),
    ("text", {}),
    ("tool_choice", "auto"),
    ("tools", []),
    ("top_logprobs", 0),
    ("top_p", 1.0),
    ("truncation", "disabled"),
    ("usage", None),
    ("user", None),
    ("metadata", {}),
)
"""Fields of a response that repeat the request, in recorded order, with their defaults."""


def reasons(body: Json) -> bool:
    """Return whether the model of a request reasons before it answers."""
    return effort_of(body) not in {None, "none"}


def effort_of(body: Json) -> str | None:
    """Return the effort of a request, or that of its model; None if it does not reason."""
    default = default_effort(str(body.get("model")))
    return (mapping(body.get("reasoning")).get("effort") or default) if default else None


def read(body: Json) -> ReceivedRequest:
    """Read a request body."""
    turns = [_turn(item) for item in input_items(body)]
    if body.get("instructions"):
        turns.insert(0, ReceivedTurn("system", str(body["instructions"])))
    form = mapping(mapping(body.get("text")).get("format"))
    limit = body.get("max_output_tokens")
    return ReceivedRequest(
        model=str(body.get("model")),
        stream=body.get("stream") is True,
        tools=tuple(_tools(body)),
        choice=_choice(body.get("tool_choice")),
        parallel=body.get("parallel_tool_calls") is not False,
        schema=form.get("schema"),
        json_mode=form.get("type") == "json_object",
        max_tokens=limit if isinstance(limit, int) else None,
        thinks=reasons(body),
        **received_text(turns),
        **token_weights(turns, body.get("tools")),
    )


def input_items(body: Json) -> list[Json]:
    """Return the items of the input; a text is one user message."""
    given = body.get("input")
    return [{"role": "user", "content": given}] if isinstance(given, str) else objects(given)


def _turn(item: Json) -> ReceivedTurn:
    kind = item.get("type", "message")
    if kind in CALLS:
        return ReceivedTurn("model", calls=(str(item.get("name")),))
    if kind in {f"{call}_output" for call in CALLS}:
        return ReceivedTurn("tool", _text(item.get("output")), media=_media(item.get("output")))
    if kind != "message":
        return ReceivedTurn("model")
    role: Any = _ROLES.get(str(item.get("role")), "user")
    return ReceivedTurn(role, _text(item.get("content")), media=_media(item.get("content")))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in objects(content))


def _media(content: Any) -> tuple[str, ...]:
    return tuple(_MEDIA[part["type"]] for part in objects(content) if part.get("type") in _MEDIA)


def _tools(body: Json) -> Iterator[ReceivedTool]:
    choice = mapping(body.get("tool_choice"))
    allowed = {tool.get("name") for tool in objects(choice.get("tools"))}
    for tool in objects(body.get("tools")):
        if tool.get("type") in {"function", "custom"} and (not allowed or tool["name"] in allowed):
            yield ReceivedTool(str(tool["name"]), mapping(tool.get("parameters")))


def _choice(choice: Any) -> str:
    if isinstance(choice, dict):
        name = choice.get("name")
        return f"={name}" if name else _choice(choice.get("mode"))
    return {"required": "any", None: "auto"}.get(choice, str(choice))


@dataclass(frozen=True, slots=True)
class ResponsesWriter:
    """Writes one response of a provider."""

    variant: ResponsesVariant
    ids: Ids
    created: int
    body: Json
    """The request."""

    answer: Answer
    spent: TokensSpent
    cost: int | None = None
    """Nano-dollars; None for providers whose answers contain no cost."""

    @property
    def stored(self) -> bool:
        """Whether the response can be referred to later."""
        return self.body.get("store") is not False

    def whole(self) -> Json:
        """Return the response as one body."""
        return self._complete() | self.variant.whole_keys

    def without_output(self, status: str) -> Json:
        """Return the response before it is complete, or as it was cancelled."""
        return self._frame(status, None) | self.variant.whole_keys

    def _complete(self) -> Json:
        items = list(self._items())
        cut = self.answer.finish == "length"
        if items and cut and "status" in items[-1]:
            items[-1]["status"] = "incomplete"
        more: Json = {"output": items, "usage": self.variant.usage(self.spent, self.cost)}
        if cut:
            more["incomplete_details"] = {"reason": "max_output_tokens"}
        return self._frame("incomplete" if cut else "completed", self.created) | more

    def _frame(self, status: str, completed_at: int | None) -> Json:
        frame: Json = {
            "id": self._id("resp"),
            "object": "response",
            "created_at": self.created,
            "status": status,
            "background": self.body.get("background") is True,
            "completed_at": completed_at,
            "error": None,
        }
        for name, default in _ECHOED:
            value = self.body.get(name)
            frame[name] = default if value is None else value
        if frame["service_tier"] == "auto":
            frame["service_tier"] = "default"
        frame["reasoning"] = {"effort": effort_of(self.body), "summary": None} | frame["reasoning"]
        frame["text"] = {"format": {"type": "text"}, **self.variant.text_keys, **frame["text"]}
        frame["metadata"] = {**frame["metadata"], **self.variant.metadata}
        more = self.variant.body_keys.items()
        return frame | {name: self.body.get(name, default) for name, default in more}

    def _id(self, prefix: str, at: int = 0) -> str:
        """Return an id that begins with `NOT_STORED` unless the item is stored."""
        mark = STORED if self.stored else NOT_STORED
        return f"{prefix}_{mark}{self.ids.of(f'{prefix}{at}').hex(44)}"

    def _items(self) -> Iterator[Json]:
        if self.answer.reasoning:
            yield self._reasoning()
        yield from response_items(self.spent.tools.times, self._id)
        if self.answer.text or not (self.answer.calls or self.answer.reasoning):
            yield {
                "id": self._id("msg"),
                "type": "message",
                "status": "completed",
                "content": [self._part(self.answer.text)],
                "role": "assistant",
            }
        for at, call in enumerate(self.answer.calls):
            yield self._call(at, call)

    def _reasoning(self) -> Json:
        text = self.answer.reasoning
        asks = mapping(self.body.get("reasoning")).get("summary") or self.variant.always_summary
        summary = [{"type": "summary_text", "text": text}] if asks else []
        item: Json = {"id": self._id("rs"), "type": "reasoning", "summary": summary}
        if ENCRYPTED in (self.body.get("include") or ()):
            item["encrypted_content"] = encrypt(text)
        return item | self.variant.reasoning_keys

    def _part(self, text: str) -> Json:
        return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}

    def _call(self, at: int, call: AnsweredCall) -> Json:
        head: Json = {"id": self._id("fc", at), "type": "function_call", "status": "completed"}
        names: Json = {"call_id": f"call_{self.ids.of(at).hex(24)}", "name": call.name}
        custom = {tool["name"] for tool in objects(self.body.get("tools")) if _is_custom(tool)}
        if call.name in custom:
            head |= {"id": self._id("ctc", at), "type": "custom_tool_call"}
            return head | {"input": call.arguments} | names
        return head | {"arguments": call.arguments} | names

    def events(self) -> tuple[BodyPart, ...]:
        """Return the response as server-sent events."""
        numbers, parts = count(), []
        for event, tokens in self._events():
            event["sequence_number"] = next(numbers)
            name = event["type"].encode()
            parts.append(BodyPart(b"event: %b\ndata: %b\n\n" % (name, dumps(event)), tokens))
        return tuple(parts)

    def _events(self) -> Iterator[tuple[Json, int]]:
        """Yield the events, each with the output tokens up to its end."""
        whole = self._complete()
        begun = self._frame("in_progress", None)
        for kind in ("response.created", "response.in_progress"):
            yield {"type": kind, "response": begun}, 0
        characters = 0
        for at, item in enumerate(whole["output"]):
            place: Json = {"output_index": at}
            head = item | {name: EMPTY[name] for name in EMPTY.keys() & item.keys()}
            yield {"type": "response.output_item.added", "item": head, **place}, characters // 4
            place = {"item_id": item["id"], **place}
            for event, length in self._item_events(item):
                characters += length
                yield event | place, (characters + 3) // 4
            done = {"type": "response.output_item.done", "item": item, "output_index": at}
            yield done, (characters + 3) // 4
        yield {"type": f"response.{whole['status']}", "response": whole}, self.spent.output

    def _item_events(self, item: Json) -> Iterator[tuple[Json, int]]:
        match item["type"]:
            case "message":
                yield from self._text_events("content_part", "output_text", item["content"])
            case "reasoning":
                if not item["summary"]:
                    return
                kinds = ("reasoning_summary_part", "reasoning_summary_text")
                yield from self._text_events(*kinds, item["summary"])
            case "function_call":
                kind = "response.function_call_arguments"
                yield from self._argument_events(kind, "arguments", item["arguments"])
            case "custom_tool_call":
                kind = "response.custom_tool_call_input"
                yield from self._argument_events(kind, "input", item["input"])

    def _text_events(
        self, part_kind: str, text_kind: str, parts: list[Json]
    ) -> Iterator[tuple[Json, int]]:
        """Yield the events of the only text of a message, or of the only summary."""
        index = "summary_index" if "summary" in part_kind else "content_index"
        place: Json = {index: 0}
        more: Json = {} if "summary" in part_kind else {"logprobs": []}
        (part,) = parts
        empty = part | {"text": ""}
        yield {"type": f"response.{part_kind}.added", "part": empty, **place}, 0
        is_answer = "summary" not in part_kind and part["text"] == self.answer.text
        for piece in self.answer.text_pieces if is_answer else pieces(part["text"]):
            delta = {"type": f"response.{text_kind}.delta", "delta": piece, **more, **place}
            yield delta | self.variant.delta_keys, len(piece)
        yield {"type": f"response.{text_kind}.done", "text": part["text"], **more, **place}, 0
        yield {"type": f"response.{part_kind}.done", "part": part, **place}, 0

    def _argument_events(self, kind: str, name: str, text: str) -> Iterator[tuple[Json, int]]:
        step = len(text) or 1 if self.variant.calls_in_one_delta else _FRAGMENT
        for start in range(0, len(text), step):
            piece = text[start : start + step]
            yield {"type": f"{kind}.delta", "delta": piece, **self.variant.delta_keys}, len(piece)
        yield {"type": f"{kind}.done", name: text}, 0


EMPTY: Json = {"status": "in_progress", "content": [], "summary": [], "arguments": "", "input": ""}
"""Fields of an item that are empty when it is added to a stream."""

_OPENING = "gAAAAAE"
"""How encrypted reasoning begins."""


def _is_custom(tool: Json) -> bool:
    return tool.get("type") == "custom"


def encrypt(text: str) -> str:
    """Return the encrypted form of reasoning, which `is_changed` recognises."""
    digest = sign(text)[:24]
    return f"{_OPENING}{digest}{sign(digest)}"


def is_changed(content: Any) -> bool:
    """Return whether encrypted reasoning is neither this emulator's nor in the form of OpenAI's.

    Recorded tokens of OpenAI begin with the version and the upper half of a time.
    """
    text = str(content)
    if text.startswith("gAAAAAB"):
        return False
    rest = text.removeprefix(_OPENING)
    return rest == text or sign(rest[:24]) != rest[24:]
