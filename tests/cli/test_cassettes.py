"""`scout-adapters cassettes`: what it finds wrong, what it removes, and what it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from scout_adapters.testing.replay.cassette_files import Stamp, write_cassette
from tests.cli.shell import run
from tests.testing.recorded import exchanges

KEY = "sk-proj-9fX2kQ7LmZ4Tb8Wc1"  # no key
CHAIN = """
from scout_adapters import ScoutGroqChatModel

def test_it(scout_cassette):
    assert ScoutGroqChatModel().invoke("Hello").text
"""
TEST = "tests/test_x.py::TestIt::test_it[a/b]"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    code = "class TestIt(Base):\n    def test_it(self): ...\n\nclass TestPlain:\n    pass\n"
    (tmp_path / "test_x.py").write_text(code)
    return tmp_path / "cassettes" / "test_x"


def written(folder: Path, name: str = "one", **stamp: str) -> Path:
    path = folder / f"{name}.yaml"
    write_cassette(path, Stamp(**{"test": TEST, **stamp}), exchanges("Hello"))  # type: ignore[arg-type]  # texts
    return path


def edited(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_good_cassettes_are_listed_and_have_no_problems(folder: Path) -> None:
    written(folder, recorded_at="2026-11-01T08:00:00+00:00", answered_by="live")
    listed = run("cassettes", "list")
    assert listed.code == 0
    assert "cassettes/test_x/one.yaml" in listed.out
    assert run("cassettes", "check", "--max-age", "10000")[:2] == (0, "1 cassette, 0 problems\n")
    shown = run("cassettes", "show", "cassettes/test_x/one.yaml").out
    assert "1  POST https://api.groq.com/openai/v1/x  200\n" in shown
    assert "answer:  Hello" in shown


@pytest.mark.parametrize(
    ("stamp", "old", "new", "what"),
    [
        ({}, "Hello", KEY, "looks like a key: interaction 1, answer, body"),
        ({}, "interactions:", "interactions: {", "is no YAML"),
        ({}, "form: 2", "form: 1", "has form 1 of 2: record it again"),
        ({"recorded_at": "2026-01-01T00:00:00+00:00"}, "Hello", "Hello", "days ago, more than 30"),
        ({"test": "test_x.py::test_gone"}, "Hello", "Hello", "there is no test test_x.py::test_g"),
        ({"test": "test_x.py::TestPlain::test_it"}, "Hello", "Hello", "there is no test test_x.py"),
        ({"test": "test_y.py::test_it"}, "Hello", "Hello", "there is no test test_y.py::test_it"),
    ],
)
def test_each_problem_is_named_and_the_exit_code_is_1(
    stamp: dict[str, str], old: str, new: str, what: str, folder: Path
) -> None:
    edited(written(folder, **stamp), old, new)
    done = run("cassettes", "check", "cassettes", "--max-age", "30")
    assert done.code == 1
    assert what in done.out
    assert "1 cassette, 1 problem" in done.out
    assert KEY not in done.out


def test_a_key_is_removed_from_the_file(folder: Path) -> None:
    path = written(folder)
    good = written(folder, "good").read_bytes()
    edited(path, "Hello", f"Hello {KEY}")
    done = run("cassettes", "redact")
    assert (done.code, done.out) == (
        0,
        "changed cassettes/test_x/one.yaml\n1 of 2 cassettes changed\n",
    )
    assert "Hello KEY" in path.read_text()
    assert (folder / "good.yaml").read_bytes() == good
    assert run("cassettes", "check").code == 0


def test_recording_runs_pytest_and_ends_with_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "test_recorded_by_a_command.py").write_text(CHAIN)
    arguments = ("--mode", "emulator", "-p", "no:cacheprovider", "--import-mode=importlib", "-q")
    assert run("cassettes", "record", *arguments, "test_recorded_by_a_command.py").code == 0
    assert run("cassettes", "check").out == "1 cassette, 0 problems\n"
    assert run("cassettes", "record", *arguments, "missing.py").code == 4
    assert run("cassettes", "record", "--mode", "live").code == 2
    assert run("cassettes", "list", "missing").code == 2
