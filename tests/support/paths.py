"""Where the files of this project are that tests and tools read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
README = ROOT / "README.md"
