"""Rules of OpenAI's Responses API for request bodies: items, tools, reasoning, strict schemas.

The messages are the API's own, from recorded traffic and from users' reports.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.model.chat_request import mapping, objects
from scout_adapters.testing.protocols.field_rules import RESPONSES_FIELDS
from scout_adapters.testing.protocols.openai_responses import (
    CALLS,
    ENCRYPTED,
    NOT_STORED,
    input_items,
    is_changed,
    reasons,
)
from scout_adapters.testing.protocols.reasoning_efforts import default_effort
from scout_adapters.testing.protocols.strict_rules import root_fault, strict_fault
from scout_adapters.testing.protocols.violation import Violation
from scout_adapters.testing.unsupported.compatible_unsupported import XAI_WITHOUT_EFFORT
from scout_adapters.testing.unsupported.unsupported_row import (
    NO_SUCH_MODEL,
    UnsupportedRow,
    check_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scout_adapters.testing.http_messages import Json

_OUTPUTS = tuple(f"{call}_output" for call in CALLS)
_ROLES = ("assistant", "system", "developer", "user")
_PARTS: tuple[str, ...] = ("input_text", "input_image", "output_text", "refusal", "input_file")
_PARTS += ("computer_screenshot", "summary_text")
_WRITTEN = ("output_text", "refusal")
_PREFIXES = {"function_call": "fc", "custom_tool_call": "ctc", "reasoning": "rs"}
_PREFIXES |= {"message": "msg", "web_search_call": "ws"}
_MIN_OUTPUT = 16
_LOST = re.compile(rf"(rs|msg|fc|ctc)_{NOT_STORED}[0-9a-f]{{44}}")
"""Ids of items that this emulator did not store; see `ResponsesWriter._id`."""

_DATED = re.compile(r"_\d{8}$")
_FILES = "https://platform.openai.com/docs/assistants/tools/file-search#supported-files"
_RECORDINGS = (".mp3", ".wav", ".mp4", ".ogg", ".flac", ".webm")
_ELSEWHERE = re.compile(r"o1-(mini|preview)")
_DEEP = re.compile(r"o\d.*-deep-research")
_DEEP_TOOLS = ("web_search_preview", "code_interpreter", "mcp", "file_search")
_UNKNOWN = replace(
    NO_SUCH_MODEL,
    message="The requested model '{model}' does not exist.",
    param="model",
    code="model_not_found",
    condition="bad_request",
)
_XAI_UNKNOWN = replace(
    _UNKNOWN, body={"code": "invalid-argument", "error": "Model not found: {model}"}
)


def _set_effort(body: Json) -> Iterator[Json]:
    if mapping(body.get("reasoning")).get("effort"):
        yield {}


_XAI_EFFORT = UnsupportedRow(
    feature=_set_effort,
    models=XAI_WITHOUT_EFFORT,
    message="Model {model} does not support parameter reasoningEffort.",
    source="reported",
)
_REFERRED = ("previous_response_id", "conversation", "prompt")
"""Fields that name items which are not in the input."""


def check(body: Json, provider: str) -> Violation | None:
    """Return the first reason to refuse a request, None if there is none."""
    checks = (*_RULES, *_MORE.get(provider, ()))
    violations = (violation for rule in checks for violation in rule(body))
    rows = (_XAI_UNKNOWN, _XAI_EFFORT) if provider == "xai" else (_UNKNOWN,)
    return next(chain(check_rows(rows, body, str(body.get("model"))), violations), None)


def _missing(name: str) -> Violation:
    text = f"Missing required parameter: '{name}'."
    return Violation(text, name, "missing_required_parameter")


def _shape(body: Json) -> Iterator[Violation]:
    if not body.get("model") and not body.get("prompt"):
        yield _missing("model")
    if not body.get("input") and not any(body.get(name) for name in _REFERRED):
        yield _missing("input")
    limit = body.get("max_output_tokens")
    if isinstance(limit, int) and limit < _MIN_OUTPUT:
        text = "integer below minimum value. Expected a value >= 16, but got"
        name = "max_output_tokens"
        text = f"Invalid '{name}': {text} {limit} instead."
        yield Violation(text, name, "integer_below_min_value")


def _messages(body: Json) -> Iterator[Violation]:
    for at, item in enumerate(input_items(body)):
        where = f"input[{at}]"
        kind = item.get("type", "message")
        prefix = _PREFIXES.get(kind)
        if prefix and item.get("id") and not str(item["id"]).startswith(prefix):
            text = f"Invalid '{where}.id': '{item['id']}'. Expected an ID that begins with"
            yield Violation(f"{text} '{prefix}'.", f"{where}.id", "invalid_value")
        if kind != "message":
            continue
        role = item.get("role")
        if role not in _ROLES:
            yield _unknown_value(role, _ROLES, where)
        takes = _WRITTEN if role == "assistant" else _PARTS
        for part_at, part in enumerate(objects(item.get("content"))):
            if part.get("type") not in takes:
                yield _unknown_value(part.get("type"), takes, f"{where}.content[{part_at}]")


def _unknown_value(value: Any, known: tuple[str, ...], where: str) -> Violation:
    names = [f"'{name}'" for name in known]
    comma = "," if len(names) > 2 else ""  # noqa: PLR2004  # a list of two has no comma
    listed = f"{', '.join(names[:-1])}{comma} and {names[-1]}"
    text = f"Invalid value: '{value}'. Supported values are: {listed}."
    return Violation(text, where, "invalid_value")


def _pairs(body: Json) -> Iterator[Violation]:
    """Every output answers a call before it, every call is answered."""
    if any(body.get(name) for name in _REFERRED):
        return
    open_calls: list[str] = []
    for item in input_items(body):
        call_id = str(item.get("call_id"))
        if item.get("type") in CALLS:
            open_calls.append(call_id)
        elif item.get("type") in _OUTPUTS:
            if call_id not in open_calls:
                text = "No tool call found for function call output with call_id"
                yield Violation(f"{text} {call_id}.", "input")
            else:
                open_calls.remove(call_id)
    for call_id in open_calls:
        yield Violation(f"No tool output found for function call {call_id}.", "input")


def _reasoning(body: Json) -> Iterator[Violation]:
    """Yield a violation for reasoning that was not stored, or that ends its answer."""
    items = input_items(body)
    for item, following in pairwise([*items, {"role": "end"}]):
        name, content = item.get("id"), item.get("encrypted_content")
        if item.get("type") not in {"reasoning", "item_reference"}:
            continue
        if not content and _LOST.fullmatch(str(name)):
            text = f"Item with id '{name}' not found. Items are not persisted when `store` is set"
            text += " to false. Try again with `store` set to true, or remove this item from your"
            yield Violation(f"{text} input.", "input", status=404)
        if item["type"] == "reasoning" and (following.get("role") or "assistant") != "assistant":
            yield _alone(name)


def _encrypted(body: Json) -> Iterator[Violation]:
    for item in input_items(body):
        content = item.get("encrypted_content")
        if item.get("type") == "reasoning" and content and is_changed(content):
            text = f"The encrypted content {content[:4]}...{content[-4:]} could not be verified."
            text += " Reason: Encrypted content could not be decrypted or parsed."
            yield Violation(text, None, "invalid_encrypted_content")


def _alone(name: Any) -> Violation:
    text = f"Item '{name}' of type 'reasoning' was provided without its required following item."
    return Violation(text, "input")


def _previous(body: Json) -> Iterator[Violation]:
    """Yield a violation for a previous response that was not stored."""
    name = str(body.get("previous_response_id"))
    if name.startswith(f"resp_{NOT_STORED}"):
        text = f"Previous response with id '{name}' not found."
        yield Violation(text, "previous_response_id", "previous_response_not_found")


def _files(body: Json) -> Iterator[Violation]:
    for at, item in enumerate(input_items(body)):
        for name in ("content", "output"):
            for part_at, part in enumerate(objects(item.get(name))):
                if part.get("type") == "input_file":
                    yield from _file(part, f"input[{at}].{name}[{part_at}].file_data")


def _file(part: Json, where: str) -> Iterator[Violation]:
    if str(part.get("file_url")).endswith(_RECORDINGS):
        text = "The file type you uploaded is not supported. Please try again with a pdf"
        yield Violation(text, "input", "unsupported_file")
    kind = str(part.get("file_data")).removeprefix("data:").partition(";")[0]
    if kind.startswith(("audio/", "video/")):
        text = f"Invalid file data: '{where}'. Expected a base64-encoded data URL with a valid file"
        text += " MIME type (e.g. 'data:text/plain;base64,SGVsbG8sIFdvcmxkIQ=='), but got"
        text += f" unsupported MIME type '{kind}'. Please see {_FILES} for supported file types."
        yield Violation(text, where, "invalid_value")


def _tools(body: Json) -> Iterator[Violation]:
    for at, tool in enumerate(objects(body.get("tools"))):
        if not tool.get("type"):
            yield _missing(f"tools[{at}].type")
        elif _DATED.search(str(tool["type"])):
            text = f"Invalid value: '{tool['type']}'. Supported values are: 'code_interpreter', "
            text += "'custom', 'file_search', 'function', 'image_generation', 'mcp', 'web_search'."
            yield Violation(text, f"tools[{at}].type", "invalid_value")
        if tool.get("type") in {"function", "custom"} and not tool.get("name"):
            yield _missing(f"tools[{at}].name")
        fault = root_fault(tool.get("parameters")) if tool.get("type") == "function" else None
        if fault is None and tool.get("strict") is True:
            fault = strict_fault(tool.get("parameters"))
        if fault:
            text = f"Invalid schema for function '{tool.get('name')}': {fault}"
            where = f"tools[{at}].parameters"
            yield Violation(text, where, "invalid_function_parameters")
    if not body.get("tools") and body.get("tool_choice") not in (None, "auto", "none"):
        choice = body["tool_choice"]
        name = choice if isinstance(choice, str) else mapping(choice).get("type")
        text = f"Tool choice '{name}' must be specified with 'tools' parameter."
        yield Violation(text, "tool_choice")


def _format(body: Json) -> Iterator[Violation]:
    form = mapping(mapping(body.get("text")).get("format"))
    kind = form.get("type")
    if kind == "json_schema" and not form.get("name"):
        yield _missing("text.format.name")
    fault = strict_fault(form.get("schema")) if form.get("strict") is True else None
    if fault:
        text = f"Invalid schema for response_format '{form.get('name')}': {fault}"
        yield Violation(text, "text.format.schema", "invalid_json_schema")
    if kind == "json_object" and "json" not in str(body.get("input")).lower():
        text = "Response input messages must contain the word 'json' in some form to use"
        yield Violation(f"{text} 'text.format' of type 'json_object'.", "input")


def _models(body: Json) -> Iterator[Violation]:
    """Check what the model of an OpenAI request cannot do."""
    model = str(body.get("model"))
    if _ELSEWHERE.match(model):
        text = f"The requested model '{model}' is not supported with the Responses API."
        yield Violation(text, "model", "model_not_found")
    kinds = [tool.get("type") for tool in objects(body.get("tools"))]
    if _DEEP.match(model) and any(kind not in _DEEP_TOOLS for kind in kinds):
        listed = ", ".join(f"'{kind}'" for kind in _DEEP_TOOLS[:-1])
        text = f"Deep research models only support the {listed}, and '{_DEEP_TOOLS[-1]}' tools."
        yield Violation(text, "tools")
    if reasons(body):
        if body.get("top_logprobs"):
            text = "logprobs are not supported with reasoning models."
            yield Violation(text, "top_logprobs", "unsupported_parameter")
        for name in ("temperature", "top_p"):
            if body.get(name, 1) != 1:
                yield _unsupported(name)
    elif default_effort(model) is None and model.startswith("gpt-"):
        if mapping(body.get("reasoning")).get("effort"):
            yield _unsupported("reasoning.effort")
        if ENCRYPTED in (body.get("include") or ()):
            yield Violation("Encrypted content is not supported with this model.", "include")


def _unsupported(name: str) -> Violation:
    text = f"Unsupported parameter: '{name}' is not supported with this model."
    return Violation(text, name, "unsupported_parameter")


_RULES: tuple[Callable[[Json], Iterator[Violation]], ...]
_RULES = (_shape, _messages, _files, _pairs, _reasoning, _tools, _format)
_OPENAI = (_models, _encrypted, _previous, RESPONSES_FIELDS.check)
_MORE: dict[str, tuple[Callable[[Json], Iterator[Violation]], ...]] = {
    "openai": _OPENAI,
    "azure": _OPENAI,
}
