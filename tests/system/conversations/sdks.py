"""Which SDK judges the requests to which provider.

DeepSeek, xAI and MiniMax have none for Chat Completions: OpenAI's judges, beyond it only what
their own pages document.
"""

from __future__ import annotations

from anthropic.types.beta.message_create_params import MessageCreateParams as BetaParams
from anthropic.types.message_create_params import MessageCreateParams
from google.genai import types as genai
from groq.types.chat.completion_create_params import CompletionCreateParams as GroqParams
from mistralai.client.models import ChatCompletionRequestTypedDict
from openai.types.chat.completion_create_params import CompletionCreateParams as OpenAIParams
from openrouter.components import ChatRequestTypedDict
from pydantic import BaseModel, ConfigDict

from tests.system.conversations.strict_judge import Judge, either, extended, judge, judge_model


class GenerateContentRequest(BaseModel):
    """The body of `generateContent`, of the SDK's parts: it declares calls, not bodies.

    https://ai.google.dev/api/generate-content#request-body
    """

    model_config = ConfigDict(extra="forbid")

    contents: list[genai.Content]
    systemInstruction: genai.Content | None = None  # noqa: N815  # Google's spelling
    generationConfig: genai.GenerationConfig | None = None  # noqa: N815  # the API's own name
    tools: list[genai.Tool] | None = None
    toolConfig: genai.ToolConfig | None = None  # noqa: N815  # the API's own name
    safetySettings: list[genai.SafetySetting] | None = None  # noqa: N815  # the API's own name
    cachedContent: str | None = None  # noqa: N815  # the API's own name


def _judges() -> dict[str, Judge]:
    openai = judge(OpenAIParams)
    return {
        "anthropic": either(judge(MessageCreateParams), judge(BetaParams)),
        "google": judge_model(GenerateContentRequest),
        "openai": openai,
        "groq": judge(GroqParams),
        "openrouter": judge(ChatRequestTypedDict),
        "mistral": judge(ChatCompletionRequestTypedDict),
        # https://api-docs.deepseek.com/guides/thinking_mode
        "deepseek": extended(openai, message=["reasoning_content"], body=["thinking"]),
        # https://docs.x.ai/docs/api-reference#chat-completions
        "xai": extended(openai, message=["reasoning_content"]),
        # https://platform.minimax.io/docs/api-reference/text-openai-api
        "minimax": extended(openai, message=["reasoning_details"], body=["reasoning_split"]),
    }


JUDGES = _judges()
