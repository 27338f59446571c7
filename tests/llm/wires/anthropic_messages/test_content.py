"""Thinking, native blocks and media in Anthropic's form."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters.errors import UnsupportedContent
from tests.llm.wires.anthropic_messages.requests import (
    MARK,
    answer,
    build,
    call,
    messages,
    text,
    turn,
)

# Thinking and native blocks


def test_signed_thinking_goes_back_in_its_place_and_unsigned_thinking_does_not() -> None:
    sent = messages(
        turn("user", "a"),
        turn(
            "assistant",
            {"type": "reasoning", "reasoning": "hm", "signature": "sig", "cache_control": MARK},
            {"type": "reasoning", "reasoning": "unsigned"},
            text("b"),
        ),
        turn("user", "c"),
    )
    assert sent[1]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        text("b"),
    ]


def test_native_blocks_go_back_as_they_are_without_what_streams_left_on_them() -> None:
    redacted = {"type": "redacted_thinking", "data": "xyz"}
    search = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}
    streamed = search | {"index": 1, "partial_json": '{"query": "x"}'}
    sent = messages(
        turn("user", "a"),
        turn(
            "assistant",
            {"type": "native", "value": redacted | {"index": 0}},
            {"type": "native", "value": streamed},
        ),
        turn("user", "c"),
    )
    assert sent[1]["content"] == [redacted, search | {"input": {"query": "x"}}]


def test_a_server_tools_broken_input_goes_back_as_nothing() -> None:
    streamed = {"type": "server_tool_use", "input": {}, "partial_json": '{"query'}
    sent = messages(turn("assistant", {"type": "native", "value": streamed}), turn("user", "c"))
    assert sent[0]["content"] == [{"type": "server_tool_use", "input": {}}]


def test_citations_go_back_in_answers_without_null_file_ids() -> None:
    cited = {"type": "char_location", "cited_text": "x", "document_index": 0, "file_id": None}
    block = text("b", citations=[cited, {"type": "foreign"}])
    sent = messages(turn("user", block), turn("assistant", block), turn("user", "c"))
    assert sent[0]["content"] == "b"
    assert sent[1]["content"] == [
        text("b", citations=[{"type": "char_location", "cited_text": "x", "document_index": 0}])
    ]


def test_what_the_api_put_on_a_tool_call_goes_back_with_it() -> None:
    caller = {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}
    sent = messages(turn("assistant", call() | {"caller": caller}), answer("toolu_1", "x"))
    assert sent[0]["content"][0]["caller"] == caller


# Media


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {"type": "image", "base64": "AAAA", "mime_type": "image/webp"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/webp", "data": "AAAA"},
            },
        ),
        (
            {"type": "image", "base64": "/9j/4AAQ"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/4AAQ"},
            },
        ),
        (
            {"type": "image", "url": "https://example.com/a.png"},
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        ),
        (
            {"type": "image", "file_id": "file_1"},
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        ),
        (
            {"type": "file", "base64": "JVBE", "filename": "a.pdf"},
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                "title": "a.pdf",
            },
        ),
        (
            {"type": "file", "url": "https://example.com/a.pdf", "cache_control": MARK},
            {
                "type": "document",
                "source": {"type": "url", "url": "https://example.com/a.pdf"},
                "cache_control": MARK,
            },
        ),
        (
            {"type": "file", "file_id": "file_1", "mime_type": "application/pdf"},
            {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        ),
        (
            {"type": "file", "base64": "w6k=", "mime_type": "text/csv; charset=utf-8"},
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "é"},
            },
        ),
        (
            {"type": "file", "base64": "R0lGOD", "mime_type": "image/gif"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/gif", "data": "R0lGOD"},
            },
        ),
    ],
)
def test_images_and_documents_take_anthropics_form(
    block: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert messages(turn("user", "look", block))[0]["content"] == [text("look"), expected]


@pytest.mark.parametrize(
    ("role", "block", "named"),
    [
        ("user", {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"}, "'audio'"),
        ("user", {"type": "video", "url": "https://example.com/a.mp4"}, "'video'"),
        ("user", {"type": "file", "base64": "AA==", "mime_type": "application/zip"}, "zip"),
        ("user", {"type": "file", "base64": "/w==", "mime_type": "text/plain"}, "utf-8"),
        ("user", {"type": "file", "base64": "!", "mime_type": "text/plain"}, "text file"),
        ("user", {"type": "image", "url": "gs://bucket/a.png"}, "http"),
        ("assistant", {"type": "image", "url": "https://example.com/a.png"}, "answers"),
    ],
)
def test_what_the_api_cannot_carry_is_refused_by_place_and_name(
    role: str, block: dict[str, Any], named: str
) -> None:
    with pytest.raises(UnsupportedContent, match=rf"message 3 \({role}\).*{named}"):
        build(turn(role, block, at=3))
