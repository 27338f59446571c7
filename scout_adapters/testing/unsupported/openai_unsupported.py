"""What OpenAI's models refuse on Chat Completions."""

from __future__ import annotations

from scout_adapters.testing.unsupported.body_features import (
    always,
    both,
    field,
    field_not,
    files,
    images_except,
    parts,
    response_format,
    tools,
)
from scout_adapters.testing.unsupported.unsupported_row import UnsupportedRow

TEXT_ONLY = r"gpt-3\.5|gpt-4(-\d{4}|-turbo-preview|$)|o1-mini|o3-mini"
NEVER_SAMPLED = r"gpt-5(?!\.\d)(?!.*chat)|gpt-5\.[5-9]|gpt-[6-9]|o\d"
"""Models that always reason, and take no other sampling parameters than the defaults."""

_TYPES = "Content blocks are expected to be either text or image_url type."
_FORMATS = (
    "Invalid parameter: 'response_format' of type '{}' is not supported with this model.".format
)
_GUIDE = (
    " Learn more about supported models at the Structured Outputs guide: "
    "https://platform.openai.com/docs/guides/structured-outputs"
)
_FILES = "Invalid file data: 'messages[{at}].content[{part_at}].file.file_data'. Expected a base64-"
_FILES += "encoded data URL with an application/pdf MIME type (e.g. "
_FILES += "'data:application/pdf;base64,SGVsbG8sIFdvcmxkIQ=='), but got unsupported MIME type"
_TOOLS = (
    "tools is not supported in this model. For a list of supported models, refer to "
    "https://platform.openai.com/docs/guides/function-calling#models-supporting-function-calling."
)
_NO_CHAT = (
    "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you "
    "mean to use v1/completions?"
)

OPENAI_UNSUPPORTED = (
    UnsupportedRow(
        feature=always,
        models=r"\S+ ",
        message="invalid model ID",
        source="recorded",
    ),
    UnsupportedRow(
        feature=always,
        models=r"gpt-3\.5-turbo-instruct|(o\d|gpt-[5-9][\d.]*)-pro|.*codex|.*deep-research",
        message=_NO_CHAT,
        param="model",
        status=404,
        source="recorded",
    ),
    UnsupportedRow(
        feature=always,
        models=r"text-embedding|tts-|whisper|dall-e|gpt-image|omni-moderation",
        message="You are not allowed to sample from this model",
        status=403,
        source="recorded",
    ),
    UnsupportedRow(
        feature=both("max_tokens", "max_completion_tokens"),
        message="Setting 'max_tokens' and 'max_completion_tokens' at the same time is not "
        "supported.",
        param="max_tokens",
        code="invalid_parameter_combination",
        source="recorded",
    ),
    UnsupportedRow(
        feature=parts("input_audio"),
        models=r"(?!.*audio)(gpt|o\d|chatgpt)",
        message=f"Invalid 'messages[{{at}}]'. {_TYPES}",
        param="messages[{at}]",
        code="invalid_value",
        source="recorded",
    ),
    UnsupportedRow(
        feature=parts("image_url"),
        models=r"gpt(-4o)?-audio",
        message="This model does not support image_url content.",
        param="messages[{at}].content",
        code="invalid_value",
        source="recorded",
    ),
    UnsupportedRow(
        feature=parts("image_url"),
        models=TEXT_ONLY,
        message="Invalid content type. image_url is only supported by certain models.",
        param="messages.[{at}].content.[{part_at}].type",
        source="reported",
    ),
    UnsupportedRow(
        feature=files("application/pdf"),
        message=f"{_FILES} '{{mime}}'.",
        param="messages[{at}].content[{part_at}].file.file_data",
        code="invalid_value",
        source="recorded",
    ),
    UnsupportedRow(
        feature=images_except("image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp"),
        message="You uploaded an unsupported image. Please make sure your image has of one the "
        "following formats: ['png', 'jpeg', 'gif', 'webp'].",
        code="invalid_image_format",
        source="recorded",
    ),
    UnsupportedRow(
        feature=tools,
        models=r"gpt-5-chat-latest|o1-mini|o1-preview",
        message=_TOOLS,
        status=404,
        source="recorded",
    ),
    UnsupportedRow(
        feature=field("web_search_options"),
        models=r"(?!.*search)(gpt|o\d)",
        message="Web search options not supported with this model.",
        param="web_search_options",
        source="recorded",
    ),
    UnsupportedRow(
        feature=field("reasoning_effort"),
        models=r"gpt-[34]|chatgpt-|gpt-5.*-chat",
        message="Unrecognized request argument supplied: reasoning_effort",
        source="reported",
    ),
    UnsupportedRow(
        feature=field("stop"),
        models=r"(?!o3-mini)(" + NEVER_SAMPLED + ")",
        message="Unsupported parameter: 'stop' is not supported with this model.",
        param="stop",
        code="unsupported_parameter",
        source="recorded",
    ),
    UnsupportedRow(
        feature=field("logprobs"),
        models=NEVER_SAMPLED,
        message="Unsupported parameter: 'logprobs' is not supported with this model.",
        param="logprobs",
        code="unsupported_parameter",
        source="recorded",
    ),
    UnsupportedRow(
        feature=field_not("temperature", 1),
        models=NEVER_SAMPLED,
        message="Unsupported value: 'temperature' does not support {value} with this model. Only "
        "the default (1) value is supported.",
        param="temperature",
        code="unsupported_value",
        source="reported",
    ),
    UnsupportedRow(
        feature=field("logprobs"),
        models=r"gpt(-4o)?-audio",
        message="This model does not support the 'logprobs' parameter.",
        param="logprobs",
        source="recorded",
    ),
    UnsupportedRow(
        feature=response_format("json_object"),
        models=r"gpt(-4o)?-audio",
        message=_FORMATS("json_object"),
        param="response_format",
        source="recorded",
    ),
    UnsupportedRow(
        feature=response_format("json_schema"),
        models=r"gpt(-4o)?-audio|gpt-3\.5|gpt-4(-\d{4}|-turbo|$)",
        message=_FORMATS("json_schema") + _GUIDE,
        source="recorded",
    ),
)
