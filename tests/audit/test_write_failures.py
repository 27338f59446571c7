"""Rows that cannot be written: on a full disk, in a folder that takes none."""

from __future__ import annotations

import errno
import logging
import os
import pickle
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from scout_adapters import ScoutAuditCallbackHandler, ScoutError, ScoutGroqChatModel
from scout_adapters.audit import AuditError, AuditLog, read_rows
from scout_adapters.audit.process_log import get_audit
from scout_adapters.audit.verify import verify
from scout_adapters.errors import ConfigurationError
from scout_adapters.report.time_buckets import utc
from scout_adapters.testing import Emulator
from tests.audit.logs import in_a_child, limit

FULL = "/dev/full"
pytestmark = pytest.mark.skipif(not Path(FULL).exists(), reason="this system has no /dev/full")


def test_a_full_disk_is_an_error_of_ours_and_an_os_error() -> None:
    with pytest.raises(AuditError) as caught:
        AuditLog(FULL).log("event")
    error = caught.value
    assert isinstance(error, ScoutError)
    assert isinstance(error, OSError)
    assert (error.errno, error.filename) == (errno.ENOSPC, FULL)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.filename, copy.errno) == (str(error), FULL, errno.ENOSPC)


def test_a_log_that_warns_names_the_missing_row(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = AuditLog(FULL, on_failure="warn")
    log.log("nav")
    (record,) = (each for each in caplog.records if FULL in each.getMessage())
    assert record.levelno == logging.ERROR
    assert "'nav'" in record.getMessage()
    assert log.lost == 1


def test_a_folder_that_takes_no_files_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AuditError, match="file"):
        AuditLog(tmp_path / "file" / "audit.jsonl").log("event")
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(AuditError) as caught:
            AuditLog(tmp_path / "audit.jsonl").log("event")
        assert caught.value.errno == errno.EACCES


def model_and_emulator() -> tuple[ScoutGroqChatModel, Emulator]:
    key = f"key-{uuid4()}"  # health is shared by all who use a key
    emulator = Emulator(keys={"groq": {key: None}})
    model = ScoutGroqChatModel(model="m", api_keys=[key], transport=emulator.transport())
    return model, emulator


def test_what_cannot_be_logged_is_not_sent() -> None:
    model, emulator = model_and_emulator()
    with pytest.raises(AuditError):
        model.invoke("hi", {"callbacks": [ScoutAuditCallbackHandler(AuditLog(FULL))]})
    assert emulator.log == []


def test_a_log_that_warns_stops_no_call(caplog: pytest.LogCaptureFixture) -> None:
    model, emulator = model_and_emulator()
    log = AuditLog(FULL, on_failure="warn")
    assert model.invoke("hi", {"callbacks": [ScoutAuditCallbackHandler(log)]}).text
    assert len(emulator.log) == 1
    assert log.lost == 2


@pytest.mark.parametrize("on_failure", [None, "raise"])
def test_an_answer_is_not_lost_to_a_disk_that_fills_up_meanwhile(
    tmp_path: Path, on_failure: str | None
) -> None:
    path = tmp_path / "audit.jsonl"

    def fill() -> None:
        model, _ = model_and_emulator()
        log = AuditLog(path, on_failure=on_failure)
        log.log("event")
        limit(path.stat().st_size + 450)  # an intent fits, its outcome does not
        config = {"callbacks": [ScoutAuditCallbackHandler(log)]}
        if on_failure == "raise":
            with pytest.raises(AuditError):
                model.invoke("hi", config)
        else:
            assert model.invoke("hi", config).text

    assert in_a_child(fill) == 0
    assert [row["event"] for row in read_rows(path)] == ["event", "llm_intent"]


def test_after_a_disk_was_full_the_next_row_has_the_number_of_lost_rows(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"

    def fill() -> None:
        log = AuditLog(path)
        log.log("first")
        limit(path.stat().st_size + 50)
        for _ in range(3):
            with pytest.raises(AuditError):
                log.log("torn")
        limit(1 << 20)
        log.log("last")
        log.log("after")

    assert in_a_child(fill) == 0
    rows = [(row["event"], row.get("lost")) for row in read_rows(path)]
    assert rows == [("first", None), ("last", 3), ("after", None)]
    assert [finding.kind for finding in verify(path).findings] == ["torn"]


def test_a_row_of_another_process_behind_a_torn_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    other = AuditLog(path)
    other.log("first", inside={"time": "now"})
    with path.open("ab") as torn:
        torn.write(b'{"time":"2026-01-01","event":"torn","more":{"time":"20')
    other.log("second", inside={"time": "now"})
    assert [row["event"] for row in read_rows(path)] == ["first", "second"]
    (finding,) = verify(path).findings
    assert (finding.line, finding.kind) == (2, "torn")


def test_a_log_whose_last_row_is_torn_goes_on_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b'{"time":"2026-01-01","ev')
    AuditLog(path).log("next")
    assert orjson.loads(path.read_bytes().splitlines()[1])["event"] == "next"


def test_a_row_that_json_has_no_words_for_is_logged_or_refused(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.log("odd", half="\ud800", large=1 << 70, keyed={1: 2}, path=tmp_path)
    (row,) = read_rows(log.path)
    assert (row["half"], row["keyed"]) == ("?", {"1": 2})
    assert utc(row["time"]).startswith(row["time"].removesuffix("+00:00"))  # as of any other row
    circle: list[object] = []
    circle.append(circle)
    for fields in ({"circle": circle}, {"chain": "mine"}):
        with pytest.raises(AuditError):
            log.log("event", **fields)


@pytest.mark.parametrize(
    "options", [{"rotate": "hour"}, {"rotate": 0}, {"on_failure": "x"}, {"durability": "x"}]
)
def test_an_option_that_means_nothing_is_refused(
    options: dict[str, object], tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError):
        AuditLog(tmp_path / "audit.jsonl", **options)


def test_options_are_set_on_the_log_of_the_whole_process(tmp_path: Path) -> None:
    log = get_audit(tmp_path / "audit.jsonl", on_failure="warn")
    again = get_audit(tmp_path / "audit.jsonl", rotate="day")
    assert again is log
    assert (log.on_failure, log.durability, log.rotate) == ("warn", "process", "day")


def test_with_durability_power_each_row_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(file), fsync(file)))
    log = AuditLog(tmp_path / "audit.jsonl", durability="power")
    log.log("one")
    log.log("two")
    assert len(synced) == 3  # the folder too, which has a new file
    assert len(set(synced[1:])) == 1


def test_after_a_failed_sync_nothing_counts_as_written_until_the_log_is_reopened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = AuditLog(tmp_path / "audit.jsonl", durability="power")
    log.log("one")

    def fail(file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", fail)
        with pytest.raises(AuditError):
            log.log("two")
    with pytest.raises(AuditError, match="earlier sync"):
        log.log("three")
    log.close()
    log.log("four")
    assert [row["event"] for row in read_rows(log.path)] == ["one", "two", "four"]
    assert verify(log.path).findings == ()


def test_the_handler_s_option_decides_about_rows_that_cannot_be_written(tmp_path: Path) -> None:
    handler = ScoutAuditCallbackHandler(tmp_path / "one.jsonl", on_failure="warn")
    assert handler.audit.on_failure == "warn"
