"""Rules of OpenAI-like APIs for request bodies: tool pairing, empty lists, strict schemas.

The messages are the providers' own, with their typing errors.
"""

from __future__ import annotations

import re
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.model.chat_request import mapping, objects
from scout_adapters.testing.protocols.field_rules import check_fields
from scout_adapters.testing.protocols.openai_chat import read
from scout_adapters.testing.protocols.reasoning_efforts import default_effort
from scout_adapters.testing.protocols.strict_rules import root_fault, strict_fault
from scout_adapters.testing.protocols.violation import Violation
from scout_adapters.testing.unsupported.unsupported_row import check_rows
from scout_adapters.testing.unsupported.unsupported_tables import UNSUPPORTED

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from scout_adapters.testing.http_messages import Json

_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_NINE = re.compile(r"[a-zA-Z0-9]{9}")
_ONLY_COMPLETION_TOKENS = re.compile(r"(o\d|gpt-5)")
_TOOLS_ELSEWHERE = re.compile(r"gpt-(5\.[4-9]|[6-9])(?!.*(chat|pro))")
_ALWAYS_ELSEWHERE = re.compile(r"gpt-6(-astra|\.1-sol)")
"""Models that refuse the effort `none` as well."""

_OTHER_ENDPOINT = "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
_GROQ_REASONS = re.compile(r"openai/gpt-oss|qwen|deepseek-r1|groq/compound")
_LONGEST_ID = 40
"""Characters of a tool call's id."""


def check(body: Json, dialect: str, more: Container[str] = ()) -> Violation | None:
    """Return the first reason to refuse a request, None if there is none.

    `more` are fields that the provider has besides those of the dialect.
    """
    checks: list[Callable[[Json], Iterator[Violation]]] = [_shape, _tools, _pairs]
    checks += _MORE.get(dialect, ())
    if dialect != "mistral":  # it accepts an empty list, by recorded requests
        checks.append(_no_calls)
    violations = (violation for rule in checks for violation in rule(body))
    unsupported = check_rows(UNSUPPORTED.get(dialect, ()), body, str(body.get("model")))
    return next(chain(unsupported, violations, check_fields(body, dialect, more)), None)


def _empty(name: str) -> Violation:
    text = "empty array. Expected an array with minimum length 1, but got an empty array instead."
    return Violation(f"Invalid '{name}': {text}", name, "empty_array")


def _shape(body: Json) -> Iterator[Violation]:
    if not isinstance(body.get("model"), str) or not body["model"]:
        yield Violation("you must provide a model parameter")
    if not isinstance(body.get("messages"), list):
        missing = "Missing required parameter: 'messages'."
        yield Violation(missing, "messages", "missing_required_parameter")
    if body.get("messages") == []:
        yield _empty("messages")
    for at, message in enumerate(objects(body.get("messages"))):
        if message.get("content") is None and not message.get("tool_calls"):
            where = f"messages.[{at}].content"
            yield Violation("Invalid value for 'content': expected a string, got null.", where)


def _tools(body: Json) -> Iterator[Violation]:
    if body.get("tools") == []:
        yield _empty("tools")
    for at, tool in enumerate(objects(body.get("tools"))):
        name = mapping(tool.get("function")).get("name")
        if tool.get("type") == "function" and not _NAME.fullmatch(str(name)):
            where = f"tools[{at}].function.name"
            text = "string does not match pattern. Expected a string that matches the pattern"
            yield Violation(
                f"Invalid '{where}': {text} '^[a-zA-Z0-9_-]+$'.", where, "invalid_value"
            )


def _pairs(body: Json) -> Iterator[Violation]:
    """Every tool message answers a call, and every call is answered before the next message."""
    open_calls: list[str] = []
    for at, message in enumerate(objects(body.get("messages"))):
        if message.get("role") == "tool":
            yield from _answered(at, message, open_calls)
            continue
        yield from _unanswered(open_calls)
        open_calls = [str(call.get("id")) for call in objects(message.get("tool_calls"))]
    yield from _unanswered(open_calls)


def _no_calls(body: Json) -> Iterator[Violation]:
    for at, message in enumerate(objects(body.get("messages"))):
        if message.get("tool_calls") == []:
            yield _empty(f"messages[{at}].tool_calls")


def _answered(at: int, message: Json, open_calls: list[str]) -> Iterator[Violation]:
    if not message.get("tool_call_id"):
        text = "messages with role 'tool' must have a 'tool_call_id'."
        where = f"messages.[{at}].tool_call_id"
        yield Violation(f"Missing parameter 'tool_call_id': {text}", where)
    elif message["tool_call_id"] not in open_calls:
        text = "messages with role 'tool' must be a response to a preceeding message with"
        yield Violation(f"Invalid parameter: {text} 'tool_calls'.", f"messages.[{at}].role")
    else:
        open_calls.remove(message["tool_call_id"])


def _unanswered(open_calls: list[str]) -> Iterator[Violation]:
    if open_calls:
        yield Violation(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            + ", ".join(open_calls),
            "messages",
        )


def _tool_types(body: Json) -> Iterator[Violation]:
    """Only functions and custom tools; a tool of another API has no type, or another one."""
    for at, tool in enumerate(objects(body.get("tools"))):
        where, kind = f"tools[{at}].type", tool.get("type")
        if kind is None:
            text = f"Missing required parameter: '{where}'."
            yield Violation(text, where, "missing_required_parameter")
        elif kind not in {"function", "custom"}:
            text = f"Invalid value: '{kind}'. Supported values are: 'function' and 'custom'."
            yield Violation(text, where, "invalid_value")


def _openai(body: Json) -> Iterator[Violation]:
    if "tool_choice" in body and "tools" not in body:
        text = "'tool_choice' is only allowed when 'tools' are specified."
        yield Violation(f"Invalid value for 'tool_choice': {text}", "tool_choice")
    for at, message in enumerate(objects(body.get("messages"))):
        if message["role"] != "user" and "image_url" in _kinds(message):
            text = f"Invalid 'messages[{at}]'. Image URLs are only allowed for messages with role"
            text += (
                f" 'user', but this message with role '{message['role']}' contains an image URL."
            )
            yield Violation(text, f"messages[{at}]", "invalid_value")
    if "max_tokens" in body and _ONLY_COMPLETION_TOKENS.match(str(body.get("model"))):
        text = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        yield Violation(f"Unsupported parameter: {text}", "max_tokens", "unsupported_parameter")
    for at, call_at, call in _calls(body):
        call_id = str(call.get("id"))
        if len(call_id) > _LONGEST_ID:
            where = f"messages[{at}].tool_calls[{call_at}].id"
            text = f"Invalid '{where}': string too long. Expected a string with maximum length 40,"
            text += f" but got a string with length {len(call_id)} instead."
            yield Violation(text, where, "string_above_max_length")
    yield from _strict(body)


def _other_endpoint(body: Json) -> Iterator[Violation]:
    """Newer models take tools on this endpoint only if they do not reason."""
    model = str(body.get("model"))
    effort = body.get("reasoning_effort") or default_effort(model)
    if body.get("tools") and _TOOLS_ELSEWHERE.match(model):
        never = _ALWAYS_ELSEWHERE.match(model)
        if effort != "none" or never:
            text = f"Function tools with reasoning_effort are not supported for {model} in"
            text += " /v1/chat/completions. "
            text += "Please use /v1/responses instead." if never else _OTHER_ENDPOINT
            yield Violation(text, "reasoning_effort")


def _kinds(message: Json) -> list[str]:
    return [str(part.get("type")) for part in objects(message.get("content"))]


def _calls(body: Json) -> Iterator[tuple[int, int, Json]]:
    for at, message in enumerate(objects(body.get("messages"))):
        for call_at, call in enumerate(objects(message.get("tool_calls"))):
            yield at, call_at, call


def _json_word(body: Json) -> Iterator[Violation]:
    form = mapping(body.get("response_format")).get("type")
    messages = str(body.get("messages")).lower()
    if form == "json_object" and "json" not in messages:
        text = "must contain the word 'json' in some form, to use 'response_format' of type"
        yield Violation(f"'messages' {text} 'json_object'.", "messages")


def _parameters(body: Json) -> Iterator[Violation]:
    """Refuse parameters of functions that are no object, or lack parts of a schema."""
    for at, tool in enumerate(objects(body.get("tools"))):
        function = mapping(tool.get("function"))
        if fault := root_fault(function.get("parameters")):
            text = f"Invalid schema for function '{function.get('name')}': {fault}"
            where = f"tools[{at}].function.parameters"
            yield Violation(text, where, "invalid_function_parameters")


def _streams(body: Json) -> Iterator[Violation]:
    if body.get("stream_options") is not None and not body.get("stream"):
        text = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        yield Violation(text, "stream_options")


def _strict(body: Json) -> Iterator[Violation]:
    """Strict schemas require every property and forbid all others."""
    form = mapping(mapping(body.get("response_format")).get("json_schema"))
    schema = form.get("schema")
    places: list[tuple[str, str, Json, Any]] = [
        ("response_format", "response_format", form, schema)
    ]
    for at, tool in enumerate(objects(body.get("tools"))):
        function = mapping(tool.get("function"))
        where = f"tools[{at}].function.parameters"
        places.append(("function", where, function, function.get("parameters")))
    for kind, where, holder, schema in places:
        fault = strict_fault(schema) if holder.get("strict") is True else None
        if fault:
            text = f"Invalid schema for {kind} '{holder.get('name')}': {fault}"
            yield Violation(
                text, where, "invalid_function_parameters" if "tools" in where else None
            )


def _mistral(body: Json) -> Iterator[Violation]:
    rule = "but must be a-z, A-Z, 0-9, with a length of 9."
    messages = objects(body.get("messages"))
    ids = [str(call.get("id")) for _, _, call in _calls(body)]
    ids += [str(message.get("tool_call_id")) for message in messages if message["role"] == "tool"]
    for call_id in ids:
        if not _NINE.fullmatch(call_id):
            text = f"Tool call id was {call_id} {rule}"
            yield Violation(text, None, "3280", "invalid_function_call")
    for message in messages:
        content = message.get("content") or message.get("tool_calls")
        if message["role"] == "assistant" and not content:
            text = "Assistant message must have either content or tool_calls, but not none."
            yield Violation(text, None, "3240", "invalid_request_message_order")
    for before, after in pairwise(messages):
        if before["role"] == "tool" and after["role"] in {"user", "system"}:
            text = f"Unexpected role '{after['role']}' after role 'tool'"
            yield Violation(text, None, "3230", "invalid_request_message_order")
    if messages[-1]["role"] == "assistant" and not messages[-1].get("prefix"):
        text = "Expected last role User or Tool (or Assistant with prefix True) for serving but got"
        yield Violation(f"{text} assistant", None, "3230", "invalid_request_message_order")


def _deepseek(body: Json) -> Iterator[Violation]:
    request = read(body)
    disabled = mapping(body.get("thinking")).get("type") == "disabled"
    by_default = request.model.startswith("deepseek-v4") and not disabled
    thinks = request.thinks or (by_default and body.get("reasoning_effort") != "none")
    if thinks and (request.choice == "any" or request.choice.startswith("=")):
        text = "Thinking mode does not support this tool_choice"
        yield Violation(text, None, "invalid_request_error")
    for at, message in enumerate(objects(body.get("messages"))):
        if odd := [kind for kind in _kinds(message) if kind != "text"]:
            text = "Failed to deserialize the JSON body into the target type:"
            text += f" messages[{at}]: unknown variant `{odd[0]}`, expected `text`"
            yield Violation(text, None, "invalid_request_error")
        if request.thinks and message.get("tool_calls") and not message.get("reasoning_content"):
            text = "The `reasoning_content` in the thinking mode must be passed back to the API."
            yield Violation(text, None, "invalid_request_error")


def _groq(body: Json) -> Iterator[Violation]:
    """Refuse reasoning for models that do not reason: https://console.groq.com/docs/reasoning."""
    if _GROQ_REASONS.match(body["model"]):
        return
    for at, message in enumerate(objects(body.get("messages"))):
        if "reasoning" in message:
            where = f"messages[{at}].reasoning"
            yield Violation(f"property '{where}' is unsupported")


_MORE: dict[str, tuple[Callable[[Json], Iterator[Violation]], ...]] = {
    "openai": (_tool_types, _openai, _other_endpoint, _json_word, _parameters, _streams),
    "azure": (_tool_types, _openai, _other_endpoint, _json_word, _parameters, _streams),
    "groq": (_json_word, _groq),
    "deepseek": (_deepseek, _json_word),
    "mistral": (_mistral,),
}
