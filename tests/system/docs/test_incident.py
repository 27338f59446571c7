"""The incident of `docs/explain.md`: its commands, run on its log, print what the page shows."""

from __future__ import annotations

import re
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scout_adapters import registry
from tests.cli.shell import run
from tests.support.paths import ROOT
from tests.system.docs.pages import Page

PAGE = Page(ROOT / "docs/explain.md")
INCIDENT = next(block for block in PAGE.blocks() if "incident.jsonl" in block)
COMMANDS = [
    shlex.split(line, comments=True)[1:]
    for block in PAGE.blocks("bash")
    for line in block.splitlines()
    if "incident.jsonl" in line
]
SHOWN = [block for block in PAGE.blocks("text") if "mistral" in block or "b9dae0b7" in block]
CHANGES = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d(\.\d+)?|\d[\d.,]* (ms|s)\b|[│\s]+")
"""What differs from one run to the next: times, durations, widths of columns."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run the program of the incident in a folder of its own, which has its log then."""
    folder = tmp_path_factory.mktemp("incident")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(registry, "_clients", {})
        for name in ("GROQ_API_KEY", "GROQ_API_KEYS", "MISTRAL_API_KEY"):
            patch.delenv(name, raising=False)
        exec(compile(INCIDENT, "explain.md", "exec"), {})  # the page's own program
        yield folder


def lines_in(text: str) -> set[str]:
    lines = (CHANGES.sub(" ", line).strip() for line in text.splitlines())
    return {line for line in lines if line}


def test_the_commands_of_the_incident_print_what_the_page_shows(folder: Path) -> None:
    assert len(COMMANDS) == 5
    printed = [run(*command) for command in COMMANDS]
    assert [done.code for done in printed] == [0] * len(COMMANDS)
    output = "\n".join(sorted(set.union(*(lines_in(done.out) for done in printed))))
    assert len(SHOWN) == 4
    for block in SHOWN:
        missing = [line for line in lines_in(block) if line not in output]
        assert missing == []
    assert (folder / "report.html").exists()


def test_the_query_tells_the_story_of_the_call(folder: Path) -> None:
    assert run("audit", "export", "incident.jsonl", "--to", "out.db").code == 0
    (query,) = PAGE.blocks("sql")
    with closing(sqlite3.connect(folder / "out.db")) as base:
        rows = base.execute(query).fetchall()
    assert [row[4] for row in rows] == [
        *("auth_invalid", "billing", "rate_limit", "skipped", "capacity")
    ]
    assert rows[2][5:7] == (429, 600.0)
    assert 0 < rows[3][6] <= 600  # what is left of them
