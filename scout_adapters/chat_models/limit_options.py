"""`limits=` of a router: limits by name of a provider, model or tag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from scout_adapters.errors import ConfigurationError

if TYPE_CHECKING:
    from scout_adapters.llm.engine.candidate import Candidate
    from scout_adapters.llm.limits.limit_rule import LimitRule
    from scout_adapters.llm.limits.usage_limits import Limits

TAG = "tag:"


def check_named_limits(limits: Any, models: Iterable[tuple[str, str]]) -> dict[str, Limits] | None:
    """Return limits by name from dicts or `Limits`; `models` are providers and models of a route.

    Raises: `ConfigurationError` for a name that no entry has, and for limits that mean nothing.
    """
    from scout_adapters.llm.limits.usage_limits import as_limits

    if limits is None:
        return None
    if not isinstance(limits, Mapping):
        raise ConfigurationError(
            'limits= of a router takes limits by name: {"groq": {"rpm": 30}, "tag:batch": ...}'
        )
    known = {name for pair in models for name in (pair[0], "/".join(pair))}
    named: dict[str, Limits] = {}
    for name, value in limits.items():
        if not str(name).startswith(TAG) and name not in known:
            raise ConfigurationError(f"limits= names {name!r:.80}: {_nearest(str(name), known)}")
        if (checked := as_limits(value, f"limits of {name!r:.80}")) is not None:
            named[str(name)] = checked
    return named


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f'no entry has it; write one of {", ".join(sorted(known))}, or "tag:" and a tag'


def own_rules(limits: Limits | None, provider: str, model: str) -> tuple[LimitRule, ...]:
    """Return the rules of an entry's own `limits=`; () without them."""
    if limits is None:
        return ()
    from scout_adapters.llm.limits.limit_rule import LimitRule

    name = provider if limits.per == "provider" else f"{provider}/{model}"
    return (LimitRule(name, limits),)


def with_limits(
    candidates: Sequence[Candidate], limits: Mapping[str, Limits] | None
) -> tuple[Candidate, ...]:
    """Return the candidates with the router's limits for their providers and models."""
    if not limits:
        return tuple(candidates)
    return tuple(_with_limits(candidate, limits) for candidate in candidates)


def _with_limits(candidate: Candidate, limits: Mapping[str, Limits]) -> Candidate:
    from scout_adapters.llm.limits.limit_rule import LimitRule

    names = (candidate.endpoint.name, str(candidate))
    rules = (LimitRule(name, limits[name]) for name in names if name in limits)
    return replace(candidate, limits=(*candidate.limits, *rules))


def tag_rules(limits: Mapping[str, Limits] | None) -> tuple[LimitRule, ...]:
    """Return the rules of a router's limits for tags; () without any."""
    if not limits:
        return ()
    from scout_adapters.llm.limits.limit_rule import LimitRule

    return tuple(LimitRule(name, of) for name, of in limits.items() if name.startswith(TAG))
