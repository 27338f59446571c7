"""Amazon Bedrock: Claude over Messages, other models over Chat Completions.

https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html and
.../inference-chat-completions.html
"""

import re
from urllib.parse import SplitResult

from scout_adapters.llm.auth.aws_signer import AwsAuth
from scout_adapters.llm.types import ProviderSpec, SecondWire
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


SPEC = ProviderSpec(
    name="bedrock",
    docs="https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html",
    wire=anthropic_messages.WIRE,
    base_url="https://bedrock-runtime.{region}.amazonaws.com",
    key_variables=("AWS_BEARER_TOKEN_BEDROCK",),
    placeholders={"region": ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_REGION_NAME")},
    locate=locate,
    auth=AwsAuth(),
    headers={"anthropic-version": API_VERSION},
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
    second=SecondWire(
        wire=openai_chat.WIRE,
        dialect=openai_chat.ChatCompletionsDialect(reasoning_field="reasoning"),
        models=re.compile(r"(?!.*claude)"),
        by_model=True,
        model_provider="bedrock",
    ),
    embeddings=False,
    quirks=(
        "Most models need an inference profile: `us.`, `eu.` or `global.` before the name.",
        "A key is a bearer token; AWS credentials sign each request.",
        "Models without Messages or Chat Completions: put `ChatBedrockConverse` into the route.",
    ),
)
