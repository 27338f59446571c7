"""Reading a streamed response, event by event.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from langchain_core.messages import AIMessageChunk, ToolCallChunk
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.errors import ProviderRefusal, malformed
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.chunks import chunk_of
from scout_adapters.llm.wires.openai_responses.item_parts import BlockIndexes, Shown
from scout_adapters.llm.wires.openai_responses.items import (
    item_id,
    item_kind,
    logprobs_of,
    partial_image,
    without_placeholder,
)
from scout_adapters.llm.wires.openai_responses.parse import (
    first_metadata,
    last_metadata,
    raise_if_empty,
    raise_if_refused,
    text_or_none,
)
from scout_adapters.llm.wires.openai_responses.stream_events import (
    COUNTED,
    ENDED_TEXTS,
    FAILURES,
    PART_EVENTS,
    STATUSES,
    UNCOUNTED,
    is_error,
    item_name,
    refuse,
)
from scout_adapters.llm.wires.openai_responses.stream_items import CALLS, StreamedItem
from scout_adapters.llm.wires.openai_responses.tool_progress import ItemProgress
from scout_adapters.llm.wires.openai_responses.usage import usage_of
from scout_adapters.llm.wires.parsing import (
    check_blocks,
    newer_usage,
    piece_of_arguments,
    require,
)


class ResponsesStreamReader:
    """Reads one stream; a `StreamReader`.

    Content comes as lists of blocks with an `index`, as ChatOpenAI's. An item of reasoning that
    shows no text waits for the content after it, so that it does not commit the stream.
    """

    def __init__(self, spec: ProviderSpec) -> None:
        self.finished = False
        self.usage: UsageMetadata | None = None
        self.tool_progress = ItemProgress()
        self._maker = spec.maker
        self._response: Json = {}
        self._named: Json = {}
        self._id: str | None = None
        self._sequence, self._rises = -1, 0
        self._newest: Json = {}
        self._next_index = BlockIndexes()
        self._by_id: dict[str, StreamedItem] = {}
        self._by_index: dict[int, StreamedItem] = {}
        self._waiting: list[Json] = []
        self._images = BlockIndexes()
        self._logprobs: list[Any] = []
        self._called = False

    def feed(self, event: Json | None) -> AIMessageChunk | None:
        """Read one event; raises `ProviderRefusal`, even after the end, and `MalformedResponse`."""
        if event is None:
            return None
        if not isinstance(event, dict):
            raise malformed(f"expected an event to be an object, found {type(event).__name__}")
        kind = event.get("type")
        read = self._readers.get(kind) if isinstance(kind, str) else None
        if read is None:
            if is_error(event):
                refuse(event)
            if isinstance(kind, str):  # progress of the provider's own tools, keep-alives, others
                item = self._find(event.get("item_id"), event.get("output_index"))
                self.tool_progress.read(event, item)
            return None
        if self.finished:
            return None
        number = event.get("sequence_number")
        if type(number) is int:
            if number > self._sequence:
                self._rises += 1
            elif self._is_repeat(event, number):
                return None
            self._sequence, self._newest = number, event
        chunk: AIMessageChunk | None = read(self, event)
        return chunk

    def _is_repeat(self, event: Json, number: int) -> bool:
        """Return whether a proxy has sent a piece twice; raises `MalformedResponse` for an old one.

        Servers that do not count each event repeat a number: their events are all read.
        """
        if number < self._sequence:
            raise malformed(f"event {number} of the stream comes after {self._sequence}")
        if event != self._newest:
            self._rises = UNCOUNTED
        return self._rises >= COUNTED and event["type"].endswith(".delta")

    def close(self) -> AIMessageChunk:
        """Make the last chunk: the metadata, the usage, and what waited for content."""
        first = first_metadata(self._response, self._maker)
        missing = {name: value for name, value in first.items() if name not in self._named}
        usage = mapping(self._response.get("usage"))
        ending = last_metadata(self._response, usage, self._logprobs, called=self._called)
        return AIMessageChunk(
            content=[*self._waiting],
            tool_call_chunks=self._endings(),
            usage_metadata=self.usage,
            response_metadata={**missing, "model_provider": self._maker, **ending},
            chunk_position="last",
            id=text_or_none(self._response.get("id")),
        )

    def _endings(self) -> list[ToolCallChunk]:
        """Return the fragments that mark the arguments of calls that were cut off."""
        if not self._called:
            return []
        cut = self._response.get("status") == "incomplete"
        items = [*self._by_index.values()]
        endings = (item.ending(cut=cut, newest=item is items[-1]) for item in items)
        return [ending for ending in endings if ending]

    def _begin(self, event: Json) -> None:
        response = require(event, "response", dict)
        # Copilot makes up a new id for each event: the first one stays.
        self._response = self._response or response
        self._read_usage(response)  # null at OpenAI until the end

    def _read_usage(self, response: Json) -> None:
        usage = usage_of(mapping(response.get("usage")), response.get("service_tier"))
        self.usage = newer_usage(usage, self.usage)

    def _end(self, event: Json) -> AIMessageChunk | None:
        """Read the whole response at the end; show the items that had no events of their own."""
        if "response" not in event and event.get("error"):
            refuse(event)
        response = require(event, "response", dict)
        # Some gateways leave out at the end what they sent at the beginning, or the status.
        first_id = {name: value for name, value in self._response.items() if name == "id"}
        ended = {"status": status} if (status := STATUSES.get(event["type"])) else {}
        self._response = {**self._response, **ended, **response, **first_id}
        self._read_usage(response)
        raise_if_refused(response)
        if event["type"] in FAILURES:
            raise ProviderRefusal({"error": {"message": "the response failed and gave no reason"}})
        shown = Shown()
        output = response.get("output")
        for place, item in enumerate(() if output is None else require(response, "output", list)):
            if item is not None:
                self._catch_up(place, item, shown)
        raise_if_empty(self._by_index, self._response.get("status"))
        self.finished = True
        return self._chunk(shown.blocks, shown.calls) if shown.blocks or shown.calls else None

    def _end_by_status(self, event: Json) -> AIMessageChunk | None:
        """Read the end under its name in the realtime API, as servers for Codex send it."""
        return self._end(event) if isinstance(event.get("response"), dict) else None

    def _catch_up(self, place: int, item: Any, shown: Shown) -> None:
        kind, state = item_kind(item), self._find(item_id(item), place)
        if state is None:
            state = self._open(item, place)
            shown.extend(state.begin(item))
        if not state.done:
            if state.kind != kind:
                raise malformed(f"item {place} of the response ends as another type: {kind!r}")
            shown.extend(state.end(item))
            self._logprobs += logprobs_of(item)

    def _add(self, event: Json) -> AIMessageChunk | None:
        if event.get("item") is None:
            return None  # https://github.com/openai/openai-python/pull/3426
        item, place = require(event, "item", dict), event.get("output_index")
        if place is None:
            place = len(self._by_index)
        if type(place) is not int or item_id(item) in self._by_id:
            raise malformed(f"{item_name(place)} of the response was added twice, or has no place")
        return self._show(self._open(item, place).begin(without_placeholder(item)))

    def _open(self, item: Json, place: int) -> StreamedItem:
        kind, name = item_kind(item), item_id(item)
        opened = self._by_index[place] = StreamedItem(kind, item, self._next_index)
        check_blocks(len(self._by_index))
        if name:
            self._by_id[name] = opened
        if call_name := text_or_none(item.get("call_id")):
            self._by_id.setdefault(call_name, opened)
        self._called = self._called or kind in CALLS
        return opened

    def _done(self, event: Json) -> AIMessageChunk | None:
        item, place = require(event, "item", dict), event.get("output_index")
        state = self._find(item_id(item) or item.get("call_id"), place)
        if state is None and self._may_be_whole():
            return self._show_whole(item, len(self._by_index) if place is None else place)
        if state is None or state.kind != item_kind(item):
            raise malformed(f"{item_name(place)} of the response ends, but was never added")
        if state.done:
            raise malformed(f"{item_name(place)} of the response ends twice")
        self._logprobs += logprobs_of(item)
        return self._show(state.end(item))

    def _may_be_whole(self) -> bool:
        """Return whether an end may stand alone: https://github.com/Soju06/codex-lb/pull/504."""
        return bool(self._response) and all(item.done for item in self._by_index.values())

    def _show_whole(self, item: Json, place: Any) -> AIMessageChunk | None:
        if type(place) is not int:
            raise malformed("an item of the response has no place")
        state = self._open(item, place)
        begun, ended = state.begin(item), state.end(item)
        self._logprobs += logprobs_of(item)
        if begun is None:
            return self._show(ended)
        begun.extend(ended)
        return self._show(begun)

    def _find(self, item_id: Any, place: Any) -> StreamedItem | None:
        """Return an item by its id, or by its place: Copilot makes up a new id for each event.

        An event with neither belongs to the newest item.
        """
        state = self._by_id.get(item_id) if isinstance(item_id, str) else None
        if state is None and type(place) is int:
            state = self._by_index.get(place)
        if item_id is None and place is None and self._by_index:
            return self._by_index[next(reversed(self._by_index))]
        return state

    def _item(self, event: Json) -> StreamedItem:
        """Return the item that a delta belongs to."""
        name = event.get("item_id")
        # As in `_find`, without a call for each delta.
        state = self._by_id.get(name) if isinstance(name, str) else None
        state = state or self._find(name, event.get("output_index"))
        if state is None:
            raise malformed(f"{event['type']} belongs to an item that was never added")
        if state.done:
            raise malformed(f"{event['type']} comes after the end of its item")
        return state

    def _text(self, event: Json) -> AIMessageChunk | None:
        if not (piece := require(event, "delta", str)):
            return None
        return self._chunk([self._item(event).text(event.get("content_index"), "text", piece)])

    def _refusal(self, event: Json) -> AIMessageChunk | None:
        if not (piece := require(event, "delta", str)):
            return None
        return self._chunk([self._item(event).text(event.get("content_index"), "refusal", piece)])

    def _annotation(self, event: Json) -> AIMessageChunk | None:
        note = require(event, "annotation", dict)
        return self._chunk([self._item(event).annotate(event.get("content_index"), note)])

    def _summary(self, event: Json) -> AIMessageChunk | None:
        if not (piece := require(event, "delta", str)):
            return None
        place = event.get("summary_index")
        return self._chunk([self._item(event).reason("summary", place, piece)])

    def _reasoning(self, event: Json) -> AIMessageChunk | None:
        if not (piece := require(event, "delta", str)):
            return None
        place = event.get("content_index")
        return self._chunk([self._item(event).reason("content", place, piece)])

    def _arguments(self, event: Json) -> AIMessageChunk | None:
        if not (piece := require(event, "delta", str)):
            return None
        return self._show(self._item(event).argue(piece_of_arguments(piece)))

    def _ended(self, event: Json) -> AIMessageChunk | None:
        """Show the part of a text or of arguments that no delta had; some servers send none."""
        field, name, place = ENDED_TEXTS[event["type"]]
        state = self._find(event.get("item_id"), event.get("output_index"))
        whole = event.get(field)
        if state is None or state.done or not isinstance(whole, str):
            return None
        return self._show(state.catch_up(name, event.get(place), whole))

    def _part(self, event: Json) -> None:
        """Let a text end: the next piece belongs to another one."""
        if state := self._find(event.get("item_id"), event.get("output_index")):
            state.end_texts()

    def _image(self, event: Json) -> AIMessageChunk | None:
        return self._chunk([partial_image(event, self._images())])

    def _show(self, shown: Shown | None) -> AIMessageChunk | None:
        if shown is None or not (shown.blocks or shown.calls):
            return None
        if shown.silent:
            self._waiting += shown.blocks
            return None
        return self._chunk(shown.blocks, shown.calls)

    def _chunk(
        self, blocks: list[Json], calls: list[ToolCallChunk] | None = None
    ) -> AIMessageChunk:
        metadata: Json = {"model_provider": self._maker}
        if not self._named:
            metadata = self._named = first_metadata(self._response, self._maker)
            self._id = text_or_none(self._response.get("id"))
        if self._waiting:
            blocks, self._waiting = [*self._waiting, *blocks], []
        return chunk_of(blocks, metadata, self._id, kwargs={}, calls=calls or ())

    _readers: ClassVar[Mapping[str, Callable[[ResponsesStreamReader, Json], Any]]] = {
        "response.output_text.delta": _text,
        "response.function_call_arguments.delta": _arguments,
        "response.reasoning_summary_text.delta": _summary,
        "response.reasoning_text.delta": _reasoning,
        "response.custom_tool_call_input.delta": _arguments,
        "response.refusal.delta": _refusal,
        "response.output_text.annotation.added": _annotation,
        **dict.fromkeys(ENDED_TEXTS, _ended),
        **dict.fromkeys(PART_EVENTS, _part),
        "response.output_item.added": _add,
        "response.output_item.done": _done,
        "response.image_generation_call.partial_image": _image,
        "response.created": _begin,
        "response.queued": _begin,
        "response.in_progress": _begin,
        "response.completed": _end,
        "response.done": _end_by_status,
        "response.incomplete": _end,
        "response.failed": _end,
        "response.cancelled": _end,
    }
    """The method that reads an event, by its type; other types carry nothing for a message."""
