"""Build the body of a `generateContent` request.

https://ai.google.dev/api/generate-content#request-body
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.gemini.body_fields import CONFIG, THINKING
from scout_adapters.llm.wires.gemini.messages import render_messages, system_instruction
from scout_adapters.llm.wires.gemini.schema import adapt_schema
from scout_adapters.llm.wires.gemini.spelling import camel_case
from scout_adapters.llm.wires.gemini.tools import add_tool_choice, allow_server_tools, render_tools

EXCLUSIVE: Mapping[str, str] = {
    "thinkingBudget": "thinkingLevel",
    "thinkingLevel": "thinkingBudget",
}
"""Fields of `thinkingConfig` that exclude each other: both together are a 400."""

BUDGETS: Mapping[str, int] = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
"""Thinking tokens per reasoning effort for Gemini 2.5, as in Google's OpenAI-compatible endpoint.
https://ai.google.dev/gemini-api/docs/openai#thinking"""

MAX_BUDGET = BUDGETS["high"]
MIN_PRO_BUDGET = 128
"""Tokens: Gemini 2.5 Pro cannot stop thinking.
https://ai.google.dev/gemini-api/docs/thinking#set-budget"""

GENERATION = re.compile(r"gemini-(\d+)")
FIRST_WITH_LEVELS = 3


def build_body(request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
    """Build the body.

    `parallel_tool_calls` has no counterpart: Gemini may always call several tools.

    Raises:
        UnsupportedContent: A block has no form in this API.
    """
    body: Json = {"contents": render_messages(turns, gemini_3=is_gemini_3(request.model))}
    if instruction := system_instruction(turns):
        body["systemInstruction"] = instruction
    config = _config(request)
    _add_extra(request.extra, body, config)
    if tools := render_tools(request.tools):
        body["tools"] = tools
        add_tool_choice(request.tool_choice, body)
        if is_gemini_3(request.model):
            allow_server_tools(body)
    if config:
        body["generationConfig"] = _apply_card(config, spec)
    body = _apply_card(body, spec)
    return spec.adjust(body) if spec.adjust else body


def is_gemini_3(model: str) -> bool:
    """Return whether a model is Gemini 3 or later; names like `gemini-flash-latest` are."""
    name = model.rpartition("/")[2].lower()
    match = GENERATION.search(name)
    return int(match[1]) >= FIRST_WITH_LEVELS if match else name.endswith("-latest")


def _apply_card(fields: Json, spec: ProviderSpec) -> Json:
    """Rename and drop fields by the rules of the card."""
    if not spec.drop and not spec.rename:
        return fields
    return {
        spec.rename.get(name, name): value
        for name, value in fields.items()
        if name not in spec.drop
    }


def _config(request: ChatRequest) -> Json:
    config: Json = {
        "temperature": request.temperature,
        "topP": request.top_p,
        "maxOutputTokens": request.max_tokens,
        "stopSequences": list(request.stop) or None,
        "thinkingConfig": _thinking(request),
        **_response_format(request.response_format or {}),
    }
    return {name: value for name, value in config.items() if value is not None}


def _response_format(response_format: Mapping[str, Any]) -> Json:
    if response_format.get("type") not in {"json_schema", "json_object"}:
        return {}
    schema = (response_format.get("json_schema") or {}).get("schema")
    fields: Json = {"responseMimeType": "application/json"}
    return fields | ({"responseJsonSchema": adapt_schema(schema)} if schema else {})


def _thinking(request: ChatRequest) -> Json | None:
    """Convert a reasoning effort to a level (Gemini 3 and later) or to tokens (before)."""
    effort = request.reasoning_effort
    if effort is None:
        return None
    pro = "-pro" in request.model
    config: Json = {"includeThoughts": effort != "none"}
    if "gemini-1" in request.model or "gemini-2" in request.model:
        minimum = MIN_PRO_BUDGET if pro else 0
        config["thinkingBudget"] = minimum if effort == "none" else BUDGETS.get(effort, MAX_BUDGET)
    elif effort in {"none", "minimal"}:
        # Gemini 3 cannot stop thinking, and only Flash models accept "minimal".
        config["thinkingLevel"] = "minimal" if "flash" in request.model else "low"
    else:
        config["thinkingLevel"] = effort if effort in BUDGETS else "high"
    return config


def _add_extra(extra: Mapping[str, Any], body: Json, config: Json) -> None:
    """Add every extra field to the body or to its `generationConfig`."""
    for name, value in extra.items():
        field = camel_case(name)
        if value is None:
            continue
        if field == "generationConfig":
            _add_config(value, config)
        elif field in {"logprobs", "topLogprobs", "responseLogprobs"}:
            config.update(_logprobs(field, value))
        elif field in CONFIG or field in THINKING or field == "thinkingConfig":
            _add_config({field: value}, config)
        elif field == "n":
            config["candidateCount"] = value
        elif field == "safetySettings" and isinstance(value, Mapping):
            body[field] = [{"category": name, "threshold": level} for name, level in value.items()]
        else:
            body[field] = value


def _add_config(fields: Mapping[str, Any], config: Json) -> None:
    for name, value in fields.items():
        field = camel_case(name)
        if field in THINKING:
            config["thinkingConfig"] = _merged_thinking(config, {field: value})
        elif field == "thinkingConfig" and isinstance(value, Mapping):
            config[field] = _merged_thinking(config, value)
        else:
            config[field] = value


def _merged_thinking(config: Json, fields: Mapping[str, Any]) -> Json:
    """Merge the caller's thinking fields into the config; they replace what excludes them."""
    known = config.get("thinkingConfig") or {}
    fields = {camel_case(name): value for name, value in fields.items()}
    excluded = {EXCLUSIVE[name] for name in fields if name in EXCLUSIVE} - fields.keys()
    return {name: value for name, value in known.items() if name not in excluded} | fields


def _logprobs(field: str, value: Any) -> Json:
    """Convert OpenAI's `logprobs: true, top_logprobs: 5` or Gemini's own two fields."""
    if isinstance(value, bool):
        return {"responseLogprobs": value}
    return {"responseLogprobs": True} | ({} if field == "responseLogprobs" else {"logprobs": value})
