"""LangChain's standard blocks (`output_version="v1"`): from items of an answer, and back to them.

langchain-core's translator for OpenAI makes them, whichever provider the items come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters._internal.json_values import Json, json_text, mapping, objects

STATUS = {"success": "completed", "error": "failed"}
_OF_REASONING = frozenset({"type", "id", "reasoning", "index", "extras"})


def standard_blocks(message: AIMessage) -> list[Json] | None:
    """Return the v1 blocks of an answer or a chunk; None if its content is plain text."""
    if isinstance(message.content, str):
        return None
    # Loads on first use: core itself imports its translators late.
    from langchain_core.messages.block_translators import openai  # noqa: PLC0415  # needed for v1 blocks only

    if isinstance(message, AIMessageChunk):
        blocks = openai.translate_content_chunk(message)
        for block in cast("list[Json]", blocks):
            if block.get("type") == "reasoning" and "reasoning" in block:
                _move_to_extras(block)
    else:
        blocks = openai.translate_content(message)
    return [_with_open_reasoning(block) for block in cast("list[Json]", blocks)]


def _move_to_extras(block: Json) -> None:
    """Move fields beside a summary where those without one are: a stream merges both."""
    names = block.keys() - _OF_REASONING
    if names:
        block["extras"] = {name: block.pop(name) for name in names}


def _with_open_reasoning(block: Json) -> Json:
    """Show reasoning that is not a summary; core leaves it in `extras`."""
    if block.get("type") != "reasoning" or "reasoning" in block:
        return block
    texts = objects(mapping(block.get("extras")).get("content"))
    text = "".join(str(each.get("text") or "") for each in texts)
    return block | {"reasoning": text} if text else block


def response_blocks(content: Sequence[Any]) -> Iterator[Json]:
    """Yield the blocks of an answer in the form of its items; raw and standard blocks may mix."""
    results = {
        block.get("tool_call_id"): block
        for block in objects(list(content))
        if block.get("type") == "server_tool_result"
    }
    reasoning: Json | None = None
    for block in content:
        raw = {"type": "text", "text": block} if isinstance(block, str) else dict(block)
        if _is_standard_reasoning(raw):
            if reasoning is not None and reasoning.get("id") == raw.get("id"):
                reasoning["summary"] += _summary(raw)
                continue
            if reasoning is not None:
                yield reasoning
            reasoning = _reasoning(raw)
            continue
        if reasoning is not None:
            yield reasoning
            reasoning = None
        yield from _raw(raw, results)
    if reasoning is not None:
        yield reasoning


def _is_standard_reasoning(block: Json) -> bool:
    return block.get("type") == "reasoning" and "summary" not in block


def _summary(block: Json) -> list[Json]:
    text = block.get("reasoning")
    return [] if text is None else [{"type": "summary_text", "text": text}]


def _reasoning(block: Json) -> Json:
    kept = {n: v for n, v in block.items() if n not in ("reasoning", "extras", "index")}
    extras = mapping(block.get("extras"))
    return kept | extras | {"summary": [] if extras.get("content") else _summary(block)}


def _raw(block: Json, results: Mapping[Any, Json]) -> Iterator[Json]:
    extras = mapping(block.get("extras"))
    match block.get("type"):
        case "non_standard":
            yield mapping(block.get("value"))
        case "server_tool_call":
            yield _server_item(block, extras, results.get(block.get("id"), {}))
        case "server_tool_result":
            if extras.get("name") == "tool_search":
                yield _search_output(block, extras)
        case "image" if str(block.get("id")).startswith("ig_"):
            image = {"type": "image_generation_call", "id": block["id"]}
            yield {**image, "result": block.get("base64"), **extras}
        case "text" if block.get("annotations"):
            notes = [_annotation(note) for note in objects(block["annotations"])]
            yield block | {"annotations": notes}
        case _:
            yield block | ({"phase": extras["phase"]} if extras.get("phase") else {})


def _server_item(block: Json, extras: Json, result: Json) -> Json:
    """Return the item of a call that the provider ran, with its result."""
    render = ITEMS.get(str(block.get("name")))
    if render is None:
        return block
    item: Json = {"id": block.get("id")}
    if render not in (_mcp_call, _mcp_tools):  # core makes up the status of their results
        status = STATUS.get(str(result.get("status")))
        if status := status or mapping(result.get("extras")).get("status"):
            item["status"] = status
    return render(block, result, item | extras)


def _web_search(block: Json, _result: Json, item: Json) -> Json:
    """Leave out the sources, which the API has refused to take back; so does ChatOpenAI."""
    beside = {name: value for name, value in block.items() if name not in _STANDARD}
    action = {"action": block["args"]} if block.get("args") else {}
    return {"type": "web_search_call", **item, **action, **beside}


def _file_search(block: Json, result: Json, item: Json) -> Json:
    queries = mapping(block.get("args")).get("queries") or []
    return {"type": "file_search_call", **item, "queries": queries, "results": result.get("output")}


def _code(block: Json, result: Json, item: Json) -> Json:
    code = mapping(block.get("args")).get("code")
    return {"type": "code_interpreter_call", **item, "code": code, "outputs": result.get("output")}


def _mcp_call(block: Json, result: Json, item: Json) -> Json:
    item.setdefault("arguments", json_text(block.get("args") or {}))
    error = mapping(result.get("extras")).get("error")
    done = {"name": item.pop("tool_name", None), "output": result.get("output"), "error": error}
    return {"type": "mcp_call", **item, **done}


def _mcp_tools(_block: Json, result: Json, item: Json) -> Json:
    return {"type": "mcp_list_tools", **item, "tools": result.get("output") or []}


def _tool_search(block: Json, _result: Json, item: Json) -> Json:
    return {"type": "tool_search_call", **item, "arguments": block.get("args") or {}}


ITEMS: Mapping[str, Callable[[Json, Json, Json], Json]] = {
    "web_search": _web_search,
    "file_search": _file_search,
    "code_interpreter": _code,
    "remote_mcp": _mcp_call,
    "mcp_list_tools": _mcp_tools,
    "tool_search": _tool_search,
}
"""Functions that make the item of a server tool, by LangChain's name of the tool."""

_STANDARD = frozenset({"type", "name", "args", "id", "index", "extras"})


def _search_output(block: Json, extras: Json) -> Json:
    rest = {name: value for name, value in extras.items() if name != "name"}
    tools = mapping(block.get("output")).get("tools") or []
    status = STATUS.get(str(block.get("status")), block.get("status"))
    item = {"id": block.get("tool_call_id"), "status": status, "tools": tools}
    return {"type": "tool_search_output", **item, **rest}


def _annotation(note: Json) -> Json:
    """Return an annotation in the API's form."""
    extras = mapping(note.get("extras"))
    match note.get("type"):
        case "non_standard_annotation":
            return mapping(note.get("value"))
        case "citation" if "url" in note:
            names = ("url", "title", "start_index", "end_index")
            return {"type": "url_citation", **{n: note[n] for n in names if n in note}, **extras}
        case "citation":
            title = {"filename": note["title"]} if "title" in note else {}
            return {"type": "file_citation", **title, **extras}
    return note
