"""A summary as JSON values for the page: sums, and names as they are in the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TypeVar

from scout_adapters._internal.json_values import Json
from scout_adapters.report.call_data import attempts_data, calls_data
from scout_adapters.report.caveats import caveats
from scout_adapters.report.key_health import STATES, KeyHealth
from scout_adapters.report.latencies import Percentiles
from scout_adapters.report.summary import UNSENT, By, Spending, Summary, merged
from scout_adapters.report.totals import Totals

T = TypeVar("T")

MODELS, KEYS, GROUPS = 8, 50, 25
"""Models in the chart of costs, keys and rows of groups in lists; the rest is summed or counted."""

LINES = 6
"""Models in the chart of latencies."""

GROUPED: Sequence[By] = ("model", "provider", "key", "tag", "user")


def page_data(summary: Summary) -> Json:
    """Return the data of the page. US dollars, tokens, seconds, times in UTC."""
    axis, newest = list(summary.spent_by_time()), summary.calls.newest()
    return {
        "rows": summary.rows,
        "unit": summary.axis.level.unit,
        "axis": axis,
        "head": _head(summary),
        "caveats": caveats(summary),
        "spend": _spend(summary, axis),
        "tokens": _tokens(summary.by("day"), axis),
        "latency": _latency(summary, axis),
        "failures": _failures(summary.failures),
        "by_key": _by_key(summary),
        "outages": _outages(summary),
        "keys": _keys(summary, axis),
        "groups": {what: _groups(summary.by(what)) for what in GROUPED},
        "calls": calls_data(newest, summary.total().calls),
        "attempts": attempts_data(newest),
    }


def _head(summary: Summary) -> Json:
    events = summary.spent_on(lambda event: event[1])
    return {
        "cost": summary.cost,
        "total": asdict(summary.total()),
        "events": [{"name": name, **asdict(spent)} for name, spent in events.items()],
        "retried": summary.calls.retried,
        "rescued": summary.calls.rescued,
    }


def _spend(summary: Summary, axis: Sequence[str]) -> list[Json]:
    """Return a series of costs for each of the most expensive models, the others, and events."""
    shortened = summary.axis.shortened
    models = [name for name in summary.by("model") if name != UNSENT]
    top = set(models[:MODELS])
    parts = merged(
        summary.by_place,
        lambda place: ((place[2] if place[2] in top else "", shortened(place[0])),),
    )
    named = models[:MODELS]
    others = [""] if len(models) > MODELS else []
    nothing = Totals()
    series = [
        {
            "name": name,
            "kind": "model" if name else "others",
            "values": [parts.get((name, time), nothing).cost for time in axis],
        }
        for name in named + others
    ]
    events = summary.spent_on(lambda event: shortened(event[0]))
    if events:
        values = [events.get(time, Spending()).cost for time in axis]
        series.append({"name": "", "kind": "events", "values": values})
    return series


def _tokens(by_time: Mapping[str, Totals], axis: Sequence[str]) -> list[Json]:
    """Return a series for each kind of tokens; the kinds do not overlap and are all tokens."""
    kinds: Mapping[str, Callable[[Totals], int]] = {
        "fresh input": lambda sums: max(0, sums.input_t - sums.cache_read_t - sums.cache_write_t),
        "cache read": lambda sums: sums.cache_read_t,
        "cache write": lambda sums: sums.cache_write_t,
        "output": lambda sums: max(0, sums.output_t - sums.reasoning_t),
        "reasoning": lambda sums: sums.reasoning_t,
    }
    nothing = Totals()
    return [
        {"name": kind, "values": [count(by_time.get(time, nothing)) for time in axis]}
        for kind, count in kinds.items()
    ]


def _latency(summary: Summary, axis: Sequence[str]) -> Json:
    whole, first = summary.latencies.by_model(), summary.latencies.first_by_model()
    over_time = summary.latencies.over_time(summary.axis.shortened)
    return {
        "models": [
            {"name": name, "whole": asdict(latency), "first": _as_dict(first.get(name))}
            for name, latency in list(whole.items())[:GROUPS]
        ],
        "over_time": [
            {"name": name, "values": [_as_dict(over_time.get((time, name))) for time in axis]}
            for name in list(whole)[:LINES]
        ],
    }


def _as_dict(percentiles: Percentiles | None) -> Json | None:
    return None if percentiles is None else asdict(percentiles)


def _failures(failures: Mapping[tuple[str, str], int]) -> Json:
    """Return kinds and providers, each by falling number of failed requests, and the counts."""
    kinds: Counter[str] = Counter()
    providers: Counter[str] = Counter()
    for (kind, provider), times in failures.items():
        kinds[kind] += times
        providers[provider] += times
    named = [name for name, _ in providers.most_common()]
    return {
        "kinds": [kind for kind, _ in kinds.most_common()],
        "providers": named,
        "counts": [
            [failures.get((kind, name), 0) for kind, _ in kinds.most_common()] for name in named
        ],
    }


def _by_key(summary: Summary) -> list[Json]:
    """Return the failed requests by kind and key, the most frequent first."""
    ranked = sorted(summary.by_key.items(), key=lambda item: -item[1].requests)[:GROUPS]
    return [
        {"kind": kind, "provider": provider, "key": key, **asdict(failed)}
        for (kind, provider, key), failed in ranked
    ]


def _outages(summary: Summary) -> list[Json]:
    return [
        {
            "subject": outage.subject,
            "first": outage.first,
            "last": outage.last,
            "next_ok": outage.next_ok,
            "kinds": outage.kinds.most_common(),
            "refusals": outage.refusals,
            "calls": len(outage.runs),
        }
        for outage in summary.outages.listed()[:GROUPS]
    ]


def _keys(summary: Summary, axis: Sequence[str]) -> Json:
    keys = summary.keys.ranked()
    folded = Counter(key.state or "unknown" for key in keys[KEYS:])
    listed = sorted(keys[:KEYS], key=lambda key: (key.state == "ok", key.provider, -key.uses))
    return {
        "states": STATES,
        "all": len(keys),
        "listed": [_key(key, axis, summary.axis.shortened) for key in listed],
        "folded": [{"state": state, "keys": number} for state, number in folded.most_common()],
    }


def _key(key: KeyHealth, axis: Sequence[str], shortened: Callable[[str], str]) -> Json:
    cells = key.over_time(shortened)
    return {
        "provider": key.provider,
        "key": key.key,
        "state": key.state,
        "since": key.since,
        "last_seen": key.last_seen,
        "counts": key.counts,
        "cells": [cells.get(time, 0) for time in axis],
    }


def _groups(groups: Mapping[str, Totals]) -> Json:
    listed = [{"name": name, **asdict(sums)} for name, sums in list(groups.items())[:GROUPS]]
    return {"all": len(groups), "listed": listed}
