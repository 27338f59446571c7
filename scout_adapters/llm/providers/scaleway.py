"""Open models on Scaleway, in the EU, documented at https://www.scaleway.com/en/developers/api/generative-apis.

Sources: fields, https://www.scaleway.com/en/docs/generative-apis/api-cli/using-chat-api; errors,
https://www.scaleway.com/en/docs/generative-apis/api-cli/understanding-errors; tools of gpt-oss,
https://www.scaleway.com/en/docs/generative-apis/reference-content/supported-models.
Not established: headers of rate limits, the field that sends reasoning back.
"""

import re

from scout_adapters.llm.types import ProviderSpec, SecondWire
from scout_adapters.llm.wires import openai_responses
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="scaleway",
    docs="https://www.scaleway.com/en/developers/api/generative-apis",
    wire=WIRE,
    base_url="https://api.scaleway.ai/v1",
    default_model="gpt-oss-120b",
    variables=("SCALEWAY",),
    key_variables=("SCW_SECRET_KEY",),
    second=SecondWire(
        wire=openai_responses.WIRE, models_with_tools=re.compile(r"(openai/)?gpt-oss")
    ),
    body_fields=frozenset({"top_k"}),
    json_schema=None,  # depends on the model
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=(
        "Tools of gpt-oss go over the Responses API: Chat Completions has none for this model.",
        "Another project than the default is part of the address: `api.scaleway.ai/PROJECT/v1`.",
    ),
)
