"""Local models on Ollama, documented at https://docs.ollama.com/api/openai-compatibility."""

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="ollama",
    docs="https://docs.ollama.com/api/openai-compatibility",
    wire=WIRE,
    base_url="http://localhost:11434/v1",
    default_model="llama3.2",
    keyless=True,
    dialect=ChatCompletionsDialect(reasoning_field="reasoning"),
    body_fields=frozenset({"reasoning"}),
    drop=frozenset({"parallel_tool_calls", "tool_choice"}),  # it ignores them
    quirks=("Needs no key; `OLLAMA_API_KEY` is sent if it is set, for its cloud.",),
)
