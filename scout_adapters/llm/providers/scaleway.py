"""Open models on Scaleway, in the EU, documented at https://www.scaleway.com/en/developers/api/generative-apis."""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="scaleway",
    docs="https://www.scaleway.com/en/developers/api/generative-apis",
    wire=WIRE,
    base_url="https://api.scaleway.ai/v1",
    default_model="gpt-oss-120b",
    variables=("SCALEWAY",),
    key_variables=("SCW_SECRET_KEY",),
    body_fields=frozenset({"top_k"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=(
        "Another project than the default is part of the address: `api.scaleway.ai/PROJECT/v1`.",
    ),
)
