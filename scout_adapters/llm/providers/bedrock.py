"""Amazon Bedrock: Claude over Messages, other models over Chat Completions.

https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html and
.../inference-chat-completions.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import SplitResult

from pydantic import SecretStr

from scout_adapters.llm.auth.aws_keys import aws_credentials
from scout_adapters.llm.auth.aws_signer import AwsAuth
from scout_adapters.llm.providers import anthropic
from scout_adapters.llm.types import (
    AwsCredentials,
    KeyChain,
    PromptCaching,
    ProviderSpec,
    SecondWire,
)
from scout_adapters.llm.wires import anthropic_messages, openai_chat
from scout_adapters.llm.wires.anthropic_messages import API_VERSION

PLACE = re.compile(r"(?:(?:us-gov|us|eu|apac|jp|au|ca|sa|in|global)\.)?anthropic\.")
"""The beginning of Claude's names: an inference profile, if any, and the maker."""

REVISION = re.compile(r"-v\d+(:\d+\w*)?$")
ROOT = re.compile(r"/(anthropic|openai)(/v1)?$|/v1$")


def plain_model(model: str) -> str:
    """Return Anthropic's name of a Claude; other names stay."""
    name = PLACE.sub("", model, count=1)
    return model if name == model else REVISION.sub("", name)


def locate(address: SplitResult, endpoint: str, model: str) -> SplitResult:
    """Return the URL of a call: Claude and the other models have roots of their own."""
    if address.path.endswith(endpoint):
        return address
    root = ROOT.sub("", address.path)
    api = "/anthropic/v1" if endpoint == "/messages" else "/openai/v1"
    if "mantle" in address.netloc and "gpt-oss" in model:
        api = "/v1"  # https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html
    return address._replace(path=f"{root}{api}{endpoint}")


@dataclass(frozen=True, slots=True)
class AccessKeys:
    """A key source of one pair of AWS keys, from the options of `ChatBedrockConverse`."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    label: ClassVar[str] = "aws_access_key_id"

    def __call__(self) -> AwsCredentials:
        return AwsCredentials(
            access_key=self.access_key,
            secret_key=self.secret_key,
            session_token=self.session_token,
        )


ACCESS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
OTHER_NAMES = {
    "region_name": "region",
    "endpoint_url": "base_url",
    "model_id": "model",
    "base_model_id": "base_model",
}
GUARDRAILS = ("guardrails", "guardrail_config")
GUARDRAIL_OPTIONS = {
    "guardrailIdentifier": "guardrail_identifier",
    "guardrailVersion": "guardrail_version",
    "trace": "guardrail_trace",
}
"""Fields of the guardrail of `ChatBedrockConverse`, and the options that they become."""


def adapt_options(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Convert options of `ChatBedrockConverse`: model, keys, profile, address, guardrail."""
    adapted = {OTHER_NAMES.get(name, name): value for name, value in options.items()}
    values = (adapted.pop(name, None) for name in ACCESS)
    access, secret, session = (
        v.get_secret_value() if isinstance(v, SecretStr) else v for v in values
    )
    if profile := adapted.pop("credentials_profile_name", None):
        adapted["api_key"] = aws_credentials(profile)
    if access and secret:
        adapted["api_key"] = AccessKeys(access, secret, session)
    for name in GUARDRAILS:
        if isinstance(adapted.get(name), Mapping):
            guardrail = adapted.pop(name)
            adapted |= {
                GUARDRAIL_OPTIONS.get(field, field): guardrail[field] for field in guardrail
            }
    return adapted


SPEC = ProviderSpec(
    name="bedrock",
    docs="https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html",
    wire=anthropic_messages.WIRE,
    base_url="https://bedrock-runtime.{region}.amazonaws.com",
    key_variables=("AWS_BEARER_TOKEN_BEDROCK",),
    key_chain=KeyChain(
        aws_credentials(),
        (
            "AWS_ACCESS_KEY_ID",
            "AWS_PROFILE",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ),
    ),
    placeholders={"region": ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_REGION_NAME")},
    locate=locate,
    adapt_options=adapt_options,
    auth=AwsAuth(),
    headers={"anthropic-version": API_VERSION},
    # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use.html
    header_options={
        "guardrail_identifier": "X-Amzn-Bedrock-GuardrailIdentifier",
        "guardrail_version": "X-Amzn-Bedrock-GuardrailVersion",
        "guardrail_trace": "X-Amzn-Bedrock-Trace",
    },
    default_model="global.anthropic.claude-haiku-4-5-20251001-v1:0",
    models=("anthropic.claude", "us.anthropic.", "eu.anthropic.", "global.anthropic."),
    model_provider="anthropic",
    plain_model=plain_model,
    prices="aws",
    profiles_of=("anthropic",),
    json_schema=re.compile(
        r"claude-(?!3|2|v1|instant|(sonnet|opus)-4-[01]|(sonnet|opus)-4$|(sonnet|opus)-4-20)"
        r"|openai\."
    ),
    # Caches are per region: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
    prompt_caching=PromptCaching(by_model=anthropic.SHORTEST, models=re.compile("claude-")),
    second=SecondWire(
        wire=openai_chat.WIRE,
        dialect=openai_chat.ChatCompletionsDialect(reasoning_field="reasoning"),
        models=re.compile(r"(?!.*claude)"),
        by_model=True,
        model_provider="bedrock_chat",  # `bedrock` is the form of langchain-aws
    ),
    embeddings=False,
    quirks=(
        "Most models need an inference profile: `us.`, `eu.` or `global.` before the name.",
        "A key is a bearer token; AWS credentials sign each request.",
        "Models without Messages or Chat Completions: put `ChatBedrockConverse` into the route.",
    ),
)
