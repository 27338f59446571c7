"""Fields of request bodies that a provider does not have, values out of range, and wrong types."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.model.chat_request import mapping, objects
from scout_adapters.testing.protocols import field_names, field_words
from scout_adapters.testing.protocols.field_words import Range

if TYPE_CHECKING:
    from scout_adapters.testing.http_messages import Json
    from scout_adapters.testing.protocols.violation import Violation

KINDS: Mapping[str, tuple[frozenset[str], tuple[type, ...]]] = {
    "decimal": (field_names.NUMBERS, (int, float)),
    "integer": (field_names.INTEGERS, (int,)),
    "boolean": (field_names.BOOLEANS, (bool,)),
    "array": (field_names.ARRAYS, (list,)),
}
"""The types of fields that all providers have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRules:
    """The fields of a provider's bodies, and its words for others."""

    fields: frozenset[str] = frozenset()
    unknown: Callable[[str, Any], Violation] | None = None
    """Makes the refusal of an unknown field; None for a provider that ignores it."""

    ignores_because: str = ""
    """How it is known that unknown fields are ignored: the source, "none" without one."""

    message_fields: frozenset[str] = frozenset()
    unknown_in_message: Callable[[str, Any], Violation] | None = None
    """Makes the refusal of an unknown field of a message: `messages.0.assistant.name`."""

    out_of_range: Callable[[str, Any, Range], Violation] = field_words.openai_range
    wrong_type: Callable[[str, Any, str], Violation] = field_words.openai_type
    ranges: Mapping[str, Range] = field(default_factory=dict)
    unset: frozenset[int] = frozenset()
    """Numbers that mean the default of any parameter."""

    def check(self, body: Json, more: Container[str] = ()) -> Iterator[Violation]:
        """Yield a violation for each unknown field, each wrong type, each number out of range.

        `more` are fields besides those of the rules.
        """
        for name, value in body.items():
            if self.unknown and name not in self.fields and name not in more:
                yield self.unknown(name, value)
        yield from self.check_types(body)
        yield from self.check_ranges(body)
        yield from self._check_messages(body)

    def check_types(self, fields: Json) -> Iterator[Violation]:
        """Yield a violation for each value of a wrong type; null is the default of any field."""
        for kind, (names, types) in KINDS.items():
            for name in names & fields.keys():
                value = fields[name]
                number_as_truth = isinstance(value, bool) and kind != "boolean"
                if value is not None and (number_as_truth or not isinstance(value, types)):
                    yield self.wrong_type(name, value, kind)

    def check_ranges(self, fields: Json) -> Iterator[Violation]:
        """Yield a violation for each number out of range."""
        for name, limits in self.ranges.items():
            value = fields.get(name)
            if not isinstance(value, int | float) or value in self.unset:
                continue
            if not limits[0] <= value <= limits[1]:
                yield self.out_of_range(name, value, limits)

    def _check_messages(self, body: Json) -> Iterator[Violation]:
        if self.unknown_in_message is None:
            return
        for at, message in enumerate(objects(body.get("messages"))):
            for name in message.keys() - self.message_fields:
                place = f"messages.{at}.{message.get('role')}.{name}"
                yield self.unknown_in_message(place, message[name])


SAMPLING: Mapping[str, Range] = {"temperature": (0, 2), "top_p": (0, 1)}
UNLIMITED = 10**9
"""Tokens: no model's answer is longer."""

COPY = FieldRules(ranges=SAMPLING, ignores_because="none")
"""Of a server that copies OpenAI's API."""

_OPENAI = FieldRules(
    fields=field_names.OPENAI,
    unknown=field_words.openai_unknown,
    ranges={**SAMPLING, "n": (1, 128)}
    | {"max_tokens": (1, UNLIMITED), "max_completion_tokens": (1, UNLIMITED)}
    | {"frequency_penalty": (-2, 2), "presence_penalty": (-2, 2), "top_logprobs": (0, 20)},
)
FIELD_RULES: Mapping[str, FieldRules] = {
    "openai": _OPENAI,
    "azure": _OPENAI,
    "groq": FieldRules(
        fields=field_names.GROQ,
        unknown=field_words.groq_unknown,
        message_fields=field_names.MESSAGE | {"reasoning", "channel", "tool_name", "function_call"},
        unknown_in_message=field_words.groq_message,
        out_of_range=field_words.groq_range,
        wrong_type=field_words.groq_type,
        ranges={**SAMPLING, "n": (1, 1)}
        | {"max_tokens": (1, UNLIMITED), "max_completion_tokens": (1, UNLIMITED)},
    ),
    "mistral": FieldRules(
        fields=field_names.MISTRAL,
        unknown=field_words.mistral_unknown,
        message_fields=field_names.MESSAGE | {"prefix"},
        unknown_in_message=field_words.mistral_unknown,
        out_of_range=field_words.mistral_range,
        wrong_type=field_words.mistral_type,
        ranges={"temperature": (0, 1.5), "top_p": (0, 1), "max_tokens": (0, UNLIMITED)},
    ),
    "anthropic": FieldRules(
        fields=field_names.ANTHROPIC,
        unknown=field_words.extra_input,
        out_of_range=field_words.anthropic_range,
        wrong_type=field_words.pydantic_type,
        ranges={"temperature": (0, 1), "top_p": (0, 1)},
        unset=frozenset({-1}),
    ),
    "cerebras": FieldRules(
        fields=field_names.CEREBRAS,
        unknown=field_words.cerebras_unknown,
        message_fields=field_names.MESSAGE | {"reasoning"},
        unknown_in_message=field_words.cerebras_unknown,
        ranges={"temperature": (0, 2), "top_p": (0, 1)},
    ),
    "fireworks": FieldRules(
        fields=field_names.FIREWORKS,
        unknown=field_words.fireworks_unknown,
        out_of_range=field_words.fireworks_range,
        ranges=SAMPLING,
    ),
    "deepseek": replace(
        COPY, out_of_range=field_words.deepseek_range, wrong_type=field_words.rust_type
    ),
    "xai": replace(COPY, wrong_type=field_words.rust_type),
    "ollama": FieldRules(ignores_because="recorded: `enable_thinking` is accepted"),
    "vllm": replace(
        COPY,
        ranges={"temperature": (0, 10**9), "top_p": (0, 1)},
        out_of_range=field_words.vllm_range,
        wrong_type=field_words.pydantic_type,
        ignores_because="reported: https://github.com/vllm-project/vllm/pull/10463",
    ),
    "together": replace(COPY, ignores_because="none; `echo` and `safety_model` are recorded"),
    "openrouter": replace(COPY, ignores_because="none; `usage` and `preset` are recorded"),
    "minimax": COPY,
}
"""By dialect, with its source where a provider ignores unknown fields."""

GEMINI_CONFIG = FieldRules(
    out_of_range=field_words.gemini_range,
    wrong_type=field_words.gemini_type,
    ranges={"temperature": (0, 2), "topP": (0, 1), "maxOutputTokens": (1, UNLIMITED)},
)
RESPONSES_FIELDS = FieldRules(
    fields=field_names.RESPONSES,
    unknown=field_words.parameter_unknown,
    ranges=SAMPLING,
)
"""Of OpenAI's Responses API."""


def check_fields(body: Json, dialect: str, more: Container[str] = ()) -> Iterator[Violation]:
    """Yield what a provider of this dialect refuses among the fields of a body.

    `more` are the fields that it has besides those of the dialect.
    """
    yield from FIELD_RULES.get(dialect, COPY).check(body, more)


def check_gemini_fields(body: Json) -> Iterator[Violation]:
    """Yield what Gemini refuses among the fields of a body."""
    for name in body:
        if name.replace("_", "").lower() not in field_names.GEMINI:
            yield field_words.gemini_unknown(name, None)
    config = mapping(body.get("generationConfig") or body.get("generation_config"))
    yield from GEMINI_CONFIG.check_types(config)
    yield from GEMINI_CONFIG.check_ranges(config)
