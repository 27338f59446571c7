"""Run the code of pages and examples that import LiteLLM, here, where it is imported already."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import litellm
import pytest

from tests.system.docs import pages
from tests.system.docs.pages import EXAMPLES, PAGES

IMPORTERS = [path for path in EXAMPLES if pages.needs_litellm(path.read_text())]


def run(code: str, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a program; undo what it does to warnings and LiteLLM."""
    monkeypatch.setattr(litellm, "custom_provider_map", [])
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*ReadOnly", UserWarning)  # of modules of LiteLLM
        exec(compile(code, "program.py", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("name", [name for name in PAGES if PAGES[name].needs_litellm])
def test_the_code_of_a_page_about_litellm_runs(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    pages.write_files(PAGES[name], tmp_path)
    monkeypatch.chdir(tmp_path)
    with pages.surroundings() as variables:
        run(PAGES[name].program, variables, monkeypatch)
    record_property("blocks", len(PAGES[name].blocks()))


@pytest.mark.parametrize("example", IMPORTERS, ids=lambda path: path.name)
def test_each_example_with_litellm_runs(
    example: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pages.surroundings() as variables:
        run(example.read_text(), variables, monkeypatch)
    assert capsys.readouterr().out
