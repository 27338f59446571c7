"""The tables of the documentation are made from the code, and lack nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_openai import ChatOpenAI

from scout_adapters.errors import ErrorKind
from tests.support.paths import ROOT
from tests.system.docs.pages import PAGES
from tools.pages import marked_places, partner_rows
from tools.pages.layers_picture import layers_picture
from tools.pages.marked_places import DOCS

PACKAGE = ROOT / "scout_adapters"
READERS = ("audit", "cli", "doctor", "llm/auth", "llm/engine", "llm/health", "llm/providers")
READERS += ("llm/transport",)
"""Folders whose modules name environment variables; wires, for one, name fields of answers."""

OTHER_CONSTANTS = frozenset(
    {
        *("IMPORT_FROM", "IMPORT_NAME"),  # instructions of Python's bytecode
        *("CERTIFICATE_REQUIRED", "TRACING_V2"),  # a reason of TLS; an ending
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD",  # pytest's, set for the pytest that a command starts
        *("MAX_COOLDOWN_SECONDS", "PERMANENT_ERROR_PATTERNS"),  # names of constants
    }
)
NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")


def constants(path: Path) -> Iterator[str]:
    """Yield the texts in a module that look like a variable's name."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Constant(value=str(text)) if NAME.fullmatch(text):
                yield text


@pytest.mark.parametrize("page", marked_places.pages(), ids=lambda path: path.name)
def test_the_tables_of_a_page_are_as_the_code_is(page: Path) -> None:
    text = page.read_text()
    if page.name == marked_places.PARTNERS and partner_rows.packages() not in text:
        pytest.skip(f"made with other versions than {partner_rows.packages()}")
    assert marked_places.updated(text) == text, "run: make tables"
    assert " at 0x" not in text


def test_the_picture_shows_the_layers_as_they_are() -> None:
    assert marked_places.PICTURE.read_text() == layers_picture(), "run: make tables"


def test_every_table_has_a_place_on_one_page() -> None:
    names = [
        name for page in marked_places.pages() for name in marked_places.names_of(page.read_text())
    ]
    assert sorted(names) == sorted(marked_places.CONTENTS)


def test_every_environment_variable_is_on_the_page() -> None:
    page = (DOCS / "variables.md").read_text()
    files = [path for folder in READERS for path in (PACKAGE / folder).rglob("*.py")]
    named = {name for path in files for name in constants(path)} - OTHER_CONSTANTS
    assert len(named) > 50
    assert [name for name in sorted(named) if name not in page] == []


def test_every_kind_of_failure_and_their_number_are_documented() -> None:
    page = (DOCS / "failures.md").read_text()
    assert [kind for kind in ErrorKind if f"| `{kind.value}` |" not in page] == []
    assert f"{len(ErrorKind)} kinds" in PAGES["README.md"].text


def test_the_rows_of_partner_packages_state_what_is_taken_renamed_and_refused() -> None:
    rows = dict(partner_rows.options_of(ChatOpenAI, "ScoutOpenAIChatModel"))
    assert rows["temperature"] == "the same"
    assert rows["openai_api_key"] == "`api_key`"
    assert rows["disabled_params"].startswith("none: leave the option out")
    assert rows["stream_usage"] == "accepted, and not needed"


def test_every_variable_of_this_repositorys_tests_is_on_the_page() -> None:
    page = (DOCS / "variables.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    assert [name for name in re.findall(r"SCOUT_[A-Z_]+", makefile) if name not in page] == []
