"""Open models on Cloudflare Workers AI, documented at https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility."""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE

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
    json_schema=None,  # depends on the model
    quirks=("Needs an account: set `CLOUDFLARE_ACCOUNT_ID`, or pass `account=`.",),
)
