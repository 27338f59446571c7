"""Run the code of the README and the examples on the emulator."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from scout_adapters.testing import Emulator
from tests.support import paths
from tests.support.paths import ROOT
from tests.system.docs import provider_table
from tests.system.langchain_suite import suite_table
from tests.system.peers.deviations_responses import TABLE as RESPONSES_TABLE

README = paths.README.read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code as a user would, with the keys in the environment and the emulator for the world."""
    emulator = Emulator()
    with emulator.serve():
        world = {
            f"{name.upper()}_API_URL": emulator.url(name)
            for name in ("groq", "anthropic", "google", "mistral", "openai")
        }
        keys = {
            "GROQ_API_KEYS": "gsk_one,gsk_two",
            "ANTHROPIC_API_KEY": "sk-ant-x",
            "GOOGLE_API_KEY": "AIzax",
        }
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=folder,
            env={**os.environ, **world, **keys},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def test_the_readmes_code_runs_from_top_to_bottom(tmp_path: Path) -> None:
    done = run("\n".join(BLOCKS), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 call, $0.0000" in done.stdout
    assert "[('mistral', 503), ('mistral', 503), ('mistral', 503), ('groq', 401)" in done.stdout
    assert (tmp_path / "audit.jsonl").read_text().count("llm_intent") == 1


def test_the_code_about_keys_runs_from_top_to_bottom(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "keys.md").read_text()
    done = run("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "(from_hashicorp_vault)" in done.stdout
    assert "@east.example" in done.stdout


PAGES = {
    "clouds.md": "['eu-west-1', 'us-east-1']",
    "other-packages.md": "chosen  openai/gpt-4o-mini",
}


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs_from_top_to_bottom(page: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / page).read_text()
    done = run("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)), tmp_path)
    assert done.returncode == 0, done.stderr
    assert PAGES[page] in done.stdout


def test_the_code_about_telemetry_runs_from_top_to_bottom(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "telemetry.md").read_text()
    done = run("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_file()


def test_the_code_about_routing_runs_from_top_to_bottom(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "routing.md").read_text()
    done = run("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "chosen  groq/openai/gpt-oss-120b" in done.stdout


def test_the_code_about_responses_runs_and_each_difference_is_listed(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "responses.md").read_text()
    done = run("\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["openai_chat", "openai_responses"]
    listed = re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)
    assert {row.name for row in RESPONSES_TABLE} <= set(listed)


def test_the_first_example_has_ten_lines_or_so() -> None:
    assert len(BLOCKS[0].splitlines()) <= 13


def test_the_table_of_providers_is_made_from_the_cards() -> None:
    assert provider_table.updated(README) == README, "run: make tables"


def test_the_twelve_line_provider_has_twelve_lines() -> None:
    block = next(block for block in BLOCKS if "nebula" in block)
    assert len([line for line in block.splitlines() if line.strip()]) - 1 <= 14


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_each_example_runs(example: Path, tmp_path: Path) -> None:
    done = run(example.read_text(), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_examples_are_short() -> None:
    assert [path.name for path in EXAMPLES if len(path.read_text().splitlines()) >= 60] == []


def test_the_table_of_langchains_suite_counts_every_test_and_no_failure() -> None:
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \|", README, re.MULTILINE)
    listed = {name: sum(map(int, counts)) for name, *counts in rows}
    assert [name for name, _, failed, _ in rows if failed != "0"] == []
    alone = ("-p", "no:cacheprovider", "-p", "no:xdist")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *alone, *suite_table.files()]
    world = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(command, cwd=ROOT, env=world, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert listed == Counter(re.findall(r"langchain_suite/test_(\w+)\.py::", done.stdout))
