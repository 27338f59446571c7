"""The agents in `examples/chaos`, once and without faults; `make chaos-agents` plays the faults."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.testing.kit.conftest import KitProject

EXAMPLES = Path(__file__).resolve().parents[3] / "examples/chaos"


def test_the_agents_of_the_examples_answer_without_faults(kit: KitProject) -> None:
    pytest.importorskip("langchain.agents", reason="no langchain: the dev extra")
    for file in EXAMPLES.glob("*.py"):
        shutil.copy(file, kit.pytester.path)
    outcome = kit.again("-rs").parseoutcomes()
    assert outcome["passed"] >= 3
    assert outcome.keys() <= {"passed", "skipped"}  # of packages that are not installed
