"""Bedrock's Converse protocol: endpoints with the model in the path, rules, answers, errors."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import unquote

from scout_adapters.testing.http_messages import JSON, HttpReply, Json, dumps
from scout_adapters.testing.model.chat_request import mapping, objects
from scout_adapters.testing.protocols import converse
from scout_adapters.testing.protocols.protocol import (
    EmulatedEndpoint,
    EmulatedProtocol,
    EmulatedRequest,
    billed_reply,
    billed_stream,
    tokens_spent,
)
from scout_adapters.testing.protocols.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scout_adapters.testing.emulated_provider import EmulatedProvider
    from scout_adapters.testing.ids import Ids
    from scout_adapters.testing.model.chat_request import ReceivedRequest
    from scout_adapters.testing.prompt_cache import PromptCache

_PATH = re.compile(r"/model/([\w.%:-]+)/(converse|converse-stream)")
_FIELDS = frozenset(
    {"messages", "system", "inferenceConfig", "toolConfig", "outputConfig", "guardrailConfig"}
    | {"additionalModelRequestFields", "additionalModelResponseFieldPaths", "promptVariables"}
    | {"requestMetadata", "performanceConfig", "serviceTier"}
)
_BLOCKS = frozenset(
    {"text", "image", "document", "video", "toolUse", "toolResult", "reasoningContent"}
    | {"cachePoint", "guardContent", "citationsContent"}
)


def _endpoint(path: str) -> EmulatedEndpoint | None:
    match = _PATH.fullmatch(path)
    return EmulatedEndpoint(unquote(match[1]), match[2] == "converse-stream") if match else None


def _headers(_: EmulatedProvider, ids: Ids) -> dict[str, str]:
    return {"x-amzn-requestid": ids.uuid()}


def _check(_: EmulatedRequest, body: Json) -> Violation | None:
    return next(_violations(body), None)


def _violations(body: Json) -> Iterator[Violation]:
    """Yield the reasons to refuse a body, in the API's words as its users report them."""
    for name in sorted(body.keys() - _FIELDS):
        yield Violation(f"extraneous key [{name}] is not permitted")
    messages = objects(body.get("messages"))
    if not messages or messages[0].get("role") != "user":
        yield Violation("A conversation must start with a user message.")
    roles = [message.get("role") for message in messages]
    if any(first == second for first, second in pairwise(roles)):
        yield Violation("Roles must alternate between user and assistant.")
    for at, message in enumerate(messages):
        for block in objects(message.get("content")):
            if len(block) != 1 or not block.keys() <= _BLOCKS:
                yield Violation(f"messages.{at}.content: a block has one known member")
            if block.get("text") == "":
                yield Violation(f"The text field in messages.{at}.content is blank.")
    yield from _tool_violations(body, messages)


def _tool_violations(body: Json, messages: list[Json]) -> Iterator[Violation]:
    uses = [set(_ids(message, "toolUse")) for message in messages]
    results = [set(_ids(message, "toolResult")) for message in messages]
    if any((*uses, *results)) and not body.get("toolConfig"):
        text = "The toolConfig field must be defined when using toolUse and toolResult content"
        yield Violation(f"{text} blocks.")
    for at, (use, result) in enumerate(zip(uses, [*results[1:], set()], strict=True)):
        if use - result:
            yield Violation(f"Expected toolResult blocks at messages.{at + 1}.content")


def _ids(message: Json, kind: str) -> Iterator[str]:
    for block in objects(message.get("content")):
        if kind in block:
            yield str(mapping(block[kind]).get("toolUseId"))


def _read(request: EmulatedRequest, body: Json) -> ReceivedRequest:
    return converse.read(body, request.model, stream=request.stream)


def _answer(request: EmulatedRequest, body: Json, _: PromptCache) -> HttpReply:
    received = request.counted(_read(request, body))
    answer = request.answer_for(received)
    writer = converse.ConverseWriter(request.ids, answer, received.input_tokens)
    spent = tokens_spent(received.input_tokens, answer)
    headers = _headers(request.provider, request.ids)
    if request.stream:
        kind = {"content-type": "application/vnd.amazon.eventstream"}
        return billed_stream({**kind, **headers}, writer.events(), spent)
    return billed_reply({"content-type": JSON, **headers}, dumps(writer.whole()), spent)


def _error_event(_: EmulatedRequest, body: Json, status: int) -> bytes:
    return converse.exception(status, body)


CONVERSE = EmulatedProtocol(
    name="converse",
    endpoint=_endpoint,
    headers=_headers,
    check=_check,
    answer=_answer,
    read=_read,
    error_event=_error_event,
)
