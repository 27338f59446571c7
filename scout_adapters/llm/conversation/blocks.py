"""Convert content blocks of every form that LangChain allows to canonical blocks (see `Turn`)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from scout_adapters._internal.json_values import Json, objects
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import Wire

MEDIA = frozenset({"image", "audio", "video", "file", "image_url", "input_audio", "video_url"})
"""Types of media blocks, in LangChain's and OpenAI's form."""

DATA_URL = re.compile(
    r"data:(?P<mime>[^;,]*)(?:;[^;,]*)*;base64,(?P<data>.*)", re.DOTALL | re.IGNORECASE
)
CALLS = frozenset(
    {
        "tool_use",
        "tool_call",
        "tool_call_chunk",
        "invalid_tool_call",
        "function_call",
        "custom_tool_call",
        "input_json_delta",
    }
)


def is_call(kind: Any) -> bool:
    """Return whether a block of this type repeats an item of `message.tool_calls`."""
    return kind in CALLS


def reasoning(block: Any) -> Json | None:
    """Convert a reasoning block of Anthropic, Gemini, Mistral or LangChain; None for others."""
    if not isinstance(block, dict):
        return None
    match block.get("type"):
        case "thinking":
            text = _thinking_text(block.get("thinking"))
        case "reasoning":
            text = block.get("reasoning")
        case "reasoning_content":
            content = block.get("reasoning_content")
            text = content.get("text") if isinstance(content, dict) else content
        case _:
            return None
    converted: Json = {"type": "reasoning", "reasoning": text or ""}
    signature = block.get("signature") or (block.get("extras") or {}).get("signature")
    if signature:
        converted["signature"] = signature
    return converted


def _thinking_text(value: Any) -> str | None:
    """Return the text of `thinking`, which is a list of text chunks at Mistral."""
    if isinstance(value, list):
        return "".join(str(chunk.get("text") or "") for chunk in objects(value))
    return value if isinstance(value, str) else None


def canonical(block: Any, where: str, wire: Wire) -> Json:
    """Convert one block of message `where` to its canonical form for a wire.

    Raises:
        UnsupportedContent: The block is malformed, or belongs to another API.
    """
    if isinstance(block, str):
        return {"type": "text", "text": block}
    if not isinstance(block, dict):
        raise UnsupportedContent(where, f"a {type(block).__name__}", "blocks are strings or dicts")
    if block.get("type") == "non_standard" and isinstance(block.get("value"), dict):
        block = block["value"]
    kind = block.get("type")
    if kind in wire.native_blocks:
        return {"type": "native", "value": block}
    read = READERS.get(str(kind)) if kind else _untyped(block)
    converted = read(block) if read else None
    if converted is None:
        raise UnsupportedContent(where, f"a block of type {kind!r}", _reason(block, wire))
    marker = block.get("cache_control") or (block.get("extras") or {}).get("cache_control")
    if marker:
        converted["cache_control"] = marker
    return converted


def _reason(block: Json, wire: Wire) -> str:
    if block.get("type") in READERS:
        return f"it has none of base64, url, file_id, text: {sorted(block)}"
    from scout_adapters.llm.wires.builtin_wires import native_wire  # noqa: PLC0415  # for this error only

    owner = native_wire(block.get("type"))
    return f"only the {owner.name} API has it, this is {wire.name}" if owner else "no API has it"


def _text(block: Json) -> Json | None:
    text = block.get("text")
    if not isinstance(text, str):
        return None
    converted: Json = {"type": "text", "text": text}
    if signature := (block.get("extras") or {}).get("signature"):
        converted["signature"] = signature
    return converted | {
        name: block[name] for name in ("citations", "annotations") if block.get(name)
    }


def _refusal(block: Json) -> Json:
    return {"type": "text", "text": str(block.get("refusal") or "")}


def _media(kind: str) -> Callable[[Json], Json | None]:
    def read(block: Json) -> Json | None:
        converted: Json = {"type": kind}
        for name in ("filename", "title", "name"):
            if title := block.get(name) or (block.get("extras") or {}).get(name):
                converted["filename"] = title
                break
        if detail := block.get("detail") or (block.get("extras") or {}).get("detail"):
            converted["detail"] = detail
        if signature := (block.get("extras") or {}).get("signature"):
            converted["signature"] = signature
        source = _source(block)
        return converted | source if source else None

    return read


def _source(block: Json) -> Json | None:
    """Return the data, URL or file id of a block: LangChain's v1 and v0, Anthropic's, OpenAI's."""
    mime = block.get("mime_type") or block.get("media_type")
    if isinstance(nested := block.get("source") or block.get("file"), dict):
        return _nested_source(nested)
    if data := block.get("base64") or (
        block.get("data") if block.get("source_type") != "text" else None
    ):
        return _inline_data(data, mime)
    if url := block.get("url") or block.get("file_uri"):
        return _url_or_data(str(url), mime)
    if file_id := block.get("file_id") or (
        block.get("id") if block.get("source_type") == "id" else None
    ):
        return {"file_id": file_id} | ({"mime_type": mime} if mime else {})
    return None


def _nested_source(source: Json) -> Json | None:
    converted = _source(
        {
            "base64": source.get("data") if source.get("type") != "text" else None,
            "url": source.get("url") or source.get("file_data"),
            "file_id": source.get("file_id"),
            "mime_type": source.get("media_type") or source.get("mime_type"),
        }
    )
    if converted and (name := source.get("filename")):
        converted["filename"] = name
    return converted


def _inline_data(data: Any, mime: str | None) -> Json | None:
    # langchain-google-genai accepts raw bytes here.
    data = b64encode(data).decode() if isinstance(data, bytes) else str(data)
    if data[:5].lower() == "data:":
        return _url_or_data(data, mime)
    return {"base64": data, "mime_type": mime} if mime else {"base64": data}


def _url_or_data(url: str, mime: str | None) -> Json:
    if match := DATA_URL.fullmatch(url):
        return {"base64": match["data"], "mime_type": match["mime"].lower() or mime}
    return {"url": url, "mime_type": mime} if mime else {"url": url}


def _image_url(block: Json) -> Json | None:
    link = block.get("image_url")
    link = {"url": link} if isinstance(link, str) else link
    if not isinstance(link, dict) or not isinstance(link.get("url"), str):
        return None
    converted = {"type": "image", **_url_or_data(link["url"], None)}
    return converted | ({"detail": link["detail"]} if link.get("detail") else {})


def _video_url(block: Json) -> Json | None:
    link = block.get("video_url")
    url = link.get("url") if isinstance(link, dict) else link
    return {"type": "video", **_url_or_data(url, None)} if isinstance(url, str) else None


def _input_audio(block: Json) -> Json | None:
    audio = block.get("input_audio")
    if not isinstance(audio, dict) or not audio.get("data"):
        return None
    return {
        "type": "audio",
        "base64": audio["data"],
        "mime_type": f"audio/{audio.get('format', 'wav')}",
    }


def _plain_text(block: Json) -> Json | None:
    if isinstance(text := block.get("text") or block.get("data"), str):
        title = block.get("title")
        return {"type": "text", "text": f"{title}\n\n{text}" if title else text}
    return _media("file")(block)


def _file(block: Json) -> Json | None:
    if block.get("source_type") == "text":
        return _plain_text(block)
    converted = _media("file")(block)
    if converted is not None and "base64" in converted:
        converted.setdefault("mime_type", "application/pdf")
    return converted


def _document(block: Json) -> Json | None:
    """Convert Anthropic's document block for another provider."""
    source = block.get("source")
    if isinstance(source, dict) and source.get("type") == "text":
        return _plain_text({"text": source.get("data"), "title": block.get("title")})
    return _file(block)


def _google_media(block: Json) -> Json | None:
    mime = str(block.get("mime_type") or "")
    kind = mime.partition("/")[0]
    return _media(kind if kind in {"image", "audio", "video"} else "file")(block)


def _tool_call(block: Json) -> Json | None:
    args = block.get("args", block.get("input"))
    if not isinstance(args, dict):
        return None
    return {
        "type": "tool_call",
        "id": block.get("id") or "",
        "name": block.get("name"),
        "args": args,
    }


def _untyped(block: Json) -> Callable[[Json], Json | None] | None:
    """Return the reader of a block without a type: LangChain allows `{"text": …}`."""
    return _text if "text" in block else None


READERS: Mapping[str, Callable[[Json], Json | None]] = {
    "text": _text,
    "refusal": _refusal,
    "text-plain": _plain_text,
    "image": _media("image"),
    "image_url": _image_url,
    "audio": _media("audio"),
    "input_audio": _input_audio,
    "video": _media("video"),
    "video_url": _video_url,
    "file": _file,
    "document": _document,
    "media": _google_media,
    "tool_use": _tool_call,
    "tool_call": _tool_call,
}
