"""Strategies of a router: in which order a call tries its candidates.

    from scout_adapters.strategies import RoutingRule, rules
    bulk = RoutingRule(tag="bulk", use="groq")
    model = ScoutRouterChatModel(models=[...], strategy=rules([bulk]))

A strategy is a function of candidates, request and, if it has a third parameter, `CallContext`.
"""

from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.router.cache_strategy import CacheStrategy
from scout_adapters.llm.router.call_context import CallContext, CandidateAffinity, CandidateHealth
from scout_adapters.llm.router.routing_rules import Need, RoutingRule, RuleStrategy, rules
from scout_adapters.llm.router.strategies import (
    AnyStrategy,
    ContextStrategy,
    Strategy,
    cheapest,
    fastest,
    least_busy,
    priority,
    weighted,
)
from scout_adapters.llm.router.strategy_names import cache
from scout_adapters.llm.types import ChatRequest

__all__ = [
    "AnyStrategy",
    "CacheStrategy",
    "CallContext",
    "Candidate",
    "CandidateAffinity",
    "CandidateHealth",
    "ChatRequest",
    "ContextStrategy",
    "Need",
    "RoutingRule",
    "RuleStrategy",
    "Strategy",
    "cache",
    "cheapest",
    "fastest",
    "least_busy",
    "priority",
    "rules",
    "weighted",
]
