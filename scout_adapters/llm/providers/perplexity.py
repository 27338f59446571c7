"""Answers with web search by Perplexity, documented at https://docs.perplexity.ai/docs/agent-api/quickstart.

Sources: fields, https://docs.perplexity.ai/api-reference/sonar-post; the end of Sonar,
https://docs.perplexity.ai/docs/agent-api/migrate-from-sonar/overview; errors, costs and usage,
recorded traffic; `PPLX_API_KEY`, the package langchain-perplexity.
Not established: headers of rate limits.
"""

import re

from scout_adapters.llm.types import ProviderSpec, SecondWire
from scout_adapters.llm.wires import openai_responses
from scout_adapters.llm.wires.openai_chat import WIRE

SPEC = ProviderSpec(
    name="perplexity",
    docs="https://docs.perplexity.ai/docs/agent-api/quickstart",
    wire=WIRE,
    base_url="https://api.perplexity.ai",
    default_model="perplexity/sonar",
    variables=("PPLX", "PERPLEXITY"),
    version="",
    models=("sonar",),
    second=SecondWire(wire=openai_responses.WIRE, version="v1", models=re.compile(r".+/")),
    body_fields=frozenset(
        {
            *("disable_search", "enable_search_classifier", "language_preference"),
            *("last_updated_after_filter", "last_updated_before_filter", "media_response"),
            *("return_images", "return_related_questions", "search_after_date_filter"),
            *("search_before_date_filter", "search_domain_filter", "search_mode"),
            *("search_recency_filter", "web_search_options"),
        }
    ),
    drop=frozenset({"parallel_tool_calls", "tool_choice"}),
    quirks=(
        "Reports the cost of each call, which is used.",
        "`provider/model` goes over the Agent API (Responses); Sonar's Chat Completions has ended.",
    ),
)
