"""A cassette belongs to one test, also if the tests that have it run at different times."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.testing.plugin.conftest import Project

PAIR = """
    @pytest.mark.scout_cassette(name="shared")
    def test_one():
        ScoutGroqChatModel().invoke("Hello")

    @pytest.mark.scout_cassette(name="shared")
    def test_two():
        ScoutGroqChatModel().invoke("Hello")
"""


@pytest.mark.parametrize("mode", ["none", "new", "all", "emulator"])
def test_a_test_cannot_have_the_cassette_of_another_that_exists(
    mode: str, project: Project
) -> None:
    path = project.folder / "cassettes" / "shared.yaml"
    project.write(PAIR)
    project.record("test_chain.py::test_one").assert_outcomes(passed=1)
    before = path.read_bytes()
    result = project.run(f"--scout-record={mode}", "test_chain.py::test_two")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "SharedCassette: cassettes/shared.yaml belongs to test_chain.py::test_one: *name=",
            "If it is the same test with a new name, write `test: test_chain.py::test_two`*",
        ]
    )
    assert path.read_bytes() == before


def test_a_renamed_test_keeps_its_cassette(project: Project) -> None:
    path = project.folder / "cassettes" / "shared.yaml"
    project.write(PAIR)
    project.record("test_chain.py::test_one").assert_outcomes(passed=1)
    project.write(dedent(PAIR).partition("\n\n")[0].replace("test_one", "test_renamed"))
    project.run().assert_outcomes(passed=1)
    assert "test: test_chain.py::test_one" in path.read_text()
    project.record().assert_outcomes(passed=1)
    assert "test: test_chain.py::test_renamed" in path.read_text()


def test_parameters_cannot_share_a_cassette_and_the_line_of_the_test_may_be_edited(
    project: Project,
) -> None:
    path = project.folder / "cassettes" / "shared.yaml"
    project.write(
        """
        @pytest.mark.parametrize("word", ["a/b", "c"])
        @pytest.mark.scout_cassette(name="shared")
        def test_it(word):
            ScoutGroqChatModel().invoke("Hello")
        """
    )
    project.record("test_chain.py::test_it[a/b]").assert_outcomes(passed=1)
    project.run("test_chain.py::test_it[a/b]").assert_outcomes(passed=1)
    project.run("test_chain.py::test_it[c]").assert_outcomes(errors=1)
    path.write_text(path.read_text().replace("test_it[a/b]", "test_it[c]"))
    project.run("test_chain.py::test_it[c]").assert_outcomes(passed=1)


def test_a_run_from_another_root_plays_the_same_cassettes(project: Project) -> None:
    project.write("def test_hello():\n    ScoutGroqChatModel().invoke('Hello')\n")
    project.record().assert_outcomes(passed=1)
    project.replace("test_hello", "test: test_chain.py", "test: packages/shop/test_chain.py")
    project.run().assert_outcomes(passed=1)
