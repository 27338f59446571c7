"""Cassettes that cannot be played: each is a named failure, never a wrong pass or a live call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.testing.plugin.conftest import Project

HELLO = """
    def test_hello():
        assert "Hello, you" in ScoutGroqChatModel().invoke("Hello, you").text
"""
KEY = "sk-proj-9fX2kQ7LmZ4Tb8Wc1"  # no key


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("interactions:", "interactions: [", "*.yaml:*is no YAML:*record it again"),
        ("interactions:", "others:", "*has no list `interactions`: record it again"),
        ("method: POST", "method: [POST]", "*interaction 1 is not readable: `method` is no text;*"),
        ("code: 200", "code: fine", "*interaction 1 is not readable: `code` is no number;*"),
        ("  response:", "  answer:", "*interaction 1 is not readable: `response` is missing;*"),
        ("version: 1", "version: 7", "*this version of scout_adapters reads forms 1 to 2:*"),
        ("form: 2", "form: 3", "*has form 3, *upgrade scout-adapters, or record*"),
        (
            'usage":{',
            'usage":{,',
            "*interaction 1 is not readable: the body of the answer is no JSON: Expecting *",
        ),
        (
            '{"role":"user"',
            '{role:"user"',
            "*interaction 1 is not readable: the body of the request is no JSON: *",
        ),
        ("form: 2", "form: !!python/object/apply:os.system [id]", "*is no YAML: could not*"),
    ],
)
def test_a_cassette_that_was_edited_into_nonsense_fails_by_name(
    old: str, new: str, message: str, project: Project
) -> None:
    project.write(HELLO)
    project.record().assert_outcomes(passed=1)
    project.replace("test_hello", old, new)
    result = project.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            f"CassetteUnreadable: {message}",
            'Record it *: *pytest "test_chain.py::test_hello" --scout-record=all',
            'or *: *pytest "test_chain.py::test_hello" --scout-record=emulator',
        ]
    )
    assert str(project.folder) not in result.stdout.str().partition("= ERRORS =")[2]
    assert "During handling" not in result.stdout.str()
    project.run("--scout-record=new").assert_outcomes(errors=1)
    project.record().assert_outcomes(passed=1)
    project.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("place", ["Hello, you", "application/json", "api.groq.com/openai"])
def test_a_cassette_with_a_key_in_it_fails_and_does_not_show_it(
    place: str, project: Project
) -> None:
    project.write(HELLO)
    project.record().assert_outcomes(passed=1)
    project.replace("test_hello", place, f"{place}/{KEY}")
    result = project.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["SecretInCassette: *test_hello.yaml*", "*interaction 1, *"])
    places = [line for line in result.outlines if line.startswith("  interaction 1, ")]
    assert len(places) == len(set(places))
    assert KEY not in result.stdout.str()


def test_a_recording_in_which_a_key_would_be_left_is_not_written(project: Project) -> None:
    project.write(
        f"""
        import base64

        def test_hello():
            twice = base64.b64encode(base64.b64encode(b"key {KEY}")).decode()
            ScoutGroqChatModel().invoke(twice)
        """
    )
    result = project.record()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["SecretInCassette: *is not written*", "*interaction 1, request, $.messages?0?.content"]
    )
    assert not project.cassette("test_hello").exists()


def test_two_tests_for_one_file_are_both_refused(project: Project) -> None:
    project.write(
        """
        @pytest.mark.scout_cassette(name="shared")
        def test_one():
            ScoutGroqChatModel().invoke("Hello")

        @pytest.mark.scout_cassette(name="Shared")
        def test_two():
            ScoutGroqChatModel().invoke("Hello")

        @pytest.mark.scout_cassette(name="../../elsewhere")
        def test_three():
            ScoutGroqChatModel().invoke("Hello")
        """
    )
    result = project.record()
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["SharedCassette: *shared.yaml belongs to *one and *two*"])
    result.stdout.fnmatch_lines(["*name='../../elsewhere' of scout_cassette leaves the folder*"])
    assert not (project.folder / "cassettes").exists()


def test_parameters_have_files_of_their_own_whatever_their_ids_contain(project: Project) -> None:
    project.write(
        """
        @pytest.mark.parametrize("what", ["a/b", "a:b", "x" * 300, "plain", "..", "\\N{SNOWMAN}"])
        def test_it(what):
            assert what[:9] in ScoutGroqChatModel().invoke(what).text
        """
    )
    project.record().assert_outcomes(passed=6)
    project.run().assert_outcomes(passed=6)
    names = sorted(path.name for path in project.cassette("any").parent.iterdir())
    assert len(names) == 6
    assert "test_it.plain.yaml" in names


def test_a_secret_of_the_environment_is_no_part_of_the_match(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(
        """
        import os

        def test_hello():
            secret = os.environ.get("SHOP_TOKEN", "")
            ScoutGroqChatModel().invoke(f"The code is {secret or 'none-at-all'}, keep it.")
        """
    )
    monkeypatch.setenv("SHOP_TOKEN", "open-sesame-please")
    project.record().assert_outcomes(passed=1)
    assert "open-sesame" not in project.cassette("test_hello").read_text()
    monkeypatch.delenv("SHOP_TOKEN")
    project.run().assert_outcomes(passed=1)
