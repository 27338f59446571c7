"""Convert LangChain's standard blocks (`output_version="v1"`) back to Anthropic's blocks.

langchain-core's translator creates them; their `extras` are Anthropic's fields, unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scout_adapters._internal.json_values import Json, mapping, objects

KINDS: Mapping[str, tuple[str, str]] = {
    "start_char_index": ("char_location", "document_title"),
    "search_result_index": ("search_result_location", "title"),
    "start_block_index": ("content_block_location", "document_title"),
    "start_page_number": ("page_location", "document_title"),
}
"""Type of a citation, and its field for the title, by a field that only this type has.

A search result has `start_block_index` as well, so it is checked first.
"""


def server_block(block: Json) -> Json:
    """Return Anthropic's block for a server tool's call or result; other blocks unchanged."""
    extras = mapping(block.get("extras"))
    match block.get("type"):
        case "server_tool_call":
            return _call(block, extras)
        case "server_tool_result":
            return _result(block, extras)
    return block


def _call(block: Json, extras: Json) -> Json:
    fields: Json = {"id": block.get("id"), "input": block.get("args") or {}}
    rest = {key: value for key, value in extras.items() if key != "tool_name"}
    if block.get("name") == "remote_mcp":
        return {"type": "mcp_tool_use", "name": extras.get("tool_name"), **fields, **rest}
    name = "code_execution" if block.get("name") == "code_interpreter" else block.get("name")
    return {"type": "server_tool_use", "name": name, **fields, **rest}


def _result(block: Json, extras: Json) -> Json:
    kind = extras.get("block_type")
    result: Json = {"type": kind, "tool_use_id": block.get("tool_call_id")}
    result["content"] = block.get("output", [])
    if kind == "mcp_tool_result":
        result["is_error"] = block.get("status") == "error"
    return result | {key: value for key, value in extras.items() if key != "block_type"}


def citations(block: Json) -> Iterator[Json]:
    """Yield a text's citations, from Anthropic's or from LangChain's form."""
    yield from objects(block.get("citations"))
    for annotation in objects(block.get("annotations")):
        if annotation.get("type") == "non_standard_annotation":
            yield mapping(annotation.get("value"))
        elif annotation.get("type") == "citation":
            yield _citation(annotation)


def _citation(annotation: Json) -> Json:
    extras = mapping(annotation.get("extras"))
    kind, title = _kind(annotation, extras)
    citation: Json = {"type": kind, "cited_text": annotation.get("cited_text")}
    if "url" in annotation:
        citation["url"] = annotation["url"]
    return citation | {title: annotation.get("title")} | extras


def _kind(annotation: Json, extras: Mapping[str, Any]) -> tuple[str, str]:
    if "url" in annotation:
        return "web_search_result_location", "title"
    return next((kind for field, kind in KINDS.items() if field in extras), ("", "title"))
