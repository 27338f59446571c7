"""Whatever goes wrong is one line on stderr: never a traceback, never a hang."""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import pytest

from scout_adapters.cli import app
from scout_adapters.cli.console import console
from scout_adapters.testing import Emulator
from tests.audit.logs import written
from tests.cli.shell import run


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("text.jsonl").write_text("hello\nworld\n")
    Path("other.jsonl").write_text('{"level":"info"}\n["llm_attempt"]\n{"event":1}\n')
    Path("binary.jsonl").write_bytes(os.urandom(4096).replace(b"\n", b""))
    Path("nul").write_bytes(bytes(100))
    os.mkfifo("fifo")
    sqlite3.connect("other.db").execute("CREATE TABLE t (x)").connection.close()
    written(Path("audit.jsonl"), 3)


NO_LOGS = ("folder", "text.jsonl", "other.jsonl", "binary.jsonl", "nul", "other.db", "fifo")
READERS = {
    "costs": ["costs"],
    "report": ["report", "--html", "out.html"],
    "verify": ["audit", "verify"],
    "reconcile": ["audit", "reconcile"],
    "export": ["audit", "export", "--to", "out.csv"],
    "prune": ["audit", "prune", "--days", "1"],
    "keys": ["keys", "--audit"],
    "doctor": ["doctor", "--audit"],
}


@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_is_no_log_is_refused_with_2_and_left_as_it_is(reader: str) -> None:
    before = sorted(Path().iterdir())
    for file in NO_LOGS:
        done = run(*READERS[reader], file)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith(f"{file} is no audit log: ")
        assert len(done.err.splitlines()) == 1
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize("file", NO_LOGS)
def test_the_demo_appends_to_no_file_that_is_no_log(file: str) -> None:
    before = Path(file).read_bytes() if Path(file).is_file() else b""
    done = run("demo", "--audit", file)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert (Path(file).read_bytes() if Path(file).is_file() else b"") == before


@pytest.mark.parametrize("reader", READERS)
def test_an_empty_log_and_a_torn_row_are_of_a_log(reader: str) -> None:
    Path("empty.jsonl").touch()
    Path("torn.jsonl").write_bytes(Path("audit.jsonl").read_bytes()[:30])
    for file in ("empty.jsonl", "torn.jsonl"):
        assert run(*READERS[reader], file).code in {0, 1}


@pytest.mark.parametrize("file", ["folder", "text.jsonl", "nul", "other.db", "fifo"])
def test_a_file_without_budgets_is_refused_with_2_and_left_as_it_is(file: str) -> None:
    before = Path(file).read_bytes() if Path(file).is_file() else b""
    done = run("budgets", file)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert done.err.startswith(f"{file} has no budgets: ")
    assert (Path(file).read_bytes() if Path(file).is_file() else b"") == before


@pytest.mark.parametrize("text", ["", "hello", "[]", "\x00"])
def test_a_file_without_heads_is_refused_with_2(text: str) -> None:
    Path("heads").write_text(text)
    done = run("audit", "verify", "audit.jsonl", "--heads", "heads")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert Path("heads").read_text() == text


@pytest.mark.parametrize("command", ["report audit.jsonl --html", "audit export audit.jsonl --to"])
def test_a_log_is_not_replaced_by_what_is_made_of_it(command: str) -> None:
    written(Path("log.csv"), 3)
    before = Path("log.csv").read_bytes()
    done = run(*command.replace("audit.jsonl", "log.csv").split(), "./log.csv")
    assert (done.code, done.err) == (2, "log.csv is the log itself: name another file\n")
    assert Path("log.csv").read_bytes() == before


@pytest.mark.parametrize(
    "command",
    [
        "report audit.jsonl --html none/out.html",
        "report audit.jsonl --html folder",
        "audit export audit.jsonl --to none/out.csv",
        "audit export audit.jsonl --to none/out.db",
        "audit verify audit.jsonl --heads folder",
        "audit verify audit.jsonl --heads none/heads",
        "demo --audit text.jsonl/audit.jsonl",
        f"costs {'x' * 300}",
        "doctor --import text",
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(command: str) -> None:
    Path("text.py").write_text("not python\n")
    done = run(*command.split())
    assert done.code == 1
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("reader", READERS)
def test_a_home_that_is_none_is_one_line(reader: str) -> None:
    done = run(*READERS[reader], "~no_such_user/audit.jsonl")
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only Linux has such a file")
@pytest.mark.parametrize("reader", ["costs", "audit verify", "keys --audit", "budgets"])
def test_a_file_that_cannot_be_read_is_named(reader: str) -> None:
    done = run(*reader.split(), "/proc/self/mem")
    assert (done.code, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert done.err.startswith("/proc/self/mem cannot be read: ")


def test_days_before_all_times_are_all_days() -> None:
    assert run("costs", "audit.jsonl", "--days", "10000000").code == 0
    assert run("audit", "prune", "audit.jsonl", "--days", "10000000").out == "0 files deleted\n"


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_cannot_be_opened_is_one_line(busy_port: int) -> None:
    for port in ("99999", "-1", str(busy_port)):
        done = run("emulator", "--port", port)
        assert (done.code, done.out, len(done.err.splitlines())) == (1, "", 1)
        assert port in done.err


@pytest.mark.parametrize("host", ["no such host", "a" * 80, "256.1.1.1", "192.0.2.1", "::g"])
def test_a_host_that_is_none_is_one_line(host: str) -> None:
    done = run("emulator", "--host", host, "--port", "0")
    assert (done.code, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert f"cannot listen at {host} port 0: " in done.err


@pytest.mark.parametrize("host", ["", " "])
def test_an_empty_host_does_not_open_all_addresses(host: str) -> None:
    done = run("emulator", "--host", host, "--port", "0")
    assert (done.code, done.out, len(done.err.splitlines())) == (1, "", 1)
    assert "name an address" in done.err


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 99_999), ("a" * 80, 0)])
def test_the_emulator_raises_for_an_address_that_is_none(host: str, port: int) -> None:
    with pytest.raises((OverflowError, ValueError)), Emulator().serve(host, port):
        pass


def test_a_reader_that_has_read_enough_ends_a_command_quietly(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for command in (["costs", "audit.jsonl"], ["costs", "audit.jsonl", "--json"], ["--version"]):
        reader, writer = os.pipe()
        os.close(reader)
        output = os.fdopen(writer, "w")
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", output)
            patch.setattr("sys.stderr", sys.stderr)  # typer replaces it
            patch.setattr(console, "quiet", False)  # rich sets it for the rest of a process
            with pytest.raises(SystemExit) as ended:
                app(command)
        with suppress(BrokenPipeError):
            output.close()
        with console.capture():
            pass  # what could not be written would be printed by the next command of this process
        assert ended.value.code in {0, 1}
        assert capfd.readouterr().err == ""


def test_ctrl_c_ends_a_command_without_a_traceback() -> None:
    Path("interrupted.py").write_text("raise KeyboardInterrupt\n")
    done = run("keys", "--import", "interrupted")
    assert (done.code, done.out, done.err) == (130, "", "")


def test_version_is_that_of_the_package() -> None:
    done = run("--version")
    assert (done.code, done.out) == (0, f"scout-adapters {version('scout-adapters')}\n")


def test_shells_complete_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_ROOT_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "scout-adapters bud")
    assert "budgets" in run().out
