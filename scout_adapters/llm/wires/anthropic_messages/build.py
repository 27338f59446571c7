"""From a neutral request to the body of a POST.

https://platform.claude.com/docs/en/api/messages/create
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scout_adapters._internal.json_values import Json, count, mapping
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.anthropic_messages.claude_models import (
    UNKNOWN_MAX_TOKENS,
    claude,
    thinking,
)
from scout_adapters.llm.wires.anthropic_messages.content import plain_text
from scout_adapters.llm.wires.anthropic_messages.messages import (
    interrupts_thinking,
    render_messages,
)
from scout_adapters.llm.wires.anthropic_messages.schema import narrow_schema
from scout_adapters.llm.wires.anthropic_messages.tools import forces, render_tool, tool_choice
from scout_adapters.llm.wires.parsing import apply_card

NOT_IN_BODY = frozenset({"betas"})
"""What `extra` may hold for the headers."""

LEAST_TOP_P = 0.95
"""While the model thinks."""


def build_body(request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
    """Render the request into a JSON body; raises `UnsupportedContent`.

    `response_format` of type `json_object` adds nothing: the API knows schemas only.
    """
    known = claude(request.model)
    anywhere = known is not None and known.hears_system_anywhere
    dialogue = render_messages(turns, spec, system_anywhere=anywhere)
    extra = _extra(request)
    body: Json = {
        "model": request.model,
        "max_tokens": _max_tokens(request, extra),
        "messages": dialogue.messages,
    }
    if dialogue.system:
        body["system"] = plain_text(dialogue.system)
    _add_tools(body, request)
    _add_options(body, request)
    _add_reasoning(body, request, extra)
    if isinstance(extra.get("output_config"), Mapping):
        extra["output_config"] = {**body.get("output_config", {}), **extra["output_config"]}
    body |= extra
    _leave_out_what_excludes_itself(body)
    return apply_card(body, spec)


def _extra(request: ChatRequest) -> Json:
    """Return the caller's further fields, as far as they belong into the body."""
    return {
        name: value
        for name, value in request.extra.items()
        if value is not None and name not in NOT_IN_BODY
    }


def _max_tokens(request: ChatRequest, extra: Mapping[str, Any]) -> int:
    """Return the limit on all tokens written, thoughts included; the API insists on one."""
    if request.max_tokens is not None:
        return request.max_tokens
    known = claude(request.model)
    usual = known.max_tokens if known else UNKNOWN_MAX_TOKENS
    budget = count(mapping(extra.get("thinking")).get("budget_tokens"))
    return max(usual, budget + usual // 2) if budget else usual


def _add_tools(body: Json, request: ChatRequest) -> None:
    # Older documents say that a conversation with tool calls must come with tools; recorded
    # answers from Claude 3 to 4.6 show that it need not.
    if request.tools:
        body["tools"] = [render_tool(given) for given in request.tools]
    if choice := tool_choice(request):
        body["tool_choice"] = choice


def _add_options(body: Json, request: ChatRequest) -> None:
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if stop := [text for text in request.stop if text.strip()]:  # blank ones are refused
        body["stop_sequences"] = stop
    if request.stream:
        body["stream"] = True
    wanted = request.response_format or {}
    if schema := (wanted.get("json_schema") or {}).get("schema"):
        body["output_config"] = {"format": {"type": "json_schema", "schema": narrow_schema(schema)}}


def _add_reasoning(body: Json, request: ChatRequest, extra: Mapping[str, Any]) -> None:
    """Say the reasoning effort; `thinking` in `extra` is the caller's own word on it."""
    if request.reasoning_effort is None:
        return
    thought, effort = thinking(request.model, request.reasoning_effort, body["max_tokens"])
    if effort:
        body.setdefault("output_config", {})["effort"] = effort
    if thought is not None and "thinking" not in extra:
        body["thinking"] = thought


def _leave_out_what_excludes_itself(body: Json) -> None:
    """Drop what the API answers with a 400, given the model and whether it thinks.

    https://platform.claude.com/docs/en/build-with-claude/thinking#limits-and-feature-compatibility
    """
    known = claude(str(body["model"]))
    thought = mapping(body.get("thinking")).get("type")
    # A budget for thoughts and a forced tool exclude each other; the tool was asked for by name.
    forced = forces(body.get("tool_choice"))
    if thought == "enabled" and (forced or interrupts_thinking(body["messages"])):
        del body["thinking"]
        thought = None
    if known is None:
        return
    thinks = thought in {"enabled", "adaptive"}
    if (thinks and body.get("temperature") != 1) or not known.samples:
        body.pop("temperature", None)
    if thinks or not known.samples:
        body.pop("top_k", None)
    if _excludes_top_p(body, thinks=thinks) or not known.samples:
        body.pop("top_p", None)
    if known.takes_one_sampler and "temperature" in body:
        body.pop("top_p", None)


def _excludes_top_p(body: Json, *, thinks: bool) -> bool:
    top_p = body.get("top_p")
    return thinks and isinstance(top_p, int | float) and top_p < LEAST_TOP_P
