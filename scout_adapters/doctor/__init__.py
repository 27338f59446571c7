"""Looks for what keeps providers and keys from working; shows no key, and by itself asks nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from scout_adapters.doctor.finding import Finding
from scout_adapters.doctor.functions import of_functions
from scout_adapters.doctor.health import last_outcomes
from scout_adapters.doctor.machine import (
    of_audit,
    of_clock,
    of_extras,
    of_network,
    of_packages,
    of_tracing,
)
from scout_adapters.doctor.variables import of_addresses, of_keys, of_names, of_spelling
from scout_adapters.kinds import CONDUCT
from scout_adapters.kinds import ErrorKind as K
from scout_adapters.llm.providers import ProviderRegistry, registry

__all__ = ["Finding", "examine"]

DEAD = {str(kind) for kind in (K.AUTH_INVALID, K.AUTH_SUSPENDED, K.BILLING)}
"""What the owner of a key must see to, for no wait will."""


def examine(
    wanted: Sequence[str] = (),
    *,
    providers: ProviderRegistry = registry,
    audit: Path | None = None,
    network: bool = False,
) -> list[Finding]:
    """Return what is wrong, worst first, and what is worth knowing.

    `wanted` are the providers (`name` or `name/model`) that ought to work; `audit` is the log to
    read, where it is not the usual one. With `network`, one request without a key goes to each
    provider that has one, to compare the clocks.
    """
    world = os.environ
    found = [
        *of_names(wanted, providers),
        *of_spelling(world, providers),
        *of_keys(world, providers),
        *of_addresses(world, providers),
        *of_functions(providers),
        *_of_rotation(wanted, providers, audit),
        *of_audit(world, audit),
        *of_packages(),
        *of_extras(),
        *of_clock(audit, _addresses(providers) if network else ()),
        *of_network(world),
        *of_tracing(world),
    ]
    return sorted(found, key=lambda finding: not finding.wrong)


def _keyed(providers: ProviderRegistry) -> Iterator[tuple[str, list[str]]]:
    """Yield the providers that have keys, with the keys' fingerprints."""
    for name in providers.list_providers():
        try:
            keys = [state.id for state in providers.get(name).keys]
        except ValueError:
            continue  # a key that cannot be read: `of_keys` says so
        if keys:
            yield name, keys


def _of_rotation(
    wanted: Sequence[str], providers: ProviderRegistry, audit: Path | None
) -> Iterator[Finding]:
    """Find providers with nothing to rotate to, open circuits, and keys refused the last time."""
    known, keyed = last_outcomes(audit), dict(_keyed(providers))
    for name, keys in keyed.items():
        client = providers.get(name)
        if len(keys) == 1:
            variable = client.key_variables[0] if client.key_variables else "api_keys="
            do = f"to rotate, put several into {variable}, with commas between them"
            yield Finding(name, "has one key: there is nothing to rotate to", do, wrong=False)
        if not client.endpoint.circuit.is_available():
            yield Finding(name, "its circuit is open", "wait: it is tried again by itself")
        for key in keys:
            last = known.get((name, key))
            if last and last.outcome in DEAD:
                advice = CONDUCT[K(last.outcome)].advice
                yield Finding(name, f"key {key}: {last.outcome} at {last.at:%F %H:%M}", advice)
    for name in {one.partition("/")[0] for one in wanted} - keyed.keys():
        if name in providers and not (client := providers.get(name)).spec.keyless:
            yield Finding(name, "has no key", f"set {' or '.join(client.key_variables)}")
    if not keyed and not wanted:
        do = "set {PROVIDER}_API_KEYS or {PROVIDER}_API_KEY: see `scout-adapters providers`"
        yield Finding("keys", "no provider has a key", do)


def _addresses(providers: ProviderRegistry) -> list[str]:
    urls = (providers.get(name).base_url for name, _ in _keyed(providers))
    return [url for url in urls if url.startswith(("http://", "https://"))]
