"""Reading a whole response of the Responses API.

https://platform.openai.com/docs/api-reference/responses/object
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json, mapping, objects
from scout_adapters.errors import ProviderRefusal, malformed
from scout_adapters.llm.types import PendingAnswer, ProviderSpec
from scout_adapters.llm.wires.chunks import answer_of
from scout_adapters.llm.wires.openai_responses.dialect import searches_dearly
from scout_adapters.llm.wires.openai_responses.items import (
    call_of,
    item_blocks,
    logprobs_of,
)
from scout_adapters.llm.wires.openai_responses.usage import stated_cost, usage_of
from scout_adapters.llm.wires.parsing import (
    MAX_CALLS,
    check_blocks,
    is_bare_error,
    newer_usage,
    require,
    require_id,
)

PENDING = frozenset({"queued", "in_progress"})
"""Values of `status` of a response that is still being made."""

FAILED = frozenset({"failed", "cancelled"})
"""Values of `status` of a response that has no answer."""

KEPT = (
    "created_at",
    "incomplete_details",
    "metadata",
    "object",
    "status",
    "user",
    "model",
    "service_tier",
    "content_filters",
)
"""Fields of a response that ChatOpenAI keeps in `response_metadata`, and what Azure's content
filter found."""

BILLED = ("cost", "cost_details", "server_side_tool_usage_details")
"""Fields of `usage` about money, kept beside the token counts."""

HOSTED: Mapping[str, str] = {
    "web_search_call": "web_search",
    "file_search_call": "file_search",
    "code_interpreter_call": "code_interpreter",
    "image_generation_call": "image_generation",
}
"""Output items of tools that run at the provider for a fee, and the tools' names."""

CUT = {"max_output_tokens": "length"}
"""Chat Completions' names for the reasons of an incomplete response, where they differ."""


def parse_response(body: Json, spec: ProviderSpec) -> AIMessage:
    """Read a response; raises `ProviderRefusal` and `MalformedResponse`.

    The content is a list of blocks in the order of the output items, as ChatOpenAI's. A response
    that is queued or in progress in the background has no content yet; its `status` shows it.
    """
    raise_if_refused(body)
    items = [item for item in require(body, "output", list) if item is not None]
    check_blocks(len(items), MAX_CALLS)
    if not _is_pending(body):
        raise_if_empty(items, body.get("status"))
    content: list[str | Json] = [block for item in items for block in item_blocks(item)]
    last = items[-1] if items and body.get("status") == "incomplete" else None
    calls = [call for item in items if (call := call_of(item, last_of_cut=item is last))]
    logprobs = [token for item in items for token in logprobs_of(item)]
    usage = mapping(body.get("usage"))
    return answer_of(
        content,
        first_metadata(body, spec.maker) | last_metadata(body, usage, logprobs, called=bool(calls)),
        text_or_none(body.get("id")),
        kwargs={},
        usage=newer_usage(usage_of(usage, body.get("service_tier")), None),
        calls=(
            [call for call in calls if call["type"] == "tool_call"],
            [call for call in calls if call["type"] == "invalid_tool_call"],
        ),
    )


def pending_response(body: Any) -> PendingAnswer | None:
    """Return where a response is that is still being made; None for any other."""
    if not isinstance(body, dict) or not _is_pending(body) or body.get("error"):
        return None
    answer_id = require_id(body, "id")
    path = f"/responses/{answer_id}"
    return PendingAnswer(answer_id, path, f"{path}/cancel")


def _is_pending(body: Json) -> bool:
    status = body.get("status")
    return isinstance(status, str) and status in PENDING


def raise_if_refused(body: Any) -> None:
    """Raise `ProviderRefusal` if a body is an error or a response that failed."""
    if not isinstance(body, dict):
        raise malformed(f"expected an answer to be an object, found {type(body).__name__}")
    if body.get("error"):
        raise ProviderRefusal(_error(body))
    status = body.get("status")
    if isinstance(status, str) and status in FAILED:
        message = f"the response ended as {status} and gave no reason"
        raise ProviderRefusal({"error": {"message": message}})
    if "output" not in body and is_bare_error(body):
        raise ProviderRefusal(body)


def raise_if_empty(items: Collection[Any], status: Any) -> None:
    """Raise `MalformedResponse` for a response without items that gives no reason for it.

    `completed` is none: all recorded responses that are have an item, if only an empty message.
    """
    if not items and status != "incomplete":
        raise malformed("the response has no output, and no reason to have none")


def _error(body: Json) -> Json:
    """Return the error of a failed response without the response around it."""
    return {"error": body["error"]} if body.get("object") == "response" else body


def text_or_none(value: Any) -> str | None:
    """Return a text that may be missing."""
    return value if isinstance(value, str) and value else None


def first_metadata(body: Json, maker: str) -> Json:
    """Return the maker, the model and the id: the metadata of the first chunk of a stream."""
    names = {"model_name": text_or_none(body.get("model")), "id": text_or_none(body.get("id"))}
    return {name: value for name, value in names.items() if value} | {"model_provider": maker}


def hosted_calls(body: Json) -> dict[str, int]:
    """Return how often the provider ran each of its own tools, by the tool's name.

    Of the actions of a web search only `search` is billed, and not the pages that are opened:
    https://developers.openai.com/api/docs/guides/tools-web-search. Tools of the caller and of MCP
    servers have no fee.
    """
    items = [item for item in objects(body.get("output")) if str(item.get("type")) in HOSTED]
    if not items:
        return {}
    counts = Counter(HOSTED[item["type"]] for item in items if _is_billed(item))
    if counts["web_search"] and searches_dearly(body):
        counts["web_search_preview"] = counts.pop("web_search")
    return {name: times for name, times in counts.items() if times}


def _is_billed(item: Json) -> bool:
    action = mapping(item.get("action")).get("type", "search")
    return item.get("status") != "failed" and (
        action == "search" or item["type"] != "web_search_call"
    )


def last_metadata(body: Json, usage: Json, logprobs: list[Any], *, called: bool) -> Json:
    """Return how a response ended and what it cost: the metadata of the last chunk."""
    metadata = {name: body[name] for name in KEPT if body.get(name) is not None}
    if reason := _finish_reason(body, called=called):
        metadata["finish_reason"] = reason
    if logprobs:
        metadata["logprobs"] = {"content": logprobs}
    if usage:
        metadata["token_usage"] = usage  # as it came
        metadata |= {name: usage[name] for name in BILLED if usage.get(name) is not None}
    if (cost := stated_cost(usage)) is not None:
        metadata["provider_cost_usd"] = cost
    if tools := hosted_calls(body):
        metadata["hosted_tools"] = tools
    return metadata


def _finish_reason(body: Json, *, called: bool) -> str:
    """Return the reason in the words of Chat Completions, which callers of any wire look for."""
    match body.get("status"):
        case "completed":
            return "tool_calls" if called else "stop"
        case "incomplete":
            reason = mapping(body.get("incomplete_details")).get("reason")
            return CUT.get(reason, reason) if isinstance(reason, str) else ""
    return ""
