"""What LangChain tells of calls of models that are not ours, as the records that ours write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json
from scout_adapters.callbacks.run_handler import OtherModelCall
from scout_adapters.llm.engine.cost_bound import (
    HIDDEN_TOKENS,
    UNBOUNDED_TOKENS,
    CostBound,
    cost_bound_at,
    message_bytes,
)
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.llm.failures.foreign_errors import error_from_foreign
from scout_adapters.llm.pricing.bill import bill, token_fields
from scout_adapters.llm.pricing.price_list import NO_METADATA
from scout_adapters.llm.pricing.rates import counts_of
from scout_adapters.llm.pricing.token_estimates import (
    answer_bytes,
    estimated_usage,
    tokens_in_bytes,
)
from scout_adapters.llm.profiles.limits import DEAR_IMAGE, limits_of, limits_without_card
from scout_adapters.llm.providers import registry

UNNAMED = "unknown"


def record_of_answer(
    call: OtherModelCall | None, answer: AIMessage, outcome: str = "ok"
) -> AttemptRecord:
    """Make the record of an answer, or of the part of one that came before `outcome`."""
    metadata = answer.response_metadata
    if scout := metadata.get("scout"):
        return _of_ours(scout, answer.usage_metadata, outcome)
    provider = metadata.get("model_provider") or (call.provider if call else UNNAMED)
    model = metadata.get("model_name") or (call.model if call else UNNAMED)
    usage = answer.usage_metadata
    guessed = outcome != "ok" or (usage is None and call is not None)
    if usage is None and call is not None:
        usage = estimated_usage(_asked(call.messages), tokens_in_bytes(answer_bytes([answer])))
    known = usage is not None and model != UNNAMED
    billed = bill(provider, model, usage, metadata) if known else {}
    return _record(provider, model, outcome, billed="yes", estimated=guessed or None, **billed)


def record_of_failure(
    call: OtherModelCall, outcome: str, error: BaseException | None = None
) -> AttemptRecord:
    """Make the record of a call of which no answer has come."""
    billed = (
        error_from_foreign(call.provider, error).policy.billed
        if isinstance(error, Exception)
        else None
    )
    return _record(call.provider, call.model, outcome, billed=billed or "unknown")


@dataclass(frozen=True, slots=True)
class OtherModelProposal:
    """A call that is about to be made, as a budget is asked for it."""

    call: OtherModelCall

    @property
    def number(self) -> int:
        """Of a call that is not ours only one attempt is heard."""
        return 1

    @property
    def about(self) -> Json:
        """Say who is asked; which key, its model does not tell."""
        return {"provider": self.call.provider, "model": self.call.model, "key_id": None}

    def cost_bound(self, answer_tokens: int | None = None) -> CostBound:
        """Return the most that it can cost, as far as what LangChain tells of it says."""
        return _cost_bound_of(self.call, answer_tokens)


def _cost_bound_of(call: OtherModelCall, answer_tokens: int | None) -> CostBound:
    spec = next((one for one in registry.specs() if call.provider in (one.name, one.maker)), None)
    name = spec.name if spec else call.provider
    limits = limits_of(spec, call.model) if spec else limits_without_card(name, call.model)
    given = HIDDEN_TOKENS + _asked_bytes(call)
    named = (call.options[name] for name in LIMITS if call.options.get(name))
    stated: int | None = call.max_tokens or next(named, None)
    return cost_bound_at(
        name,
        call.model,
        input_tokens=given if limits.window is None else min(given, limits.window),
        output_tokens=stated or answer_tokens or limits.answer,
        prices=spec.prices if spec else "",
    )


LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
"""What `invocation_params` call the most tokens of an answer."""


def _of_ours(scout: Mapping[str, Any], usage: UsageMetadata | None, outcome: str) -> AttemptRecord:
    known = {name: scout.get(name) for name in ("key_id", "cost_usd", "cost_source", "priced_by")}
    if usage is not None:
        known |= token_fields(counts_of(usage, NO_METADATA))
    return _record(scout["provider"], scout["model"], outcome, billed="yes", **known)


def _record(provider: str, model: str, outcome: str, **known: Any) -> AttemptRecord:
    return AttemptRecord(number=1, provider=provider, model=model, outcome=outcome, **known)


def _asked_bytes(call: OtherModelCall) -> int:
    """Return the bytes of a call's messages and tools; pictures and files in tokens."""
    listed = (each.content for each in call.messages if isinstance(each.content, list))
    blocks = (block for content in listed for block in content if isinstance(block, dict))
    kinds = [str(block.get("type")) for block in blocks]
    pictures = sum(kind.startswith("image") for kind in kinds)
    others = sum(kind not in TEXTUAL and not kind.startswith("image") for kind in kinds)
    tools = call.options.get("tools") or call.options.get("functions")
    tool_bytes: int = len(orjson.dumps(tools, default=str)) if tools else 0
    calls = (each for message in call.messages for each in getattr(message, "tool_calls", ()))
    call_bytes = sum(len(str(each)) for each in calls)
    return (
        message_bytes(call.messages)
        + call_bytes
        + tool_bytes
        + pictures * DEAR_IMAGE
        + others * UNBOUNDED_TOKENS
    )


TEXTUAL = frozenset({"text", "thinking", "reasoning", "tool_use", "tool_call", "tool_result"})


def _asked(messages: Sequence[BaseMessage]) -> int:
    return tokens_in_bytes(sum(len(message.text) for message in messages))
