"""Content blocks rendered into the content parts of Chat Completions.

https://platform.openai.com/docs/api-reference/chat/create. Extensions of OpenRouter and others:
https://openrouter.ai/docs/guides/overview/multimodal/pdfs and …/videos.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import ProviderSpec, Turn
from scout_adapters.llm.wires.openai_chat.dialect import ChatCompletionsDialect

MARKERS = ("cache_control", "prompt_cache_breakpoint")
"""Cache markers of a part: Anthropic's, which OpenRouter passes on, and OpenAI's own."""

AUDIO_FORMATS = {"mpeg": "mp3", "wave": "wav", "vnd.wave": "wav", "mp4": "m4a"}


def render_content(
    turn: Turn, spec: ProviderSpec, dialect: ChatCompletionsDialect
) -> str | list[Json]:
    """Render a turn's blocks: a string if there is one text without markers, else parts."""
    if len(turn.blocks) == 1 and not dialect.cache_markers and turn.blocks[0]["type"] == "text":
        only_text: str = turn.blocks[0]["text"]
        return only_text
    parts = [
        part for block in turn.blocks if (part := _part(block, turn, spec, dialect)) is not None
    ]
    if len(parts) > 1:
        parts = [part for part in parts if part.get("text") != ""] or parts[:1]
    if not parts:
        return ""
    only = parts[0]
    if len(parts) == 1 and only.keys() == {"type", "text"} and only["type"] == "text":
        text: str = only["text"]
        return text
    return parts


def _part(
    block: Json, turn: Turn, spec: ProviderSpec, dialect: ChatCompletionsDialect
) -> Json | None:
    kind = block["type"]
    if kind in {"tool_call", "reasoning"}:
        return None
    if kind == "native":
        value: Json = block["value"]
        return value
    if kind == "text":
        part = {"type": "text", "text": block["text"]}
    else:
        part = _media(block, turn, spec, dialect)
    if dialect.cache_markers:
        part |= {name: block[name] for name in MARKERS if name in block}
    return part


def _media(block: Json, turn: Turn, spec: ProviderSpec, dialect: ChatCompletionsDialect) -> Json:
    kind = block["type"]
    accepted = turn.role == "user" or (
        turn.role == "tool" and kind == "image" and "tool_images" in dialect.takes
    )
    if not accepted:
        raise UnsupportedContent(turn.where, kind, f"{turn.role} messages carry text only here")
    if kind in dialect.refuses:
        raise UnsupportedContent(turn.where, kind, f"{spec.name} accepts no {kind}")
    part, why = RENDERERS[kind](block, spec, dialect)
    if part is None:
        raise UnsupportedContent(turn.where, kind, why)
    return part


Rendered = tuple[Json | None, str]
"""A part and an empty text, or None and the reason."""


def _image(block: Json, _: ProviderSpec, __: ChatCompletionsDialect) -> Rendered:
    url = _url(block)
    if url is None:
        return None, "an image is sent as base64 or as a URL"
    image: Json = {"url": url}
    if "detail" in block:
        image["detail"] = block["detail"]
    return {"type": "image_url", "image_url": image}, ""


def _audio(block: Json, _: ProviderSpec, __: ChatCompletionsDialect) -> Rendered:
    subtype = _subtype(block)
    if "base64" not in block or not subtype:
        return None, "audio is sent as base64 with its mime_type"
    audio = {"data": block["base64"], "format": AUDIO_FORMATS.get(subtype, subtype)}
    return {"type": "input_audio", "input_audio": audio}, ""


def _video(block: Json, spec: ProviderSpec, dialect: ChatCompletionsDialect) -> Rendered:
    url = _url(block)
    if "video" not in dialect.takes:
        return None, f"{spec.name} accepts no video"
    if url is None:
        return None, "a video is sent as base64 or as a URL"
    return {"type": "video_url", "video_url": {"url": url}}, ""


def _file(block: Json, spec: ProviderSpec, dialect: ChatCompletionsDialect) -> Rendered:
    if "file_id" in block:
        return {"type": "file", "file": {"file_id": block["file_id"]}}, ""
    if "base64" not in block and "file_url" not in dialect.takes:
        return None, f"{spec.name} accepts a file as base64 or as an id, not as a URL"
    # OpenAI refuses `file_data` without a file name.
    name = block.get("filename") or f"document.{_subtype(block) or 'pdf'}"
    return {"type": "file", "file": {"filename": name, "file_data": _url(block)}}, ""


RENDERERS: Mapping[str, Callable[[Json, ProviderSpec, ChatCompletionsDialect], Rendered]] = {
    "image": _image,
    "audio": _audio,
    "video": _video,
    "file": _file,
}


def _url(block: Json) -> str | None:
    if "base64" in block:
        return f"data:{block.get('mime_type', '')};base64,{block['base64']}"
    return block.get("url")


def _subtype(block: Json) -> str:
    """Return the subtype: `wav` for `audio/x-wav; rate=16000`."""
    _, _, subtype = str(block.get("mime_type") or "").partition("/")
    return subtype.partition(";")[0].strip().removeprefix("x-")
