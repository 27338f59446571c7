"""Warn once in a process of each model that ends soon, when a route uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime

from scout_adapters._internal.logs import logger_of
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.profiles.retirements import (
    SOON,
    are_retirements_read,
    retirement_of,
)

logger = logger_of(__name__)

_noticed: set[tuple[str, str]] = set()
"""Pairs of provider and model for which a warning was logged."""


def warn_of_retirements(candidates: Collection[Candidate], today: date | None = None) -> None:
    """Log a warning for each model that ends within 30 days, or has ended.

    `today` is the day in UTC by default. On an event loop nothing happens while the dates have not
    been read: `read_lookup_files` reads them in a thread and calls this function again.
    """
    providers = [candidate.endpoint.spec.name for candidate in candidates]
    if not are_retirements_read(providers) and on_event_loop():
        return
    for candidate in candidates:
        spec, model = candidate.endpoint.spec, candidate.model
        retirement = retirement_of(spec, model)
        if retirement is None or (spec.name, model) in _noticed:
            continue
        day = today or datetime.now(UTC).date()
        if retirement.days_left(day) <= SOON:
            _noticed.add((spec.name, model))
            when, advice = retirement.describe(day), retirement.advice
            logger.warning("%s/%s %s: %s", spec.name, model, when, advice)


def ended_models(candidates: Iterable[Candidate], on: date) -> dict[int, str]:
    """Return by `id()` of a candidate why it is left out: its model has ended by the day `on`."""
    found = ((c, retirement_of(c.endpoint.spec, c.model)) for c in candidates)
    return {id(c): f"{r.describe(on)}: {r.advice}" for c, r in found if r and r.ends <= on}


def forget_notices() -> None:
    """Forget the warnings that were logged, so that they are logged again."""
    _noticed.clear()


def on_event_loop() -> bool:
    """Return whether an event loop runs in this thread: nothing may block it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
