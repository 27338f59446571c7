"""Reset what the package keeps in a process: for tests that must not depend on each other."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scout_adapters.audit.process_log import close_logs
from scout_adapters.llm.adapters.request_fixes import forget_fixes
from scout_adapters.llm.engine.record import runs_with_attempts
from scout_adapters.llm.health.circuit_breaker import reset_circuits
from scout_adapters.llm.health.key_accounts import reset_keys
from scout_adapters.llm.health.key_affinity import reset_affinity
from scout_adapters.llm.limits.memory_limits import memory_limits
from scout_adapters.llm.limits.token_demand import forget_answers
from scout_adapters.llm.pricing import price_list
from scout_adapters.llm.profiles.limits import clear_limits
from scout_adapters.llm.providers import registry
from scout_adapters.llm.router.retirement_notices import forget_notices
from scout_adapters.llm.transport.http_transport import close_transports
from scout_adapters.store.open_store import close_stores

if TYPE_CHECKING:
    from scout_adapters.llm.providers.registry import Registrations

Prices = dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True)
class Snapshot:
    """Registered providers and the prices in `PRICING`, as `reset` restores them."""

    registrations: Registrations
    prices: Prices = field(default_factory=dict)


def snapshot() -> Snapshot:
    """Return the registered providers and the prices in `PRICING` as they are now."""
    return Snapshot(registry.registrations(), deepcopy(price_list.PRICING))


def reset(to: Snapshot | None = None) -> None:
    """Reset everything that the package keeps in the process.

        before = snapshot()
        run_a_test()
        reset(before)

    Keys are healthy and circuits closed, also those of existing models, which share no health any
    more. Connections of this thread and audit logs are closed; both open again when needed.
    Clients, known limits, what was counted of `limits=`, reported runs and warnings that are given
    once are forgotten; the environment is read again on the next use.

    Registered providers and `PRICING` become those of the snapshot `to`; without one, only the
    library's own providers remain, and no prices.

    Async connections belong to their event loop and are closed with it. TLS certificates are loaded
    once per process and stay.
    """
    registry.restore(to.registrations if to else None)
    close_stores()
    reset_keys()
    reset_affinity()
    reset_circuits()
    close_transports()
    close_logs()
    runs_with_attempts.clear()
    clear_limits()
    memory_limits.clear()
    forget_answers()
    forget_fixes()
    forget_notices()
    price_list.reset_prices(to.prices if to else {})
