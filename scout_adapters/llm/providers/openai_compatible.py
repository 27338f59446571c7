"""Any server with OpenAI's Chat Completions API: vLLM, llama.cpp, LM Studio, a gateway."""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="openai_compatible",
    docs="https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    wire=WIRE,
    base_url="",
    keyless=True,
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    quirks=("Has no default address: set `base_url=` or `OPENAI_COMPATIBLE_API_URL`.",),
)
