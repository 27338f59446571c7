"""`migrate --code` lists calls, and changes files only with `--write`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.shell import run

CODE = "from langchain_openai import ChatOpenAI\nm = ChatOpenAI(model='a', api_key='sk-{}')\n"
SECRET = "abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "inner").mkdir(parents=True)
    (folder / ".venv").mkdir()
    (folder / "inner/app.py").write_text(CODE.format(SECRET))
    (folder / ".venv/lib.py").write_text(CODE)
    (folder / "plain.py").write_text("x = 1\n")
    return folder


def test_calls_are_listed_and_nothing_is_written(folder: Path) -> None:
    before = (folder / "inner/app.py").read_bytes()
    done = run("migrate", "--code", folder)
    assert done.code == 0
    assert f"{folder}/inner/app.py:2\n  - ChatOpenAI(model='a'" in done.out
    assert "  + ScoutOpenAIChatModel(model='a'" in done.out
    assert "1 calls would change, 0 stay" in done.out
    assert SECRET not in done.out
    assert (folder / "inner/app.py").read_bytes() == before


def test_files_are_written_once(folder: Path) -> None:
    app = folder / "inner/app.py"
    app.chmod(0o640)
    found = json.loads(run("migrate", "--code", folder, "--write", "--json").out)
    assert found["written"]
    assert SECRET not in json.dumps(found)
    assert [change["line"] for change in found["files"][0]["changes"]] == [2]
    assert app.read_text().startswith("from scout_adapters import ScoutOpenAIChatModel\n")
    assert app.stat().st_mode & 0o777 == 0o640
    assert "ScoutOpenAI" not in (folder / ".venv/lib.py").read_text()
    assert "0 calls would change" in run("migrate", "--code", folder).out


def test_files_that_cannot_be_used_are_named_and_the_others_are_written(
    folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text(CODE)
    (folder / "linked.py").symlink_to(outside)
    (folder / "broken.py").write_text("def f(:\n")
    (folder / "latin.py").write_bytes(b"x = '\xff'\n")
    (folder / "fixed.py").write_text(CODE)
    (folder / "fixed.py").chmod(0o400)
    done = run("migrate", "--code", folder, "--write")
    assert done.code == 1
    for name, message in {
        "linked": "is a link out of the folder",
        "broken": "line 1: does not parse",
        "latin": "is not UTF-8",
        "fixed": "is read-only",
    }.items():
        assert f"{folder}/{name}.py {message}" in done.err
    assert outside.read_text() == CODE == (folder / "fixed.py").read_text()
    assert "ScoutOpenAI" in (folder / "inner/app.py").read_text()


@pytest.mark.parametrize("arguments", [[], ["a.yaml", "--code", "b"], ["a.yaml", "--write"]])
def test_arguments_that_do_not_go_together_are_refused(arguments: list[str]) -> None:
    assert run("migrate", *arguments).code == 2


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    done = run("migrate", "--code", tmp_path / "none")
    assert (done.code, done.out) == (1, "")
    assert "does not exist" in done.err
