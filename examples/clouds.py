"""Azure, Foundry, Bedrock and Vertex AI with keys and tokens: runs offline, on the emulator."""

import time

from scout_adapters import (
    ScoutAzureAnthropicChatModel,
    ScoutAzureOpenAIChatModel,
    ScoutBedrockChatModel,
    ScoutVertexChatModel,
)
from scout_adapters.auth import Token
from scout_adapters.testing import Emulator

cloud = Emulator().transport()  # leave transport= out, and these calls go to the clouds


def token() -> Token:
    """Stand in for `azure_token()` and `google_token()` of `scout_adapters.auth`."""
    return Token("ya29.example", expires_at=time.time() + 3600)


models = [
    # a deployment; its abilities and prices are those of base_model
    ScoutAzureOpenAIChatModel(
        model="my-deployment",
        base_model="gpt-4.1-mini",
        resource="my-resource",
        api_key="key",
        transport=cloud,
    ),
    ScoutAzureAnthropicChatModel(
        model="claude-haiku-5-5", resource="my-resource", api_key="key", transport=cloud
    ),
    # a bearer key; with aws_credentials() each request is signed
    ScoutBedrockChatModel(
        model="global.anthropic.claude-haiku-4-5-20251001-v1:0",
        region="eu-west-1",
        api_key="bedrock-key",
        transport=cloud,
    ),
    ScoutVertexChatModel(
        model="gemini-3.5-flash", project="my-project", api_key=token, transport=cloud
    ),
    ScoutVertexChatModel(
        model="claude-haiku-5-5",
        project="my-project",
        location="us-east5",
        api_key=token,
        transport=cloud,
    ),
]
for model in models:
    answer = model.invoke("Which cloud is this?")
    cost = answer.response_metadata["scout"]["cost_usd"]
    print(f"{type(model).__name__}: {answer.text[:40]}... ${cost:.6f}")
