"""One page of a log: a file that holds its data, its style and its scripts, and loads nothing."""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import orjson

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

HARMLESS = str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"})
"""What could end a script's element, or a line of a script: in JSON it can be written otherwise."""


@dataclass(frozen=True, slots=True)
class PageOptions:
    """What a page shall show."""

    title: str = "Calls, costs and keys"
    calls: int = 10_000
    """How many of the newest calls are listed."""

    since: str = ""
    """From which time on, as the log writes times; "" is from its beginning."""


def write_page(log: Path, to: Path, wanted: PageOptions) -> int:
    """Write the page of the log at `log` to `to`, for its owner only, and return its bytes."""
    summary = summarise(log, levels=TO_FIT, since=wanted.since, kept=wanted.calls)
    made = datetime.now(UTC).isoformat(timespec="minutes").removesuffix("+00:00")
    about = {"log": log.name, "made": made, "since": wanted.since}
    page = render(wanted.title, page_data(summary) | about).encode()
    fresh = to.with_name(f"{to.name}.{os.getpid()}.part")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(page)
    fresh.replace(to)
    return len(page)


def render(title: str, data: Any) -> str:
    """Return the page. All texts in `data` are taken for what strangers have written."""
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
    """Return a value as JSON that nothing in a page can take for markup."""
    text = orjson.dumps(value, default=float).decode()
    return text.translate(HARMLESS)


def policy(style: str, scripts: list[str]) -> str:
    """Return a policy that runs exactly these scripts, and lets nothing be loaded or sent."""
    allowed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _charts() -> str:
    """Return Chart.js without the line that names a file with its source."""
    return "\n".join(
        line for line in _text(CHARTS).splitlines() if not line.startswith("//# sourceMappingURL")
    )


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
