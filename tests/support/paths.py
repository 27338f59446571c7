"""Where the files of this project are that tests and tools read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
AUTHORITY = TESTS / "system/faults/certificates/ca.pem"
"""The certificate of the authority that signed those of the tests' own servers."""
README = ROOT / "README.md"
