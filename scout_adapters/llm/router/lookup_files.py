"""Files that calls look things up in, read off the event loop before the first async call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.pricing.catalog import is_catalog_loaded, load_catalog
from scout_adapters.llm.profiles.lookup import read_profiles, unread_profiles


async def read_lookup_files(candidates: Iterable[Candidate]) -> None:
    """Read the profiles of the candidates' providers and the price catalogue, once per process."""
    unread = unread_profiles(one.endpoint.spec.name for one in candidates)
    if unread or not is_catalog_loaded():
        await asyncio.to_thread(_read, unread)


def _read(providers: Iterable[str]) -> None:
    read_profiles(providers)
    load_catalog()
