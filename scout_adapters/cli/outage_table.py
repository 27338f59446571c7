"""Outages as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from scout_adapters._internal.json_values import Json
from scout_adapters.cli.tables import TableData
from scout_adapters.report.format import amount, written_time
from scout_adapters.report.outages import Outage


def outage_table(outages: Sequence[Outage], most: int) -> TableData:
    """Make the table of outages: the newest `most`, the newest first."""
    headings = ("outage", "first refusal", "last refusal", "next ok", "kinds", "requests", "calls")
    rows = [
        [
            outage.subject,
            written_time(outage.first),
            written_time(outage.last),
            written_time(outage.next_ok) if outage.next_ok else "none in the log",
            ", ".join(f"{kind} {amount(times)}" for kind, times in outage.kinds.most_common()),
            amount(outage.refusals),
            amount(len(outage.runs)),
        ]
        for outage in outages[:most]
    ]
    left = len(outages) - len(rows)
    caption = f"{amount(left)} earlier: --json" if left else ""
    return TableData(headings, rows, headings[5:], caption=caption, framed=False)


def outage_fields(outage: Outage) -> Json:
    """Return an outage as `--json` prints it."""
    return {
        "subject": outage.subject,
        "first_refusal": outage.first or None,
        "last_refusal": outage.last or None,
        "next_ok": outage.next_ok or None,
        "kinds": dict(outage.kinds.most_common()),
        "requests": outage.refusals,
        "calls": len(outage.runs),
    }
