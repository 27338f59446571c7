"""Output items of a response as content blocks, in the form that ChatOpenAI gives them.

A message becomes one block for each of its parts; every other item becomes one block, with the
fields that it came with. https://platform.openai.com/docs/api-reference/responses/object
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages import InvalidToolCall, ToolCall

from scout_adapters._internal.json_values import Json, objects
from scout_adapters.errors import malformed
from scout_adapters.llm.wires.parsing import dump_json, end_of_cut, require, tool_call

CUSTOM_ARGUMENT = "__arg1"
"""LangChain's name for the one argument of a tool that takes plain text."""

RESERVED = frozenset({"extras", "index"})
"""Fields of a block of reasoning that belong to LangChain: no item may set them."""


LABELS = ("id", "phase")
"""Fields of a message that each of its blocks repeats."""


def item_kind(item: Any) -> str:
    """Return the type of an output item; raises `MalformedResponse`."""
    return require(item, "type", str)


def item_id(item: Any) -> str | None:
    """Return the id of an output item, if it has one; LangChain merges blocks by it."""
    value = item.get("id") if isinstance(item, dict) else None
    return None if value is None else require(item, "id", str)


def item_blocks(item: Json) -> list[Json]:
    """Return the content blocks of a whole output item; raises `MalformedResponse`."""
    if item_kind(item) == "message":
        labels = message_labels(item)
        return [part_block(part, labels) for part in message_parts(item)]
    item_id(item)
    return [item_block(item)]


def item_block(item: Json) -> Json:
    """Return the block of a whole item that is no message, in a form that LangChain can read."""
    match item["type"]:
        case "reasoning":
            return reasoning_block(item)
        case "text" | "refusal":  # no items of this API, but types of blocks
            return part_block(item, {})
    return without_nulls(item)


def reasoning_block(item: Json) -> Json:
    """Return the block of an item of reasoning, in which LangChain can read the summary."""
    block = {name: value for name, value in without_nulls(item).items() if name not in RESERVED}
    return block | {"summary": objects(item["summary"])} if "summary" in block else block


def without_nulls(item: Json) -> Json:
    """Return an item without the fields that are null."""
    return {name: value for name, value in item.items() if value is not None}


def message_labels(item: Json) -> Json:
    """Return what every block of a message carries: its id and its phase, if they are known."""
    labels: Json = {}
    for name in LABELS:
        if (value := item.get(name)) and isinstance(value, str):
            labels[name] = value
    return labels


def message_parts(item: Json) -> list[Json]:
    """Return the parts of a message's content."""
    parts = item.get("content")
    if isinstance(parts, str):  # as some gateways send it
        return [{"type": "output_text", "text": parts}]
    return [] if parts is None else objects(require(item, "content", list))


def part_block(part: Json, labels: Json) -> Json:
    """Return the block of a message's part; one of an unknown type is kept as `message_part`."""
    match require(part, "type", str):
        case "output_text" | "text":
            text = "" if part.get("text", "") is None else require(part, "text", str)
            notes = [annotation(note) for note in objects(part.get("annotations"))]
            return {"type": "text", "text": text, "annotations": notes, **labels}
        case "refusal":
            return {"type": "refusal", "refusal": require(part, "refusal", str), **labels}
    return {"type": "message_part", "part": part}


def annotation(note: Json) -> Json:
    """Return an annotation without a field `index`, by which LangChain would merge it.

    Like ChatOpenAI, call it `file_index`: it is the place of a file among those of the request.
    LangChain requires a `url` of a citation that has one.
    """
    if note.get("type") == "url_citation" and "url" not in note:
        note = note | {"url": None}
    if "index" not in note:
        return note
    renamed = {name: value for name, value in note.items() if name != "index"}
    return renamed | {"file_index": note["index"]}


def call_of(item: Json, *, last_of_cut: bool) -> ToolCall | InvalidToolCall | None:
    """Return the tool call that an item is; None for other items.

    `last_of_cut` states that it is the last item of a response that ended at its limit.
    """
    match item["type"]:
        case "function_call":
            args = arguments_of(item)
            if (last_of_cut or is_cut(item)) and not args.strip():
                args = end_of_cut(args)
            return tool_call(require(item, "name", str), args, call_id(item))
        case "custom_tool_call":
            args = dump_json({CUSTOM_ARGUMENT: require(item, "input", str)})
            args += "]" if is_cut(item) else ""
            return tool_call(require(item, "name", str), args, call_id(item))
    return None


def is_cut(item: Json) -> bool:
    """Return whether the model was stopped within an item, such as by `max_output_tokens`."""
    return item.get("status") == "incomplete"


NO_ARGUMENTS = frozenset({"{}", "null"})
"""Arguments that some servers send at the beginning of a call, before its pieces."""


def without_placeholder(item: Json) -> Json:
    """Return an item that was added, without arguments that stand for those to come."""
    arguments = item.get("arguments")
    if isinstance(arguments, str) and arguments in NO_ARGUMENTS:
        return item | {"arguments": ""}
    return item


def arguments_of(item: Json) -> str:
    """Return the arguments of a function call as JSON text."""
    arguments = item.get("arguments")
    if isinstance(arguments, dict):
        return dump_json(arguments)
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    raise malformed(f"expected 'arguments' to be text, found {type(arguments).__name__}")


def call_id(item: Json) -> str | None:
    """Return the id that the result of a call must name."""
    value = item.get("call_id") or item.get("id")
    return value if isinstance(value, str) else None


def partial_image(event: Json, number: int) -> Json:
    """Return an image as far as it is drawn; only requests with that option get it.

    Its own index keeps LangChain from joining the base64 text of two images in v1.
    """
    names = ("item_id", "partial_image_index", "partial_image_b64", "output_format")
    image = {name: event[name] for name in names if name in event}
    return {"type": "partial_image", **image, "index": f"lc_partial_image_{number}"}


def logprobs_of(item: Json) -> list[Any]:
    """Return the log probabilities of the tokens of a message."""
    logprobs: list[Any] = []
    if item.get("type") == "message":
        for part in objects(item.get("content")):
            if isinstance(values := part.get("logprobs"), list):
                logprobs += values
    return logprobs
