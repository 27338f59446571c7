"""An HTML page of a log: one file with its data, style and scripts, which loads nothing."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import orjson

from scout_adapters._internal.private_file import replacing
from scout_adapters.report.page_data import page_data
from scout_adapters.report.summary import summarise
from scout_adapters.report.time_buckets import TO_FIT

PARTS = Path(__file__).with_name("parts")
CHARTS = Path(__file__).with_name("chartjs") / "chart.umd.min.js"
SCRIPTS = (
    "words.js",
    "elements.js",
    "theme.js",
    "charts.js",
    "sections.js",
    "keys.js",
    "calls.js",
    "start.js",
)

ESCAPES = str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"})
"""Characters that could end a script element or a line of a script, as JSON escapes."""


@dataclass(frozen=True, slots=True)
class PageOptions:
    """What a page shows."""

    title: str = "Calls, costs and keys"
    calls: int = 10_000
    """The number of newest calls in the list."""

    since: str = ""
    """Start time, as the log writes times; "" is the beginning of the log."""

    until: str = ""
    """Time before which rows are shown; "" is the end of the log."""


def write_page(log: Path, to: Path, options: PageOptions) -> int:
    """Write the page of a log to `to`, readable by its owner only; return its size in bytes."""
    window = {"since": options.since, "until": options.until}
    summary = summarise(log, levels=TO_FIT, newest=options.calls, **window)
    created = datetime.now(UTC).isoformat(timespec="minutes").removesuffix("+00:00")
    about = {"log": log.name, "made": created, **window}
    page = render(options.title, page_data(summary) | about)
    with replacing(to) as file:
        file.write(page)
    return to.stat().st_size


def render(title: str, data: Any) -> str:
    """Return the page. Texts in `data` are not trusted: they are escaped."""
    style = _text(PARTS / "page.css")
    scripts = [_charts(), *(_text(PARTS / name) for name in SCRIPTS)]
    return Template(_text(PARTS / "page.html")).substitute(
        title=escape(title),
        policy=escape(policy(style, scripts)),
        style=style,
        data=as_data(data),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def as_data(value: Any) -> str:
    """Return a value as JSON without markup."""
    text = orjson.dumps(value, default=float).decode()
    return text.translate(ESCAPES)


def policy(style: str, scripts: list[str]) -> str:
    """Return a content security policy that allows exactly these scripts, and no requests."""
    allowed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _charts() -> str:
    """Return Chart.js without the line that names its source map."""
    return "\n".join(
        line for line in _text(CHARTS).splitlines() if not line.startswith("//# sourceMappingURL")
    )


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
