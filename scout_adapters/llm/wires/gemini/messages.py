"""Turns rendered into Gemini's `contents` and `systemInstruction`.

https://ai.google.dev/api/caching#Content
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import Turn
from scout_adapters.llm.wires.gemini.content import render_block, render_blocks

UNSIGNED = "skip_thought_signature_validator"
"""The signature that Gemini 3 accepts on calls that it did not make itself.
https://ai.google.dev/gemini-api/docs/thought-signatures#faqs"""

RESULT_MEDIA = frozenset({"image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain"})
"""MIME types that a tool result may contain, since Gemini 3.
https://ai.google.dev/gemini-api/docs/function-calling#multimodal"""


def system_instruction(turns: Sequence[Turn]) -> Json | None:
    """Join all system turns, wherever they are in the conversation: the API has one field."""
    parts = [part for turn in turns if turn.role == "system" for part in render_blocks(turn)]
    return {"parts": parts} if parts else None


def render_messages(turns: Sequence[Turn], *, gemini_3: bool) -> list[Json]:
    """Render the turns as `contents`; `gemini_3`: the model is Gemini 3 or later."""
    contents: list[Json] = []
    previous: tuple[str, bool] | None = None
    for turn in turns:
        if turn.role == "system":
            continue
        is_result = turn.role == "tool"
        parts = tool_result(turn, gemini_3=gemini_3) if is_result else render_blocks(turn)
        if not parts:
            continue  # Gemini refuses a content without parts
        # Parallel results belong in one content. A user message after them is a content of its
        # own: it starts the step in which Gemini checks signatures.
        kind = ("model" if turn.role == "assistant" else "user", is_result)
        if kind == previous:
            contents[-1]["parts"] += parts
        else:
            contents.append({"role": kind[0], "parts": parts})
        previous = kind
    if not contents:
        raise UnsupportedContent.empty_conversation()
    if gemini_3:
        _add_signatures(contents)
    return contents


def _add_signatures(contents: Sequence[Json]) -> None:
    """Add a signature to the first call of every step that has none: Gemini 3 requires it."""
    for content in contents:
        call = next((part for part in content["parts"] if "functionCall" in part), None)
        if call is not None:
            call.setdefault("thoughtSignature", UNSIGNED)


def tool_result(turn: Turn, *, gemini_3: bool) -> list[Json]:
    """Render a tool's result; media that it cannot contain follow it."""
    texts = [block["text"] for block in turn.blocks if block["type"] == "text"]
    media = [render_block(block, turn) for block in turn.blocks if block["type"] != "text"]
    result: Json = {"name": turn.tool_name or turn.name or ""}
    if turn.tool_call_id:
        result["id"] = turn.tool_call_id
    result["response"] = _response("\n".join(texts), failed=turn.failed)
    inside = [part for part in media if part and gemini_3 and _fits_result(part)]
    if inside:
        result["parts"] = inside
    return [
        {"functionResponse": result},
        *(part for part in media if part is not None and part not in inside),
    ]


def _fits_result(part: Json) -> bool:
    return part.get("inlineData", {}).get("mimeType") in RESULT_MEDIA


def _response(text: str, *, failed: bool) -> Json:
    """Wrap a result's text in an object; JSON stays JSON."""
    if failed:
        return {"error": text}
    if text.lstrip().startswith(("{", "[")):
        try:
            parsed = json.loads(text)
        except ValueError:
            return {"output": text}
        return parsed if isinstance(parsed, dict) else {"output": parsed}
    return {"output": text}
