"""What the README and the examples say is run, on the emulator."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from scout_adapters.testing import Emulator

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def loaded(path: Path) -> ModuleType:
    """Load a script that lies beside the tests."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


cards = loaded(ROOT / "tests/docs/cards.py")
suite = loaded(ROOT / "tests/faces/suite.py")


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


def test_the_first_example_has_ten_lines_or_so() -> None:
    assert len(BLOCKS[0].splitlines()) <= 13


def test_the_table_of_providers_is_made_from_the_cards() -> None:
    assert cards.updated(README) == README, "run: python tests/docs/cards.py"


def test_the_twelve_line_provider_has_twelve_lines() -> None:
    block = next(block for block in BLOCKS if "nebula" in block)
    assert len([line for line in block.splitlines() if line.strip()]) - 1 <= 14


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_each_example_runs(example: Path, tmp_path: Path) -> None:
    done = run(example.read_text(), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_table_of_langchains_suite_counts_every_test_and_no_failure() -> None:
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \|", README, re.MULTILINE)
    listed = {name: sum(map(int, counts)) for name, *counts in rows}
    assert [name for name, _, failed, _ in rows if failed != "0"] == []
    alone = ("-p", "no:cacheprovider", "-p", "no:xdist")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *alone, *suite.files()]
    world = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(command, cwd=ROOT, env=world, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert listed == Counter(re.findall(r"test_standard_(\w+)\.py::", done.stdout))
