"""Canonical blocks in Anthropic's form.

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
"""How base64 of the formats that the API reads begins, for images that do not say."""

CARRIED = ("caller", "toolset_name")
"""What the API puts on tool calls and wants to see again."""

STREAMED = frozenset({"index", "partial_json"})
"""What LangChain's streams leave on native blocks, and the API does not know."""


def render_blocks(turn: Turn, ids: CallIds) -> list[Json]:
    """Render the turn's blocks; what says nothing is left out. Raises `UnsupportedContent`."""
    content: list[Json] = []
    for block in turn.blocks:
        made = RENDERERS[block["type"]](block, turn, ids)
        if made is None:
            continue
        # Thinking cannot be marked; it is cached along with what follows it.
        if block.get("cache_control") and made["type"] != "thinking":
            made["cache_control"] = block["cache_control"]
        content.append(made)
    return content


def tool_result(turn: Turn, ids: CallIds) -> Json:
    """Render a tool's result; a cache marker inside is lifted, as the API takes it outside only."""
    made: Json = {"type": "tool_result", "tool_use_id": ids.answered(turn.tool_call_id)}
    parts = render_blocks(turn, ids)
    for part in parts:
        if marker := part.pop("cache_control", None):
            made["cache_control"] = marker
    if marker := turn.kept.get("cache_control"):
        made["cache_control"] = marker
    if parts:
        made["content"] = plain_text(parts)
    if turn.failed:
        made["is_error"] = True
    return made


def plain_text(content: list[Json]) -> str | list[Json]:
    """Return the text where the content is one text and nothing else."""
    if len(content) == 1 and content[0].keys() == {"type", "text"}:
        return str(content[0]["text"])
    return content


def _text(block: Json, turn: Turn, _: CallIds) -> Json | None:
    if not block["text"].strip():
        return None  # the API refuses blank texts
    made: Json = {"type": "text", "text": block["text"]}
    if turn.role == "assistant" and (cited := list(_citations(block))):
        made["citations"] = cited
    return made


def _citations(block: Json) -> Iterator[Json]:
    """Yield citations as they are asked back: answers name a `file_id` even where there is none."""
    for citation in citations(block):
        if str(citation.get("type")).endswith("_location"):
            yield {
                key: value
                for key, value in citation.items()
                if not (key == "file_id" and value is None)
            }


def _thinking(block: Json, _: Turn, __: CallIds) -> Json | None:
    if not block.get("signature"):
        return None  # the API refuses thoughts that it did not sign
    return {
        "type": "thinking",
        "thinking": block["reasoning"],
        "signature": block["signature"],
    }


def _tool_use(block: Json, _: Turn, ids: CallIds) -> Json:
    return {
        "type": "tool_use",
        "id": ids.called(block["id"]),
        "name": block["name"],
        "input": mapping(block["args"]),  # a call that the model broke is a text
    } | {key: block[key] for key in CARRIED if block.get(key)}


def _native(block: Json, _: Turn, __: CallIds) -> Json:
    value = server_block(block["value"])
    made = {key: item for key, item in value.items() if key not in STREAMED}
    if value.get("input") == {} and value.get("partial_json"):
        made["input"] = _parsed(value["partial_json"])
    return made


def _parsed(arguments: str) -> Json:
    """Read the input of a server tool as it was streamed; it ran, so nothing depends on it."""
    try:
        found = json.loads(arguments)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _image(block: Json, turn: Turn, _: CallIds) -> Json:
    _forbid_in_answers(block, turn)
    if "base64" in block:
        mime = block.get("mime_type") or _sniffed(block["base64"])
        source = {"type": "base64", "media_type": mime, "data": block["base64"]}
        return {"type": "image", "source": source}
    return {"type": "image", "source": _elsewhere(block, turn)}


def _sniffed(data: str) -> str:
    return next((mime for head, mime in IMAGES.items() if data.startswith(head)), "image/png")


def _file(block: Json, turn: Turn, ids: CallIds) -> Json:
    _forbid_in_answers(block, turn)
    mime = str(block.get("mime_type") or PDF).partition(";")[0]
    if mime.startswith("image/"):
        return _image(block, turn, ids)
    made: Json = {"type": "document"}
    if "base64" not in block:
        made["source"] = _elsewhere(block, turn)
    elif mime == PDF:
        made["source"] = {"type": "base64", "media_type": PDF, "data": block["base64"]}
    elif mime.startswith("text/") or mime == "application/json":
        text = _decoded(block, turn)
        made["source"] = {"type": "text", "media_type": "text/plain", "data": text}
    else:
        why = "the API reads PDF and plain text; turn the file into one of them"
        raise UnsupportedContent(turn.where, f"a file of type {mime}", why)
    if block.get("filename"):
        made["title"] = block["filename"]
    return made


def _decoded(block: Json, turn: Turn) -> str:
    try:
        return base64.b64decode(block["base64"], validate=True).decode()
    except ValueError as error:
        raise UnsupportedContent(turn.where, "a text file", str(error)) from error


def _elsewhere(block: Json, turn: Turn) -> Json:
    """Name the place of what is not in the message."""
    if "file_id" in block:
        return {"type": "file", "file_id": block["file_id"]}
    if str(block.get("url")).startswith(("https://", "http://")):
        return {"type": "url", "url": block["url"]}
    what = f"a block of type {block['type']!r}"
    raise UnsupportedContent(turn.where, what, "the API fetches http and https URLs only")


def _forbid_in_answers(block: Json, turn: Turn) -> None:
    if turn.role == "assistant":
        why = "answers hold no media in this API"
        raise UnsupportedContent(turn.where, f"a block of type {block['type']!r}", why)


def _unheard(block: Json, turn: Turn, _: CallIds) -> Json:
    why = "the Messages API takes text, images and documents"
    raise UnsupportedContent(turn.where, f"a block of type {block['type']!r}", why)


RENDERERS: Mapping[str, Callable[[Json, Turn, CallIds], Json | None]] = {
    "text": _text,
    "reasoning": _thinking,
    "tool_call": _tool_use,
    "native": _native,
    "image": _image,
    "file": _file,
    "audio": _unheard,
    "video": _unheard,
}
