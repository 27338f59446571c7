"""Parse a whole Chat Completions answer into a message.

https://platform.openai.com/docs/api-reference/chat/object
"""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json, mapping, objects
from scout_adapters.errors import malformed
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.chunks import answer_of
from scout_adapters.llm.wires.openai_chat.parse_fields import (
    BODY_LISTS,
    CALL_EXTRAS,
    FILTER_RESULTS,
    HOSTED_CALLS,
    MESSAGE_LISTS,
    MESSAGE_OBJECTS,
    content_of,
    filter_results,
    first_metadata,
    last_metadata,
    message_id,
    non_empty,
    raise_if_call_failed,
    raise_if_choice_failed,
    raise_if_refused,
    reasoning_of,
    text_field,
    tool_counts,
    with_upstream,
)
from scout_adapters.llm.wires.openai_chat.tool_calls import (
    CUT_REASONS,
    call_extras,
    parse_tool_calls,
    split_hosted,
)
from scout_adapters.llm.wires.openai_chat.usage import usage_of
from scout_adapters.llm.wires.parsing import newer_usage, require


def parse_response(body: Json, spec: ProviderSpec) -> AIMessage:
    """Parse the first choice of an answer.

    Raises:
        ProviderRefusal: The body is an error, although the status was 200.
        MalformedResponse: A documented field is missing or has another type.
    """
    if not isinstance(body, dict):
        raise malformed(f"expected an answer to be an object, found {type(body).__name__}")
    raise_if_refused(body)
    choice = _first_choice(body)
    raise_if_choice_failed(choice, body)
    message = _message(choice)
    text, reasoning, other_parts = content_of(message.get("content"))
    finish_reason = text_field(choice, "finish_reason")
    raw_calls, hosted = split_hosted(message.get("tool_calls"))
    calls = parse_tool_calls(raw_calls, cut=finish_reason in CUT_REASONS)
    if not (text or any(calls)):
        raise_if_call_failed(finish_reason, body)
    usage = mapping(body.get("usage") or choice.get("usage"))
    own = message | {"tool_calls": raw_calls}
    kwargs = _additional_kwargs(own, body, reasoning, other_parts, hosted)
    _check_content(text, finish_reason, kwargs, raw_calls)
    return answer_of(
        text,
        first_metadata(body, spec.maker) | _metadata(body, choice, message, usage),
        message_id(body.get("id")),
        kwargs=kwargs,
        usage=newer_usage(usage_of(usage), None),
        calls=calls,
    )


def _metadata(body: Json, choice: Json, message: Json, usage: Json) -> Json:
    """Return the metadata that a stream has in its last chunk."""
    finish_reason = text_field(choice, "finish_reason")
    metadata = last_metadata(
        with_upstream(body, message), usage, finish_reason, choice.get("logprobs")
    )
    if "executed_tools" in message:
        metadata |= tool_counts(message["executed_tools"])
    if FILTER_RESULTS in choice:
        metadata |= filter_results(body, choice)
    return metadata


def _check_content(*parts: Any) -> None:
    if not any(parts):
        raise malformed("the answer has neither content nor a finish reason")


def _first_choice(body: Json) -> Json:
    choices = require(body, "choices", list)
    if not choices or not isinstance(choices[0], dict):
        raise malformed("expected 'choices' to begin with an object")
    choice: Json = choices[0]
    return choice


def _message(choice: Json) -> Json:
    # Azure omits the message if its content filter blocked the answer.
    if choice.get("message") is None and choice.get("finish_reason"):
        return {}
    return require(choice, "message", dict)


def _additional_kwargs(
    message: Json, body: Json, reasoning: str, other_parts: list[Json], hosted: list[Json]
) -> Json:
    kwargs: Json = {
        "reasoning_content": reasoning or reasoning_of(message),
        "refusal": text_field(message, "refusal"),
        "content_chunks": other_parts,
        HOSTED_CALLS: hosted,
    }
    if calls := message.get("tool_calls"):
        kwargs[CALL_EXTRAS] = call_extras(calls)
    kwargs |= {name: objects(message[name]) for name in MESSAGE_LISTS if name in message}
    kwargs |= {name: non_empty(message[name]) for name in MESSAGE_OBJECTS if name in message}
    kwargs |= {name: body[name] for name in BODY_LISTS if name in body}
    return {name: value for name, value in kwargs.items() if value}
