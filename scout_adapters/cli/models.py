"""`scout-adapters models`: windows, prices, and when models end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from scout_adapters._internal.json_values import Json
from scout_adapters.cli.console import AsJson, print_line
from scout_adapters.cli.json_output import print_json, usd
from scout_adapters.cli.tables import TableData, print_table
from scout_adapters.llm.pricing.price_list import price_list
from scout_adapters.llm.profiles.limits import limits_of
from scout_adapters.llm.profiles.retirements import (
    SOON,
    is_deprecated,
    retirement_data,
    retirement_of,
)
from scout_adapters.llm.providers import registry
from scout_adapters.llm.router.functions import split_model

HEADINGS = ("model", "window", "USD in", "USD out", "ends", "replacement")


def models(
    names: Annotated[
        list[str] | None, typer.Argument(help="provider/model; all default models without any.")
    ] = None,
    *,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A day instead of today.")
    ] = None,
    within: Annotated[int, typer.Option(help="Exit with 1 if one ends within these days.")] = SOON,
    as_json: AsJson = False,
) -> None:
    """List models: window, price per million tokens, when each ends, and what replaces it."""
    today = on.date() if on else datetime.now(UTC).date()
    rows = [_row(*pair, today) for pair in _pairs(names)]
    if as_json:
        data = retirement_data()
        print_json({"source": data.source, "taken": f"{data.taken}", "models": rows})
    else:
        print_table(TableData(HEADINGS, [_cells(row) for row in rows]))
    if ending := [
        row for row in rows if row["days_left"] is not None and row["days_left"] <= within
    ]:
        if not as_json:
            print_line(_summary(ending, len(rows), within))
        raise typer.Exit(1)


def _summary(ending: Sequence[Json], total: int, within: int) -> str:
    """Return how many models have ended and will end, such as `1 of 3 has ended`."""
    ended = sum(row["days_left"] <= 0 for row in ending)
    soon = len(ending) - ended
    parts = [f"{ended} of {total} {'has' if ended == 1 else 'have'} ended"] if ended else []
    if soon:
        what = f"{'ends' if soon == 1 else 'end'} within {within} days"
        parts.append(f"{soon} {what}" if ended else f"{soon} of {total} {what}")
    return ", ".join(parts)


def _pairs(names: Iterable[str] | None) -> list[tuple[str, str]]:
    """Return provider and model of each name, or of each default model."""
    if names:
        return [split_model(name) for name in names]
    return [(card.name, card.default_model) for card in registry.specs() if card.default_model]


def _row(provider: str, model: str, today: date) -> Json:
    """Return a model's fields; unknown values are None."""
    spec = registry.spec(provider)
    tariff = price_list(provider, model, prices=spec.prices).tariff
    listed = tariff.base.listed if tariff else {}
    retirement = retirement_of(spec, model)
    return {
        "provider": provider,
        "model": model,
        "window": limits_of(spec, model).window,
        "input_usd": usd(listed.get("input")),
        "output_usd": usd(listed.get("output")),
        "deprecated": is_deprecated(spec, model),
        "ends": f"{retirement.ends}" if retirement else None,
        "days_left": retirement.days_left(today) if retirement else None,
        "replacement": (retirement.replacement or None) if retirement else None,
        "ends_source": (retirement.source or None) if retirement else None,
    }


def _cells(row: Json) -> list[str]:
    ends = row["ends"] or ("deprecated" if row["deprecated"] else "")
    if row["ends"] and row["days_left"] <= 0:
        ends = f"ended {ends}"
    window = f"{row['window']:,}" if row["window"] else ""
    name = f"{row['provider']}/{row['model']}"
    prices = [row["input_usd"] or "", row["output_usd"] or ""]
    return [name, window, *prices, ends, row["replacement"] or ""]
