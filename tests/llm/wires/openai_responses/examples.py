"""Items, whole responses and the events of a stream, as the Responses API sends them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import pairwise
from operator import add
from typing import Any

from langchain_core.messages import AIMessageChunk

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ProviderSpec, StreamReader
from scout_adapters.llm.wires.openai_responses import WIRE

SPEC = ProviderSpec(
    name="openai",
    docs="https://platform.openai.com/docs/api-reference/responses",
    wire=WIRE,
    base_url="https://api.openai.com",
)
ID = "resp_0123"
USAGE = {
    "input_tokens": 20,
    "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 2},
    "output_tokens": 10,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 30,
}
COUNTED = {
    "input_tokens": 20,
    "output_tokens": 10,
    "total_tokens": 30,
    "input_token_details": {"cache_read": 8, "cache_creation": 2},
    "output_token_details": {"reasoning": 4},
}
NOTE = {"type": "url_citation", "url": "https://a.example", "start_index": 0, "end_index": 3}


def text_part(text: str, *notes: Json, **more: Any) -> Json:
    return {"type": "output_text", "text": text, "annotations": [*notes], **more}


def message(*parts: Json, item_id: str = "msg_1", **more: Any) -> Json:
    fields = {"id": item_id, "status": "completed", "role": "assistant", "content": [*parts]}
    return {"type": "message", **fields, **more}


def reasoning(*summaries: str, item_id: str = "rs_1", **more: Any) -> Json:
    texts = [{"type": "summary_text", "text": summary} for summary in summaries]
    return {"type": "reasoning", "id": item_id, "summary": texts, **more}


def function_call(name: str, arguments: str, call_id: str = "call_a", **more: Any) -> Json:
    fields = {"id": f"fc_{call_id}", "status": "completed", "call_id": call_id}
    return {"type": "function_call", **fields, "name": name, "arguments": arguments, **more}


SEARCH = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "q"},
}
CUSTOM = {
    "type": "custom_tool_call",
    "id": "ctc_1",
    "call_id": "call_c",
    "name": "math",
    "input": '1 + "1"\n',
}


def response(*items: Json, **more: Any) -> Json:
    return {
        "id": ID,
        "object": "response",
        "created_at": 1765000000,
        "status": "completed",
        "model": "gpt-5-2026",
        "output": [*items],
        "error": None,
        "usage": USAGE,
        **more,
    }


RICH = response(
    reasoning("Two and two", "make four.", encrypted_content="gAAAA"),
    SEARCH,
    message(
        text_part("The answer is 4.", NOTE),
        {"type": "refusal", "refusal": "But no more."},
        phase="final_answer",
    ),
    reasoning(item_id="rs_2", content=[{"type": "reasoning_text", "text": "Ask f."}]),
    function_call("f", '{"a": 1, "text": "ä\\n"}'),
    function_call("g", "{}", "call_b"),
    CUSTOM,
    reasoning(item_id="rs_3", encrypted_content="gBBBB"),
    service_tier="default",
)


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *(min(place, len(text)) for place in sorted(places)), len(text)]
    return [text[begin:end] for begin, end in pairwise(edges)]


def deltas(item: Json, places: list[int]) -> Iterator[Json]:
    """Yield the events between the beginning and the end of an item."""
    for at, part in enumerate(item.get("content") or ()):
        for event in part_events(part, places):
            yield {**event, "content_index": at}
    for at, text in enumerate(item.get("summary") or ()):
        yield {"type": "response.reasoning_summary_part.added", "summary_index": at}
        for piece in cut(text["text"], places):
            kind = "response.reasoning_summary_text.delta"
            yield {"type": kind, "delta": piece, "summary_index": at}
    texts = {"function_call": "arguments", "custom_tool_call": "input"}
    if name := texts.get(item["type"]):
        kind = "function_call_arguments" if name == "arguments" else "custom_tool_call_input"
        for piece in cut(item[name], places):
            yield {"type": f"response.{kind}.delta", "delta": piece}


DELTAS = {"output_text": "text", "refusal": "refusal", "reasoning_text": "text"}


def part_events(part: Json, places: list[int]) -> Iterator[Json]:
    kind = part["type"]
    if name := DELTAS.get(kind):
        for piece in cut(part[name], places):
            yield {"type": f"response.{kind}.delta", "delta": piece}
    for note in part.get("annotations") or ():
        yield {"type": "response.output_text.annotation.added", "annotation": note}
    yield {"type": "response.content_part.done", "part": part}


UNSAID = {"encrypted_content", "content"}


def begun(item: Json) -> Json:
    """Return an item as it is when it is added."""
    begins = {"status": "in_progress"} if "status" in item else {}
    match item["type"]:
        case "message":
            return item | {"content": [], "status": "in_progress"}
        case "reasoning":
            return {n: v for n, v in item.items() if n not in UNSAID} | {"summary": []} | begins
        case "function_call":
            return item | {"arguments": "", "status": "in_progress"}
        case "custom_tool_call":
            return item | {"input": ""}
    return item | {"status": "in_progress"}


def streamed(body: Json, places: list[int] | None = None, **ending: Any) -> list[Json]:
    """Send a whole response the way OpenAI streams it, its texts cut at `places`."""
    head = body | {"status": "in_progress", "output": [], "usage": None}
    events: list[Json] = [
        {"type": "response.created", "response": head},
        {"type": "response.in_progress", "response": head},
    ]
    for at, item in enumerate(body["output"]):
        where = {"output_index": at, "item_id": item.get("id")}
        events.append({"type": "response.output_item.added", "item": begun(item), **where})
        events += [event | where for event in deltas(item, places or [])]
        events.append({"type": "response.output_item.done", "item": item, **where})
    events.append({"type": f"response.{body['status']}", "response": body | ending})
    return [event | {"sequence_number": number} for number, event in enumerate(events)]


def read(events: list[Any], spec: ProviderSpec = SPEC) -> tuple[list[AIMessageChunk], StreamReader]:
    reader = WIRE.reader(spec)
    chunks = [chunk for event in events if (chunk := reader.feed(event)) is not None]
    return [*chunks, reader.close()], reader


def merged(events: list[Any], spec: ProviderSpec = SPEC) -> AIMessageChunk:
    return reduce(add, read(events, spec)[0])


def unindexed(value: Any) -> Any:
    """Leave out the numbers by which LangChain merges blocks."""
    if isinstance(value, dict):
        return {name: unindexed(each) for name, each in value.items() if name != "index"}
    return [unindexed(each) for each in value] if isinstance(value, list) else value
