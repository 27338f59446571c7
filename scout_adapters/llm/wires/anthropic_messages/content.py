"""Content blocks rendered into the blocks of the Messages API.

https://platform.claude.com/docs/en/build-with-claude/working-with-messages
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping

from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import Turn
from scout_adapters.llm.wires.anthropic_messages.tool_call_ids import CallIds
from scout_adapters.llm.wires.anthropic_messages.v1_blocks import citations, server_block

PDF = "application/pdf"
IMAGES: Mapping[str, str] = {
    "/9j/": "image/jpeg",
    "iVBOR": "image/png",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
}
"""MIME type by the first base64 characters, for images without a type."""

CALL_FIELDS = ("caller", "toolset_name")
"""Fields of tool calls that the API requires back."""

STREAM_FIELDS = frozenset({"index", "partial_json"})
"""Fields that streams add to native blocks, and that the API refuses."""


def render_blocks(turn: Turn, ids: CallIds) -> list[Json]:
    """Render the blocks of a turn; empty ones are left out.

    Raises:
        UnsupportedContent: A block has no form in this API.
    """
    content: list[Json] = []
    for block in turn.blocks:
        rendered = RENDERERS[block["type"]](block, turn, ids)
        if rendered is None:
            continue
        # A thinking block cannot have a cache marker; it is cached with the block after it.
        if block.get("cache_control") and rendered["type"] != "thinking":
            rendered["cache_control"] = block["cache_control"]
        content.append(rendered)
    return content


def tool_result(turn: Turn, ids: CallIds) -> Json:
    """Render a tool's result; cache markers of its parts move to it, as the API requires."""
    result: Json = {"type": "tool_result", "tool_use_id": ids.result_id(turn.tool_call_id)}
    parts = render_blocks(turn, ids)
    for part in parts:
        if marker := part.pop("cache_control", None):
            result["cache_control"] = marker
    if marker := turn.extras.get("cache_control"):
        result["cache_control"] = marker
    if parts:
        result["content"] = plain_text(parts)
    if turn.failed:
        result["is_error"] = True
    return result


def plain_text(content: list[Json]) -> str | list[Json]:
    """Return the content: a string if it is one text without other fields, else the blocks."""
    if len(content) == 1 and content[0].keys() == {"type", "text"}:
        return str(content[0]["text"])
    return content


def _text(block: Json, turn: Turn, _: CallIds) -> Json | None:
    if not block["text"].strip():
        return None  # the API refuses blank texts
    rendered: Json = {"type": "text", "text": block["text"]}
    if turn.role == "assistant" and (cited := list(_citations(block))):
        rendered["citations"] = cited
    return rendered


def _citations(block: Json) -> Iterator[Json]:
    """Yield citations in the form of requests: a `file_id` that is null is left out."""
    for citation in citations(block):
        if str(citation.get("type")).endswith("_location"):
            yield {
                key: value
                for key, value in citation.items()
                if not (key == "file_id" and value is None)
            }


def _thinking(block: Json, _: Turn, __: CallIds) -> Json | None:
    if not block.get("signature"):
        return None  # the API refuses thinking without its signature
    return {
        "type": "thinking",
        "thinking": block["reasoning"],
        "signature": block["signature"],
    }


def _tool_use(block: Json, _: Turn, ids: CallIds) -> Json:
    return {
        "type": "tool_use",
        "id": ids.call_id(block["id"]),
        "name": block["name"],
        "input": mapping(block["args"]),  # arguments that are not valid JSON are a text
    } | {key: block[key] for key in CALL_FIELDS if block.get(key)}


def _native(block: Json, _: Turn, __: CallIds) -> Json:
    value = server_block(block["value"])
    rendered = {key: item for key, item in value.items() if key not in STREAM_FIELDS}
    if value.get("input") == {} and value.get("partial_json"):
        rendered["input"] = _parsed(value["partial_json"])
    return rendered


def _parsed(arguments: str) -> Json:
    """Parse the streamed input of a server tool; the tool has run, so errors are ignored."""
    try:
        parsed = json.loads(arguments)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _image(block: Json, turn: Turn, _: CallIds) -> Json:
    _forbid_in_answers(block, turn)
    if "base64" in block:
        mime = block.get("mime_type") or _detected_type(block["base64"])
        source = {"type": "base64", "media_type": mime, "data": block["base64"]}
        return {"type": "image", "source": source}
    return {"type": "image", "source": _remote_source(block, turn)}


def _detected_type(data: str) -> str:
    return next((mime for head, mime in IMAGES.items() if data.startswith(head)), "image/png")


def _file(block: Json, turn: Turn, ids: CallIds) -> Json:
    _forbid_in_answers(block, turn)
    mime = str(block.get("mime_type") or PDF).partition(";")[0]
    if mime.startswith("image/"):
        return _image(block, turn, ids)
    document: Json = {"type": "document"}
    if "base64" not in block:
        document["source"] = _remote_source(block, turn)
    elif mime == PDF:
        document["source"] = {"type": "base64", "media_type": PDF, "data": block["base64"]}
    elif mime.startswith("text/") or mime == "application/json":
        text = _decoded(block, turn)
        document["source"] = {"type": "text", "media_type": "text/plain", "data": text}
    else:
        why = "the API accepts PDF and plain text; convert the file to one of them"
        raise UnsupportedContent(turn.where, f"a file of type {mime}", why)
    if block.get("filename"):
        document["title"] = block["filename"]
    return document


def _decoded(block: Json, turn: Turn) -> str:
    try:
        return base64.b64decode(block["base64"], validate=True).decode()
    except ValueError as error:
        raise UnsupportedContent(turn.where, "a text file", str(error)) from error


def _remote_source(block: Json, turn: Turn) -> Json:
    """Return the source of data that the message does not contain."""
    if "file_id" in block:
        return {"type": "file", "file_id": block["file_id"]}
    if str(block.get("url")).startswith(("https://", "http://")):
        return {"type": "url", "url": block["url"]}
    what = f"a block of type {block['type']!r}"
    raise UnsupportedContent(turn.where, what, "the API fetches http and https URLs only")


def _forbid_in_answers(block: Json, turn: Turn) -> None:
    if turn.role == "assistant":
        why = "answers cannot contain media in this API"
        raise UnsupportedContent(turn.where, f"a block of type {block['type']!r}", why)


def _unsupported(block: Json, turn: Turn, _: CallIds) -> Json:
    why = "the Messages API accepts text, images and documents"
    raise UnsupportedContent(turn.where, f"a block of type {block['type']!r}", why)


RENDERERS: Mapping[str, Callable[[Json, Turn, CallIds], Json | None]] = {
    "text": _text,
    "reasoning": _thinking,
    "tool_call": _tool_use,
    "native": _native,
    "image": _image,
    "file": _file,
    "audio": _unsupported,
    "video": _unsupported,
}
