"""What the first page states of the installation."""

from __future__ import annotations

import re
import tomllib

from tests.support.paths import ROOT

PAGE = (ROOT / "docs/start.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OF_THIS_REPOSITORY = {"dev", "docs", "litellm-proxy", "peers", "release"}


def test_each_extra_for_users_has_its_row_and_no_other_is_named() -> None:
    cells = re.findall(r"^\| (`[^|]+`) \|", PAGE, re.MULTILINE)
    listed = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert listed == {*PROJECT["optional-dependencies"]} - OF_THIS_REPOSITORY


def test_the_version_of_python_is_the_required_one() -> None:
    assert f"needs Python {PROJECT['requires-python'].removeprefix('>=')} or newer" in PAGE
