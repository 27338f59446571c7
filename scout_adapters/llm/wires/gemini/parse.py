"""Parse a whole answer into a message of the form that langchain-google-genai gives it.

https://ai.google.dev/api/generate-content#response-body
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json, count, mapping, objects
from scout_adapters.errors import ProviderRefusal, malformed
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.gemini.content import SIGNATURES
from scout_adapters.llm.wires.gemini.parse_parts import FunctionCall, PartReader, wav_file
from scout_adapters.llm.wires.gemini.spelling import snake_case
from scout_adapters.llm.wires.gemini.usage import usage_of
from scout_adapters.llm.wires.parsing import (
    FAILED_ENDS,
    MAX_CALLS,
    check_blocks,
    is_bare_error,
    newer_usage,
    tool_call,
)

ENDINGS: Mapping[str, str] = {
    "finishReason": "finish_reason",
    "finishMessage": "finish_message",
    "safetyRatings": "safety_ratings",
    "groundingMetadata": "grounding_metadata",
    "citationMetadata": "citation_metadata",
    "urlContextMetadata": "url_context_metadata",
    "avgLogprobs": "avg_logprobs",
    "logprobsResult": "logprobs_result",
    "continuationToken": "continuation_token",
}
"""Fields of a candidate, and their names in `response_metadata`."""

FINISH_REASONS = (
    "FINISH_REASON_UNSPECIFIED",
    "STOP",
    "MAX_TOKENS",
    "SAFETY",
    "RECITATION",
    "OTHER",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "MALFORMED_FUNCTION_CALL",
    "IMAGE_SAFETY",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
)
"""Names by number: a proxy may request enums as numbers (`$alt=json;enum-encoding=int`)."""

ANSWER_FIELDS = frozenset({"candidates", "promptFeedback", "usageMetadata", "modelVersion"})
"""Fields of an answer or of an event, one of which each has."""

SOURCES = ("web", "maps")
LISTS = ("grounding_chunks", "grounding_supports", "web_search_queries", "image_search_queries")
"""Fields of the grounding metadata that langchain-core iterates over."""


def parse_response(body: Any, spec: ProviderSpec) -> AIMessage:
    """Parse a whole answer.

    A blocked prompt gives a message without content; its `response_metadata` has the reason.

    Raises:
        ProviderRefusal: The body is an error, although the status was 200.
        MalformedResponse: A documented field is missing or has another type.
    """
    body = raise_if_refused(body)
    candidate = first_candidate(body)
    if not _ends_or_has_content(candidate) and not mapping(body.get("promptFeedback")):
        raise malformed("neither candidates nor promptFeedback in the answer")
    parts = PartReader(seed=id_seed(body))
    check_blocks(len(parts_in(candidate)), MAX_CALLS)
    pieces = list(parts.read(parts_in(candidate)))
    if not pieces:
        raise_if_failed(candidate)
    calls = [piece for piece in pieces if isinstance(piece, FunctionCall)]
    if (unfinished := parts.unfinished()) is not None:
        calls.append(unfinished)
    tool_calls = [tool_call(call.name, call.args, call.id) for call in calls]
    blocks = [piece for piece in pieces if not isinstance(piece, FunctionCall)]
    return AIMessage(
        content=message_content(blocks),
        additional_kwargs=call_signatures(calls) | audio_fields(parts),
        tool_calls=[call for call in tool_calls if call["type"] == "tool_call"],
        invalid_tool_calls=[call for call in tool_calls if call["type"] == "invalid_tool_call"],
        usage_metadata=newer_usage(usage_of(body.get("usageMetadata")), None),
        response_metadata=first_metadata(body, spec.maker) | last_metadata(body, candidate),
        id=message_id(body),
    )


def raise_if_refused(answer: Any) -> Json:
    """Return a whole answer or an event; raise `ProviderRefusal` if it is an error."""
    for item in answer if isinstance(answer, list) else [answer]:
        if isinstance(item, dict) and item.get("error"):
            raise ProviderRefusal(item)
    if not isinstance(answer, dict):
        raise malformed(f"expected a JSON object, found a {type(answer).__name__}")
    if ANSWER_FIELDS.isdisjoint(answer) and is_bare_error(answer):
        raise ProviderRefusal(answer)
    return answer


def raise_if_failed(candidate: Json) -> None:
    """Raise `ProviderRefusal` if an answer without content ended with a failure."""
    if (reason := _finish_reason(candidate.get("finishReason"))) in FAILED_ENDS:
        message = candidate.get("finishMessage")
        raise ProviderRefusal({"error": {"code": reason, "message": message or reason}})


def first_candidate(answer: Json) -> Json:
    """Return the first candidate, empty if there is none. Its index, 0, is often not sent."""
    candidates = objects(answer.get("candidates"))
    return next((candidate for candidate in candidates if not candidate.get("index")), {})


def _ends_or_has_content(candidate: Json) -> bool:
    return bool(candidate.get("finishReason") or parts_in(candidate))


def parts_in(candidate: Json) -> list[Json]:
    """Return the parts of a candidate; a blocked candidate has none."""
    return objects(mapping(candidate.get("content")).get("parts"))


def id_seed(answer: Json) -> str:
    """Return a text that differs between the answers of a conversation."""
    counts = mapping(answer.get("usageMetadata"))
    sizes = (count(counts.get(name)) for name in ("promptTokenCount", "totalTokenCount"))
    return message_id(answer) or "/".join(map(str, sizes))


def message_id(answer: Json) -> str | None:
    """Return the answer's id; None if it has none."""
    response_id = answer.get("responseId")
    return response_id if isinstance(response_id, str) and response_id else None


def first_metadata(answer: Json, maker: str) -> Json:
    """Return the metadata that the first chunk of a stream has: provider and model."""
    model = answer.get("modelVersion")
    metadata: Json = {"model_provider": maker}
    return metadata | ({"model_name": model} if isinstance(model, str) and model else {})


def message_content(blocks: list[Json]) -> Any:
    """Return the content: a string if it is only text, otherwise the blocks.

    Line breaks at the end are removed, as in langchain-google-genai. That package also removes
    them at the end of each part, where they separate paragraphs; this function does not.
    """
    last = next((block for block in reversed(blocks) if block["type"] == "text"), None)
    if last is not None:
        last["text"] = last["text"].rstrip("\n")
        if not last["text"] and is_plain_text(last):
            blocks = [block for block in blocks if block is not last]
    if all(is_plain_text(block) for block in blocks):
        return "".join(block["text"] for block in blocks)
    return blocks


def is_plain_text(block: Json) -> bool:
    """Return whether a block is text without a signature."""
    return block["type"] == "text" and "extras" not in block


def call_signatures(calls: list[FunctionCall]) -> Json:
    """Return `additional_kwargs` with the signatures of calls by id."""
    signed = {call.id: call.signature for call in calls if call.signature}
    return {SIGNATURES: signed} if signed else {}


def audio_fields(parts: PartReader) -> Json:
    """Return `additional_kwargs` with the answer's audio."""
    if not parts.audio:
        return {}
    audio = b"".join(parts.audio)
    return {"audio": wav_file(audio, parts.audio_rate) if parts.audio_rate else audio}


def last_metadata(answer: Json, candidate: Json) -> Json:
    """Return the metadata that the last chunk of a stream has; absent fields are left out."""
    metadata: Json = {}
    for name, value in candidate.items():
        if value and (ours := ENDINGS.get(name)):
            metadata[ours] = snake_case(value)
    if (reason := _finish_reason(metadata.pop("finish_reason", None))) is not None:
        metadata["finish_reason"] = reason
    if isinstance(grounding := metadata.pop("grounding_metadata", None), dict):
        metadata["grounding_metadata"] = _grounding(grounding)
    if feedback := mapping(answer.get("promptFeedback")):
        metadata["prompt_feedback"] = snake_case(feedback)
        if isinstance(blocked := feedback.get("blockReason"), str | int) and blocked:
            metadata["block_reason"] = str(blocked)
    counts = mapping(answer.get("usageMetadata"))
    for name, ours in (("serviceTier", "service_tier"), ("trafficType", "traffic_type")):
        if isinstance(tier := counts.get(name), str):
            metadata[ours] = tier
    return metadata


def _finish_reason(reason: Any) -> str | None:
    """Return Gemini's name of a finish reason."""
    if isinstance(reason, int):
        return FINISH_REASONS[reason] if 0 < reason < len(FINISH_REASONS) else str(reason)
    return reason if isinstance(reason, str) else None


def _grounding(metadata: Json) -> Json:
    """Add the fields that langchain-core's translator requires, and drop malformed ones."""
    lists = {name: value if isinstance(value := metadata.get(name), list) else [] for name in LISTS}
    chunks, supports = objects(lists["grounding_chunks"]), objects(lists["grounding_supports"])
    lists["grounding_chunks"] = [_with_objects(chunk, SOURCES) for chunk in chunks]
    lists["grounding_supports"] = [_support(support) for support in supports]
    return metadata | lists


def _support(support: Json) -> Json:
    """Drop the indices that are not valid."""
    value = support.get("grounding_chunk_indices")
    items = value if isinstance(value, list) else []
    indices = [item for item in items if isinstance(item, int) and item >= 0]
    fields = {} if value is None else {"grounding_chunk_indices": indices}
    return _with_objects(support, ("segment",)) | fields


def _with_objects(fields: Json, names: Container[str]) -> Json:
    """Drop the fields among `names` whose value is not an object."""
    return {
        name: value
        for name, value in fields.items()
        if name not in names or isinstance(value, dict)
    }
