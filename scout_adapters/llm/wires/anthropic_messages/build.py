"""Build the body of a Messages request.

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
from scout_adapters.llm.wires.anthropic_messages.schema import adapt_schema
from scout_adapters.llm.wires.anthropic_messages.tools import forces, render_tool, tool_choice
from scout_adapters.llm.wires.parsing import apply_card

NOT_IN_BODY = frozenset({"betas"})
"""Fields of `extra` that go to a header."""

MIN_THINKING_TOP_P = 0.95
"""The smallest `top_p` that the API accepts while the model thinks."""


def build_body(request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
    """Build the body.

    A `response_format` of type `json_object` adds nothing: the API has schemas only.

    Raises:
        UnsupportedContent: A block has no form in this API.
    """
    known = claude(request.model)
    anywhere = known is not None and known.accepts_system_anywhere
    rendered = render_messages(turns, spec, system_anywhere=anywhere)
    extra = _extra(request)
    body: Json = {
        "model": request.model,
        "max_tokens": _max_tokens(request, extra),
        "messages": rendered.messages,
    }
    if rendered.system:
        body["system"] = plain_text(rendered.system)
    _add_tools(body, request)
    _add_options(body, request)
    _add_reasoning(body, request, extra)
    if isinstance(extra.get("output_config"), Mapping):
        extra["output_config"] = {**body.get("output_config", {}), **extra["output_config"]}
    if container := _container(request, spec, body.get("tools") or ()):
        body["container"] = container
    body |= extra
    _drop_incompatible(body)
    return apply_card(body, spec)


def _extra(request: ChatRequest) -> Json:
    """Return the caller's extra fields that belong in the body."""
    return {
        name: value
        for name, value in request.extra.items()
        if value is not None and name not in NOT_IN_BODY
    }


def _container(request: ChatRequest, spec: ProviderSpec, tools: Sequence[Json]) -> str | None:
    """Return the id of the code-execution container that the newest answer names, if one does.

    Code that waits for a tool's result continues in it: without the id the API refuses the result.
    https://platform.claude.com/docs/en/agents-and-tools/tool-use/programmatic-tool-calling
    """
    if not any(str(tool.get("type")).startswith("code_execution") for tool in tools):
        return None
    for message in reversed(request.messages):
        metadata = message.response_metadata
        if metadata.get("model_provider") == spec.maker:
            container = mapping(metadata.get("container"))
            if isinstance(container_id := container.get("id"), str):
                return container_id
    return None


def _max_tokens(request: ChatRequest, extra: Mapping[str, Any]) -> int:
    """Return the limit on output tokens, thinking included; the API requires one."""
    if request.max_tokens is not None:
        return request.max_tokens
    known = claude(request.model)
    usual = known.max_tokens if known else UNKNOWN_MAX_TOKENS
    budget = count(mapping(extra.get("thinking")).get("budget_tokens"))
    return max(usual, budget + usual // 2) if budget else usual


def _add_tools(body: Json, request: ChatRequest) -> None:
    # Older documentation requires tools in a conversation with tool calls; recorded answers of
    # Claude 3 to 4.6 show that the API does not.
    if request.tools:
        body["tools"] = [render_tool(tool) for tool in request.tools]
    if choice := tool_choice(request):
        body["tool_choice"] = choice


def _add_options(body: Json, request: ChatRequest) -> None:
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if stop := [text for text in request.stop if text.strip()]:  # the API refuses blank ones
        body["stop_sequences"] = stop
    if request.stream:
        body["stream"] = True
    response_format = request.response_format or {}
    if schema := (response_format.get("json_schema") or {}).get("schema"):
        body["output_config"] = {"format": {"type": "json_schema", "schema": adapt_schema(schema)}}


def _add_reasoning(body: Json, request: ChatRequest, extra: Mapping[str, Any]) -> None:
    """Add the reasoning effort; `thinking` in `extra` takes precedence."""
    if request.reasoning_effort is None:
        return
    thinking_field, effort = thinking(request.model, request.reasoning_effort, body["max_tokens"])
    if effort:
        body.setdefault("output_config", {})["effort"] = effort
    if thinking_field is not None and "thinking" not in extra:
        body["thinking"] = thinking_field


def _drop_incompatible(body: Json) -> None:
    """Drop fields that the API answers with a 400, given the model and whether it thinks.

    https://platform.claude.com/docs/en/build-with-claude/thinking#limits-and-feature-compatibility
    """
    known = claude(str(body["model"]))
    mode = mapping(body.get("thinking")).get("type")
    # A thinking budget and a forced tool exclude each other; the caller requires the tool.
    forced = forces(body.get("tool_choice"))
    if mode == "enabled" and (forced or interrupts_thinking(body["messages"])):
        del body["thinking"]
        mode = None
    if known is None:
        return
    thinks = mode in {"enabled", "adaptive"}
    if (thinks and body.get("temperature") != 1) or not known.accepts_sampling:
        body.pop("temperature", None)
    if thinks or not known.accepts_sampling:
        body.pop("top_k", None)
    if _excludes_top_p(body, thinks=thinks) or not known.accepts_sampling:
        body.pop("top_p", None)
    if known.accepts_one_sampler and "temperature" in body:
        body.pop("top_p", None)


def _excludes_top_p(body: Json, *, thinks: bool) -> bool:
    top_p = body.get("top_p")
    return thinks and isinstance(top_p, int | float) and top_p < MIN_THINKING_TOP_P
