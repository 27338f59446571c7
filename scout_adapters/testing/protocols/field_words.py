"""Each provider's words for fields that it does not have, numbers out of range, and wrong types."""

from __future__ import annotations

from typing import Any

from scout_adapters.testing.protocols.field_names import INTEGERS
from scout_adapters.testing.protocols.violation import Violation

Range = tuple[float, float]
"""The lowest and the highest value of a number."""


def openai_unknown(name: str, value: Any) -> Violation:  # noqa: ARG001  # the field's type
    """Return OpenAI's refusal of an unknown field."""
    return Violation(f"Unrecognized request argument supplied: {name}")


def openai_range(name: str, value: Any, limits: Range) -> Violation:
    """Return OpenAI's refusal of a number out of range."""
    too_high = value > limits[1]
    kind = "integer" if name in INTEGERS else "decimal"
    word, sign = ("above maximum", "<=") if too_high else ("below minimum", ">=")
    limit = limits[too_high]
    text = f"Invalid '{name}': {kind} {word} value. Expected a value {sign} {limit:g}, but got"
    code = f"{kind}_{'above_max' if too_high else 'below_min'}_value"
    return Violation(f"{text} {value} instead.", name, code)


def parameter_unknown(name: str, value: Any) -> Violation:  # noqa: ARG001  # the field's type
    """Return the Responses API's refusal of an unknown field."""
    return Violation(f"Unknown parameter: '{name}'.", name, "unknown_parameter")


def groq_unknown(name: str, value: Any) -> Violation:  # noqa: ARG001  # the field's type
    """Return Groq's refusal of an unknown field."""
    return Violation(f"property '{name}' is unsupported")


def groq_range(name: str, value: Any, limits: Range) -> Violation:
    """Return Groq's refusal of a number out of range."""
    bound = f"at most {limits[1]:g}" if value > limits[1] else f"at least {limits[0]:g}"
    return Violation(f"'{name}' : number must be {bound}")


def extra_input(name: str, value: Any) -> Violation:  # noqa: ARG001  # the field's type
    """Return Anthropic's refusal of an unknown field."""
    return Violation(f"{name}: Extra inputs are not permitted", None, "extra_forbidden")


def anthropic_range(name: str, value: Any, limits: Range) -> Violation:  # noqa: ARG001  # likewise
    """Return Anthropic's refusal of a number out of range."""
    return Violation(f"{name}: range: {limits[0]:g}..{limits[1]:g}")


def mistral_range(name: str, value: Any, limits: Range) -> Violation:
    """Return Mistral's refusal of a number out of range."""
    above = value > limits[1]
    word, limit = ("less", limits[1]) if above else ("greater", limits[0])
    return Violation(f"{name}: Input should be {word} than or equal to {limit:g}")


def gemini_unknown(name: str, value: Any) -> Violation:  # noqa: ARG001  # the field's type
    """Return Gemini's refusal of an unknown field."""
    return Violation(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')


def gemini_range(name: str, value: Any, limits: Range) -> Violation:  # noqa: ARG001  # likewise
    """Return Gemini's refusal of a number out of range."""
    if name == "maxOutputTokens":
        field = "max_output_tokens"
        text = f"* GenerateContentRequest.generation_config.{field}: {field} must be positive.\n"
        return Violation(text)
    where = f"* GenerateContentRequest.generation_config.{name}: {name} must be in the range"
    return Violation(f"{where} [{limits[0]:.1f}, {limits[1]:.1f}].\n")


_A = {"decimal": "a decimal", "integer": "an integer", "boolean": "a boolean", "array": "an array"}
_GO = {"decimal": "number", "integer": "integer", "boolean": "boolean", "array": "array"}
_PYTHON = {"decimal": "number", "integer": "integer", "boolean": "boolean", "array": "list"}
_RUST = {"decimal": "f32", "integer": "u32", "boolean": "a boolean", "array": "a sequence"}
_PROTO = {"decimal": "TYPE_FLOAT", "integer": "TYPE_INT32", "boolean": "TYPE_BOOL"}


def _kind_of(value: Any) -> str:
    match value:
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
    return "an object" if isinstance(value, dict) else "an array"


def openai_type(name: str, value: Any, kind: str) -> Violation:
    """Return OpenAI's refusal of a value of a wrong type."""
    text = f"Invalid type for '{name}': expected {_A[kind]}, but got {_kind_of(value)} instead."
    return Violation(text, name, "invalid_type")


def groq_type(name: str, value: Any, kind: str) -> Violation:  # noqa: ARG001  # the field's type
    """Return Groq's refusal of a value of a wrong type."""
    return Violation(f"'{name}' : value must be {_A[kind].split()[0]} {_GO[kind]}")


def pydantic_type(name: str, value: Any, kind: str) -> Violation:  # noqa: ARG001  # likewise
    """Return Anthropic's and vLLM's refusal of a value of a wrong type."""
    return Violation(f"{name}: Input should be a valid {_PYTHON[kind]}")


def mistral_type(name: str, value: Any, kind: str) -> Violation:
    """Return Mistral's refusal of a value of a wrong type."""
    text = f"Input should be a valid {_PYTHON[kind]}"
    return _detail(f"{kind.replace('decimal', 'float')}_type", ["body", name], text, value)


def rust_type(name: str, value: Any, kind: str) -> Violation:
    """Return DeepSeek's and xAI's refusal of a value of a wrong type."""
    value = f'string "{value}"' if isinstance(value, str) else _kind_of(value)
    text = f"Failed to deserialize the JSON body into the target type: {name}: invalid type:"
    return Violation(f"{text} {value}, expected {_RUST[kind]}")


def gemini_type(name: str, value: Any, kind: str) -> Violation:
    """Return Gemini's refusal of a value of a wrong type."""
    quoted = f'"{value}"' if isinstance(value, str) else str(value)
    where = f"'generation_config.{name}' ({_PROTO.get(kind, 'TYPE_STRING')})"
    return Violation(f"Invalid value at {where}, {quoted}")


def _detail(kind: str, loc: list[Any], text: str, value: Any) -> Violation:
    """Return a violation with the list of Mistral's validation errors."""
    entry = {"type": kind, "loc": loc, "msg": text, "input": value}
    return Violation(text, None, kind, status=422, body={"detail": [entry]})


def mistral_unknown(name: str, value: Any) -> Violation:
    """Return Mistral's refusal of a field: of the body, or `messages.0.assistant.name`."""
    loc = [int(step) if step.isdigit() else step for step in name.split(".")]
    return _detail("extra_forbidden", ["body", *loc], "Extra inputs are not permitted", value)


def cerebras_unknown(name: str, value: Any) -> Violation:  # noqa: ARG001  # the field's type
    """Return Cerebras's refusal of an unknown field."""
    place = name if name.startswith("messages.") else f"body.{name}"
    text = f"{place}: property '{place}' is unsupported"
    body = {"message": text, "type": "invalid_request_error"}
    more = {"param": "validation_error", "code": "wrong_api_format"}
    return Violation(text, status=400 if "." in name else 422, body=body | more)


def fireworks_unknown(name: str, value: Any) -> Violation:
    """Return Fireworks's refusal of an unknown field."""
    return Violation(f"Extra inputs are not permitted, field: '{name}', value: {value!r}")


def groq_message(name: str, value: Any) -> Violation:  # noqa: ARG001  # the field's type
    """Return Groq's refusal of a message's unknown field."""
    _, at, role, field = name.split(".")
    inner = f"'messages.{at}' : property '{field}' is unsupported"
    text = f"'messages.{at}' : for 'role:{role}' the following must be satisfied[({inner})]"
    return Violation(text)


def deepseek_range(name: str, value: Any, limits: Range) -> Violation:  # noqa: ARG001  # likewise
    """Return DeepSeek's refusal of a number out of range."""
    text = f"Invalid {name} value, the valid range of {name} is [{limits[0]:g}, {limits[1]:g}]"
    return Violation(text)


def vllm_range(name: str, value: Any, limits: Range) -> Violation:
    """Return vLLM's refusal of a number out of range."""
    low = value < limits[0]
    bound = f"must be non-negative, got {value}." if low else f"must be in [0, 1], got {value}."
    return Violation(f"{name} {bound}")


def fireworks_range(name: str, value: Any, limits: Range) -> Violation:
    """Return Fireworks's refusal of a number out of range."""
    word, limit = ("less", limits[1]) if value > limits[1] else ("greater", limits[0])
    text = f"Input should be {word} than or equal to {limit:g}, field: '{name}', value: {value}"
    return Violation(text)
