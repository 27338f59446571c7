"""What Groq's models refuse."""

from __future__ import annotations

from scout_adapters.testing.unsupported.body_features import (
    always,
    field,
    field_not,
    parts,
    response_format,
    schema_missing,
    tools,
    tools_except,
)
from scout_adapters.testing.unsupported.unsupported_row import UnsupportedRow

GPT_OSS = r"openai/gpt-oss"
COMPOUND = r"groq/compound|compound-beta"
TEXT_ONLY = rf"{GPT_OSS}|{COMPOUND}|llama-3|llama3-|gemma2-|qwen/qwen3-|qwen-qwq|"
TEXT_ONLY += r"moonshotai/kimi-k2|deepseek-r1-"
NOT_REASONING = r"llama-3|llama3-|gemma2-|meta-llama/|moonshotai/kimi-k2-instruct"
_TOOL_TYPES = (
    "code=400, message=tools[{at}].type must be one of [function, mcp], type=invalid_request_error"
)
_OTHER_SCHEMA = (
    "This model does not support response format `json_schema`. See supported models at "
    "https://console.groq.com/docs/structured-outputs#supported-models"
)

GROQ_UNSUPPORTED = (
    UnsupportedRow(
        feature=always,
        models=r"llama3-70b-8192|mistral-saba-24b|mixtral-8x7b-32768|gemma-7b-it",
        message="The model `{model}` has been decommissioned and is no longer supported. Please "
        "refer to https://console.groq.com/docs/deprecations for a recommendation on which model "
        "to use instead.",
        code="model_decommissioned",
        source="recorded",
    ),
    UnsupportedRow(
        feature=parts("image_url", "input_audio", "file", "video_url"),
        models=TEXT_ONLY,
        message="messages[{at}].content must be a string",
        param="messages[{at}].content",
        source="recorded",
    ),
    UnsupportedRow(
        feature=tools_except("function", "mcp"),
        models=COMPOUND,
        message=_TOOL_TYPES,
        source="recorded",
    ),
    UnsupportedRow(
        feature=tools_except("function", "mcp", "browser_search", "code_interpreter"),
        message=_TOOL_TYPES,
        source="recorded",
    ),
    UnsupportedRow(
        feature=tools,
        models=COMPOUND,
        message="`tool calling` is not supported with this model",
        param="tool calling",
        source="recorded",
    ),
    UnsupportedRow(
        feature=tools,
        models=r"meta-llama/llama-(prompt-)?guard|whisper|playai-tts",
        message="`tool calling` is not supported with this model",
        source="recorded",
    ),
    UnsupportedRow(
        feature=response_format("json_schema"),
        models=rf"{COMPOUND}|llama-3|llama3-|gemma2-|deepseek-r1-|qwen/qwen3-32b",
        message=_OTHER_SCHEMA,
        param="response_format",
        source="recorded",
    ),
    UnsupportedRow(
        feature=schema_missing,
        message="code=400, message=json schema is required, type=invalid_request_error",
        param="response_format",
        source="recorded",
    ),
    UnsupportedRow(
        feature=field("reasoning_effort"),
        models=NOT_REASONING,
        message="`reasoning_effort` is not supported with this model",
        source="reported",
    ),
    UnsupportedRow(
        feature=field_not("reasoning_effort", "none", "default"),
        models=r"qwen/qwen3-",
        message="`reasoning_effort` must be one of `none` or `default`",
        source="reported",
    ),
    UnsupportedRow(
        feature=field("reasoning_format"),
        models=NOT_REASONING,
        message="`reasoning_format` is not supported with this model",
        source="none",
    ),
    UnsupportedRow(
        feature=field_not("reasoning_effort", "none", "default", "low", "medium", "high"),
        message="'reasoning_effort' : value is not one of the allowed values "
        "['none','default','low','medium','high']",
        source="reported",
    ),
)
