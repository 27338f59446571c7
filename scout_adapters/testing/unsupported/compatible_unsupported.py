"""What models of the smaller providers of Chat Completions refuse, one table for each."""

from __future__ import annotations

from scout_adapters.testing.unsupported.body_features import (
    always,
    field,
    forced_tool,
    parts,
    response_format,
    tools,
)
from scout_adapters.testing.unsupported.unsupported_row import UnsupportedRow

_ROUTING = (
    "To learn more about provider routing, visit: https://openrouter.ai/docs/provider-routing"
)
_WITHOUT_TOOLS = (
    r"deepseek/deepseek-r1-0528(-qwen3-8b)?:free|google/gemma-3-27b-it$|microsoft/mai-ds"
)
_WITHOUT_TOOLS += r"|moonshotai/kimi-dev|qwen/qwen2\.5-vl-32b-instruct:free"
_WITHOUT_TOOLS += r"|qwen/qwen3-(8|14)b:free"
_WITHOUT_IMAGES = (
    r"openai/gpt-(oss|3\.5)|deepseek/|mistralai/(codestral|devstral)|qwen/qwen3-(?!vl)"
)
_WITHOUT_IMAGES += r"|z-ai/glm-(4\.[56]|5)(?!v)|moonshotai/kimi-k2(?!\.[5-9])"
_ENDED = (
    r"(?:featherless/qwerky|openrouter/sonoma|qwen/qwen3-235b-a22b-07-25:free|qwen/qwen3-32b:free"
)
_ENDED += r"|rekaai/reka-flash-3|sarvamai/|thudm/glm-z1|x-ai/grok-4-fast:free|"
_ENDED += r"cognitivecomputations/dolphin3)"

OPENROUTER_UNSUPPORTED = (
    UnsupportedRow(
        feature=always,
        models=r"bad/model",
        message="{model} is not a valid model ID",
        source="recorded",
    ),
    UnsupportedRow(feature=always, models=_ENDED, condition="model_missing", source="recorded"),
    UnsupportedRow(
        feature=tools,
        models=_WITHOUT_TOOLS,
        status=404,
        body={
            "error": {"message": f"No endpoints found that support tool use. {_ROUTING}"}
            | {"code": 404}
        },
        source="recorded",
    ),
    UnsupportedRow(
        feature=forced_tool,
        models=r"mistralai/mistral-7b-instruct:free",
        status=404,
        body={
            "error": {
                "message": "No endpoints found that support the provided 'tool_choice' "
                f"value. {_ROUTING}",
                "code": 404,
            }
        },
        source="recorded",
    ),
    UnsupportedRow(
        feature=parts("image_url"),
        models=_WITHOUT_IMAGES,
        status=404,
        body={"error": {"message": "No endpoints found that support image input", "code": 404}},
        source="reported",
    ),
    UnsupportedRow(
        feature=parts("input_audio"),
        models=r"(?!google/|.*audio|mistralai/voxtral)[\w-]+/",
        status=404,
        body={"error": {"message": "No endpoints found that support input audio", "code": 404}},
        source="reported",
    ),
)

XAI_WITHOUT_EFFORT = r"grok-(2|3(?!-mini)|4(?!\.3)|code)(?!.*multi-agent)"
_XAI_REASONS = r"grok-(3-mini|4|code)(?!.*non-reasoning)"
_XAI_PARAMETER = "Model {model} does not support parameter "

XAI_UNSUPPORTED = (
    UnsupportedRow(
        feature=always,
        models=r"grok-beta",
        status=404,
        body={
            "code": "Some requested entity was not found",
            "error": "The model grok-beta was deprecated on 2025-09-15 and is no longer accessible "
            "via the API. Please use grok-3 instead.",
        },
        source="recorded",
    ),
    UnsupportedRow(
        feature=field("reasoning_effort"),
        models=XAI_WITHOUT_EFFORT,
        message=_XAI_PARAMETER + "reasoningEffort.",
        source="recorded",
    ),
    UnsupportedRow(
        feature=field("presence_penalty"),
        models=_XAI_REASONS,
        message=_XAI_PARAMETER + "presencePenalty.",
        source="reported",
    ),
    UnsupportedRow(
        feature=field("frequency_penalty"),
        models=_XAI_REASONS,
        message=_XAI_PARAMETER + "frequencyPenalty.",
        source="documented",
    ),
    UnsupportedRow(
        feature=field("stop"),
        models=_XAI_REASONS,
        message=_XAI_PARAMETER + "stop.",
        source="documented",
    ),
)

CEREBRAS_UNSUPPORTED = (
    UnsupportedRow(
        feature=parts("image_url", "input_audio", "file", "video_url"),
        models=r"gpt-oss|llama|qwen|zai-glm",
        status=403,
        body={
            "message": "Multimodal is not enabled for your organization and model",
            "type": "invalid_request_error",
            "param": "model",
            "code": "multimodal_not_enabled",
        },
        source="recorded",
    ),
)

DEEPSEEK_UNSUPPORTED = (
    UnsupportedRow(
        feature=response_format("json_schema"),
        message="This response_format type is unavailable now",
        source="reported",
    ),
)

_OLLAMA_OLD = (
    r"(llama2|llama3|gemma|gemma2|gemma3|phi3|phi4|orca2|deepseek-r1|dolphin-mistral)(:|$)"
)

OLLAMA_UNSUPPORTED = (
    UnsupportedRow(
        feature=tools,
        models=_OLLAMA_OLD,
        message="registry.ollama.ai/library/{model} does not support tools",
        kind="api_error",
        source="reported",
    ),
    UnsupportedRow(
        feature=field("reasoning_effort", "low", "medium", "high"),
        models=r"(llama|gemma|phi|mistral|qwen2)",
        message='"{model}" does not support thinking',
        kind="api_error",
        source="reported",
    ),
    UnsupportedRow(
        feature=parts("image_url"),
        models=r"(glm-[45]|gpt-oss|deepseek|qwen3(:|$)|llama(2|3|3\.1)(:|$))",
        message="this model does not support image input",
        kind="api_error",
        source="reported",
    ),
)

VLLM_UNSUPPORTED = (
    UnsupportedRow(
        feature=parts("image_url", "input_audio", "video_url"),
        models=r"(openai/gpt-oss|meta-llama/(Meta-)?Llama-3|Qwen/Qwen(2\.5|3)-\d)",
        message="{model} is not a multimodal model",
        source="reported",
    ),
)

MINIMAX_UNSUPPORTED = (
    UnsupportedRow(
        feature=parts("input_audio", "file"),
        message="chat content has invalid content type: {kind}",
        source="none",
    ),
)
