"""The chat models of the clouds: Azure OpenAI, Claude in Foundry, Bedrock, Vertex AI."""

from __future__ import annotations

from collections.abc import Mapping

from typing_extensions import override

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel

CLAUDE_TYPE = "anthropic-chat"
"""LangChain's middleware keeps `cache_control` only for this type."""


class ScoutAzureOpenAIChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Azure OpenAI, over Chat Completions or the Responses API.

        model = ScoutAzureOpenAIChatModel(model="my-deployment", resource="my-resource")
        print(model.invoke("Hello").text)

    `model` is the name of a deployment; `base_model=` names the model behind it, for limits and
    abilities, and for prices before an answer names the model. `azure_endpoint=`,
    `azure_deployment=`, `api_version=`, `azure_ad_token=` and `azure_ad_token_provider=` are
    understood as in `AzureChatOpenAI`. Without `api_version=` the v1 API is used.

    Variables: `AZURE_OPENAI_API_KEY(S)` or `AZURE_API_KEY(S)`, `AZURE_OPENAI_AD_TOKEN`;
    `AZURE_OPENAI_ENDPOINT`, `AZURE_API_BASE` or `AZURE_OPENAI_RESOURCE`; `OPENAI_API_VERSION` or
    `AZURE_API_VERSION`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "azure"


class ScoutAzureAnthropicChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Claude in Microsoft Foundry.

        model = ScoutAzureAnthropicChatModel(model="claude-haiku-5-5", resource="my-resource")
        print(model.invoke("Hello").text)

    `model` is the name of a deployment; `base_model=` names the model behind it.

    Variables: `ANTHROPIC_FOUNDRY_API_KEY(S)` or `AZURE_AI_API_KEY(S)`;
    `ANTHROPIC_FOUNDRY_RESOURCE`, or `ANTHROPIC_FOUNDRY_BASE_URL` with a whole address.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "azure_anthropic"

    @property
    @override
    def _llm_type(self) -> str:
        return CLAUDE_TYPE


class ScoutBedrockChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Amazon Bedrock: Claude, and models with the Chat Completions API.

        model = ScoutBedrockChatModel(model="global.anthropic.claude-haiku-4-5", region="us-east-1")
        print(model.invoke("Hello").text)

    The key is a Bedrock API key, or AWS credentials that sign each request
    (`scout_adapters.auth`). `base_url="https://bedrock-mantle.{region}.api.aws"` is understood.

    Variables: `AWS_BEARER_TOKEN_BEDROCK` or `BEDROCK_API_KEY(S)`; `AWS_REGION` or
    `AWS_DEFAULT_REGION`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "bedrock"

    @property
    @override
    def _llm_type(self) -> str:
        return CLAUDE_TYPE if "claude" in self._default_model() else super()._llm_type


class ScoutVertexChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Google's Vertex AI: Gemini and Claude.

        model = ScoutVertexChatModel(model="gemini-3.5-flash", project="my-project")
        print(model.invoke("Hello").text)

    The key is an access token, or a function that returns one. `location=` is `global` by default.
    An API key works for Gemini with `base_url="https://aiplatform.googleapis.com/v1"`.

    Variables: `VERTEX_API_KEY(S)`; `GOOGLE_CLOUD_PROJECT`, `GOOGLE_CLOUD_LOCATION`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "vertex"

    @property
    @override
    def _llm_type(self) -> str:
        return CLAUDE_TYPE if "claude" in self._default_model() else super()._llm_type


CLOUD_CLASSES: Mapping[str, type[ScoutProviderChatModel]] = {
    model.provider: model
    for model in (
        ScoutAzureOpenAIChatModel,
        ScoutAzureAnthropicChatModel,
        ScoutBedrockChatModel,
        ScoutVertexChatModel,
    )
}
"""The chat model classes by provider."""
