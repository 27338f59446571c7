"""Turns, rendered into Gemini's `render_contents` and `systemInstruction`.

https://ai.google.dev/api/caching#Content
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import Turn

SIGNATURES = "__gemini_function_call_thought_signatures__"
"""Where langchain-google-genai keeps the signatures of calls: `additional_kwargs[…][call id]`."""

UNSIGNED = "skip_thought_signature_validator"
"""What Gemini 3 takes instead of a signature, on calls that it did not make itself.
https://ai.google.dev/gemini-api/docs/thought-signatures#faqs"""

RESULT_MEDIA = frozenset({"image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain"})
"""What a tool's result may hold, since Gemini 3.
https://ai.google.dev/gemini-api/docs/function-calling#multimodal"""

FILES = "https://generativelanguage.googleapis.com/v1beta/"
BEGINNINGS: Mapping[str, str] = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "JVBERi": "application/pdf",
}
"""The first base64 characters of files that come without a type."""

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
"""The types of files at a URL, told by its ending."""

OUTCOMES: Mapping[Any, str] = {1: "OUTCOME_OK", 2: "OUTCOME_FAILED"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def system_instruction(turns: Sequence[Turn]) -> Json | None:
    """Join all system turns, wherever they stand: Gemini has one place for them."""
    parts = [part for turn in turns if turn.role == "system" for part in _parts(turn)]
    return {"parts": parts} if parts else None


def render_contents(turns: Sequence[Turn], *, third: bool) -> list[Json]:
    """Render the conversation; `third` says that the model is a Gemini 3 or later."""
    rendered: list[Json] = []
    last: tuple[str, bool] | None = None
    for turn in turns:
        if turn.role == "system":
            continue
        parts = _result(turn, third=third) if turn.role == "tool" else _parts(turn)
        if not parts:
            continue  # Gemini refuses a content without parts
        # Parallel results belong into one content. What the user then says does not: it begins
        # the turn within which signatures are checked.
        kind = ("model" if turn.role == "assistant" else "user", turn.role == "tool")
        if kind == last:
            rendered[-1]["parts"] += parts
        else:
            rendered.append({"role": kind[0], "parts": parts})
        last = kind
    if third:
        _sign(rendered)
    return rendered


def _sign(rendered: Sequence[Json]) -> None:
    """See to it that the first call of every step has a signature, or Gemini 3 answers 400."""
    for content in rendered:
        call = next((part for part in content["parts"] if "functionCall" in part), None)
        if call is not None:
            call.setdefault("thoughtSignature", UNSIGNED)


def _parts(turn: Turn) -> list[Json]:
    made = (RENDER[block["type"]](block, turn) for block in turn.blocks)
    return [part for part in made if part is not None]


def _text(block: Json, _turn: Turn) -> Json | None:
    part: Json = {"text": block["text"]}
    if signature := block.get("signature"):
        part["thoughtSignature"] = signature
    elif not block["text"]:
        return None
    return part


def _reasoning(block: Json, _turn: Turn) -> Json | None:
    """Return a signed thought; a summary without a signature only costs tokens."""
    if not (signature := block.get("signature")):
        return None
    return {"text": block["reasoning"], "thought": True, "thoughtSignature": signature}


def _call(block: Json, turn: Turn) -> Json:
    call: Json = {"name": block["name"], "args": mapping(block["args"])}
    if block["id"]:
        call["id"] = block["id"]
    kept = turn.kept.get(SIGNATURES)
    signature = block.get("signature") or (
        kept.get(block["id"]) if isinstance(kept, Mapping) else None
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
    """Refer to a file; Gemini fetches public URLs itself, up to 100 MB.

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


def _result(turn: Turn, *, third: bool) -> list[Json]:
    """Render a tool's result; what cannot be inside of it follows it."""
    texts = [block["text"] for block in turn.blocks if block["type"] == "text"]
    media = [RENDER[block["type"]](block, turn) for block in turn.blocks if block["type"] != "text"]
    answer: Json = {"name": turn.tool_name or turn.name or ""}
    if turn.tool_call_id:
        answer["id"] = turn.tool_call_id
    answer["response"] = _response("\n".join(texts), failed=turn.failed)
    inside = [part for part in media if part and third and _fits_result(part)]
    if inside:
        answer["parts"] = inside
    return [
        {"functionResponse": answer},
        *(part for part in media if part is not None and part not in inside),
    ]


def _fits_result(part: Json) -> bool:
    return part.get("inlineData", {}).get("mimeType") in RESULT_MEDIA


def _response(text: str, *, failed: bool) -> Json:
    """Wrap a result as Gemini's schema asks; JSON stays JSON."""
    if failed:
        return {"error": text}
    if text.lstrip().startswith(("{", "[")):
        try:
            parsed = json.loads(text)
        except ValueError:
            return {"output": text}
        return parsed if isinstance(parsed, dict) else {"output": parsed}
    return {"output": text}


def _native(block: Json, turn: Turn) -> Json | None:
    """Render a block in langchain-google-genai's form; a dict without a type is a part itself."""
    value = block["value"]
    if "type" not in value:
        return dict(value)
    render = NATIVE.get(value["type"])
    if render is None and turn.role == "assistant":
        return None  # a form that LangChain gave to something of Gemini's own
    if render is None:
        raise UnsupportedContent(
            turn.where, f"a block of type {value['type']!r}", "Gemini has no part for it"
        )
    signature = value.get("signature") or (value.get("extras") or {}).get("signature")
    return render(value) | ({"thoughtSignature": signature} if signature else {})


def _own_id(value: Any) -> Json:
    """Return an id that Gemini gave; UUIDs were made up, by LangChain or by us."""
    return {"id": value} if value and not UUID.fullmatch(str(value)) else {}


def _code(value: Json) -> Json:
    code = {"code": value.get("executable_code", ""), "language": value.get("language", "PYTHON")}
    return {"executableCode": code | _own_id(value.get("id"))}


def _code_result(value: Json) -> Json:
    outcome = value.get("outcome", 1)
    result = {
        "outcome": OUTCOMES.get(outcome, outcome),
        "output": value.get("code_execution_result", ""),
    }
    return {"codeExecutionResult": result | _own_id(value.get("tool_call_id"))}


def _file_data(value: Json) -> Json:
    mime = value.get("mime_type")
    return {"fileData": {"fileUri": value.get("file_uri")} | ({"mimeType": mime} if mime else {})}


def _server_call(value: Json) -> Json:
    if value.get("name") == "code_interpreter":  # what LangChain's translator calls it
        args = mapping(value.get("args"))
        return _code({**args, "executable_code": args.get("code", ""), "id": value.get("id")})
    call = {"toolType": str(value.get("name")).upper(), "args": value.get("args") or {}}
    return {"toolCall": call | _own_id(value.get("id"))}


def _server_result(value: Json) -> Json:
    extras = mapping(value.get("extras"))
    if extras.get("block_type") == "code_execution_result":
        return _code_result({**value, **extras, "code_execution_result": value.get("output", "")})
    kind = str(extras.get("block_type")).upper()
    result = {"toolType": kind, "response": value.get("output") or {}}
    return {"toolResponse": result | _own_id(value.get("tool_call_id"))}


NATIVE: Mapping[str, Callable[[Json], Json]] = {
    "executable_code": _code,
    "code_execution_result": _code_result,
    "file_data": _file_data,
    "server_tool_call": _server_call,
    "server_tool_result": _server_result,
}
RENDER: Mapping[str, Callable[[Json, Turn], Json | None]] = {
    "text": _text,
    "reasoning": _reasoning,
    "tool_call": _call,
    "image": _media,
    "audio": _media,
    "video": _media,
    "file": _media,
    "native": _native,
}
