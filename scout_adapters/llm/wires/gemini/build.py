"""A request, rendered into the body of `generateContent`.

https://ai.google.dev/api/generate-content#request-body
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.gemini.content import render_contents, system_instruction
from scout_adapters.llm.wires.gemini.schema import json_schema

CONFIG = frozenset(
    {
        "audioTimestamp",
        "audioTranscriptionConfig",
        "candidateCount",
        "enableAffectiveDialog",
        "enableEnhancedCivicAnswers",
        "frequencyPenalty",
        "imageConfig",
        "maxOutputTokens",
        "mediaResolution",
        "modelSelectionConfig",
        "presencePenalty",
        "responseJsonSchema",
        "responseMimeType",
        "responseModalities",
        "responseSchema",
        "routingConfig",
        "seed",
        "speechConfig",
        "stopSequences",
        "temperature",
        "topK",
        "topP",
        "translationConfig",
    }
)
"""Fields of `generationConfig`; every other extra field stands beside it.
https://ai.google.dev/api/generate-content#GenerationConfig"""

THINKING = frozenset({"includeThoughts", "thinkingBudget", "thinkingLevel"})
RIVALS: Mapping[str, str] = {"thinkingBudget": "thinkingLevel", "thinkingLevel": "thinkingBudget"}
BUDGETS: Mapping[str, int] = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
"""What Google's own OpenAI-compatible endpoint makes of an effort, for Gemini 2.5.
https://ai.google.dev/gemini-api/docs/openai#thinking"""

MOST = BUDGETS["high"]
LEAST_PRO_BUDGET = 128
"""Gemini 2.5 Pro cannot stop thinking. https://ai.google.dev/gemini-api/docs/thinking#set-budget"""

MODES: Mapping[str, str] = {"auto": "AUTO", "none": "NONE", "any": "ANY", "required": "ANY"}
GENERATION = re.compile(r"gemini-(\d+)")
FIRST_WITH_LEVELS = 3
UNDERSCORE = re.compile(r"_([a-z0-9])")


def build_body(request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
    """Render the request; raises `UnsupportedContent`.

    `parallel_tool_calls` has no counterpart here: Gemini always may call several tools.
    """
    body: Json = {"contents": render_contents(turns, third=is_gemini_3(request.model))}
    if instruction := system_instruction(turns):
        body["systemInstruction"] = instruction
    config = _config(request)
    _spread(request.extra, body, config)
    if tools := _tools(request.tools):
        body["tools"] = tools
        _choose(request.tool_choice, body)
    if config:
        body["generationConfig"] = _fit(config, spec)
    body = _fit(body, spec)
    return spec.adjust(body) if spec.adjust else body


def is_gemini_3(model: str) -> bool:
    """Tell whether a model is a Gemini 3 or later, as `gemini-flash-latest` and its like are."""
    name = model.rpartition("/")[2].lower()
    found = GENERATION.search(name)
    return int(found[1]) >= FIRST_WITH_LEVELS if found else name.endswith("-latest")


def camel_case(name: str) -> str:
    """Spell a field as Google's JSON does: `top_k` is `topK`."""
    return UNDERSCORE.sub(lambda found: found[1].upper(), name) if "_" in name else name


def _fit(fields: Json, spec: ProviderSpec) -> Json:
    """Leave out and rename what the card says."""
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
        **_format(request.response_format or {}),
    }
    return {name: value for name, value in config.items() if value is not None}


def _format(wanted: Mapping[str, Any]) -> Json:
    if wanted.get("type") not in {"json_schema", "json_object"}:
        return {}
    schema = (wanted.get("json_schema") or {}).get("schema")
    made: Json = {"responseMimeType": "application/json"}
    return made | ({"responseJsonSchema": json_schema(schema)} if schema else {})


def _thinking(request: ChatRequest) -> Json | None:
    """Say how long to think: in levels since Gemini 3, in tokens before."""
    effort = request.reasoning_effort
    if effort is None:
        return None
    pro = "-pro" in request.model
    config: Json = {"includeThoughts": effort != "none"}
    if "gemini-1" in request.model or "gemini-2" in request.model:
        none = LEAST_PRO_BUDGET if pro else 0
        config["thinkingBudget"] = none if effort == "none" else BUDGETS.get(effort, MOST)
    elif effort in {"none", "minimal"}:
        # Since Gemini 3 nothing stops the thinking, and only the Flash models think minimally.
        config["thinkingLevel"] = "minimal" if "flash" in request.model else "low"
    else:
        config["thinkingLevel"] = effort if effort in BUDGETS else "high"
    return config


def _spread(extra: Mapping[str, Any], body: Json, config: Json) -> None:
    """Put every extra field where the API wants it."""
    for name, value in extra.items():
        field = camel_case(name)
        if value is None:
            continue
        if field == "generationConfig":
            _spread_config(value, config)
        elif field in {"logprobs", "topLogprobs", "responseLogprobs"}:
            config.update(_logprobs(field, value))
        elif field in CONFIG or field in THINKING or field == "thinkingConfig":
            _spread_config({field: value}, config)
        elif field == "n":
            config["candidateCount"] = value
        elif field == "safetySettings" and isinstance(value, Mapping):
            body[field] = [{"category": what, "threshold": at} for what, at in value.items()]
        else:
            body[field] = value


def _spread_config(fields: Mapping[str, Any], config: Json) -> None:
    for name, value in fields.items():
        field = camel_case(name)
        if field in THINKING:
            config["thinkingConfig"] = _thoughts(config, {field: value})
        elif field == "thinkingConfig" and isinstance(value, Mapping):
            config[field] = _thoughts(config, value)
        else:
            config[field] = value


def _thoughts(config: Json, told: Mapping[str, Any]) -> Json:
    """Let what was told in Gemini's words win; a level and a budget together are a 400."""
    known = config.get("thinkingConfig") or {}
    told = {camel_case(name): value for name, value in told.items()}
    beaten = {RIVALS[name] for name in told if name in RIVALS} - told.keys()
    return {name: value for name, value in known.items() if name not in beaten} | told


def _logprobs(field: str, value: Any) -> Json:
    """Read OpenAI's `logprobs: true, top_logprobs: 5` and Gemini's own two fields."""
    if isinstance(value, bool):
        return {"responseLogprobs": value}
    return {"responseLogprobs": True} | ({} if field == "responseLogprobs" else {"logprobs": value})


def _tools(tools: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Gather functions into one tool; the provider's own tools stay as they are."""
    functions = [tool["function"] for tool in tools if _is_function(tool)]
    own = [dict(tool) for tool in tools if not _is_function(tool)]
    if not functions:
        return own
    return [{"functionDeclarations": [_declaration(function) for function in functions]}, *own]


def _is_function(tool: Mapping[str, Any]) -> bool:
    return tool.get("type") == "function" and isinstance(tool.get("function"), Mapping)


def _declaration(function: Mapping[str, Any]) -> Json:
    made: Json = {"name": function.get("name")}
    if description := function.get("description"):
        made["description"] = description
    if parameters := function.get("parameters"):
        made["parametersJsonSchema"] = json_schema(parameters)
    return made


def _choose(choice: Any, body: Json) -> None:
    """Say which function must be called; only functions can be chosen, not Google's own tools."""
    has_functions = any(
        "functionDeclarations" in tool or "function_declarations" in tool for tool in body["tools"]
    )
    if choice is None or not has_functions:
        return
    given = body.get("toolConfig") or {}
    body["toolConfig"] = {camel_case(name): value for name, value in given.items()} | _calling(
        choice
    )


def _calling(choice: Any) -> Json:
    if isinstance(choice, str) and choice in MODES:
        return {"functionCallingConfig": {"mode": MODES[choice]}}
    if isinstance(choice, Mapping):
        if isinstance(function := choice.get("function"), Mapping):
            choice = function.get("name")
        elif "mode" in choice:
            return {"functionCallingConfig": dict(choice)}
        else:
            return {camel_case(name): value for name, value in choice.items()}
    names = [choice] if isinstance(choice, str) else list(choice)
    return {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": names}}
