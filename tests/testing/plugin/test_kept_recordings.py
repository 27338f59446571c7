"""Which recordings are written, and what a developer reads about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scout_adapters.testing import Emulator
from tests.testing.plugin.test_recording import code

if TYPE_CHECKING:
    from tests.testing.plugin.conftest import Project

KEYS = ("sk-proj-9fX2kQ7LmZ4Tb8Wc1", "gsk_9fX2kQ7LmZ4Tb8Wc1aB3d")  # no keys


def test_secrets_in_a_prompt_that_are_recorded_as_key_are_counted_with_their_place(
    project: Project,
) -> None:
    project.write(
        f"""
        def test_hello():
            model = ScoutGroqChatModel()
            model.invoke([("system", "Check these keys."), ("user", "{KEYS[0]} {KEYS[1]}")])
            model.invoke("Hello")

        def test_no_secret():
            ScoutGroqChatModel().invoke("The KEY is gone")
        """
    )
    result = project.record()
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines(
        [
            "*test_hello.yaml: 2 secrets in the prompt became KEY (interaction 2,*1?.content); *",
        ]
    )
    assert KEYS[0] not in result.stdout.str()
    project.run().assert_outcomes(passed=2, warnings=0)


def test_prompts_that_differ_in_a_secret_only_get_the_same_answer(project: Project) -> None:
    text = "def test_it():\n    ScoutGroqChatModel().invoke('The key is %s, isn\\'t it?')\n"
    project.write(text % KEYS[0])
    project.record().assert_outcomes(passed=1, warnings=1)
    project.write(text % KEYS[1])
    project.run().assert_outcomes(passed=1)
    project.write(text % "none at all")
    project.run().assert_outcomes(failed=1)


@pytest.mark.parametrize("failure", ["assert False", "pytest.skip('no')", "teardown"])
def test_a_test_that_does_not_pass_leaves_its_cassette_as_it_was(
    failure: str, project: Project
) -> None:
    body = "def test_it(setting):\n    ScoutGroqChatModel().invoke('%s')\n    %s\n"
    fixture = "@pytest.fixture\ndef setting():\n    %s\n\n"
    project.write(fixture % "pass" + body % ("Hello", failure.replace("teardown", "assert False")))
    project.record()
    assert not project.cassette("test_it").exists()
    project.write(fixture % "pass" + body % ("Hello", "pass"))
    project.record().assert_outcomes(passed=1)
    before = project.cassette("test_it").read_bytes()
    broken = "ScoutGroqChatModel().invoke('Before')\n    assert False"
    if failure == "teardown":
        project.write(fixture % broken + body % ("Hello", "pass"))
    else:
        project.write(fixture % "pass" + body % ("Good bye", failure))
    result = project.record()
    assert project.cassette("test_it").read_bytes() == before
    if failure == "assert False":
        line = "*test_it.yaml stays as it was: recordings of failed tests are not kept"
        result.stdout.fnmatch_lines([line])


def test_an_expected_failure_is_recorded(project: Project) -> None:
    project.write(
        """
        @pytest.mark.xfail(raises=ZeroDivisionError, strict=True)
        def test_it():
            ScoutGroqChatModel().invoke("Hello")
            1 / 0
        """
    )
    project.record().assert_outcomes(xfailed=1)
    project.run().assert_outcomes(xfailed=1)


def test_recording_without_a_key_fails_in_two_lines_with_the_command_that_needs_none(
    project: Project,
) -> None:
    project.write("def test_it():\n    ScoutGroqChatModel().invoke('Hello')\n")
    result = project.run("--scout-record=new")
    result.assert_outcomes(failed=1)
    lines = result.stdout.str().partition("= FAILURES =")[2].splitlines()
    at = next(
        at for at, line in enumerate(lines) if line.startswith("NoKeyError at test_chain.py:7: ")
    )
    assert "set GROQ_API_KEYS or GROQ_API_KEY" in lines[at]
    command = 'pytest "test_chain.py::test_it" --scout-record=emulator'
    assert lines[at + 1] == f"or record from the emulator: {command}"
    assert (at, lines[at + 2].count("=") > 9) == (2, True)


def test_a_client_of_another_package_without_a_key_ends_with_the_command_that_needs_none(
    project: Project,
) -> None:
    project.write(
        """
        from langchain_openai import ChatOpenAI

        def test_it():
            ChatOpenAI(model="m").invoke("Hello")
        """
    )
    result = project.run("--scout-record=all")
    result.assert_outcomes(failed=1)
    line = 'The test has sent no request.*: pytest "test_chain.py::test_it" --scout-record=emulator'
    result.stdout.fnmatch_lines([line])
    project.record().assert_outcomes(passed=1)


def test_new_that_leaves_an_answer_unplayed_does_not_extend_the_cassette(project: Project) -> None:
    live = Emulator()
    with live.serve():
        project.write(code(live, "one"))
        project.run("--scout-record=new").assert_outcomes(passed=1)
        before = project.cassette("test_it").read_bytes()
        project.write(code(live, "two"))
        result = project.run("--scout-record=new")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["CassetteNotPlayed: *1 answer that*", "*--scout-record=all"])
    assert project.cassette("test_it").read_bytes() == before
