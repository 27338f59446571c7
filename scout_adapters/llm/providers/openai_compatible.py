"""Any server with OpenAI's Chat Completions API: vLLM, llama.cpp, LM Studio, a gateway."""

from scout_adapters.llm.types import EmbeddingsApi, ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect

SPEC = ProviderSpec(
    name="openai_compatible",
    docs="https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    wire=WIRE,
    base_url="",
    # the names of LiteLLM for vLLM: https://docs.litellm.ai/docs/providers/vllm
    key_variables=("HOSTED_VLLM_API_KEY",),
    address_variables=("OPENAI_COMPATIBLE_BASE_URL", "HOSTED_VLLM_API_BASE"),
    keyless=True,
    body_fields=frozenset(
        {
            "add_generation_prompt",
            "add_special_tokens",
            "allowed_token_ids",
            "bad_words",
            "cache_prompt",
            "cache_salt",
            "chat_template",
            "chat_template_kwargs",
            "continue_final_message",
            "documents",
            "draft_model",
            "early_stopping",
            "echo",
            "grammar",
            "guided_choice",
            "guided_grammar",
            "guided_json",
            "guided_regex",
            "id_slot",
            "ignore_eos",
            "include_reasoning",
            "include_stop_str_in_output",
            "json_schema",
            "kv_transfer_params",
            "length_penalty",
            "logits_processors",
            "min_p",
            "min_tokens",
            "mirostat",
            "mirostat_eta",
            "mirostat_tau",
            "mm_processor_kwargs",
            "priority",
            "prompt_logprobs",
            "reasoning_format",
            "repeat_last_n",
            "repeat_penalty",
            "repetition_penalty",
            "return_token_ids",
            "return_tokens_as_token_ids",
            "samplers",
            "skip_special_tokens",
            "spaces_between_special_tokens",
            "stop_token_ids",
            "structured_outputs",
            "thinking_token_budget",
            "top_k",
            "truncate_prompt_tokens",
            "ttl",
            "typical_p",
            "use_beam_search",
            "vllm_xargs",
            "xtc_probability",
            "xtc_threshold",
        }
    ),
    dialect=ChatCompletionsDialect(reasoning_field="reasoning_content"),
    # Servers differ in how many texts they take: vLLM any number, text-embeddings-inference 32.
    embeddings=EmbeddingsApi(
        body_fields=frozenset(
            {
                "add_special_tokens",
                "input_type",
                "priority",
                "truncate",
                "truncate_prompt_tokens",
                "user",
            }
        )
    ),
    quirks=("Has no default address: set `base_url=` or `OPENAI_COMPATIBLE_API_URL`.",),
)
