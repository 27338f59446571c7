"""Every form of content block that LangChain lets through has one canonical form, or is refused."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from langchain_core.messages import (
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.conversation.blocks import canonical
from scout_adapters.llm.wires import openai_chat
from tests.llm.conversation.turns import OPENAI, PNG, talk


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("plain", {"type": "text", "text": "plain"}),
        ({"type": "text", "text": "t"}, {"type": "text", "text": "t"}),
        ({"text": "untyped"}, {"type": "text", "text": "untyped"}),
        (
            {"type": "refusal", "refusal": "no"},
            {"type": "native", "value": {"type": "refusal", "refusal": "no"}},
        ),
        # LangChain v1
        ({"type": "image", "base64": "AAAA", "mime_type": "image/png"}, {"type": "image", **PNG}),
        ({"type": "image", "url": "https://x/y.png"}, {"type": "image", "url": "https://x/y.png"}),
        ({"type": "image", "file_id": "f1"}, {"type": "image", "file_id": "f1"}),
        (
            {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"},
            {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"},
        ),
        (
            {"type": "video", "url": "https://x/v.mp4", "mime_type": "video/mp4"},
            {"type": "video", "url": "https://x/v.mp4", "mime_type": "video/mp4"},
        ),
        (
            {
                "type": "file",
                "base64": "AAAA",
                "mime_type": "text/csv",
                "extras": {"filename": "a"},
            },
            {"type": "file", "base64": "AAAA", "mime_type": "text/csv", "filename": "a"},
        ),
        (
            {"type": "text-plain", "text": "body", "title": "Title"},
            {"type": "text", "text": "Title\n\nbody"},
        ),
        # LangChain v0
        (
            {"type": "image", "source_type": "base64", "data": "AAAA", "mime_type": "image/png"},
            {"type": "image", **PNG},
        ),
        (
            {"type": "image", "source_type": "url", "url": "https://x"},
            {"type": "image", "url": "https://x"},
        ),
        ({"type": "file", "source_type": "id", "id": "f"}, {"type": "file", "file_id": "f"}),
        (
            {"type": "file", "source_type": "text", "text": "body"},
            {"type": "text", "text": "body"},
        ),
        # OpenAI
        (
            {"type": "image_url", "image_url": "https://x"},
            {"type": "image", "url": "https://x"},
        ),
        (
            {
                "type": "image_url",
                "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"},
            },
            {"type": "image", **PNG, "detail": "low"},
        ),
        (
            {"type": "image_url", "image_url": "Data:IMAGE/PNG;BASE64,AAAA"},
            {"type": "image", **PNG},
        ),
        (
            {"type": "image", "source_type": "base64", "data": "DATA:image/png;base64,AAAA"},
            {"type": "image", **PNG},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
            {"type": "audio", "base64": "AAAA", "mime_type": "audio/mp3"},
        ),
        (
            {
                "type": "file",
                "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a"},
            },
            {"type": "file", "base64": "AAAA", "mime_type": "application/pdf", "filename": "a"},
        ),
        ({"type": "file", "file": {"file_id": "f"}}, {"type": "file", "file_id": "f"}),
        (
            {"type": "video_url", "video_url": {"url": "https://x"}},
            {"type": "video", "url": "https://x"},
        ),
        # Anthropic
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
            },
            {"type": "image", **PNG},
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "https://x"}},
            {"type": "image", "url": "https://x"},
        ),
        (
            {"type": "document", "source": {"type": "text", "data": "body"}, "title": "T"},
            {"type": "text", "text": "T\n\nbody"},
        ),
        (
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"},
            },
            {"type": "file", "base64": "AAAA", "mime_type": "application/pdf"},
        ),
        # Google
        (
            {"type": "media", "mime_type": "audio/ogg", "data": "AAAA"},
            {"type": "audio", "base64": "AAAA", "mime_type": "audio/ogg"},
        ),
        (
            {"type": "media", "mime_type": "audio/ogg", "data": b"\x00\x01"},
            {
                "type": "audio",
                "base64": base64.b64encode(b"\x00\x01").decode(),
                "mime_type": "audio/ogg",
            },
        ),
        (
            {"type": "media", "mime_type": "video/mp4", "file_uri": "gs://x"},
            {"type": "video", "url": "gs://x", "mime_type": "video/mp4"},
        ),
        (
            {"type": "media", "mime_type": "application/pdf", "data": "AAAA"},
            {"type": "file", "base64": "AAAA", "mime_type": "application/pdf"},
        ),
        # wrapped
        (
            {"type": "non_standard", "value": {"type": "text", "text": "t"}},
            {"type": "text", "text": "t"},
        ),
        (
            {"type": "text", "text": "t", "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": "t", "cache_control": {"type": "ephemeral"}},
        ),
    ],
    ids=repr,
)
def test_every_form_has_one_canonical_form(block: Any, expected: Any) -> None:
    assert canonical(block, "message 0", openai_chat.WIRE) == expected


@pytest.mark.parametrize(
    "block",
    [
        7,
        None,
        {"type": "hologram", "data": "AAAA"},
        {"type": "image"},
        {"type": "image_url", "image_url": 7},
        {"type": "input_audio", "input_audio": {}},
        {"type": "text", "text": 7},
        {"type": "non_standard", "value": "text"},
        {"type": "tool_use", "input": "no"},
        {"type": "executable_code", "code": "x"},
        {},
    ],
    ids=repr,
)
@pytest.mark.parametrize("message", [HumanMessage, SystemMessage, "tool"])
def test_content_that_no_wire_can_send_is_refused_with_its_position(
    message: Any, block: Any
) -> None:
    content = [{"type": "text", "text": "fine"}]
    turn = ToolMessage(content, tool_call_id="c") if message == "tool" else message(content=content)
    turn.content = [*content, block]
    with pytest.raises(UnsupportedContent) as caught:
        talk(OPENAI, HumanMessage("hi"), turn)
    assert "message 1" in str(caught.value)
    assert "block 1" in str(caught.value)
