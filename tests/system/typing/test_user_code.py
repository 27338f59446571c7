"""mypy, at its strictest, on code as users write it."""

from __future__ import annotations

import ast
import importlib
import inspect
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.language_models import BaseChatModel

from scout_adapters import ScoutRouterChatModel, errors
from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.chat_models.provider_base import ScoutProviderChatModel
from tests.support.paths import ROOT

CODE = sorted((Path(__file__).parent / "code").glob("*.py"))
PUBLIC = {
    "scout_adapters": None,
    "scout_adapters.llm": None,
    "scout_adapters.testing": None,
    "scout_adapters.errors": [
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.ScoutError)
    ],
}
NOT_FOR_USERS = {"ProviderRefusal", "ScoutError"}
"""The first never leaves the library; the second has its home at the top."""


WRONG = """\
from scout_adapters import ScoutChatGroq
from scout_adapters import ScoutGroqChatModel, get_scout_cost_callback
ScoutGroqChatModel().invok('hello')
with get_scout_cost_callback() as costs:
    costs.total_cost.upper()
"""
CACHE = ROOT / ".mypy_cache/user_code"
"""Kept between runs: without it mypy reads LangChain for 10 seconds."""


def skipped() -> str:
    """Return the settings by which this project's own run skips what others import."""
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    modules = next(row["module"] for row in overrides if "follow_imports" in row)
    lines = ("[mypy]", f"[mypy-{','.join(modules)}]", "follow_imports = skip")
    return "\n".join([*lines, "follow_imports_for_stubs = true"])


def mypy(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check a folder of code, away from this project and its other settings."""
    (folder / "mypy.ini").write_text(skipped())
    command = [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={CACHE}", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def imported() -> Iterator[tuple[str, str]]:
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                yield from ((str(node.module), alias.name) for alias in node.names)


def test_mypy_at_its_strictest_accepts_users_code_and_finds_what_is_not_there(
    tmp_path: Path,
) -> None:
    for path in CODE:
        shutil.copy(path, tmp_path)
    (tmp_path / "wrong.py").write_text(WRONG)
    report = mypy(tmp_path).stdout
    lines = report.splitlines()
    mistakes = [line for line in lines if line.startswith("wrong.py:")]
    assert [line.partition("[")[2][:-1] for line in mistakes[:3]] == ["attr-defined"] * 3, report
    assert [line for line in lines[:-1] if line not in mistakes] == [], report
    assert lines[-1].endswith(f"in 1 file (checked {len(CODE) + 1} source files)"), report


@pytest.mark.parametrize("module", PUBLIC)
def test_users_code_uses_every_public_name(module: str) -> None:
    names = PUBLIC[module] or importlib.import_module(module).__all__
    used = {name for home, name in imported() if home == module}
    assert set(names) - used - NOT_FOR_USERS == set()


@pytest.mark.parametrize("chat_model", [ScoutProviderChatModel, ScoutRouterChatModel])
def test_editors_are_offered_every_option_that_is_ours(chat_model: type[ScoutChatModel]) -> None:
    tree = ast.parse(inspect.getsource(chat_model).lstrip())
    signatures = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    init = next(node for node in signatures if node.name == "__init__" and node.args.kwonlyargs)
    ours = set(chat_model.model_fields) - set(BaseChatModel.model_fields) - {"clock"}
    assert {argument.arg for argument in init.args.kwonlyargs} == ours
