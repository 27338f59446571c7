"""A call of another LangChain model before its start, with its highest cost, for budgets."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from scout_adapters._internal.json_values import Json, objects, positive_limit
from scout_adapters.callbacks.open_calls import OtherModelCall
from scout_adapters.llm.engine.cost_bound import (
    HIDDEN_TOKENS,
    UNBOUNDED_TOKENS,
    CostBound,
    cost_bound_at,
    message_bytes,
)
from scout_adapters.llm.profiles.limits import DEAR_IMAGE, limits_of, limits_without_card
from scout_adapters.llm.providers import registry

MAX_WAIT = 30.0
"""Seconds that a budget may wait for its store before a call of another model."""


@dataclass(frozen=True, slots=True)
class OtherModelProposal:
    """A call of another model before its start, in the form that budgets check."""

    call: OtherModelCall

    @property
    def number(self) -> int:
        """Always 1: attempts inside another model are not reported."""
        return 1

    @property
    def patience(self) -> float:
        """Seconds that the call may wait; always `MAX_WAIT`."""
        return MAX_WAIT

    @property
    def about(self) -> Json:
        """`provider`, `model` and `key_id`, which is None: LangChain does not report the key."""
        return {"provider": self.call.provider, "model": self.call.model, "key_id": None}

    @property
    def limits_answer(self) -> bool:
        """Whether the call limits its answer."""
        return _max_tokens(self.call) is not None

    def cost_bound(self, answer_tokens: int | None = None) -> CostBound:
        """Return the highest cost of the call, by what LangChain reports at its start.

        `answer_tokens` is the length assumed for an answer without `max_tokens`.
        """
        return _cost_bound_of(self.call, answer_tokens)


def _cost_bound_of(call: OtherModelCall, answer_tokens: int | None) -> CostBound:
    own = registry.find_by_name(call.provider)
    spec = registry.spec(own) if own else None
    name = spec.name if spec else call.provider
    limits = limits_of(spec, call.model) if spec else limits_without_card(name, call.model)
    input_tokens = HIDDEN_TOKENS + _input_bound(call)
    if limits.window is not None:
        if limits.system or _reads_more(call):
            input_tokens = limits.window * limits.window_reads
        elif input_tokens > limits.window:
            input_tokens = limits.window
    output_tokens = _max_tokens(call) or answer_tokens or limits.answer
    return cost_bound_at(
        name,
        call.model,
        input_tokens=input_tokens,
        output_tokens=output_tokens and output_tokens * _answer_count(call),
        prices=spec.prices if spec else "",
    )


MAX_TOKENS_NAMES = ("max_tokens", "max_completion_tokens", "max_output_tokens")
"""Names of the answer's token limit in `invocation_params`."""


ANSWER_COUNT_NAMES = ("n", "candidate_count")
OWN_TOOLS = frozenset({"function", "custom", "input_schema", "function_declarations"})
"""Values of `type`, or dict keys, of tools that the caller runs."""


def _max_tokens(call: OtherModelCall) -> int | None:
    return positive_limit(call.max_tokens, *map(call.options.get, MAX_TOKENS_NAMES))


def _answer_count(call: OtherModelCall) -> int:
    return positive_limit(*map(call.options.get, ANSWER_COUNT_NAMES)) or 1


def _reads_more(call: OtherModelCall) -> bool:
    """Return whether the provider runs a tool, which may read more than the request contains."""
    tools = objects(call.options.get("tools"))
    return any(tool.get("type") not in OWN_TOOLS and not OWN_TOOLS & tool.keys() for tool in tools)


def _input_bound(call: OtherModelCall) -> int:
    """Return the most tokens of a call's input: one per byte of text and tools, and its media."""
    listed = (each.content for each in call.messages if isinstance(each.content, list))
    blocks = (block for content in listed for block in content if isinstance(block, dict))
    kinds = [str(block.get("type")) for block in blocks]
    images = sum(kind.startswith("image") for kind in kinds)
    others = sum(kind not in TEXT_BLOCKS and not kind.startswith("image") for kind in kinds)
    tools = call.options.get("tools") or call.options.get("functions")
    tool_bytes: int = len(orjson.dumps(tools, default=str)) if tools else 0
    calls = (each for message in call.messages for each in getattr(message, "tool_calls", ()))
    call_bytes = sum(len(str(each)) for each in calls)
    return (
        message_bytes(call.messages)
        + call_bytes
        + tool_bytes
        + images * DEAR_IMAGE
        + others * UNBOUNDED_TOKENS
    )


TEXT_BLOCKS = frozenset({"text", "thinking", "reasoning", "tool_use", "tool_call", "tool_result"})
