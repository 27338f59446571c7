"""Open models on Fireworks, documented at https://docs.fireworks.ai/api-reference/post-chatcompletions."""

from scout_adapters.llm.types import PromptCaching, ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="fireworks",
    docs="https://docs.fireworks.ai/api-reference/post-chatcompletions",
    wire=WIRE,
    base_url="https://api.fireworks.ai/inference/v1",
    variables=("FIREWORKS", "FIREWORKS_AI", "FIREWORKSAI"),  # the others are LiteLLM's names
    key_variables=("FIREWORKS_AI_TOKEN",),
    default_model="accounts/fireworks/models/glm-5p3-flash",
    models=("accounts/",),
    body_fields=frozenset(
        {
            "context_length_exceeded_behavior",
            "echo",
            "echo_last",
            "ignore_eos",
            "min_p",
            "mirostat_lr",
            "mirostat_target",
            "perf_metrics_in_response",
            "prompt_cache_isolation_key",
            "prompt_cache_max_len",
            "prompt_truncate_len",
            "raw_output",
            "reasoning_history",
            "repetition_penalty",
            "return_token_ids",
            "speculation",
            "thinking",
            "top_k",
            "typical_p",
        }
    ),
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    json_schema=None,  # depends on the model
    prompt_caching=PromptCaching(),
    quirks=("A suspended account is a 412.",),
)
