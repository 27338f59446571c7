"""Parse tool calls, whole and in fragments.

LangChain merges fragments by index alone, so they get a reliable index here: servers omit it, send
0 for every parallel call, repeat ids and names, or create a new id for every fragment.
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages import InvalidToolCall, ToolCall, ToolCallChunk

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import malformed
from scout_adapters.llm.wires.openai_chat.parse_fields import text_field
from scout_adapters.llm.wires.openai_chat.streamed_call import (
    NO_ARGUMENTS,
    StreamedCall,
    custom_arguments,
    generated_id,
    starts_new_call,
)
from scout_adapters.llm.wires.parsing import (
    MAX_BLOCKS,
    MAX_CALLS,
    check_blocks,
    dump_json,
    end_of_cut,
    piece_of_arguments,
    require,
    tool_call,
)

EXTRA_FIELDS = ("extra_content", "provider_specific_fields")

NO_TEXT = NO_ARGUMENTS | {""}
"""Arguments of a call without any, the empty text among them."""

CUT_REASONS = frozenset(
    {"content_filter", "length", "max_tokens", "model_context_window_exceeded", "model_length"}
)
"""Finish reasons of an answer whose last call may be incomplete.

https://platform.openai.com/docs/api-reference/chat/object, https://docs.mistral.ai/api and
https://docs.z.ai/api-reference/llm/chat-completion
"""


def parse_tool_calls(
    raw: Any, *, cut: bool = False
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Return the calls of a whole answer, and separately those with invalid arguments.

    `cut` states that the model was stopped at its limit: it may have been within the last call.
    """
    calls: list[ToolCall] = []
    broken: list[InvalidToolCall] = []
    if not raw:
        return calls, broken
    items = _as_list(raw)
    for position, item in enumerate(items):
        call_id = text_field(item, "id") or generated_id(position)
        last = cut and position == len(items) - 1
        if custom := _custom(item):
            args = custom_arguments(text_field(custom, "input")) + ("]" if last else "")
            call = tool_call(require(custom, "name", str), args, call_id)
        else:
            function = require(item, "function", dict)
            args = _arguments(function)
            args = end_of_cut("") if last and args.strip() in NO_TEXT else args
            call = tool_call(require(function, "name", str), args, call_id)
        if call["type"] == "invalid_tool_call":
            broken.append(call)
        else:
            calls.append(call)
    return calls, broken


def split_hosted(raw: Any) -> tuple[Any, list[Json]]:
    """Return the calls for the caller, and those of tools that the server has run.

    Z.ai lists its MCP calls among them: https://docs.z.ai/api-reference/llm/chat-completion.
    """
    hosted = [item for item in raw if _is_hosted(item)] if isinstance(raw, list) else []
    return ([item for item in raw if not _is_hosted(item)] if hosted else raw), hosted


def _is_hosted(item: Any) -> bool:
    if not isinstance(item, dict) or "function" in item or "custom" in item:
        return False
    kind = item.get("type")
    return isinstance(kind, str) and kind not in {"", "function", "custom"}


def call_extras(raw: Any) -> Json:
    """Return by call id what LangChain's calls have no field for; it is sent back unchanged.

    `extra_content` is Google's, with thought signatures:
    https://ai.google.dev/gemini-api/docs/thought-signatures; LiteLLM's proxy has them in
    `provider_specific_fields`. A custom tool has its `type`.
    """
    extras: Json = {}
    for position, item in enumerate(_as_list(raw)):
        if extra := _extra(item):
            extras[text_field(item, "id") or generated_id(position)] = extra
    return extras


def _extra(item: Json) -> Json:
    extra = {"type": "custom"} if _custom(item) else {}
    fields = {name: item[name] for name in EXTRA_FIELDS if name in item}
    return extra | {name: value for name, value in fields.items() if value and type(value) is dict}


def _custom(item: Any) -> Json:
    """Return the name and the input of a custom tool; empty for a function.

    https://platform.openai.com/docs/guides/function-calling#custom-tools. Snowflake sends an empty
    `custom` beside `function`.
    """
    custom = item.get("custom") if isinstance(item, dict) else None
    if not custom or not isinstance(custom, dict):
        return {}
    function = item.get("function") or {}
    has_function = not isinstance(function, dict) or any(function.values())
    return {} if has_function else custom


def _as_list(raw: Any) -> list[Any]:
    if not raw:
        return []
    if not isinstance(raw, list):
        raise malformed(f"expected 'tool_calls' to be a list, found {type(raw).__name__}")
    check_blocks(len(raw), MAX_CALLS)
    items: list[Any] = [item for item in raw if item is not None] if None in raw else raw
    for item in items:
        if not isinstance(item, dict):
            require(item, "function", dict)
    return items


def _arguments(function: Json) -> str:
    # Ollama and others send an object instead of text; Groq sends "null" for no arguments.
    arguments = function.get("arguments")
    if isinstance(arguments, dict):
        return dump_json(arguments)
    return text_field(function, "arguments")


def _index(item: Json) -> Any:
    index = item.get("index")
    if isinstance(index, dict | list):
        raise malformed("expected the index of a tool call to be a number")
    return int(index) if isinstance(index, str) and index.isdecimal() else index


class CallFragments:
    """The tool calls of one stream, assembled from fragments."""

    __slots__ = ("_at", "_by_id", "_by_index", "_calls", "waiting")

    def __init__(self) -> None:
        self._calls: list[StreamedCall] = []
        self._by_id: dict[str, StreamedCall] = {}
        self._by_index: dict[Any, StreamedCall] = {}
        self._at: dict[int, StreamedCall] = {}
        self.waiting: dict[int, StreamedCall] = {}
        """By position: calls with a name that wait for their id."""

    @property
    def extras(self) -> Json:
        """By call id: what `call_extras` returns of a whole answer."""
        return {call.known_id: call.extra for call in self._calls if call.extra}

    def read(self, raw: Any, *, has_more: bool = False, ends: bool = False) -> list[ToolCallChunk]:
        """Parse the `tool_calls` of one delta; a chunk's `index` is the position of its call.

        A call that has waited for its id since an earlier delta is returned without it once a
        delta has other content, which `has_more` states, or `ends` the answer; and before a later
        call, so that the calls keep their order.
        """
        waited = (*self.waiting,)
        chunks = self._read_all(raw)
        if not self.waiting:
            return sorted(chunks, key=_position) if waited else chunks
        newest = max(map(_position, chunks), default=-1)
        late = [at for at in self.waiting if ends or at in waited or at < newest]
        if ends or has_more or chunks or len(self.waiting) > len(waited):
            chunks += [self.waiting.pop(at).first() for at in late]
        return sorted(chunks, key=_position)

    def _read_all(self, raw: Any) -> list[ToolCallChunk]:
        chunks: dict[int, ToolCallChunk] = {}
        for at, item in enumerate(_as_list(raw)):
            chunk, position = self._read(item, at)
            if position >= MAX_BLOCKS or chunk is None:
                continue  # it comes with `endings`, or there is nothing in it
            before = chunks.setdefault(position, chunk)
            if before is not chunk:  # LangChain takes chunks of one delta for separate calls
                before["name"] = before["name"] or chunk["name"]
                before["args"] = (before["args"] or "") + (chunk["args"] or "")
        return [*chunks.values()]

    def endings(self, *, cut: bool = False) -> list[ToolCallChunk]:
        """Return the fragments that end the calls: input of custom tools, marks of broken JSON.

        Calls beyond `MAX_BLOCKS`, and those that still wait for an id, are returned whole and
        without an index. `cut` states that the model was stopped at its limit: it may have been
        within the last call. Arguments without a name become an invalid call.
        """
        calls = [call for call in self._calls if call.name]
        last = calls[-1] if cut and calls else None
        fragments = [
            ToolCallChunk(
                name=None, args=args, id=None, index=call.position, type="tool_call_chunk"
            )
            for call in calls
            if _has_index(call) and (args := call.ending(cut=call is last))
        ]
        late = [call.whole(cut=call is last) for call in calls if not _has_index(call)]
        unnamed = [each.unnamed() for each in self._calls if each.arguments and not each.name]
        return [*fragments, *late, *unnamed]

    def _read(self, item: Json, at: int) -> tuple[ToolCallChunk | None, int]:
        """Return the chunk of a fragment, and the position of its call; None before its name."""
        custom, index = _custom(item), _index(item)
        has_null = item.get("function", item) is None  # the name may follow
        function = custom or ({} if has_null else require(item, "function", dict))
        name, call_id = text_field(function, "name"), text_field(item, "id")
        call = self._call(index, call_id, name, at) or self._new_call(custom=bool(custom))
        text = text_field(function, "input") if call.custom else _arguments(function)
        args = call.add(piece_of_arguments(text) if not call.custom else text)
        self._register(call, item, index, at)
        more_name = None if name in ("", call.name) else name
        call.id, call.name = call.id or call_id, call.name or name
        if not call.shown_id:
            return self._first(call), call.position
        if not (text or more_name):
            return None, call.position  # an empty fragment does not end a silence
        fragment = ToolCallChunk(
            name=more_name, args=args, id=None, index=call.position, type="tool_call_chunk"
        )
        return fragment, call.position

    def _first(self, call: StreamedCall) -> ToolCallChunk | None:
        """Return the first chunk of a call once its name and its id are known."""
        if not call.name:
            return None
        if call.awaits_id and call.position < MAX_BLOCKS:
            self.waiting[call.position] = call
            return None
        self.waiting.pop(call.position, None)
        return call.first()

    def _new_call(self, *, custom: bool) -> StreamedCall:
        call = StreamedCall(len(self._calls), custom=custom)
        self._calls.append(call)
        check_blocks(len(self._calls), MAX_CALLS)
        return call

    def _register(self, call: StreamedCall, item: Json, index: Any, at: int) -> None:
        call_id = text_field(item, "id")
        if call_id:
            self._by_id[call_id] = call
        if index is not None:
            self._by_index[index] = call
        self._at[at] = call
        call.extra |= _extra(item)

    def _call(self, index: Any, call_id: str, name: str, at: int) -> StreamedCall | None:
        """Return the call that a fragment continues; None if it starts a new one.

        Its id decides first, then its index. Without an index its place in the delta decides. A
        fragment with an unknown index and without a name continues the newest call.
        """
        newest = self._calls[-1] if self._calls else None
        if call_id and (same := self._by_id.get(call_id)) is not None:
            call: StreamedCall | None = same
        elif index is None:
            call = self._unfinished(self._at.get(at, newest), name)
        else:
            call = self._by_index.get(index) or (None if name else newest)
        return None if call is None or starts_new_call(call, call_id, name) else call

    def _unfinished(self, call: StreamedCall | None, name: str) -> StreamedCall | None:
        """Return the newest call instead of one whose arguments are complete."""
        newest = self._calls[-1] if self._calls else None
        if name or call is newest or call is None or not call.is_complete():
            return call
        return newest


def _position(chunk: ToolCallChunk) -> int:
    return chunk["index"] or 0


def _has_index(call: StreamedCall) -> bool:
    """Return whether the chunks of a call have its position as their index."""
    return bool(call.shown_id) and call.position < MAX_BLOCKS
