"""Convert calls of other LangChain models to attempt records, as those of our own models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata

from scout_adapters.callbacks.open_calls import OtherModelCall
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.llm.pricing.price_list import NO_METADATA, is_cost
from scout_adapters.llm.pricing.rates import counts_of, is_usable
from scout_adapters.llm.pricing.record_costs import bill, token_fields
from scout_adapters.llm.pricing.token_estimates import (
    answer_characters,
    estimated_usage,
    tokens_of_size,
)

UNNAMED = "unknown"


def record_of_answer(
    call: OtherModelCall | None, answer: AIMessage, outcome: str = "ok"
) -> AttemptRecord:
    """Return the record of an answer, or of the part that arrived before a failure.

    `outcome` is "ok" or the failure. Tokens are estimated if the answer states none or is a part.
    """
    metadata = answer.response_metadata
    if scout := metadata.get("scout"):
        return _record_of_own(scout, answer.usage_metadata, outcome)
    provider = metadata.get("model_provider") or (call.provider if call else UNNAMED)
    model = metadata.get("model_name") or (call.model if call else UNNAMED)
    usage = answer.usage_metadata if is_usable(answer.usage_metadata) else None
    estimated = outcome != "ok" or (usage is None and call is not None)
    if usage is None and call is not None:
        output_tokens = tokens_of_size(answer_characters([answer]))
        usage = estimated_usage(_message_tokens(call.messages), output_tokens)
    can_price = usage is not None and model != UNNAMED
    fields = bill(provider, model, usage, metadata) if can_price else {}
    return _record(provider, model, outcome, billed="yes", estimated=estimated or None, **fields)


def record_of_failure(
    call: OtherModelCall, error: BaseException, answers: Sequence[AIMessage]
) -> AttemptRecord:
    """Return the record of a failed call; `answers`: the part of a stream before the failure."""
    outcome = type(error).__name__
    for answer in answers:
        if has_usage(answer) or answer.content:
            return record_of_answer(call, answer, outcome)
    billed = None
    if isinstance(error, Exception):
        from scout_adapters.llm.failures.foreign_errors import error_from_foreign  # noqa: PLC0415  # first failure

        billed = error_from_foreign(call.provider, error).policy.billed
    return record_without_answer(call, outcome, billed or "unknown")


def record_without_answer(
    call: OtherModelCall, outcome: str, billed: str = "unknown"
) -> AttemptRecord:
    """Return the record of a call without an answer; `outcome` names what ended it."""
    return _record(call.provider, call.model, outcome, billed=billed)


def has_usage(answer: AIMessage) -> bool:
    """Return whether an answer states its tokens or its cost."""
    return answer.usage_metadata is not None or "scout" in answer.response_metadata


def _record_of_own(
    scout: Mapping[str, Any], usage: UsageMetadata | None, outcome: str
) -> AttemptRecord:
    """Return the record of an answer of our own models, from a cache or another process."""
    fields = {name: scout.get(name) for name in ("key_id", "cost_usd", "cost_source", "priced_by")}
    if not is_cost(fields["cost_usd"]):
        fields["cost_usd"] = None
    if usage is not None and is_usable(usage):
        fields |= token_fields(counts_of(usage, NO_METADATA))
    return _record(scout["provider"], scout["model"], outcome, billed="yes", **fields)


def _record(provider: str, model: str, outcome: str, **fields: Any) -> AttemptRecord:
    return AttemptRecord(number=1, provider=provider, model=model, outcome=outcome, **fields)


def _message_tokens(messages: Sequence[BaseMessage]) -> int:
    return tokens_of_size(sum(len(message.text) for message in messages))
