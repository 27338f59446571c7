"""Files that calls look things up in, read off the event loop before the first async call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.pricing.catalog import is_catalog_loaded, load_catalog
from scout_adapters.llm.profiles.lookup import read_profiles, unread_profiles
from scout_adapters.llm.profiles.retirements import retirement_data
from scout_adapters.llm.router.retirement_notices import warn_of_retirements


async def read_lookup_files(candidates: Iterable[Candidate]) -> None:
    """Read profiles of the candidates' providers, prices, and dates of models, once per process."""
    unread = unread_profiles(one.endpoint.spec.name for one in candidates)
    if unread or not is_catalog_loaded():
        await asyncio.to_thread(_read, unread)
        warn_of_retirements(candidates)


def _read(providers: Iterable[str]) -> None:
    read_profiles(providers)
    load_catalog()
    retirement_data()
