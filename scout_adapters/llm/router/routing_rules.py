"""Rules: which candidates a call tries first, by its tags, its user, its size and its needs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.option_names import StrategyName
from scout_adapters.llm.router.abilities import needs_of
from scout_adapters.llm.router.strategies import (
    AnyStrategy,
    check_strategy,
    keeps_candidates,
    with_context,
)
from scout_adapters.llm.router.strategy_names import strategy_by_name
from scout_adapters.llm.types import ChatRequest

if TYPE_CHECKING:
    from scout_adapters.llm.router.call_context import CallContext

Need = Literal["tools", "schema", "image", "audio", "video", "file"]
"""What a request needs of a model: tools, a JSON schema for the answer, or a kind of media."""

Texts = str | Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRule:
    """One rule: the candidates to use for the calls that meet all its conditions.

    RoutingRule(tag="careful", use="anthropic/claude-opus-4-8")
    RoutingRule(needs="image", min_tokens=10_000, use=["google", "openai/gpt-4.1"], only=True)
    """

    use: Texts
    """Candidates in order: `"provider/model"`, a model, or a provider for all its candidates."""

    tag: Texts = ()
    """Tags; the rule applies to calls that have at least one of them. Empty: to all."""

    user: Texts = ()
    """Users (`user_id` or `user` of the metadata) whose calls the rule applies to. Empty: all."""

    needs: Need | Sequence[Need] = ()
    """Abilities such as `"image"`; the rule applies to requests that need all. Empty: to all."""

    min_tokens: int = 0
    """Smallest number of estimated input tokens of the request."""

    max_tokens: int | None = None
    """Largest number of estimated input tokens of the request; None for no limit."""

    only: bool = False
    """Whether no other candidates are tried."""

    def __post_init__(self) -> None:
        """Raise `ConfigurationError` for a condition that no call can meet."""
        for name in ("use", "tag", "user", "needs"):
            object.__setattr__(self, name, _texts(name, getattr(self, name)))
        if not self.use:
            raise ConfigurationError("a rule needs use=: one candidate or several")
        if unknown := sorted({*self.needs} - {*get_args(Need)}):
            names = ", ".join(get_args(Need))
            raise ConfigurationError(f"a rule has needs={unknown[0]!r}: use {names}")
        for name in ("min_tokens", "max_tokens"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 0):
                raise ConfigurationError(f"a rule has {name}={value!r:.40}: write a whole number")
        if self.max_tokens is not None and self.max_tokens < self.min_tokens:
            raise ConfigurationError("a rule has max_tokens below min_tokens")

    def applies(self, request: ChatRequest, context: CallContext) -> bool:
        """Return whether a call meets all conditions."""
        if self.tag and set(self.tag).isdisjoint(context.tags):
            return False
        if self.user and context.user not in self.user:
            return False
        if self.min_tokens and context.input_tokens < self.min_tokens:
            return False
        if self.max_tokens is not None and context.input_tokens > self.max_tokens:
            return False
        return not self.needs or needs_of(request).features.issuperset(self.needs)

    def places(self, candidate: Candidate) -> int | None:
        """Return the place of a candidate in `use`; None if it is not named."""
        names = _names(candidate)
        return next((at for at, name in enumerate(self.use) if name in names), None)


def _names(candidate: Candidate) -> tuple[str, ...]:
    return str(candidate), candidate.model, candidate.endpoint.name


def _texts(name: str, value: Any) -> tuple[str, ...]:
    texts = (value,) if isinstance(value, str) else value
    if not isinstance(texts, Iterable) or isinstance(texts, bytes | Mapping):
        raise ConfigurationError(f"a rule has {name}={value!r:.40}: write a text or a list of them")
    checked = tuple(texts)
    if not all(isinstance(text, str) and text for text in checked):
        raise ConfigurationError(f"a rule has {name}={value!r:.40}: write a text or a list of them")
    return checked


class RuleStrategy:
    """Applies the first rule whose conditions a call meets; made by `rules`."""

    def __init__(self, rows: Sequence[RoutingRule], otherwise: AnyStrategy) -> None:
        """`otherwise`: the strategy for calls without a rule, and for candidates not in a rule."""
        self._rules = tuple(rows)
        self._otherwise = with_context(otherwise)
        self.keeps_candidates = keeps_candidates(otherwise)

    def __repr__(self) -> str:
        return f"rules({list(self._rules)!r})"

    def __call__(
        self, candidates: Sequence[Candidate], request: ChatRequest, context: CallContext
    ) -> Sequence[Candidate]:
        """Return the candidates in order."""
        ordered = tuple(self._otherwise(candidates, request, context))
        rule = next((each for each in self._rules if each.applies(request, context)), None)
        if rule is None:
            return ordered
        placed = [(place, each) for each in ordered if (place := rule.places(each)) is not None]
        first = [each for _, each in sorted(placed, key=lambda pair: pair[0])]
        return first if rule.only else (*first, *(each for each in ordered if each not in first))

    def check(self, candidates: Sequence[Candidate]) -> None:
        """Raise `ConfigurationError` if a rule uses a name that matches no candidate."""
        check_strategy(self._otherwise, candidates)
        names = {name for candidate in candidates for name in _names(candidate)}
        for name in (name for rule in self._rules for name in rule.use if name not in names):
            listed = ", ".join(map(str, candidates))
            raise ConfigurationError(f"a rule uses {name!r}; the candidates are {listed}")


def rules(
    rows: Sequence[RoutingRule | Mapping[str, Any]],
    *,
    otherwise: StrategyName | AnyStrategy = "priority",
    clock: Clock = SYSTEM,
) -> RuleStrategy:
    """Return a strategy of rules: the first one whose conditions a call meets is applied.

        rules([RoutingRule(tag="careful", use="anthropic"), {"max_tokens": 2000, "use": "groq"}])

    The candidates that a rule uses go first, in its order; the others follow in the order of
    `otherwise`, unless the rule has `only=True`. A row is a `RoutingRule`, or a dict of its fields.

    Raises: `ConfigurationError` for an unknown condition, or one that no call can meet.
    """
    if isinstance(rows, str | Mapping) or not isinstance(rows, Sequence) or not rows:
        raise ConfigurationError("rules takes a list of at least one rule")
    order = strategy_by_name(otherwise, clock) if isinstance(otherwise, str) else otherwise
    return RuleStrategy([_rule(row) for row in rows], order)


def _rule(row: Any) -> RoutingRule:
    if isinstance(row, RoutingRule):
        return row
    if not isinstance(row, Mapping):
        raise ConfigurationError(
            f"rules takes no {type(row).__name__}: write a RoutingRule or a dict"
        )
    names = [field.name for field in fields(RoutingRule)]
    for name in row:
        if name not in names:
            close = difflib.get_close_matches(str(name), names, n=1)
            hint = f"did you mean {close[0]}=?" if close else f"use {', '.join(names)}"
            raise ConfigurationError(f"a rule has no {name}=; {hint}")
    if "use" not in row:
        raise ConfigurationError("a rule needs use=: one candidate or several")
    return RoutingRule(**row)
