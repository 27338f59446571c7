"""Turns as input items: messages, reasoning, calls and results, in their order.

https://platform.openai.com/docs/guides/conversation-state
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from scout_adapters._internal.json_values import Json, json_text, mapping, objects
from scout_adapters.llm.types import ProviderSpec, Turn
from scout_adapters.llm.wires.openai_responses.content import MESSAGE_BLOCKS, input_content
from scout_adapters.llm.wires.openai_responses.items import CUSTOM_ARGUMENT
from scout_adapters.llm.wires.openai_responses.tool_results import result_items
from scout_adapters.llm.wires.openai_responses.v0_content import PHASES
from scout_adapters.llm.wires.openai_responses.v1_blocks import response_blocks

CALLS = frozenset({"function_call", "custom_tool_call", "tool_call"})
"""Blocks that repeat a tool call of the message, which may have been edited since."""

TEXTS = frozenset({"text", "output_text", "refusal"})
IGNORED = frozenset(
    {"message_part", "partial_image", "tool_use", "tool_call_chunk", "invalid_tool_call"}
    | {"thinking", "redacted_thinking", "reasoning_content", "image", "image_url"}
    | {"audio", "input_audio", "video", "video_url", "file", "text-plain"}
)
"""Blocks that do not go back: pieces, other forms of a call, and what no item holds."""

ONLY_IN_ANSWERS = frozenset({"index", "created_by"})
"""Fields of a block that do not go back: LangChain's own, and one that no input item has."""

CALL_FIELDS = ("namespace", "caller", "async")
"""Fields of a call besides its name and arguments that go back."""


def input_items(
    turns: Sequence[Turn], spec: ProviderSpec, *, stored: bool, after: int = -1
) -> list[Json]:
    """Render a conversation; only what stands behind the message at the index `after` is returned.

    `stored` means that the provider stores responses. Only then do ids of messages go back, and
    reasoning that is not encrypted: a stateless server would look up either in vain.

    Raises:
        UnsupportedContent: The API, or this provider, cannot take a block.

    """
    items: list[Json] = []
    calls: dict[str, Json] = {}
    start = 0
    for turn in turns:
        if turn.role == "tool":
            items += result_items(turn, calls, spec)
        elif turn.role == "assistant":
            for item, raw_id in _assistant_items(turn, spec, stored=stored):
                items.append(item)
                if raw_id:
                    calls[raw_id] = item
        else:
            items += _message_items(turn, spec)
        if turn.at <= after:
            start = len(items)
    return items[start:] if start else items


def _message_items(turn: Turn, spec: ProviderSpec) -> Iterator[Json]:
    """Yield the messages of a user or the system, and the items that stand between their parts."""
    waiting: list[Json] = []
    for block in turn.blocks:
        if block["type"] == "native" and block["value"].get("type") not in MESSAGE_BLOCKS:
            if waiting:
                yield _message(turn.role, input_content(waiting, turn, spec))
                waiting = []
            yield block["value"]
        else:
            waiting.append(block)
    if waiting or not turn.blocks:
        yield _message(turn.role, input_content(waiting, turn, spec))


def _message(role: str, content: str | list[Json]) -> Json:
    return {"type": "message", "role": role, "content": content}


Rendered = tuple[Json, str]
"""An item, and the id by which a tool message names it; "" if it is no call."""


def _assistant_items(turn: Turn, spec: ProviderSpec, *, stored: bool) -> list[Rendered]:
    answer = _Answer(turn, spec, stored=stored)
    content: Sequence[Any] = turn.blocks
    if turn.content is not None:
        own = response_blocks(turn.content)
        if phases := mapping(turn.metadata.get(PHASES)):
            own = map(partial(_in_phase, phases), own)
        content = [*_beside_content(turn), *own]
    for block in content:
        answer.read(block)
    answer.finish()
    return answer.items


def _beside_content(turn: Turn) -> Iterator[Json]:
    """Yield what ChatOpenAI with `output_version="v0"` keeps beside the content."""
    kept = turn.extras
    if reasoning := mapping(kept.get("reasoning")):
        yield {"type": "reasoning", **reasoning}
    yield from objects(kept.get("tool_outputs"))
    if isinstance(refusal := kept.get("refusal"), str) and refusal:
        yield {"type": "refusal", "refusal": refusal}


def _in_phase(phases: Json, block: Json) -> Json:
    """Return a text of a stream with the phase of its message, if it is known."""
    phase = phases.get(str(block.get("index"))) if block.get("type") == "text" else None
    return block if phase is None else block | {"phase": phase}


class _Answer:
    """The items of one answer, made of its blocks."""

    def __init__(self, turn: Turn, spec: ProviderSpec, *, stored: bool) -> None:
        self.items: list[Rendered] = []
        self._spec = spec
        self._stored = stored
        self._calls = [block for block in turn.blocks if block["type"] == "tool_call"]
        self._texts: list[Json] = []

    def read(self, block: Json) -> None:
        """Add a block."""
        kind = block.get("type")
        if kind == "native":
            self.read(block["value"])
        elif kind in TEXTS:
            if self._texts and _message_of(self._texts[-1]) != _message_of(block):
                self._end_message()
            self._texts.append(block)
        elif kind in CALLS:
            self._end_message()
            self._add_call(block)
        elif kind not in IGNORED:
            self._end_message()
            if item := self._item(block):
                call_id = item.get("call_id") or ""
                self.items.append((item, call_id if isinstance(call_id, str) else ""))

    def finish(self) -> None:
        """Add the calls that the content does not repeat; drop reasoning that nothing follows.

        The API answers such reasoning with a 400: "provided without its required following item".
        """
        self._end_message()
        for call in [*self._calls]:
            self._add_call(call)
        while self.items and self.items[-1][0].get("type") == "reasoning":
            self.items.pop()

    def _end_message(self) -> None:
        texts, self._texts = self._texts, []
        if not texts:
            return
        first = texts[0]
        phase = {"phase": first["phase"]} if first.get("phase") else {}
        item_id = first.get("id")
        if self._stored and isinstance(item_id, str) and item_id.startswith("msg_"):
            content = [_output_part(text) for text in texts]
            head: Json = {"type": "message", "id": item_id, "role": "assistant"}
            self.items.append(({**head, "status": "completed", "content": content, **phase}, ""))
        else:
            text = "".join(str(each.get("text") or each.get("refusal") or "") for each in texts)
            self.items.append((_message("assistant", text) | phase, ""))

    def _add_call(self, block: Json) -> None:
        """Add a call with the arguments that the message has now; skip one that it has not."""
        raw_id = block.get("call_id") or block.get("id") or ""
        call = next((each for each in self._calls if each["id"] == raw_id), None)
        if call is None:
            return
        self._calls.remove(call)
        fields = {**mapping(block.get("extras")), **block, **call}
        call_id = self._spec.tool_call_id(raw_id) if self._spec.tool_call_id else raw_id
        item: Json = {"call_id": call_id, "name": call["name"]}
        args = call["args"]
        if block.get("type") == "custom_tool_call":
            text = args.get(CUSTOM_ARGUMENT) if isinstance(args, dict) else args
            item = {"type": "custom_tool_call", **item, "input": str(text or "")}
        else:
            arguments = args if isinstance(args, str) else json_text(args)
            item = {"type": "function_call", **item, "arguments": arguments}
        item |= {name: fields[name] for name in CALL_FIELDS if fields.get(name) is not None}
        if self._stored and (item_id := _item_id(block)):
            item["id"] = item_id
        self.items.append((item, raw_id))

    def _item(self, block: Json) -> Json | None:
        """Return any other item as the provider sent it; None if it cannot go back.

        Fields that are null are left out of messages, and two of them are required.
        """
        item = {name: value for name, value in block.items() if name not in ONLY_IN_ANSWERS}
        match item.get("type"):
            case "reasoning":
                return self._reasoning(item)
            case "code_interpreter_call":
                return {"code": None, "outputs": None, **item}
            case "web_search_call" if "sources" in mapping(item.get("action")):
                # LangChain reports that OpenAI answers sources of a search with a 400.
                action = {n: v for n, v in item["action"].items() if n != "sources"}
                return item | {"action": action}
            case "image_generation_call":
                names = ("type", "id", "status", "result")
                if item.get("result"):
                    return {name: item[name] for name in names if name in item}
                return {"type": item["type"], "id": item.get("id")} if self._stored else None
        return item if isinstance(item.get("type"), str) else None

    def _reasoning(self, item: Json) -> Json | None:
        for name in ("summary", "content"):
            if isinstance(texts := item.get(name), list):
                item[name] = [_unindexed(text) for text in texts]
        item.setdefault("summary", [])
        if item.get("status") == "in_progress":  # as it began; a stream does not state the end
            item["status"] = "completed"
        stored_id = item.get("id") if self._stored else None
        return item if stored_id or item.get("encrypted_content") or item.get("content") else None


def _message_of(text: Json) -> tuple[Any, Any]:
    """Return a value that differs between the messages of an answer."""
    return text.get("id"), text.get("phase")


def _unindexed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: each for name, each in value.items() if name != "index"}


def _item_id(block: Json) -> str | None:
    value = mapping(block.get("extras")).get("item_id") or block.get("id")
    return value if isinstance(value, str) and value.startswith(("fc_", "ctc_")) else None


def _output_part(block: Json) -> Json:
    if block["type"] == "refusal":
        return {"type": "refusal", "refusal": block.get("refusal") or ""}
    notes = [_sent_annotation(note) for note in objects(block.get("annotations"))]
    return {"type": "output_text", "text": block.get("text") or "", "annotations": notes}


def _sent_annotation(note: Json) -> Json:
    if "file_index" not in note:
        return note
    rest = {name: value for name, value in note.items() if name != "file_index"}
    return rest | {"index": note["file_index"]}
