"""Check what keeps providers and keys from working. Shows no key; sends nothing by default."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from scout_adapters.doctor.finding import Finding
from scout_adapters.doctor.key_outcomes import LastOutcome, last_outcomes
from scout_adapters.doctor.machine import (
    check_audit,
    check_clock,
    check_extras,
    check_network,
    check_packages,
    check_tracing,
)
from scout_adapters.doctor.provider_functions import check_functions
from scout_adapters.doctor.retirements_check import check_models, models_used
from scout_adapters.doctor.store_check import check_store
from scout_adapters.doctor.variables import check_addresses, check_keys, check_names, check_spelling
from scout_adapters.errors import ConfigurationError
from scout_adapters.errors.policy import POLICIES
from scout_adapters.errors.policy import ErrorKind as K
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.health.source_fault import KeySourceFault
from scout_adapters.llm.providers import ProviderRegistry, registry
from scout_adapters.llm.providers.client import ProviderClient

__all__ = ["Finding", "examine"]

NEEDS_OWNER = {str(kind) for kind in (K.AUTH_INVALID, K.AUTH_SUSPENDED, K.BILLING)}
"""Outcomes after which the key's owner must act; waiting does not help."""


def examine(
    required: Sequence[str] = (),
    *,
    providers: ProviderRegistry = registry,
    audit: Path | None = None,
    network: bool = False,
) -> list[Finding]:
    """Return problems, then notes.

    `required` are the providers (`name` or `name/model`) that should work; `audit` is the log to
    read instead of the default one. With `network`, one request without a key is sent to each
    provider with keys, to compare the clocks.
    """
    environ, outcomes = os.environ, last_outcomes(audit)
    used = [*required, *models_used(outcomes)]
    findings = [
        *check_names(required, providers),
        *check_spelling(environ, providers),
        *check_keys(environ, providers),
        *check_addresses(environ, providers),
        *check_functions(providers),
        *_check_rotation(required, providers, outcomes),
        *check_models(used, _keyed(providers), providers),
        *check_audit(environ, audit),
        *check_packages(),
        *check_extras(),
        *check_clock(audit, _addresses(providers) if network else ()),
        *_check_surroundings(environ),
    ]
    return sorted(findings, key=lambda finding: not finding.wrong)


def _check_surroundings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Check what else a process talks to."""
    yield from check_network(environ)
    yield from check_tracing(environ)
    yield from check_store(environ)


def _keys(providers: ProviderRegistry) -> dict[str, list[KeyState]]:
    """Return each provider's keys, without providers that cannot be read."""
    keys: dict[str, list[KeyState]] = {}
    for name in providers.list_providers():
        with suppress(ConfigurationError):  # `check_keys` and `check_addresses` report it
            keys[name] = providers.get(name).keys
    return keys


def _keyed(providers: ProviderRegistry) -> list[str]:
    """Return the providers that have keys."""
    return [name for name, ids in _keys(providers).items() if ids]


def _check_rotation(
    required: Sequence[str],
    providers: ProviderRegistry,
    outcomes: Mapping[tuple[str, str], LastOutcome],
) -> Iterator[Finding]:
    """Find providers without keys or with only one, and keys that were refused."""
    names = {provider.partition("/")[0] for provider in required}
    keys = _keys(providers)
    for name, states in keys.items():
        client = providers.get(name)
        if states:
            meant = name in names or _own(client)
            yield from _check_provider(client, states, outcomes, is_meant=meant)
        elif name in names and not client.spec.keyless:
            yield Finding(name, "has no key", f"set {' or '.join(client.key_variables)}")
    if not required and not any(keys.values()) and len(keys) == len(providers.list_providers()):
        fix = "set {PROVIDER}_API_KEYS or {PROVIDER}_API_KEY: see `scout-adapters providers`"
        yield Finding("keys", "no provider has a key", fix)


def _own(client: ProviderClient) -> bool:
    """Return whether a key is in a variable that is read for models alone.

    `HF_TOKEN` or `LANGSMITH_API_KEY` is often set for other purposes.
    """
    shared = {*client.spec.key_variables, "LANGSMITH_API_KEY", "WANDB_API_KEY"}
    return any(os.environ.get(name) for name in client.key_variables if name not in shared)


def _check_provider(
    client: ProviderClient,
    keys: Sequence[KeyState],
    outcomes: Mapping[tuple[str, str], LastOutcome],
    *,
    is_meant: bool,
) -> Iterator[Finding]:
    """Find a single key, an open circuit, and keys whose last attempt was refused."""
    if len(keys) == 1 and is_meant:
        variable = client.key_variables[0] if client.key_variables else "api_keys="
        fix = f"to rotate, put several into {variable}, with commas between them"
        yield Finding(client.name, "has one key: there is nothing to rotate to", fix, wrong=False)
    if not client.endpoint.circuit.is_available():
        yield Finding(client.name, "its circuit is open", "wait: it is tried again by itself")
    for key in keys:
        yield from _check_source(client, key)
        last = outcomes.get((client.name, key.id))
        if last and last.outcome in NEEDS_OWNER:
            what = f"key {key.label}: {last.outcome} at {last.at:%F %H:%M}"
            yield Finding(client.name, what, POLICIES[K(last.outcome)].advice)


def _check_source(client: ProviderClient, key: KeyState) -> Iterator[Finding]:
    """Find a file or a variable that has no key; functions are not called."""
    if key.source is None or not key.source.is_local:
        return
    try:
        key.source.read(time.monotonic)
    except KeySourceFault as fault:
        what = f"the key source {key.source.label} {fault}"
        yield Finding(client.name, what, POLICIES[K.KEY_SOURCE].advice)


def _addresses(providers: ProviderRegistry) -> list[str]:
    keyed = (name for name, ids in _keys(providers).items() if ids)
    urls = (providers.get(name).base_url for name in keyed)
    return [url for url in urls if url.startswith(("http://", "https://"))]
