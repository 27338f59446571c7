"""Convert a request to a call of another package's chat model: field values and arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableBinding, RunnableSequence

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.adapters.langchain_clients import ClientFacts, field_named
from scout_adapters.llm.types import ChatRequest
from scout_adapters.llm.wires.strict_schema import adapt_schema

OPTION_FIELDS: Mapping[str, tuple[str, ...]] = {
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "max_tokens": ("max_tokens", "max_output_tokens", "num_predict", "max_new_tokens"),
    "reasoning_effort": ("reasoning_effort",),
}
"""By option of a request: the field names for it in chat model classes."""

MORE_FIELDS = ("model_kwargs",)
"""Fields of a chat model for further body fields of its request."""

LANGSMITH = "ls_structured_output_format"
"""A bound option that core removes before it calls a model; it is never sent."""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """A chat model, copied with the options of one request, and the arguments of the call."""

    model: BaseChatModel
    arguments: Json = field(default_factory=dict, repr=False)
    changes: tuple[str, ...] = ()
    """One sentence for each option that the model does not accept and that is left out."""

    max_tokens: int | None = None
    """Tokens: limit of the answer, from the request or the model's own field; None if no limit."""


def build_call(
    model: BaseChatModel, facts: ClientFacts, request: ChatRequest, bound: Json
) -> ModelCall:
    """Return the call of a chat model for a request; `bound` are arguments of every call.

    Raises: `UnsupportedContent` for tools or a schema that the class does not take.
    """
    changes: list[str] = []
    updates = _fields(model, request, changes)
    arguments = {
        **bound,
        **_schema(model, facts, request),
        **_tools(model, facts, request, changes),
    }
    arguments.pop(LANGSMITH, None)
    changed = model.model_copy(update=updates) if updates else model
    return ModelCall(changed, arguments, tuple(changes), _limit(changed))


def _fields(model: BaseChatModel, request: ChatRequest, changes: list[str]) -> Json:
    """Return the changed field values of the model for the request's options; add to `changes`."""
    updates: Json = {}
    options = {name: getattr(request, name) for name in OPTION_FIELDS}
    more: Json = {}
    for name, value in {**request.extra, **options}.items():
        if value is None:
            continue
        if (own := field_named(model, *OPTION_FIELDS.get(name, (name,)))) is not None:
            updates[own] = value
        else:
            more[name] = value
    if more and (own := field_named(model, *MORE_FIELDS)) is not None:
        updates[own] = {**(getattr(model, own) or {}), **more}
    else:
        changes += [f"{name} left out: {type(model).__name__} has no such option" for name in more]
    return {name: value for name, value in updates.items() if getattr(model, name, None) != value}


def _limit(model: BaseChatModel) -> int | None:
    name = field_named(model, *OPTION_FIELDS["max_tokens"])
    value = getattr(model, name) if name else None
    return value if isinstance(value, int) and value > 0 else None


def _tools(
    model: BaseChatModel, facts: ClientFacts, request: ChatRequest, changes: list[str]
) -> Json:
    """Return the arguments for the request's tools, as `bind_tools` makes them; or {}."""
    if not request.tools:
        return {}
    options: Json = {}
    choice: Any = request.tool_choice
    if choice == "none" and facts.no_tools == "left_out":
        changes.append(f"tools left out: {type(model).__name__} has no tool_choice='none'")
        return {}
    if choice is not None:
        typed = choice == "none" and facts.no_tools == "typed"
        options["tool_choice"] = {"type": "none"} if typed else choice
    if request.parallel_tool_calls is not None:
        if facts.passes_options or "parallel_tool_calls" in signature(model.bind_tools).parameters:
            options["parallel_tool_calls"] = request.parallel_tool_calls
        else:
            changes.append(
                f"parallel_tool_calls left out: {type(model).__name__} has no such option"
            )
    strict = facts.strict_tools and request.response_format is not None
    tools = [_strict_tool(tool) if strict else dict(tool) for tool in request.tools]
    return _bound(model, lambda: model.bind_tools(tools, **options), "tools")


def _strict_tool(tool: Mapping[str, Any]) -> Json:
    """Return a function tool in the strict form; other tools unchanged."""
    function = tool.get("function")
    if not isinstance(function, Mapping):
        return dict(tool)
    parameters = adapt_schema(function.get("parameters") or {"type": "object", "properties": {}})
    return {**tool, "function": {**function, "parameters": parameters, "strict": True}}


def _schema(model: BaseChatModel, facts: ClientFacts, request: ChatRequest) -> Json:
    """Return the arguments for the request's `response_format`; {} without one."""
    form = request.response_format
    if form is None:
        return {}
    if form.get("type") != "json_schema":
        if not facts.json_object:
            raise _unsupported(model, f"response_format {form.get('type')!r}")
        return {"response_format": dict(form)}
    if facts.response_format:
        return {"response_format": dict(form)}
    named = form["json_schema"]
    schema = {"title": named.get("name", "answer"), **named["schema"]}
    arguments = _bound(
        model, lambda: model.with_structured_output(schema, method="json_schema"), "a JSON schema"
    )
    if "tools" in arguments:
        raise _unsupported(model, "a JSON schema")
    return arguments


def _bound(model: BaseChatModel, bind: Any, what: str) -> Json:
    """Return the arguments of the runnable that `bind`, a method of the model, returns.

    Raises: `UnsupportedContent` if the class does not have the method or refuses its arguments.
    """
    try:
        runnable = bind()
    except (NotImplementedError, TypeError, ValueError, KeyError) as error:
        why = f": {error}" if str(error) else ""
        raise _unsupported(model, what, why) from None
    if isinstance(runnable, RunnableSequence):
        runnable = runnable.first
    if not isinstance(runnable, RunnableBinding) or not isinstance(runnable.bound, BaseChatModel):
        raise _unsupported(model, what)
    return dict(runnable.kwargs)


def _unsupported(model: BaseChatModel, what: str, why: str = "") -> UnsupportedContent:
    name = type(model).__name__
    return UnsupportedContent(name, what, f"{name} does not take it{why}")
