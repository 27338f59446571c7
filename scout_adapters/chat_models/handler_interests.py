"""Which callbacks a class of handlers implements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler

NO_EVENT_CALLBACK = frozenset(
    {BaseCallbackHandler.on_custom_event, AsyncCallbackHandler.on_custom_event}
)
"""`on_custom_event` of handler classes that do not override it: dispatching to them is skipped."""

TRACER_CLASSES = frozenset(
    {
        "LangChainTracer",
        "LangchainCallbackHandler",
        "OpenInferenceTracer",
        "TraceloopCallbackHandler",
    }
)
"""Names of classes in `trace_costs.TRACERS`, which is loaded with the first of them."""


@dataclass(frozen=True, slots=True)  # a slot is read faster than a field of a tuple
class Interests:
    """Which attempt callbacks a handler class implements."""

    guards: bool
    starts: bool
    ends: bool
    logs: bool
    """Whether the handler writes every attempt to its own audit log."""

    may_skip_core: bool
    """Whether the class has `attempts_suffice`: core's callbacks may be skipped after attempts."""

    events: bool
    is_tracer: bool
    """Whether the class is another tool's tracer, whose runs receive model and cost."""


@cache
def interests_of(handler: type[BaseCallbackHandler]) -> Interests:
    """Return which attempt callbacks a handler class implements."""
    return Interests(
        guards=hasattr(handler, "on_scout_attempt_admit"),
        starts=hasattr(handler, "on_scout_attempt_start"),
        ends=hasattr(handler, "on_scout_attempt_end"),
        logs=hasattr(handler, "writes_attempts"),
        may_skip_core=hasattr(handler, "attempts_suffice"),
        events=handler.on_custom_event not in NO_EVENT_CALLBACK,
        is_tracer=any(kind.__name__ in TRACER_CLASSES for kind in handler.__mro__),
    )
