"""What the README states, and the tables that are made."""

from __future__ import annotations

import os
import re
from collections import Counter

from tests.support.paths import ROOT
from tests.support.warm_python import WarmPython
from tests.system.docs.pages import PAGES
from tests.system.langchain_suite import suite_table
from tests.system.langchain_suite.suite_table import SUITE_PAGE
from tests.system.peers.deviations_responses import TABLE as RESPONSES_TABLE

README = PAGES["README.md"].text
ROW = r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \|"
BLOCKS = PAGES["README.md"].blocks()


def test_the_page_about_responses_lists_each_difference() -> None:
    listed = re.findall(r"^\| ([^|]+) \|", PAGES["docs/responses.md"].text, re.MULTILINE)
    assert {row.name for row in RESPONSES_TABLE} <= set(listed)


def test_the_first_example_has_ten_lines_or_so() -> None:
    assert len(BLOCKS[0].splitlines()) <= 13


def test_the_readme_is_short_and_begins_with_its_two_commands() -> None:
    assert len(README.encode()) <= 8_000
    commands = [
        line.split("#")[0].strip() for line in PAGES["README.md"].blocks("bash")[0].splitlines()
    ]
    assert commands == ["make demo", "make test"]


def test_the_twelve_line_provider_has_twelve_lines() -> None:
    block = PAGES["docs/extending.md"].blocks()[0]
    assert len([line for line in block.splitlines() if line.strip()]) - 1 <= 14


def test_the_table_of_langchains_suite_counts_every_test_and_no_failure(python: WarmPython) -> None:
    rows = re.findall(ROW, SUITE_PAGE.read_text(), re.MULTILINE)
    listed = {name: sum(map(int, counts)) for name, *counts in rows}
    assert [name for name, _, failed, _ in rows if failed != "0"] == []
    alone = ["-p", "no:cacheprovider", "-p", "no:xdist", "--collect-only", "-q"]
    alone += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is imported already
    code = f"import pytest; raise SystemExit(pytest.main({[*alone, *suite_table.files()]}))"
    variables = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = python.run(code, ROOT, variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert listed == Counter(re.findall(r"langchain_suite/test_(\w+)\.py::", done.stdout))
