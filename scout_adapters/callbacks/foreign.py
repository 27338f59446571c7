"""What LangChain tells of calls of models that are not ours, as the records that ours write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata

from scout_adapters.callbacks.runs import ForeignCall
from scout_adapters.llm.estimating import estimated_usage, said_size, tokens_of
from scout_adapters.llm.failures.foreign import foreign
from scout_adapters.llm.pricing import UNKNOWN, Cost, cost_of
from scout_adapters.llm.record import AttemptRecord

UNNAMED = "unknown"


def answered(call: ForeignCall | None, answer: AIMessage, outcome: str = "ok") -> AttemptRecord:
    """Make the record of an answer, or of the part of one that came before `outcome`."""
    metadata = answer.response_metadata
    if scout := metadata.get("scout"):
        return _of_ours(scout, answer.usage_metadata, outcome)
    provider = metadata.get("model_provider") or (call.provider if call else UNNAMED)
    model = metadata.get("model_name") or (call.model if call else UNNAMED)
    usage, whole = answer.usage_metadata, outcome == "ok"
    if usage is None and call is not None and not whole:
        usage = estimated_usage(_asked(call.messages), tokens_of(said_size([answer])))
    cost = UNKNOWN if model == UNNAMED else cost_of(provider, model, usage, told=metadata)
    return _record(
        provider, model, outcome, cost, usage, billed="yes", estimated=None if whole else True
    )


def failed(call: ForeignCall, outcome: str, error: BaseException | None = None) -> AttemptRecord:
    """Make the record of a call of which no answer has come."""
    billed = foreign(call.provider, error).conduct.billed if isinstance(error, Exception) else None
    return _record(call.provider, call.model, outcome, UNKNOWN, None, billed=billed or "unknown")


def _of_ours(scout: Mapping[str, Any], usage: UsageMetadata | None, outcome: str) -> AttemptRecord:
    cost = Cost(scout.get("cost_usd"), scout.get("cost_source"), scout.get("priced_by"))
    provider, model = scout["provider"], scout["model"]
    return _record(provider, model, outcome, cost, usage, billed="yes", key_id=scout.get("key_id"))


def _record(
    provider: str,
    model: str,
    outcome: str,
    cost: Cost,
    usage: UsageMetadata | None,
    **known: Any,
) -> AttemptRecord:
    return AttemptRecord(
        number=1,
        provider=provider,
        model=model,
        outcome=outcome,
        cost_usd=cost.usd,
        cost_source=cost.source,
        priced_by=cost.priced_by,
        price=cost.price,
        input_tokens=usage["input_tokens"] if usage else None,
        output_tokens=usage["output_tokens"] if usage else None,
        **known,
    )


def _asked(messages: Sequence[BaseMessage]) -> int:
    return tokens_of(sum(len(message.text) for message in messages))
