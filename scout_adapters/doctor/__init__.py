"""Looks for what keeps providers and keys from working; shows no key, and by itself asks nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from scout_adapters.doctor.finding import Finding
from scout_adapters.doctor.key_checks import LastOutcome, last_outcomes
from scout_adapters.doctor.machine import (
    check_audit,
    check_clock,
    check_extras,
    check_network,
    check_packages,
    check_tracing,
)
from scout_adapters.doctor.provider_functions import check_functions
from scout_adapters.doctor.variables import check_addresses, check_keys, check_names, check_spelling
from scout_adapters.errors import ConfigurationError
from scout_adapters.errors.policy import POLICIES
from scout_adapters.errors.policy import ErrorKind as K
from scout_adapters.llm.providers import ProviderRegistry, registry
from scout_adapters.llm.providers.client import ProviderClient

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
        *check_names(wanted, providers),
        *check_spelling(world, providers),
        *check_keys(world, providers),
        *check_addresses(world, providers),
        *check_functions(providers),
        *_of_rotation(wanted, providers, audit),
        *check_audit(world, audit),
        *check_packages(),
        *check_extras(),
        *check_clock(audit, _addresses(providers) if network else ()),
        *check_network(world),
        *check_tracing(world),
    ]
    return sorted(found, key=lambda finding: not finding.wrong)


def _fingerprints(providers: ProviderRegistry) -> dict[str, list[str]]:
    """Return the keys of each provider, without those that cannot be read."""
    known: dict[str, list[str]] = {}
    for name in providers.list_providers():
        with suppress(ConfigurationError):  # `check_keys` and `check_addresses` say so
            known[name] = [state.id for state in providers.get(name).keys]
    return known


def _of_rotation(
    wanted: Sequence[str], providers: ProviderRegistry, audit: Path | None
) -> Iterator[Finding]:
    """Find providers without keys or with nothing to rotate to, and what is known of the keys."""
    known, names = last_outcomes(audit), {one.partition("/")[0] for one in wanted}
    keys = _fingerprints(providers)
    for name, ids in keys.items():
        client = providers.get(name)
        if ids:
            yield from _of_provider(client, ids, known)
        elif name in names and not client.spec.keyless:
            yield Finding(name, "has no key", f"set {' or '.join(client.key_variables)}")
    if not wanted and not any(keys.values()) and len(keys) == len(providers.list_providers()):
        do = "set {PROVIDER}_API_KEYS or {PROVIDER}_API_KEY: see `scout-adapters providers`"
        yield Finding("keys", "no provider has a key", do)


def _of_provider(
    client: ProviderClient, ids: Sequence[str], known: Mapping[tuple[str, str], LastOutcome]
) -> Iterator[Finding]:
    """Find a single key, an open circuit, and keys that were refused the last time."""
    if len(ids) == 1:
        variable = client.key_variables[0] if client.key_variables else "api_keys="
        do = f"to rotate, put several into {variable}, with commas between them"
        yield Finding(client.name, "has one key: there is nothing to rotate to", do, wrong=False)
    if not client.endpoint.circuit.is_available():
        yield Finding(client.name, "its circuit is open", "wait: it is tried again by itself")
    for key in ids:
        last = known.get((client.name, key))
        if last and last.outcome in DEAD:
            what = f"key {key}: {last.outcome} at {last.at:%F %H:%M}"
            yield Finding(client.name, what, POLICIES[K(last.outcome)].advice)


def _addresses(providers: ProviderRegistry) -> list[str]:
    keyed = (name for name, ids in _fingerprints(providers).items() if ids)
    urls = (providers.get(name).base_url for name in keyed)
    return [url for url in urls if url.startswith(("http://", "https://"))]
