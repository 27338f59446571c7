"""Which SDK judges the requests to which provider.

DeepSeek, xAI and MiniMax have none for Chat Completions: OpenAI's judges, beyond it only what
their own pages document. An SDK is imported at its first use: together they take seconds.
"""

from __future__ import annotations

import functools
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

from tests.system.conversations.strict_judge import Judge, either, extended, judge, judge_model

Json = dict[str, Any]


def complaints(provider: str, body: Json) -> list[str]:
    """Return where a request body departs from what the SDK of a provider declares."""
    return _judge(provider)(body)


@functools.cache
def _judge(provider: str) -> Judge:
    if provider in DOCUMENTED:
        message, fields = DOCUMENTED[provider]
        return extended(_judge("openai"), message=message, body=fields)
    return SDKS[provider]()


def _openai() -> Judge:
    from openai.types.chat.completion_create_params import CompletionCreateParams

    return judge(CompletionCreateParams)


def _groq() -> Judge:
    from groq.types.chat.completion_create_params import CompletionCreateParams

    return judge(CompletionCreateParams)


def _openrouter() -> Judge:
    from openrouter.components import ChatRequestTypedDict

    return judge(ChatRequestTypedDict)


def _mistral() -> Judge:
    from mistralai.client.models import ChatCompletionRequestTypedDict

    return judge(ChatCompletionRequestTypedDict)


DOCUMENTED: dict[str, tuple[list[str], list[str]]] = {
    # https://api-docs.deepseek.com/guides/thinking_mode
    "deepseek": (["reasoning_content"], ["thinking"]),
    # https://docs.x.ai/docs/api-reference#chat-completions
    "xai": (["reasoning_content"], []),
    # https://platform.minimax.io/docs/api-reference/text-openai-api
    "minimax": (["reasoning_details"], ["reasoning_split"]),
}
"""Fields of an assistant message and of a body that OpenAI's SDK does not declare."""


def _anthropic() -> Judge:
    from anthropic.types.beta.message_create_params import MessageCreateParams as BetaParams
    from anthropic.types.message_create_params import MessageCreateParams

    return either(judge(MessageCreateParams), judge(BetaParams))


def _google() -> Judge:
    """Judge the body of `generateContent` by the SDK's parts: it declares calls, not bodies.

    https://ai.google.dev/api/generate-content#request-body
    """
    from google.genai import types

    optional: dict[str, Any] = {
        "systemInstruction": types.Content,
        "generationConfig": types.GenerationConfig,
        "tools": list[types.Tool],
        "toolConfig": types.ToolConfig,
        "safetySettings": list[types.SafetySetting],
        "cachedContent": str,
    }
    declared: type[BaseModel] = create_model(
        "GenerateContentRequest",
        __config__=ConfigDict(extra="forbid"),
        contents=(list[types.Content], ...),
        **{name: (kind | None, None) for name, kind in optional.items()},
    )
    return judge_model(declared)


SDKS = {
    "anthropic": _anthropic,
    "google": _google,
    "openai": _openai,
    "groq": _groq,
    "openrouter": _openrouter,
    "mistral": _mistral,
}
