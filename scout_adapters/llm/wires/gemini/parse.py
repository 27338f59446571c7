"""An answer of Gemini, read into a message as langchain-google-genai writes it.

https://ai.google.dev/api/generate-content#response-body
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json, count, mapping, objects
from scout_adapters.errors import ProviderRefusal, malformed
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.gemini.content import SIGNATURES
from scout_adapters.llm.wires.gemini.parse_parts import FunctionCall, PartReader, wav_file
from scout_adapters.llm.wires.parsing import tool_call, usage_metadata

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
"""What a candidate says about itself, and what `response_metadata` calls it."""

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
"""By number, where a proxy asks for enums as numbers (`$alt=json;enum-encoding=int`)."""

SOURCES = ("web", "maps")
LISTS = ("grounding_chunks", "grounding_supports", "web_search_queries", "image_search_queries")
"""Fields of the grounding metadata that langchain-core walks through."""

CAPITAL = re.compile(r"(?<=[a-z0-9])[A-Z]")
DEEPEST = 32


def parse_response(body: Any, spec: ProviderSpec) -> AIMessage:
    """Read a whole answer; raises `ProviderRefusal` and `MalformedResponse`.

    A blocked prompt is a message without content that says why in `response_metadata`.
    """
    body = check_answer(body)
    candidate = first_candidate(body)
    if not candidate and not mapping(body.get("promptFeedback")):
        raise malformed("neither candidates nor promptFeedback in the answer")
    parts = PartReader(seed=id_seed(body))
    read = list(parts.read(parts_in(candidate)))
    calls = [piece for piece in read if isinstance(piece, FunctionCall)]
    if (unfinished := parts.unfinished()) is not None:
        calls.append(unfinished)
    made = [tool_call(call.name, call.args, call.id) for call in calls]
    return AIMessage(
        content=message_content([piece for piece in read if not isinstance(piece, FunctionCall)]),
        additional_kwargs=call_signatures(calls) | audio_fields(parts),
        tool_calls=[call for call in made if call["type"] == "tool_call"],
        invalid_tool_calls=[call for call in made if call["type"] == "invalid_tool_call"],
        usage_metadata=usage_of(body.get("usageMetadata")),
        response_metadata=name_metadata(body, spec) | end_metadata(body, candidate),
        id=response_id(body),
    )


def check_answer(answer: Any) -> Json:
    """Return an answer or an event; raise the error that stands in its place."""
    for item in answer if isinstance(answer, list) else [answer]:
        if isinstance(item, dict) and item.get("error"):
            raise ProviderRefusal(item)
    if not isinstance(answer, dict):
        raise malformed(f"expected a JSON object, found a {type(answer).__name__}")
    return answer


def first_candidate(answer: Json) -> Json:
    """Return the first choice, empty if there is none. Its index, 0, is often not sent."""
    candidates = objects(answer.get("candidates"))
    return next((each for each in candidates if not each.get("index")), {})


def parts_in(candidate: Json) -> list[Json]:
    """Return the parts of a candidate; a blocked one has none."""
    return objects(mapping(candidate.get("content")).get("parts"))


def id_seed(answer: Json) -> str:
    """Return what sets this answer apart from the others of its conversation."""
    counts = mapping(answer.get("usageMetadata"))
    sizes = (count(counts.get(name)) for name in ("promptTokenCount", "totalTokenCount"))
    return response_id(answer) or "/".join(map(str, sizes))


def response_id(answer: Json) -> str | None:
    """Return the id that Google gave the answer."""
    found = answer.get("responseId")
    return found if isinstance(found, str) and found else None


def name_metadata(answer: Json, spec: ProviderSpec) -> Json:
    """Say who made the answer."""
    model = answer.get("modelVersion")
    known: Json = {"model_provider": spec.maker}
    return known | ({"model_name": model} if isinstance(model, str) and model else {})


def message_content(blocks: list[Json]) -> Any:
    """Return plain text where there is nothing but that.

    Line breaks at the end of it are taken off, as langchain-google-genai does; it does so within
    the text too, where they part paragraphs, and that is not followed.
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
    """Tell whether a block is text, and nothing else."""
    return block["type"] == "text" and "extras" not in block


def call_signatures(calls: list[FunctionCall]) -> Json:
    """Return the signatures of calls, where LangChain keeps them beside the content."""
    signed = {call.id: call.signature for call in calls if call.signature}
    return {SIGNATURES: signed} if signed else {}


def audio_fields(parts: PartReader) -> Json:
    """Return the sound of an answer, where LangChain keeps it beside the content."""
    if not parts.audio:
        return {}
    heard = b"".join(parts.audio)
    return {"audio": wav_file(heard, parts.audio_rate) if parts.audio_rate else heard}


def end_metadata(answer: Json, candidate: Json) -> Json:
    """Read why the answer ended and what is known about it; nothing that was not said."""
    known: Json = {}
    for name, value in candidate.items():
        if value and (ours := ENDINGS.get(name)):
            known[ours] = snake_case(value)
    if (reason := _finish(known.pop("finish_reason", None))) is not None:
        known["finish_reason"] = reason
    if isinstance(ground := known.pop("grounding_metadata", None), dict):
        known["grounding_metadata"] = _grounding(ground)
    if feedback := mapping(answer.get("promptFeedback")):
        known["prompt_feedback"] = snake_case(feedback)
        if isinstance(blocked := feedback.get("blockReason"), str | int) and blocked:
            known["block_reason"] = str(blocked)
    counts = mapping(answer.get("usageMetadata"))
    for name, ours in (("serviceTier", "service_tier"), ("trafficType", "traffic_type")):
        if isinstance(tier := counts.get(name), str):
            known[ours] = tier
    return known


def _finish(reason: Any) -> str | None:
    """Return Gemini's own word."""
    if isinstance(reason, int):
        return FINISH_REASONS[reason] if 0 < reason < len(FINISH_REASONS) else str(reason)
    return reason if isinstance(reason, str) else None


def _grounding(told: Json) -> Json:
    """Keep langchain-core's translator from stumbling over what Google left out."""
    lists = {name: told[name] if isinstance(told.get(name), list) else [] for name in LISTS}
    lists["grounding_chunks"] = [
        _only(each, SOURCES) for each in objects(lists["grounding_chunks"])
    ]
    lists["grounding_supports"] = [_support(each) for each in objects(lists["grounding_supports"])]
    return told | lists


def _support(told: Json) -> Json:
    """Keep of the indices what may be one."""
    given = told.get("grounding_chunk_indices")
    listed = given if isinstance(given, list) else []
    indices = [each for each in listed if isinstance(each, int) and each >= 0]
    known = {} if given is None else {"grounding_chunk_indices": indices}
    return _only(told, ("segment",)) | known


def _only(told: Json, names: Container[str]) -> Json:
    """Leave out those of the fields that should be objects and are none."""
    return {
        name: each for name, each in told.items() if name not in names or isinstance(each, dict)
    }


def snake_case(value: Any, depth: int = 0) -> Any:
    """Spell the fields of an object as Python does; nulls are left out."""
    if isinstance(value, dict) and depth < DEEPEST:
        return {
            CAPITAL.sub(lambda found: f"_{found[0]}", name).lower(): snake_case(each, depth + 1)
            for name, each in value.items()
            if each is not None
        }
    if isinstance(value, list) and depth < DEEPEST:
        return [snake_case(each, depth + 1) for each in value]
    return value


def usage_of(told: Any) -> UsageMetadata | None:
    """Read the counts; thoughts are output, and what tools put into the prompt is input.

    https://ai.google.dev/api/generate-content#UsageMetadata
    """
    counts = mapping(told)
    taken = count(counts.get("promptTokenCount")) + count(counts.get("toolUsePromptTokenCount"))
    given = count(counts.get("candidatesTokenCount")) + count(counts.get("thoughtsTokenCount"))
    total = count(counts.get("totalTokenCount"))
    if not (taken or given or total):
        return None
    return usage_metadata(
        taken,
        given,
        inputs={
            "audio": _heard(counts.get("promptTokensDetails")),
            "cache_read": _told(counts, "cachedContentTokenCount"),
        },
        outputs={
            "audio": _heard(counts.get("candidatesTokensDetails")),
            "reasoning": _told(counts, "thoughtsTokenCount"),
        },
        total_tokens=total or None,
    )


def _told(counts: Json, name: str) -> int | None:
    """Return a count, or None where it was not sent."""
    return None if counts.get(name) is None else count(counts[name])


def _heard(details: Any) -> int | None:
    """Return the tokens of sound among the counts by modality."""
    heard = [
        count(each.get("tokenCount"))
        for each in objects(details)
        if each.get("modality") == "AUDIO"
    ]
    return sum(heard) if heard else None
