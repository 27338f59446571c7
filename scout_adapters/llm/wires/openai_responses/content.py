"""Content of messages and tool results: canonical blocks as input parts.

https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import ProviderSpec, Turn
from scout_adapters.llm.wires.openai_responses.dialect import unsupported_media

MESSAGE_BLOCKS = frozenset({"input_text", "input_image", "input_file", "refusal"})
"""Types of native blocks that are parts of a message; others are items of their own."""

AUDIO_FORMATS = {"mpeg": "mp3", "wave": "wav", "vnd.wave": "wav", "mp4": "m4a"}


def input_content(blocks: Sequence[Json], turn: Turn, spec: ProviderSpec) -> str | list[Json]:
    """Render blocks: text if they are one text, else a list of parts.

    Raises:
        UnsupportedContent: The API, or this provider, cannot take a block.

    """
    parts = [input_part(block, turn, spec) for block in blocks]
    if len(parts) > 1:
        parts = [part for part in parts if part.get("text") != ""] or parts[:1]
    if not parts:
        return ""
    if len(parts) == 1 and parts[0].keys() == {"type", "text"}:
        text: str = parts[0]["text"]
        return text
    return parts


def input_part(block: Json, turn: Turn, spec: ProviderSpec) -> Json:
    """Return a content block as an input part of the Responses API.

    Raises: `UnsupportedContent` if the API or the provider accepts no block of this type.
    """
    kind = block["type"]
    if kind == "native":
        value: Json = block["value"]
        refused = value.get("refusal") if value.get("type") == "refusal" else None
        return value if refused is None else {"type": "input_text", "text": str(refused)}
    if kind == "text":
        return {"type": "input_text", "text": block["text"]}
    render = RENDERERS.get(kind)
    if render is None or kind in unsupported_media(spec):
        raise UnsupportedContent(turn.where, kind, f"{spec.name} takes none over this API")
    return render(block, turn)


def _image(block: Json, turn: Turn) -> Json:
    part: Json = {"type": "input_image", "detail": block.get("detail") or "auto"}
    if "file_id" in block:
        return part | {"file_id": block["file_id"]}
    return part | {"image_url": _address(block, turn)}


def _file(block: Json, turn: Turn) -> Json:
    if "file_id" in block:
        return {"type": "input_file", "file_id": block["file_id"]}
    if "base64" not in block:
        return {"type": "input_file", "file_url": _address(block, turn)}
    # OpenAI refuses `file_data` without a name.
    name = block.get("filename") or f"document.{_subtype(block) or 'pdf'}"
    return {"type": "input_file", "filename": name, "file_data": _address(block, turn)}


def _audio(block: Json, turn: Turn) -> Json:
    subtype = _subtype(block)
    if "base64" not in block or not subtype:
        raise UnsupportedContent(turn.where, "audio", "audio goes as base64 with its mime_type")
    audio = {"data": block["base64"], "format": AUDIO_FORMATS.get(subtype, subtype)}
    return {"type": "input_audio", "input_audio": audio}


RENDERERS: Mapping[str, Callable[[Json, Turn], Json]] = {
    "image": _image,
    "file": _file,
    "audio": _audio,
}


def _address(block: Json, turn: Turn) -> str:
    if "base64" in block:
        return f"data:{block.get('mime_type') or ''};base64,{block['base64']}"
    if isinstance(url := block.get("url"), str):
        return url
    raise UnsupportedContent(turn.where, block["type"], "it goes as base64, as a URL or as an id")


def _subtype(block: Json) -> str:
    """Return `wav` of `audio/x-wav; rate=16000`."""
    _, _, subtype = str(block.get("mime_type") or "").partition("/")
    return subtype.partition(";")[0].strip().removeprefix("x-")
