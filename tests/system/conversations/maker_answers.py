"""Answers full of what only their maker can use, in the forms that were recorded of each."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]

ARGUMENTS = '{"location": "Paris"}'
NAMES = ("get_weather", "get_time")


def _calls(*ids: str) -> list[Json]:
    return [
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": ARGUMENTS}}
        for call_id, name in zip(ids, NAMES, strict=True)
    ]


def _chat(message: Json, **more: Any) -> Json:
    choice = {
        "index": 0,
        "message": {"role": "assistant", **message},
        "finish_reason": "tool_calls",
    }
    usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
    return {
        "id": "chatcmpl-keepsakes",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
        "usage": usage,
        **more,
    }


CLAUDE: Json = {
    "id": "msg_keepsakes",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [
        {"type": "thinking", "thinking": "Claude thinks aloud.", "signature": "EqQBclaudeSigned=="},
        {"type": "redacted_thinking", "data": "EmwKclaudeRedacted=="},
        {
            "type": "server_tool_use",
            "id": "srvtoolu_01",
            "name": "web_search",
            "input": {"query": "Paris"},
        },
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srvtoolu_01",
            "content": [
                {
                    "type": "web_search_result",
                    "url": "https://paris.example",
                    "title": "Paris",
                    "encrypted_content": "EpwDclaudeFound==",
                    "page_age": None,
                }
            ],
        },
        {
            "type": "text",
            "text": "Paris is in France.",
            "citations": [
                {
                    "type": "web_search_result_location",
                    "url": "https://paris.example",
                    "title": "Paris",
                    "encrypted_index": "EpEBclaudeIndex==",
                    "cited_text": "Paris, France",
                }
            ],
        },
        {"type": "text", "text": "Now the weather.", "citations": None},
        {
            "type": "tool_use",
            "id": "toolu_01",
            "name": "get_weather",
            "input": {"location": "Paris"},
            "caller": {"type": "direct"},
        },
        {"type": "tool_use", "id": "toolu_02", "name": "get_time", "input": {"location": "Paris"}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 9, "output_tokens": 9, "server_tool_use": {"web_search_requests": 1}},
}

GEMINI: Json = {
    "responseId": "gemini-keepsakes",
    "modelVersion": "gemini-3.5-flash",
    "candidates": [
        {
            "index": 0,
            "finishReason": "STOP",
            "content": {
                "role": "model",
                "parts": [
                    {
                        "text": "Gemini thinks aloud.",
                        "thought": True,
                        "thoughtSignature": "Z2VtVA==",
                    },
                    {"executableCode": {"code": "print(1)", "language": "PYTHON", "id": "run-1"}},
                    {
                        "codeExecutionResult": {
                            "outcome": "OUTCOME_OK",
                            "output": "1",
                            "id": "run-1",
                        }
                    },
                    {"text": "Now the weather.", "thoughtSignature": "Z2VtTQ=="},
                    {
                        "functionCall": {
                            "name": "get_weather",
                            "args": {"location": "Paris"},
                            "id": "g1",
                        },
                        "thoughtSignature": "Z2VtQw==",
                    },
                    {
                        "functionCall": {
                            "name": "get_time",
                            "args": {"location": "Paris"},
                            "id": "g2",
                        }
                    },
                ],
            },
        }
    ],
    "usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 9, "totalTokenCount": 18},
}

DETAILS: list[Json] = [
    {
        "type": "reasoning.text",
        "text": "A router thinks aloud.",
        "signature": "EqQBrouterSigned==",
        "id": "t-1",
        "format": "anthropic-claude-v1",
        "index": 0,
    },
    {
        "type": "reasoning.encrypted",
        "data": "gAAArouterEncrypted==",
        "id": "t-2",
        "format": "openai-responses-v1",
        "index": 1,
    },
    {
        "type": "reasoning.summary",
        "summary": "A router sums up.",
        "format": "openai-responses-v1",
        "index": 2,
    },
]

KEEPSAKES: dict[str, Json] = {
    "anthropic": CLAUDE,
    "google": GEMINI,
    "openai": _chat(
        {
            "content": "Now the weather.",
            "refusal": None,
            "annotations": [
                {
                    "type": "url_citation",
                    "url_citation": {
                        "url": "https://paris.example",
                        "title": "Paris",
                        "start_index": 0,
                        "end_index": 3,
                    },
                }
            ],
            "tool_calls": _calls("call_o1", "call_o2"),
        }
    ),
    "openrouter": _chat(
        {
            "content": "Now the weather.",
            "refusal": None,
            "reasoning": "A router thinks aloud.",
            "reasoning_details": DETAILS,
            "tool_calls": _calls("toolu_bdrk_1", "functions.get_time:1"),
        }
    ),
    "groq": _chat(
        {
            "content": "Now the weather.",
            "reasoning": "Groq thinks aloud.",
            "executed_tools": [
                {"index": 0, "type": "search", "arguments": "{}", "output": "groq found Paris"}
            ],
            "tool_calls": _calls(
                "fc_0f1e2d3c-0000-4000-8000-000000000001",
                "functions.get_the_time_of_day_in_a_city:1",
            ),
        }
    ),
    "deepseek": _chat(
        {
            "content": "",
            "reasoning_content": "DeepSeek thinks aloud.",
            "tool_calls": _calls("call_00_d1", "call_01_d2"),
        }
    ),
    "minimax": _chat(
        {
            "content": "",
            "reasoning_content": "MiniMax thinks aloud.",
            "reasoning_details": [
                {
                    "type": "reasoning.text",
                    "id": "reasoning-text-1",
                    "format": "MiniMax-response-v1",
                    "index": 0,
                    "text": "MiniMax thinks aloud.",
                }
            ],
            "name": "MiniMax AI",
            "audio_content": "",
            "tool_calls": _calls("call_function_abc_1", "call_function_abc_2"),
        },
        base_resp={"status_code": 0, "status_msg": ""},
    ),
    "mistral": _chat(
        {
            "content": [
                {
                    "type": "thinking",
                    "thinking": [{"type": "text", "text": "Mistral thinks aloud."}],
                },
                {"type": "text", "text": "Now the weather."},
                {"type": "reference", "reference_ids": [1]},
            ],
            "tool_calls": _calls("aB3dE6gH9", "x1Y2z3W4v"),
        }
    ),
    "xai": _chat(
        {
            "content": "",
            "reasoning_content": "Grok thinks aloud.",
            "refusal": None,
            "tool_calls": _calls("call_12345678", "call_87654321"),
        },
        citations=["https://paris.example/grok"],
    ),
}

SECRETS = (
    "thinks aloud",
    "sums up",
    "Signed==",
    "Redacted==",
    "Found==",
    "Index==",
    "Encrypted==",
    "Z2VtVA",
    "Z2VtTQ",
    "Z2VtQw",
    "srvtoolu",
    "executableCode",
    "paris.example",
    "groq found",
)
"""Data that may be in a request to the maker only."""


def body(maker: str) -> bytes:
    return json.dumps(KEEPSAKES[maker]).encode()


def solid(value: Any) -> Any:
    """Drop the nulls, which the API names in answers and does not take back."""
    if isinstance(value, dict):
        return {name: solid(one) for name, one in value.items() if one is not None}
    return [solid(one) for one in value] if isinstance(value, list) else value
