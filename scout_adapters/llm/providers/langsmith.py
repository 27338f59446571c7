"""Models of many providers through the LangSmith LLM Gateway, documented at https://docs.langchain.com/langsmith/llm-gateway-api-formats.

Sources: address and key, the page above.
Not established: headers of rate limits and bodies of errors; they depend on the model's provider.
"""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE

SPEC = ProviderSpec(
    name="langsmith",
    docs="https://docs.langchain.com/langsmith/llm-gateway-api-formats",
    wire=WIRE,
    base_url="https://gateway.smith.langchain.com/v1",
    json_schema=None,  # depends on the model
    quirks=("The key needs the permission `gateway:invoke`; models are those of your workspace.",),
)
