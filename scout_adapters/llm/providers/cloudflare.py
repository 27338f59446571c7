"""Open models on Cloudflare Workers AI, documented at https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility.

Sources: address and variables, the page above and LiteLLM's `llms/cloudflare`; messages without
text, a probe in https://github.com/juspay/neurolink (catalog/cloudflare.json); reasoning field,
https://github.com/anomalyco/models.dev/tree/dev/providers/cloudflare-workers-ai; recorded answers.
Not established: headers of rate limits.
"""

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect


def _with_text(body: Json) -> Json:
    """Send an empty text instead of null beside tool calls: models refuse null with a 400."""
    for message in body["messages"]:
        if message.get("content", "") is None:
            message["content"] = ""
    return body


SPEC = ProviderSpec(
    name="cloudflare",
    docs="https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility",
    wire=WIRE,
    base_url="https://api.cloudflare.com/client/v4/accounts/{account}/ai/v1",
    default_model="@cf/openai/gpt-oss-120b",
    key_variables=("CLOUDFLARE_API_TOKEN", "CF_API_TOKEN"),
    # CLOUDFLARE_BASE_URL is the address of the official SDK, which has no account in it
    address_variables=("CLOUDFLARE_AI_BASE_URL",),
    placeholders={"account": ("CLOUDFLARE_ACCOUNT_ID", "CF_ACCOUNT_ID")},
    body_fields=frozenset({"top_k"}),
    adjust=_with_text,
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=("Needs an account: set `CLOUDFLARE_ACCOUNT_ID`, or pass `account=`.",),
)
