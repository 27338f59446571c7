"""Providers: cards, the registry that finds them by name, and the guide's names around keys.

Importing it reads no environment variables and no card: both are read on first use.
"""

from scout_adapters.errors import CircuitOpenError
from scout_adapters.llm.adapters.results import ProviderResult
from scout_adapters.llm.failures import PERMANENT_ERROR_PATTERNS, is_permanent_error
from scout_adapters.llm.health.circuit_breaker import (
    is_provider_available,
    record_failure,
    record_success,
)
from scout_adapters.llm.health.key_state import MAX_COOLDOWN_SECONDS, KeyState
from scout_adapters.llm.providers.client import ProviderClient
from scout_adapters.llm.providers.registry import ProviderRegistry
from scout_adapters.llm.types import ProviderSpec

__all__ = [
    "MAX_COOLDOWN_SECONDS",
    "PERMANENT_ERROR_PATTERNS",
    "CircuitOpenError",
    "KeyState",
    "ProviderClient",
    "ProviderRegistry",
    "ProviderResult",
    "ProviderSpec",
    "is_permanent_error",
    "is_provider_available",
    "record_failure",
    "record_success",
    "registry",
]

registry = ProviderRegistry()

# The names above come first: a provider module in the guide's form imports them from here and
# registers itself on import.
from scout_adapters.llm.providers.builtin_cards import load_card  # noqa: E402  # see above
from scout_adapters.llm.providers.card_summaries import CARD_SUMMARIES  # noqa: E402  # see above

registry.add_lazily(CARD_SUMMARIES, load_card)
