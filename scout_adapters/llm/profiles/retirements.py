"""When models end, and which model takes the place of each, from dated public data.

`dates/retirements.json` names its source, version and date, and the page of each date where the
source has it; `make profiles` writes the newest. It is read on first use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.pricing.catalog import is_marked_deprecated
from scout_adapters.llm.profiles.lookup import (
    ROUTING_SUFFIX,
    SNAPSHOT_DATE,
    published_profile,
)

if TYPE_CHECKING:
    from scout_adapters.llm.types import ProviderSpec

FILE = Path(__file__).with_name("dates") / "retirements.json"

SOON = 30
"""Days before its end at which a model is reported as a problem."""

NOTICE = 90
"""Days before its end at which a model is mentioned. No default model of ours has fewer left."""


class Retirement(NamedTuple):
    """The end of a model."""

    ends: date
    """The day from which the provider may refuse it."""

    replacement: str
    """The model that the source names in its place; empty if it names none."""

    source: str
    """The page with the date; empty if the data do not name it."""

    def days_left(self, today: date) -> int:
        """Return the days until the end; negative after it."""
        return (self.ends - today).days

    def describe(self, today: date) -> str:
        """Return when it ends, such as `ends on 2026-12-11, in 11 days`."""
        left = self.days_left(today)
        if left <= 0:
            return f"ended on {self.ends}"
        return f"ends on {self.ends}, in {left} day{'s' if left > 1 else ''}"

    @property
    def advice(self) -> str:
        """What to do."""
        return f"use {self.replacement}" if self.replacement else "choose another model"


class RetirementData(NamedTuple):
    """The contents of the file."""

    source: str
    taken: date
    models: Mapping[str, Mapping[str, Retirement]]
    """By provider and name in small letters."""


_by_provider: dict[str, Mapping[str, Retirement]] = {}
"""What was read for the providers in use, by provider and name in small letters."""


def retirement_data() -> RetirementData:
    """Return the data of all providers; reads the file."""
    content = _read_file()
    models = {provider: _retirements(rows) for provider, rows in content["models"].items()}
    return RetirementData(content["source"], date.fromisoformat(content["taken"]), models)


def read_retirements(providers: Iterable[str]) -> None:
    """Read the dates of providers; blocks, as `retirement_of` does at the first use of each."""
    models: dict[str, dict[str, Json]] = _read_file()["models"]
    for provider in providers:
        _by_provider[provider] = _retirements(models.get(provider, {}))


def _read_file() -> dict[str, Any]:
    content: dict[str, Any] = orjson.loads(FILE.read_bytes())
    return content


def _retirements(rows: Mapping[str, Mapping[str, str]]) -> dict[str, Retirement]:
    return {name.lower(): _retirement(row) for name, row in rows.items()}


def _retirement(row: Mapping[str, str]) -> Retirement:
    ends = date.fromisoformat(row["ends"])
    return Retirement(ends, row.get("replacement", ""), row.get("source", ""))


def are_retirements_read(providers: Iterable[str]) -> bool:
    """Return whether the dates of these providers have been read in this process."""
    return all(provider in _by_provider for provider in providers)


def retirement_of(spec: ProviderSpec, model: str) -> Retirement | None:
    """Return when a model of a card ends; None if no date is known.

    A dated snapshot that is not listed has the date of its model.
    """
    if spec.name not in _by_provider:
        read_retirements([spec.name])
    models = _by_provider[spec.name]
    if not models:
        return None
    name = spec.known_model(model).removeprefix("models/").lower()
    names = (name, ROUTING_SUFFIX.sub("", name), SNAPSHOT_DATE.sub("", name))
    return next((models[each] for each in names if each in models), None)


def is_deprecated(spec: ProviderSpec, model: str) -> bool:
    """Return whether models.dev or genai-prices marks a model as deprecated."""
    name = spec.known_model(model)
    profile = published_profile(spec.name, name) or {}
    return profile.get("status") == "deprecated" or is_marked_deprecated(
        spec.prices or spec.name, name
    )


def day_of(on: date | str | None) -> date | None:
    """Return the day that a user names, such as `"2026-12-31"`.

    Raises: `ConfigurationError` for a text that is no date.
    """
    if not isinstance(on, str):
        return on
    with suppress(ValueError):
        return date.fromisoformat(on)
    raise ConfigurationError(f'on= is no date: {on!r}; write it as "2026-12-31"')
