"""A provider of your own from a card of a few lines: runs offline, on the emulator.

The emulator stands for the new provider, whose API is like Chat Completions, as most are.
"""

from scout_adapters import ProviderSpec, ScoutRouterChatModel, init_scout_model, registry
from scout_adapters.llm.pricing import PRICING
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect
from scout_adapters.testing import Emulator

emulator = Emulator()
with emulator.serve():
    registry.register(
        ProviderSpec(
            name="nebula",
            docs="https://nebula.example/docs",
            wire=WIRE,
            base_url=emulator.url("groq"),  # yours: "https://api.nebula.example/v1"
            default_model="nebula-large",
            drop=frozenset({"parallel_tool_calls"}),  # fields that it refuses
            dialect=ChatCompletionsDialect(reasoning_field="reasoning"),
        )
    )
    PRICING["nebula"] = {"nebula-large": {"input": 0.0005, "output": 0.001}}  # USD per 1,000 tokens

    nebula = init_scout_model("nebula/nebula-large", api_keys=["one", "two"])  # or NEBULA_API_KEYS
    answer = ScoutRouterChatModel(models=[nebula]).invoke("What is a card?")
    scout = answer.response_metadata["scout"]
    print(answer.text)
    print(f"by {scout['provider']}/{scout['model']}, ${scout['cost_usd']:.6f}")
