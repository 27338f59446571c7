"""Content blocks rendered into Gemini's parts.

https://ai.google.dev/api/caching#Part
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import Turn

SIGNATURES = "__gemini_function_call_thought_signatures__"
"""The key in `additional_kwargs` where langchain-google-genai stores signatures, by call id."""

FILES = "https://generativelanguage.googleapis.com/v1beta/"
BEGINNINGS: Mapping[str, str] = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "JVBERi": "application/pdf",
}
"""MIME type by the first base64 characters, for data without a type."""

SUFFIXES: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "mp3": "audio/mp3",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}
"""MIME type by the ending of a URL."""

OUTCOMES: Mapping[Any, str] = {1: "OUTCOME_OK", 2: "OUTCOME_FAILED"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def render_blocks(turn: Turn) -> list[Json]:
    """Render the blocks of a turn; blocks without a counterpart are left out.

    Raises:
        UnsupportedContent: A block has no form in this API.
    """
    parts = (RENDERERS[block["type"]](block, turn) for block in turn.blocks)
    return [part for part in parts if part is not None]


def render_block(block: Json, turn: Turn) -> Json | None:
    """Render one block; None if it has no counterpart."""
    return RENDERERS[block["type"]](block, turn)


def _text(block: Json, _turn: Turn) -> Json | None:
    part: Json = {"text": block["text"]}
    if signature := block.get("signature"):
        part["thoughtSignature"] = signature
    elif not block["text"]:
        return None
    return part


def _reasoning(block: Json, _turn: Turn) -> Json | None:
    """Render a signed thought; a summary without a signature would only cost tokens."""
    if not (signature := block.get("signature")):
        return None
    return {"text": block["reasoning"], "thought": True, "thoughtSignature": signature}


def _call(block: Json, turn: Turn) -> Json:
    call: Json = {"name": block["name"], "args": mapping(block["args"])}
    if block["id"]:
        call["id"] = block["id"]
    signatures = turn.extras.get(SIGNATURES)
    signature = block.get("signature") or (
        signatures.get(block["id"]) if isinstance(signatures, Mapping) else None
    )
    return {"functionCall": call} | ({"thoughtSignature": signature} if signature else {})


def _media(block: Json, turn: Turn) -> Json:
    part = _inline(block, turn) if "base64" in block else _file(block, turn)
    if signature := block.get("signature"):
        part["thoughtSignature"] = signature
    return part


def _inline(block: Json, turn: Turn) -> Json:
    data = block["base64"]
    mime = block.get("mime_type") or next(
        (mime for beginning, mime in BEGINNINGS.items() if data.startswith(beginning)), None
    )
    if mime is None:
        raise UnsupportedContent(
            turn.where, f"a block of type {block['type']!r}", "Gemini needs its mime_type"
        )
    return {"inlineData": {"mimeType": mime, "data": data}}


def _file(block: Json, turn: Turn) -> Json:
    """Render a file by its URI; Gemini fetches public URLs itself, up to 100 MB.

    https://ai.google.dev/gemini-api/docs/file-input-methods
    """
    uri = block.get("file_id") or block.get("url")
    if not uri:
        raise UnsupportedContent(
            turn.where, f"a block of type {block['type']!r}", "it has no base64, url or file_id"
        )
    uri = FILES + uri if uri.startswith("files/") else uri
    mime = block.get("mime_type") or SUFFIXES.get(urlsplit(uri).path.rpartition(".")[2].lower())
    return {"fileData": {"fileUri": uri} | ({"mimeType": mime} if mime else {})}


def _native(block: Json, turn: Turn) -> Json | None:
    """Render a block in langchain-google-genai's form; a dict without a type is a part itself."""
    value = block["value"]
    if "type" not in value:
        return dict(value)
    render = NATIVE.get(value["type"])
    if render is None and turn.role == "assistant":
        return None  # LangChain's form of a part that Gemini does not accept back
    if render is None:
        raise UnsupportedContent(
            turn.where, f"a block of type {value['type']!r}", "Gemini has no part for it"
        )
    signature = value.get("signature") or (value.get("extras") or {}).get("signature")
    return render(value) | ({"thoughtSignature": signature} if signature else {})


def _gemini_id(value: Any) -> Json:
    """Return an id from Gemini; UUIDs were generated by LangChain or by `PartReader`."""
    return {"id": value} if value and not UUID.fullmatch(str(value)) else {}


def _code(value: Json) -> Json:
    code = {"code": value.get("executable_code", ""), "language": value.get("language", "PYTHON")}
    return {"executableCode": code | _gemini_id(value.get("id"))}


def _code_result(value: Json) -> Json:
    outcome = value.get("outcome", 1)
    result = {
        "outcome": OUTCOMES.get(outcome, outcome),
        "output": value.get("code_execution_result", ""),
    }
    return {"codeExecutionResult": result | _gemini_id(value.get("tool_call_id"))}


def _file_data(value: Json) -> Json:
    mime = value.get("mime_type")
    return {"fileData": {"fileUri": value.get("file_uri")} | ({"mimeType": mime} if mime else {})}


def _server_call(value: Json) -> Json:
    if value.get("name") == "code_interpreter":  # the name in LangChain's translator
        args = mapping(value.get("args"))
        return _code({**args, "executable_code": args.get("code", ""), "id": value.get("id")})
    call = {"toolType": str(value.get("name")).upper(), "args": value.get("args") or {}}
    return {"toolCall": call | _gemini_id(value.get("id"))}


def _server_result(value: Json) -> Json:
    extras = mapping(value.get("extras"))
    if extras.get("block_type") == "code_execution_result":
        return _code_result({**value, **extras, "code_execution_result": value.get("output", "")})
    kind = str(extras.get("block_type")).upper()
    result = {"toolType": kind, "response": value.get("output") or {}}
    return {"toolResponse": result | _gemini_id(value.get("tool_call_id"))}


NATIVE: Mapping[str, Callable[[Json], Json]] = {
    "executable_code": _code,
    "code_execution_result": _code_result,
    "file_data": _file_data,
    "server_tool_call": _server_call,
    "server_tool_result": _server_result,
}
RENDERERS: Mapping[str, Callable[[Json, Turn], Json | None]] = {
    "text": _text,
    "reasoning": _reasoning,
    "tool_call": _call,
    "image": _media,
    "audio": _media,
    "video": _media,
    "file": _media,
    "native": _native,
}
