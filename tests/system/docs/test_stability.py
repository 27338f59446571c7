"""What the page on stability promises of names, exceptions and columns."""

from __future__ import annotations

import re
import tomllib

import pytest
from langchain_core import exceptions as langchain_errors

import scout_adapters
from scout_adapters import errors
from scout_adapters.errors import ScoutError, exceptions
from scout_adapters.llm.engine.audit_rows import COLUMNS
from tests.support.paths import ROOT

PAGE = (ROOT / "docs/stability.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ROW = re.compile(r"^ +[x+] (\w+)(?: \(\w+\))? *(Model\w+|\w+Error)?", re.MULTILINE)
TREE = ROW.findall(exceptions.__doc__ or "")
COLUMNS_OF_0_1 = (
    *("number", "provider", "model", "outcome", "key_id", "status", "code", "reason"),
    *("waited_s", "latency_s", "first_token_s", "retry_after", "ready_in_s", "request_id"),
    *("cost", "cost_source", "priced_by", "billed", "price", "input_t", "output_t"),
    *("cache_read_t", "cache_write_t", "reasoning_t", "estimated", "wire"),
)


@pytest.mark.parametrize(("name", "langchains"), TREE)
def test_an_exception_is_of_the_classes_that_the_tree_shows(name: str, langchains: str) -> None:
    error = getattr(errors, name)
    assert issubclass(error, ScoutError)
    assert not langchains or issubclass(error, getattr(langchain_errors, langchains))


def test_the_tree_has_every_exception() -> None:
    public = {name for name in errors.__all__ if isinstance(getattr(errors, name), type)}
    raised = {name for name in public if issubclass(getattr(errors, name), ScoutError)}
    assert {name for name, _ in TREE} == raised - {"ScoutError", "ProviderRefusal"}


def test_no_column_of_the_audit_log_is_renamed_or_removed() -> None:
    assert {*COLUMNS_OF_0_1} <= {*COLUMNS}


def test_the_versions_are_those_of_the_package() -> None:
    listed = [each.rpartition(" ")[2] for each in PROJECT["classifiers"] if "3." in each]
    assert f"| Python | {', '.join(listed)} |" in PAGE
    assert "langchain-core>=1.7,<2" in PROJECT["dependencies"]
    assert "| langchain-core | 1.7 and later, below 2 |" in PAGE
    minor = ".".join(scout_adapters.__version__.split(".")[:2])
    assert f"scout-adapters>={minor},<" in PAGE
    assert f"## [{scout_adapters.__version__}] - 20" in (ROOT / "CHANGELOG.md").read_text()


def test_each_test_that_holds_a_promise_is_there() -> None:
    paths = re.findall(r"`(tests/[\w/.]+)`", PAGE)
    assert len(paths) > 5
    assert [path for path in paths if not (ROOT / path).exists()] == []
