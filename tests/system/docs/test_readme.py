"""What the README states, and the tables that are made."""

from __future__ import annotations

import os
import re
from collections import Counter

from tests.support.paths import ROOT
from tests.support.warm_python import WarmPython
from tests.system.docs import provider_table
from tests.system.docs.pages import PAGES
from tests.system.langchain_suite import suite_table
from tests.system.peers.deviations_responses import TABLE as RESPONSES_TABLE

README = PAGES["README.md"].text
BLOCKS = PAGES["README.md"].blocks()


def test_the_page_about_responses_lists_each_difference() -> None:
    listed = re.findall(r"^\| ([^|]+) \|", PAGES["docs/responses.md"].text, re.MULTILINE)
    assert {row.name for row in RESPONSES_TABLE} <= set(listed)


def test_the_first_example_has_ten_lines_or_so() -> None:
    assert len(BLOCKS[0].splitlines()) <= 13


def test_the_table_of_providers_is_made_from_the_cards() -> None:
    assert provider_table.updated(README) == README, "run: make tables"


def test_the_twelve_line_provider_has_twelve_lines() -> None:
    block = next(block for block in BLOCKS if "nebula" in block)
    assert len([line for line in block.splitlines() if line.strip()]) - 1 <= 14


def test_the_table_of_langchains_suite_counts_every_test_and_no_failure(python: WarmPython) -> None:
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \|", README, re.MULTILINE)
    listed = {name: sum(map(int, counts)) for name, *counts in rows}
    assert [name for name, _, failed, _ in rows if failed != "0"] == []
    alone = ["-p", "no:cacheprovider", "-p", "no:xdist", "--collect-only", "-q"]
    alone += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is imported already
    code = f"import pytest; raise SystemExit(pytest.main({[*alone, *suite_table.files()]}))"
    variables = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = python.run(code, ROOT, variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert listed == Counter(re.findall(r"langchain_suite/test_(\w+)\.py::", done.stdout))
