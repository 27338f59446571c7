"""A log in many files: begun by day or by size, read as one, deleted whole."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scout_adapters.audit import AuditError, AuditLog, log, read_rows
from scout_adapters.audit.retention import prune
from scout_adapters.audit.rotation import segments
from scout_adapters.audit.verify import verify
from scout_adapters.doctor.key_outcomes import last_outcomes
from tests.audit.logs import in_a_child, limit, written

DAY = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)


class Calendar:
    """Replaces `now` in the log."""

    today = DAY

    def __call__(self) -> datetime:
        return self.today


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    calendar = Calendar()
    monkeypatch.setattr(log, "now", calendar)
    return calendar


def numbers(path: Path) -> list[int]:
    return [row["number"] for row in read_rows(path) if "number" in row]


def test_each_day_has_its_file_and_the_chain_goes_on(tmp_path: Path, calendar: Calendar) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl", rotate="day")
    for number in range(4):
        audit.log("event", number=number)
        calendar.today += timedelta(hours=12)
    names = [file.name for file in segments(audit.path)]
    assert names == [f"audit.2026-11-{day}.jsonl" for day in (23, 24, 25)]
    report = verify(audit.path)
    assert (len(report.heads), report.findings) == (1, ())
    assert numbers(audit.path) == [0, 1, 2, 3]


def test_a_clock_that_is_set_back_moves_no_row_before_those_that_were_written(
    tmp_path: Path, calendar: Calendar
) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl", rotate="day")
    for number, hours in enumerate((0, 2, -4, 5)):
        calendar.today += timedelta(hours=hours)
        audit.log("event", number=number)
    assert numbers(audit.path) == [0, 1, 2, 3]
    assert verify(audit.path).findings == ()


def test_a_file_that_has_its_bytes_is_followed_by_the_next_for_every_writer(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", 60, writers=3, rotate=2000)
    files = segments(path)
    assert [file.name for file in files[:2]] == ["audit.000001.jsonl", "audit.000002.jsonl"]
    assert all(2000 <= file.stat().st_size < 2300 for file in files[:-1])
    assert numbers(path) == list(range(60))
    assert verify(path).findings == ()


def test_a_log_that_begins_to_rotate_keeps_what_it_had(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", 3)
    (tmp_path / "audit.notes.jsonl").write_text("something else\n")
    AuditLog(path, rotate=1000).log("event", number=3)
    assert [file.name for file in segments(path)] == ["audit.jsonl", "audit.000001.jsonl"]
    assert numbers(path) == [0, 1, 2, 3]


def test_a_segment_that_is_taken_away_shows(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", 60, rotate=2000)
    for place in (0, 2):
        files = segments(path)
        files[place].unlink()
        assert {finding.kind for finding in verify(path).findings} == {"gap"}


def aged(path: Path) -> list[Path]:
    files = segments(path)
    for file in files:
        os.utime(file, (0, 0))
    return files


def test_old_files_are_deleted_on_request_and_the_rest_is_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", 60, rotate=2000)
    files = aged(path)
    os.utime(files[3])
    assert prune(path, datetime(2000, 1, 1, tzinfo=UTC)) == [*files[:3], *files[4:-1]]
    assert segments(path) == [files[3], files[-1]]
    kinds = {finding.kind for finding in verify(path).findings}
    assert kinds == {"gap"}  # the deleted files in between are reported, as they are not the oldest
    (pruned,) = [row for row in read_rows(path) if row["event"] == "audit_pruned"]
    assert pruned["files"] == [file.name for file in (*files[:3], *files[4:-1])]


def test_after_files_are_deleted_on_request_nothing_is_wrong(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", 60, rotate=2000)
    heads = verify(path).heads
    for file in aged(path)[-3:]:
        os.utime(file)
    for _ in range(2):
        assert prune(path, datetime(2000, 1, 1, tzinfo=UTC))
        assert verify(path, heads).findings == ()
        aged(path)[-1].touch()
    assert len(segments(path)) == 1


def test_a_log_of_one_file_is_never_deleted(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", 3)
    aged(path)
    assert prune(path, datetime.now(UTC)) == []
    assert prune(tmp_path / "other.jsonl", datetime.now(UTC)) == []
    assert numbers(path) == [0, 1, 2]


def test_what_cannot_be_written_down_is_not_deleted(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", 60, rotate=2000)
    before = aged(path)

    def full() -> None:
        limit(before[-1].stat().st_size)
        with pytest.raises(AuditError):
            prune(path, datetime.now(UTC))

    assert in_a_child(full) == 0
    assert segments(path) == before
    assert len(prune(path, datetime.now(UTC))) == len(before) - 1


def test_a_writer_whose_file_was_deleted_begins_it_again(tmp_path: Path) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl")
    audit.log("event", number=0)
    audit.path.unlink()
    audit.log("event", number=1)
    assert numbers(audit.path) == [1]


def test_the_health_of_keys_is_read_from_all_files(tmp_path: Path) -> None:
    audit = AuditLog(tmp_path / "audit.jsonl", rotate=100)
    for key in ("one", "two"):
        audit.log("llm_attempt", provider="groq", key_id=key, outcome="ok")
    assert len(segments(audit.path)) == 2
    assert set(last_outcomes(audit.path)) == {("groq", "one"), ("groq", "two")}
