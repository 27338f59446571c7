"""Models of the clouds, a model by its provider's name, and a key whose source fails."""

from typing import assert_type

from langchain_core.messages import AIMessage

from scout_adapters import (
    ScoutAzureAnthropicChatModel,
    ScoutAzureOpenAIChatModel,
    ScoutBedrockChatModel,
    ScoutVertexChatModel,
    init_scout_model,
)
from scout_adapters.errors import KeySourceError

azure = ScoutAzureOpenAIChatModel(model="my-deployment", azure_endpoint="https://x.example")
foundry = ScoutAzureAnthropicChatModel(model="my-claude", resource="my-resource")
bedrock = ScoutBedrockChatModel(model="anthropic.claude-haiku-4-5", region="eu-west-1")
vertex = ScoutVertexChatModel(model="gemini-3.5-flash", project="p", location="global")
nvidia = init_scout_model(
    "nvidia/nvidia/nemotron-3.5-lightning-30b-a3b", api_key="env:NVIDIA_API_KEY"
)


def ask() -> str:
    """Ask, and name the source of a key that failed."""
    for model in (azure, foundry, bedrock, vertex, nvidia):
        try:
            answer = model.invoke("hello")
        except KeySourceError as error:
            return str(error)
        assert_type(answer, AIMessage)
    return ""
