"""LangChain's standard suite over our chat models as a table, printed and written to its page.

Every skip is named with the reason that the suite gives.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.support.paths import ROOT

HERE = Path(__file__).parent
SUITE_PAGE = ROOT / "docs/langchain-suite.md"
PLACE = re.compile(r"(<!-- suite: .*? -->\n).*?(<!-- /suite -->)", re.DOTALL)
SUITES = ("groq", "google", "minimax", "anthropic", "openai")
SUITES += ("openai_responses", "openrouter", "router", "router_responses")
SUITES += ("azure", "bedrock", "vertex", "vertex_claude")
OUTCOMES = ("passed", "failed", "skipped")


@dataclass
class Tally:
    """How one chat model did: outcomes counted, and for each reason the tests that were skipped."""

    outcomes: Counter[str] = field(default_factory=Counter)
    skips: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def files() -> list[str]:
    """Return the test modules that put the suite behind a chat model."""
    return [str(HERE / f"test_{name}.py") for name in SUITES]


def run(report: Path) -> int:
    """Run the suite; return pytest's exit code."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", f"--junit-xml={report}", *files()]
    return subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False).returncode


def tallies(report: Path) -> dict[str, Tally]:
    """Read pytest's report, model by model."""
    counts = {name: Tally() for name in SUITES}
    for case in ET.parse(report).getroot().iter("testcase"):
        tally = counts[case.attrib["classname"].split(".")[-2].removeprefix("test_")]
        skip = case.find("skipped")
        if skip is not None:
            tally.skips[skip.attrib["message"].rstrip(".")].append(case.attrib["name"])
        bad = case.find("failure") is not None or case.find("error") is not None
        tally.outcomes["skipped" if skip is not None else "failed" if bad else "passed"] += 1
    return counts


def table(counts: dict[str, Tally]) -> str:
    """Return the table in Markdown."""
    return "\n".join([*lines(counts), ""])


def lines(tallied: dict[str, Tally]) -> Iterator[str]:
    yield "| chat model | passed | failed | skipped | which, and why |"
    yield "|---|---|---|---|---|"
    for name, tally in tallied.items():
        counts = " | ".join(str(tally.outcomes[outcome]) for outcome in OUTCOMES)
        why = "; ".join(
            f"{', '.join(f'`{test}`' for test in tests)}: {reason}"
            for reason, tests in sorted(tally.skips.items())
        )
        yield f"| {name} | {counts} | {why} |"


def main() -> int:
    """Run, print, and bring the page up to date; the exit code is that of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        code = run(report := Path(folder) / "report.xml")
        new_table = table(tallies(report))
    sys.stdout.write(new_table)
    text = SUITE_PAGE.read_text()
    SUITE_PAGE.write_text(PLACE.sub(lambda place: place[1] + new_table + place[2], text))
    return code
