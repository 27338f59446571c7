"""The log as a table of a real PostgreSQL, which is started where its programs are installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from scout_adapters.audit import AuditLog, read_rows
from scout_adapters.audit.export import ALL, export
from scout_adapters.errors import ConfigurationError
from tests.audit.logs import written

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
INITDB = shutil.which("initdb") or next((str(p / "initdb") for p in PROGRAMS[::-1]), None)

pytestmark = pytest.mark.skipif(INITDB is None, reason="no PostgreSQL server is installed")


def somebody() -> int | None:
    """Choose the user that runs the server: it refuses root."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody").pw_uid


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    programs, user = Path(str(INITDB)).resolve().parent, somebody()
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir()
        if user is not None:
            os.chown(data, user, -1)

        def run(*command: str | Path) -> None:
            subprocess.run(command, user=user, cwd=data, stdout=subprocess.DEVNULL, check=True)

        init = [programs / "initdb", "-D", data, "-U", "scout", "-A", "trust", "--no-sync"]
        run(*init, "-E", "UTF8", "--locale=C")  # the machine may name a locale that it lacks
        options = f"-c listen_addresses= -c unix_socket_directories={data} -c fsync=off"
        control = [programs / "pg_ctl", "-D", data, "-w", "-l", data / "log"]
        run(*control, "-o", options, "start")
        try:
            yield f"postgresql://scout@/postgres?host={data}"
        finally:
            run(*control, "-m", "immediate", "stop")


def test_a_log_becomes_a_table_row_by_row(server: str, tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", 20)
    log = AuditLog(path)
    log.log("llm_attempt", cost=0.00012345, model="m", input_t=10, tags=["a"], own={"x": [1]})
    log.log("odd", reason="tab\t, newline\n, backslash\\, \\N and nul \0", number=1 << 70)
    log.log("odd", reason="Grüße 你好 😀", estimated=True, user_id="ada")
    for _ in range(2):  # the second time, it is replaced
        assert export(path, server) == 23
    with psycopg.connect(server) as base:
        base.row_factory = psycopg.rows.dict_row  # type: ignore[assignment]  # typed for tuples
        rows = base.execute("SELECT * FROM audit ORDER BY writer, seq").fetchall()
    assert len(rows) == 23
    assert list(rows[0]) == list(ALL)  # type: ignore[call-overload]  # rows are dicts
    by_event = {row["event"]: row for row in rows if row["user_id"] is None}  # type: ignore[call-overload]  # rows are dicts
    attempt, odd = by_event["llm_attempt"], by_event["odd"]
    assert (attempt["cost"], attempt["input_t"], attempt["tags"]) == (0.00012345, 10, '["a"]')
    assert attempt["more"] == '{"own":{"x":[1]}}'
    assert (odd["number"], odd["more"]) == (None, '{"number":1.1805916207174113e+21}')
    assert odd["reason"] == "tab\t, newline\n, backslash\\, \\N and nul \N{REPLACEMENT CHARACTER}"
    assert len(list(read_rows(path))) == 23


def test_a_table_has_the_requested_name_and_schema(server: str, tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", 3)
    with psycopg.connect(server) as base:
        base.execute('CREATE SCHEMA "o"')
    assert export(path, server, table='o.my "log"; DROP TABLE x') == 3
    with psycopg.connect(server) as base:
        (count,) = (
            base.execute('SELECT count(*) FROM o."my ""log""; DROP TABLE x"').fetchone() or ()
        )
    assert count == 3


def test_what_fails_leaves_the_table_that_was_there(server: str, tmp_path: Path) -> None:
    export(written(tmp_path / "audit.jsonl", 5), server, table="kept")
    with psycopg.connect(server) as base:
        base.execute("CREATE VIEW onto AS SELECT event FROM kept")
    with pytest.raises(ConfigurationError, match="PostgreSQL does not take the log"):
        export(written(tmp_path / "other.jsonl", 2), server, table="kept")
    with psycopg.connect(server) as base:
        assert base.execute("SELECT count(*) FROM onto").fetchone() == (5,)


def test_a_wrong_address_is_reported_without_its_password(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", 1)
    with pytest.raises(ConfigurationError) as raised:
        export(path, f"postgresql://scout:sesame@/x?host={tmp_path}")
    assert "sesame" not in str(raised.value)
    assert raised.value.__cause__ is None
