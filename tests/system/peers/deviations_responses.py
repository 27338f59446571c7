"""Where our message of the Responses API differs from ChatOpenAI's, and why ours is right."""

from __future__ import annotations

from typing import Any

from tests.system.peers.deviations import Deviation, anywhere, has, ours_only
from tests.system.peers.records import Record

RESPONSES = "responses"
"""The provider's name of all these rows: the recordings come from many."""

NOT_KEPT = frozenset({"program", "program_output", "shell_call", "local_shell_call"})
NOT_KEPT |= {"x_search_call"}
"""Items that ChatOpenAI does not keep."""


def _kinds(record: Record) -> set[str]:
    """Return the types of items and parts; a schema may have a property of the name `type`."""
    return {kind for kind in anywhere(record.bodies, "type") if isinstance(kind, str)}


def _is_open(record: Record) -> bool:
    return "reasoning_text" in _kinds(record)


def _ids(record: Record) -> list[set[str]]:
    """Return the ids of the items as they begin, and as their later events name them."""
    begun = {
        event["item"].get("id")
        for event in record.bodies
        if event.get("type") == "response.output_item.added"
    }
    return [begun, {event["item_id"] for event in record.bodies if "item_id" in event}]


def _ids_change(record: Record) -> bool:
    begun, named = _ids(record)
    return record.streamed and not named <= begun


def _interleaved(record: Record) -> bool:
    """Return whether an item begins before the previous item has ended."""
    kinds = [
        str(event.get("type")).removeprefix("response.output_item.") for event in record.bodies
    ]
    marks = [kind for kind in kinds if kind in ("added", "done")]
    return "added added" in " ".join(marks)


def _pieces_are_missing(record: Record) -> bool:
    fields = {"response.output_text.delta": "delta", "response.output_text.done": "text"}
    texts = dict.fromkeys(fields.values(), "")
    for event in record.bodies:
        if name := fields.get(str(event.get("type"))):
            texts[name] += event[name]
    return texts["delta"] != texts["text"]


def _ends_are_missing(record: Record) -> bool:
    kinds = [event.get("type") for event in record.bodies]
    count = {name: kinds.count(f"response.output_item.{name}") for name in ("added", "done")}
    return count["added"] > count["done"] > 0


def _writes_in_a_tier(record: Record) -> bool:
    tiers = {tier for tier in anywhere(record.bodies, "service_tier") if isinstance(tier, str)}
    return bool(tiers & {"flex", "priority"}) and any(anywhere(record.bodies, "cache_write_tokens"))


def _are_side_by_side(record: Record) -> bool:
    mixed = record.streamed and _interleaved(record)
    return mixed and not _ids_change(record) and not _ends_are_missing(record)


def _has_two_encrypted(record: Record) -> bool:
    items = [each["item"] for each in record.bodies if each.get("type", "").endswith("item.done")]
    encrypted = [item for item in items if item["type"] == "reasoning" and _encrypted(item)]
    return record.streamed and len(encrypted) > 1


def _encrypted(reasoning: Any) -> str:
    """Return the encrypted texts in a value, in their order."""
    return "".join(each or "" for each in anywhere(reasoning, "encrypted_content"))


def _is_first(ours: str, joined: str) -> bool:
    """Return whether our text is the first of those that ChatOpenAI has joined."""
    return ours not in ("", joined) and joined.startswith(ours)


def unnumbered(value: Any) -> Any:
    """Return a value without the numbers of blocks."""
    if isinstance(value, list):
        return [unnumbered(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: unnumbered(each) for name, each in value.items() if name != "index"}


TABLE = [
    Deviation(
        RESPONSES,
        "reasoning that is not a summary, in a stream",
        frozenset({"blocks.reasoning", "kwargs.reasoning"}),
        lambda record: record.streamed and _is_open(record),
        "ChatOpenAI reads summaries only, and loses what DeepSeek, xAI and vLLM send.",
        lambda difference: "reasoning_text" in str(difference.ours),
    ),
    Deviation(
        RESPONSES,
        "fields of reasoning that come with its end",
        frozenset({"blocks.reasoning", "kwargs.reasoning"}),
        lambda record: record.streamed and has("format")(record),
        "OpenRouter names the format of encrypted reasoning there, and needs it back.",
        lambda difference: "'format'" in str(difference.ours) and not _is_open(difference.record),
    ),
    Deviation(
        RESPONSES,
        "reasoning that is not a summary, in standard blocks",
        frozenset({"reasonings"}),
        _is_open,
        "LangChain leaves the text of open reasoning in `extras`; ours is where readers look.",
        lambda difference: "".join(difference.official or ()) == "",
    ),
    Deviation(
        RESPONSES,
        "items that are not kept",
        frozenset({"blocks", "blocks.non_standard", "call_ids"}),
        lambda record: not NOT_KEPT.isdisjoint(_kinds(record)),
        "ChatOpenAI drops them; the provider needs them back in the next request.",
    ),
    Deviation(
        RESPONSES,
        "images as far as they are drawn",
        frozenset({"blocks", "blocks.non_standard"}),
        lambda record: record.streamed and any(anywhere(record.bodies, "partial_image_b64")),
        "ChatOpenAI drops them, though they are sent only to requests with `partial_images`.",
    ),
    Deviation(
        RESPONSES,
        "the words of a refusal in a stream carry the id of their message",
        frozenset({"call_ids"}),
        lambda record: record.streamed and has("refusal")(record),
        "ChatOpenAI leaves it out; other texts of a message have it.",
        ours_only,
    ),
    Deviation(
        RESPONSES,
        "ids that change with every event",
        frozenset({"call_ids", "reasonings", "blocks"}),
        _ids_change,
        "Copilot makes up a new id for each event; items are told apart by their place.",
    ),
    Deviation(
        RESPONSES,
        "items side by side",
        frozenset({"reasonings", "texts", "call_ids", "blocks"}),
        _are_side_by_side,
        "An item that goes on after another has begun becomes two blocks in ChatOpenAI.",
        lambda difference: len(difference.official or ()) > len(difference.ours or ()),
    ),
    Deviation(
        RESPONSES,
        "texts whose pieces did not come",
        frozenset({"text", "texts"}),
        lambda record: record.streamed and _pieces_are_missing(record),
        "The end of a text holds all of it; ChatOpenAI reads pieces only.",
        lambda difference: len(str(difference.ours)) > len(str(difference.official)),
    ),
    Deviation(
        RESPONSES,
        "items whose end did not come",
        frozenset(
            {"blocks", "blocks.server_tool_call", "blocks.server_tool_result", "call_ids"}
            | {"kwargs.tool_outputs"}
        ),
        lambda record: record.streamed and _ends_are_missing(record),
        "The end of the response holds them; ChatOpenAI drops them.",
    ),
    Deviation(
        RESPONSES,
        "tokens of a tier, with writes to the cache",
        frozenset({"usage.input_token_details.flex", "usage.input_token_details.priority"}),
        _writes_in_a_tier,
        "The tokens of no other kind are those that are neither read from the cache nor written "
        "to it; ChatOpenAI counts the written ones twice.",
        lambda difference: (difference.official or 0) > (difference.ours or 0),
    ),
    Deviation(
        RESPONSES,
        "a last event without the empty line after it",
        frozenset(
            {
                "usage.input_tokens",
                "usage.output_tokens",
                "usage.total_tokens",
                "usage.input_token_details.cache_read",
                "usage.output_token_details.reasoning",
            }
        ),
        lambda record: record.streamed and not record.text.endswith("\n\n"),
        "OpenAI's own package drops it, and with it the tokens.",
        ours_only,
    ),
    Deviation(
        RESPONSES,
        "encrypted reasoning of several items in version 0",
        frozenset({"blocks.reasoning", "kwargs.reasoning"}),
        _has_two_encrypted,
        "ChatOpenAI joins the encrypted texts of all items; the API refuses the result.",
        lambda difference: _is_first(_encrypted(difference.ours), _encrypted(difference.official)),
    ),
    Deviation(
        RESPONSES,
        "numbers of blocks in fields beside the content",
        frozenset({"kwargs.tool_outputs"}),
        lambda record: _are_side_by_side(record) and "web_search_call" in _kinds(record),
        "They tell items apart while a stream is merged; only their order has a meaning.",
        lambda difference: unnumbered(difference.ours) == unnumbered(difference.official),
    ),
    Deviation(
        RESPONSES,
        "a negative number of tokens",
        frozenset(
            {
                "usage.output_tokens",
                "usage.total_tokens",
                "usage.output_token_details.reasoning",
            }
        ),
        lambda record: '"output_tokens": -' in record.text,
        "OpenAI counted -9 tokens of an answer that was cut, and none of its prompt: none of these "
        "counts is taken for one.",
        lambda difference: difference.ours is None,
    ),
    Deviation(
        RESPONSES,
        "a model that is not there",
        frozenset({"error"}),
        lambda record: "model_not_found" in record.text or "Model not found" in record.text,
        "OpenAI and xAI say so with a 400; LangChain has a class for it, and ours is of both.",
        lambda difference: difference.ours == "ModelNotFoundError",
    ),
    Deviation(
        RESPONSES,
        "a key that is refused with a 400",
        frozenset({"error"}),
        lambda record: "Incorrect API key" in record.text and record.status == 400,
        "xAI says so with a 400; LangChain has a class for it, and ours is of both.",
        lambda difference: difference.ours == "ModelAuthenticationError",
    ),
]
"""The rows; each names a cause that can be read from the recording."""

ADDS = frozenset(
    {
        "reasoning that is not a summary, in a stream",
        "reasoning that is not a summary, in standard blocks",
        "items that are not kept",
        "images as far as they are drawn",
        "the words of a refusal in a stream carry the id of their message",
        "items whose end did not come",
        "a last event without the empty line after it",
        "a model that is not there",
        "a key that is refused with a 400",
    }
)
"""Rows in which our message has all that ChatOpenAI's has, unchanged, and more."""

V1_ONLY = frozenset({"reasoning that is not a summary, in standard blocks"})
"""Rows that explain differences with `output_version="v1"` alone."""

V0_ONLY = frozenset(
    {
        "encrypted reasoning of several items in version 0",
        "numbers of blocks in fields beside the content",
    }
)
"""Rows that explain differences with `output_version="v0"` alone."""

NOT_IN_V0 = frozenset(
    {
        "the words of a refusal in a stream carry the id of their message",
        "ids that change with every event",
    }
)
"""Rows whose fields version 0 does not have."""
