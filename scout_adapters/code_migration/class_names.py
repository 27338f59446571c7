"""Chat models of other packages, and what stands for them here.

https://docs.langchain.com/oss/python/integrations/chat
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class OwnClass(NamedTuple):
    """A chat model class of this package."""

    provider: str
    name: str


PARTNERS: Mapping[tuple[str, str], OwnClass] = {
    ("langchain_openai", "ChatOpenAI"): OwnClass("openai", "ScoutOpenAIChatModel"),
    ("langchain_openai", "AzureChatOpenAI"): OwnClass("azure", "ScoutAzureOpenAIChatModel"),
    ("langchain_anthropic", "ChatAnthropic"): OwnClass("anthropic", "ScoutAnthropicChatModel"),
    ("langchain_aws", "ChatBedrockConverse"): OwnClass("bedrock", "ScoutBedrockChatModel"),
    ("langchain_cerebras", "ChatCerebras"): OwnClass("cerebras", "ScoutCerebrasChatModel"),
    ("langchain_deepseek", "ChatDeepSeek"): OwnClass("deepseek", "ScoutDeepSeekChatModel"),
    ("langchain_fireworks", "ChatFireworks"): OwnClass("fireworks", "ScoutFireworksChatModel"),
    ("langchain_google_genai", "ChatGoogleGenerativeAI"): OwnClass(
        "google", "ScoutGoogleChatModel"
    ),
    ("langchain_google_vertexai", "ChatVertexAI"): OwnClass("vertex", "ScoutVertexChatModel"),
    ("langchain_groq", "ChatGroq"): OwnClass("groq", "ScoutGroqChatModel"),
    ("langchain_mistralai", "ChatMistralAI"): OwnClass("mistral", "ScoutMistralChatModel"),
    ("langchain_ollama", "ChatOllama"): OwnClass("ollama", "ScoutOllamaChatModel"),
    ("langchain_openrouter", "ChatOpenRouter"): OwnClass("openrouter", "ScoutOpenRouterChatModel"),
    ("langchain_together", "ChatTogether"): OwnClass("together", "ScoutTogetherChatModel"),
    ("langchain_xai", "ChatXAI"): OwnClass("xai", "ScoutXAIChatModel"),
}
"""By package and class."""

ROUTER = "ScoutRouterChatModel"
INIT = "init_scout_model"

FUNCTIONS = {
    ("langchain", "init_chat_model"): INIT,
    ("langchain_litellm", "ChatLiteLLM"): INIT,
    ("langchain_litellm", "ChatLiteLLMRouter"): ROUTER,
}
"""Functions and classes that stand for models of any provider."""


def target_of(qualified: str) -> tuple[str, str] | None:
    """Return the package and name of a chat model; None for anything else.

    A module of the package may stand between: `langchain_openai.chat_models.ChatOpenAI`.
    """
    found = qualified.partition(".")[0], qualified.rpartition(".")[2]
    return found if found in PARTNERS or found in FUNCTIONS else None
