"""Fields of request bodies that a provider does not have, and values out of range, in its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.model.chat_request import mapping
from scout_adapters.testing.protocols.violation import Violation

if TYPE_CHECKING:
    from scout_adapters.testing.http_messages import Json

COMMON = frozenset(
    [
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "n",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
        "function_call",
        "functions",
    ]
)
"""Fields of Chat Completions at OpenAI and Groq."""

OPENAI = COMMON | frozenset(
    [
        "audio",
        "modalities",
        "moderation",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "verbosity",
        "web_search_options",
    ]
)
GROQ = COMMON | frozenset(
    [
        "citation_options",
        "compound_custom",
        "disable_tool_validation",
        "documents",
        "exclude_domains",
        "include_domains",
        "include_reasoning",
        "reasoning_format",
        "search_settings",
    ]
)
RESPONSES = frozenset(
    [
        "background",
        "context_management",
        "conversation",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "moderation",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    ]
)
"""https://platform.openai.com/docs/api-reference/responses/create"""

MISTRAL = frozenset(
    [
        "frequency_penalty",
        "guardrails",
        "logprobs",
        "max_tokens",
        "messages",
        "metadata",
        "min_tokens",
        "model",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_logprobs",
        "prompt_mode",
        "random_seed",
        "reasoning_effort",
        "repetition_penalty",
        "response_format",
        "safe_prompt",
        "service_tier",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_k",
        "top_logprobs",
        "top_p",
        "top_prompt_logprobs",
        "document_image_limit",
        "document_page_limit",
    ]
)
ANTHROPIC = frozenset(
    [
        "cache_control",
        "container",
        "context_management",
        "fallbacks",
        "inference_geo",
        "max_tokens",
        "mcp_servers",
        "messages",
        "metadata",
        "model",
        "output_config",
        "output_format",
        "service_tier",
        "speed",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
    ]
)
GEMINI = frozenset(
    [
        "contents",
        "systeminstruction",
        "tools",
        "toolconfig",
        "safetysettings",
        "generationconfig",
        "cachedcontent",
        "labels",
        "model",
        "servicetier",
        "store",
        "modelarmorconfig",
    ]
)
"""In lower case, without underscores: the API accepts both spellings."""

Range = tuple[float, float]
"""The lowest and the highest value of a number."""


def _openai_unknown(name: str, value: Any) -> Violation:  # noqa: ARG001  # the field's type
    return Violation(f"Unrecognized request argument supplied: {name}")


def _openai_range(name: str, value: Any, limits: Range) -> Violation:
    too_high = value > limits[1]
    kind = "decimal" if isinstance(value, float) or name != "n" else "integer"
    word, sign = ("above maximum", "<=") if too_high else ("below minimum", ">=")
    limit = limits[too_high]
    text = f"Invalid '{name}': {kind} {word} value. Expected a value {sign} {limit:g}, but got"
    code = f"{kind}_{'above_max' if too_high else 'below_min'}_value"
    return Violation(f"{text} {value} instead.", name, code)


def _parameter_unknown(name: str, value: Any) -> Violation:  # noqa: ARG001  # the field's type
    return Violation(f"Unknown parameter: '{name}'.", name, "unknown_parameter")


def _groq_unknown(name: str, value: Any) -> Violation:  # noqa: ARG001  # the field's type
    return Violation(f"property '{name}' is unsupported")


def _groq_range(name: str, value: Any, limits: Range) -> Violation:
    bound = f"at most {limits[1]:g}" if value > limits[1] else f"at least {limits[0]:g}"
    return Violation(f"'{name}' : number must be {bound}")


def _extra_input(name: str, value: Any) -> Violation:  # noqa: ARG001  # the field's type
    return Violation(f"{name}: Extra inputs are not permitted", None, "extra_forbidden")


def _anthropic_range(name: str, value: Any, limits: Range) -> Violation:  # noqa: ARG001  # likewise
    return Violation(f"{name}: range: {limits[0]:g}..{limits[1]:g}")


def _mistral_range(name: str, value: Any, limits: Range) -> Violation:
    above = value > limits[1]
    word, limit = ("less", limits[1]) if above else ("greater", limits[0])
    return Violation(f"{name}: Input should be {word} than or equal to {limit:g}")


def _gemini_unknown(name: str, value: Any) -> Violation:  # noqa: ARG001  # the field's type
    return Violation(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')


def _gemini_range(name: str, value: Any, limits: Range) -> Violation:  # noqa: ARG001  # likewise
    where = f"* GenerateContentRequest.generation_config.{name}: {name} must be in the range"
    return Violation(f"{where} [{limits[0]:.1f}, {limits[1]:.1f}].\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRules:
    """The fields of a provider's bodies, and its words for others."""

    fields: frozenset[str]
    unknown: Callable[[str, Any], Violation]
    out_of_range: Callable[[str, Any, Range], Violation]
    ranges: Mapping[str, Range] = field(default_factory=dict)
    unset: frozenset[int] = frozenset()
    """Numbers that mean the default of any parameter."""

    def check(self, body: Json) -> Iterator[Violation]:
        """Yield a violation for each unknown field and each number out of range."""
        for name, value in body.items():
            if name not in self.fields:
                yield self.unknown(name, value)
        yield from self.check_ranges(body)

    def check_ranges(self, fields: Json) -> Iterator[Violation]:
        """Yield a violation for each number out of range."""
        for name, limits in self.ranges.items():
            value = fields.get(name)
            if not isinstance(value, int | float) or value in self.unset:
                continue
            if not limits[0] <= value <= limits[1]:
                yield self.out_of_range(name, value, limits)


FIELD_RULES: Mapping[str, FieldRules] = {
    "openai": FieldRules(
        fields=OPENAI,
        unknown=_openai_unknown,
        out_of_range=_openai_range,
        ranges={"temperature": (0, 2), "top_p": (0, 1), "n": (1, 128)},
    ),
    "groq": FieldRules(
        fields=GROQ,
        unknown=_groq_unknown,
        out_of_range=_groq_range,
        ranges={"temperature": (0, 2), "top_p": (0, 1), "n": (1, 1)},
    ),
    "mistral": FieldRules(
        fields=MISTRAL,
        unknown=_extra_input,
        out_of_range=_mistral_range,
        ranges={"temperature": (0, 1.5), "top_p": (0, 1)},
    ),
    "anthropic": FieldRules(
        fields=ANTHROPIC,
        unknown=_extra_input,
        out_of_range=_anthropic_range,
        ranges={"temperature": (0, 1), "top_p": (0, 1)},
        unset=frozenset({-1}),
    ),
}
"""By dialect; other providers ignore what they do not know."""

GEMINI_CONFIG = FieldRules(
    fields=frozenset(),
    unknown=_gemini_unknown,
    out_of_range=_gemini_range,
    ranges={"temperature": (0, 2), "topP": (0, 1)},
)


RESPONSES_FIELDS = FieldRules(
    fields=RESPONSES,
    unknown=_parameter_unknown,
    out_of_range=_openai_range,
    ranges={"temperature": (0, 2), "top_p": (0, 1)},
)
"""Of OpenAI's Responses API."""


def check_fields(body: Json, dialect: str) -> Iterator[Violation]:
    """Yield what a provider of this dialect refuses among the fields of a body."""
    if rules := FIELD_RULES.get(dialect):
        yield from rules.check(body)


def check_gemini_fields(body: Json) -> Iterator[Violation]:
    """Yield what Gemini refuses among the fields of a body."""
    for name in body:
        if name.replace("_", "").lower() not in GEMINI:
            yield _gemini_unknown(name, None)
    config = mapping(body.get("generationConfig") or body.get("generation_config"))
    yield from GEMINI_CONFIG.check_ranges(config)
