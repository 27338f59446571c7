"""Read the files that calls need, off the event loop, before the first async call."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.pricing.catalog import is_catalog_loaded, load_catalog
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.llm.profiles.lookup import are_profiles_read, read_profiles
from scout_adapters.llm.profiles.retirements import are_retirements_read, read_retirements
from scout_adapters.llm.router.retirement_notices import on_event_loop, warn_of_retirements


async def read_lookup_files(candidates: Collection[Candidate]) -> None:
    """Read profiles of the candidates' providers, prices, and dates of models, once per process."""
    providers = [candidate.endpoint.spec.name for candidate in candidates]
    is_read = are_profiles_read(providers) and are_retirements_read(providers)
    if not (is_read and is_catalog_loaded()):
        await asyncio.to_thread(_read, providers)
        warn_of_retirements(candidates)


def load_prices() -> None:
    """Load the published prices before the first request, if the user has set none.

    Its answer needs them and would wait for them; loaded before the connections, they also take
    half a megabyte less. On an event loop `read_lookup_files` loads them.
    """
    if not PRICING and not on_event_loop():
        load_catalog()


def _read(providers: Iterable[str]) -> None:
    read_profiles(providers)
    load_catalog()
    read_retirements(providers)
