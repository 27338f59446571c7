"""The project in `examples/testing`: its tests pass offline, in any order, with the same result."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.warm_python import WarmPython

PLUGINS = (
    "-pno:scout_adapters",
    "-pscout_adapters.testing.pytest_plugin",
    "-ppytest_asyncio.plugin",
    "-pno:cacheprovider",
    "-rA",
)
VARIABLES = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shutil.copytree(ROOT / "examples/testing", tmp_path / "testing")


def passed(python: WarmPython, project: Path, *runs: list[str]) -> list[list[str]]:
    """Run the project's tests without keys, once for each list of arguments, in one process.

    Return the names of those that passed, by run.
    """
    lines = [f"codes.append(pytest.main({[*PLUGINS, *arguments]}))" for arguments in runs]
    code = "\n".join(["import sys, pytest", "codes = []", *lines, "sys.exit(any(codes))"])
    finished = python.run(code, project, VARIABLES)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    outputs = finished.stdout.split("test session starts")[1:]
    return [sorted(re.findall(r"^PASSED (\S+)", output, re.MULTILINE)) for output in outputs]


def recorded(project: Path) -> dict[str, str]:
    """Return the project's cassettes without the versions that recorded them."""
    return {
        path.name: re.sub(r"^versions:\n(  .*\n)*", "", path.read_text(), flags=re.MULTILINE)
        for path in project.rglob("*.yaml")
    }


def test_the_project_is_green_offline_in_any_order_and_records_what_it_has(
    python: WarmPython, project: Path
) -> None:
    before = recorded(project)
    files = sorted(map(str, (project / "tests").glob("test_*.py")), reverse=True)
    first, *others = passed(python, project, [], files, ["--scout-record=emulator"])
    assert len(first) == 8
    assert others == [first, first]
    assert recorded(project) == before
