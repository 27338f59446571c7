"""Messages of users and answers of models as input items."""

from __future__ import annotations

from dataclasses import replace

import pytest
from langchain_core.messages import (
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.wires.openai_responses import WIRE, ResponsesDialect
from tests.llm.wires.openai_responses.bodies import HI, answer, build, items
from tests.llm.wires.openai_responses.examples import (
    SPEC,
    function_call,
)


def test_system_and_user_messages() -> None:
    assert items(SystemMessage("be brief"), HumanMessage("hi", name="ann")) == [
        {"type": "message", "role": "system", "content": "be brief"},
        {"type": "message", "role": "user", "content": "hi"},
    ]


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (
            {"type": "image", "base64": "QUJD", "mime_type": "image/png"},
            {
                "type": "input_image",
                "image_url": "data:image/png;base64,QUJD",
                "detail": "auto",
            },
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://a/b.png", "detail": "low"}},
            {"type": "input_image", "image_url": "https://a/b.png", "detail": "low"},
        ),
        (
            {"type": "image", "file_id": "file-1"},
            {"type": "input_image", "file_id": "file-1", "detail": "auto"},
        ),
        (
            {"type": "file", "base64": "QUJD", "mime_type": "application/pdf"},
            {
                "type": "input_file",
                "filename": "document.pdf",
                "file_data": "data:application/pdf;base64,QUJD",
            },
        ),
        (
            {"type": "file", "url": "https://a/b.pdf"},
            {"type": "input_file", "file_url": "https://a/b.pdf"},
        ),
        ({"type": "file", "file_id": "file-1"}, {"type": "input_file", "file_id": "file-1"}),
        (
            {"type": "input_file", "file_url": "https://a/b.pdf"},
            {"type": "input_file", "file_url": "https://a/b.pdf"},
        ),
    ],
)
def test_media_of_a_user_and_of_a_tool(block: Json, part: Json) -> None:
    text = {"type": "text", "text": "look"}
    (sent,) = items(HumanMessage([text, block]))
    assert sent["content"] == [{"type": "input_text", "text": "look"}, part]
    call = answer(function_call("f", "{}"))
    *_, result = items(HI, call, ToolMessage([block], tool_call_id="call_a"))
    assert result == {"type": "function_call_output", "call_id": "call_a", "output": [part]}


SOUND = {"type": "audio", "base64": "QUJD", "mime_type": "audio/x-wav"}


def test_audio_goes_only_where_it_is_taken() -> None:
    with pytest.raises(UnsupportedContent, match="audio"):
        build(HumanMessage([SOUND]))
    spec = replace(SPEC, dialect=ResponsesDialect(takes=frozenset({"audio"})))
    (sent,) = items(HumanMessage([SOUND]), spec=spec, check=False)
    part = {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}}
    assert sent["content"] == [part]
    assert WIRE.unsupported_media(SPEC) == {"audio", "video"}
    assert WIRE.unsupported_media(spec) == {"video"}


@pytest.mark.parametrize(
    "block",
    [{"type": "video", "url": "https://a/b.mp4"}, {"type": "audio", "url": "https://a/b.wav"}],
)
def test_media_that_no_message_carries_are_named(block: Json) -> None:
    with pytest.raises(UnsupportedContent, match=block["type"]):
        build(HumanMessage([block]))


def test_items_of_a_user_stand_between_the_parts_of_a_message() -> None:
    approval = {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True}
    text = {"type": "text", "text": "go"}
    assert items(HumanMessage([text, approval, text])) == [
        {"type": "message", "role": "user", "content": "go"},
        approval,
        {"type": "message", "role": "user", "content": "go"},
    ]
