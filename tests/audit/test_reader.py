"""`read_rows` and `read_lines` on sound and on damaged logs: both find the same rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scout_adapters.audit import AuditLog, read_rows
from scout_adapters.audit.reader import read_lines
from tests.report import seeded_log


def rows_of_lines(path: Path) -> list[dict[str, Any]]:
    return [line.row for line in read_lines(path) if line.row is not None]


SPOILED = {
    "an empty file": b"",
    "no end of the last line": b'{"time":"t","event":"a"}\n{"time":"t","event":"b"}',
    "empty lines": b'\n\n{"time":"t"}\n\n',
    "an empty object": b"{}\n",
    "other JSON": b'[1]\n"text"\n7\nnull\n{"time":"t"}\n',
    "no JSON": b"\0\0\0\n{'time': 1}\n{\n",
    "a carriage return": b'{"time":"t"}\r\n',
    "bytes that are no text": b'{"time":"\xff"}\n{"time":"t"}\n',
    "half a character": b'{"time":"\\ud800"}\n{"time":"t"}\n',
    "NaN": b'{"time":"t","cost":NaN}\n',
    "a number beyond 64 bits": b'{"time":"t","input_t":123456789012345678901234567890}\n',
}


@pytest.mark.parametrize("what", SPOILED)
def test_both_readers_read_the_same_rows_of_a_spoiled_file(what: str, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(SPOILED[what])
    assert list(read_rows(path)) == rows_of_lines(path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_both_readers_read_the_same_rows_whatever_was_cut_out_or_written_over(
    data: st.DataObject, tmp_path_factory: Any
) -> None:
    path = tmp_path_factory.mktemp("log") / "audit.jsonl"
    whole = bytearray(seeded_log.write(path, 12, seed=data.draw(st.integers(0, 9))).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(whole)))
        end = min(len(whole), begin + data.draw(st.sampled_from([0, 1, 5, 40, 400])))
        whole[begin:end] = data.draw(st.sampled_from([b"", b"\n", b'"', b"}", b'{"time":"', b"\\"]))
    path.write_bytes(whole)
    assert list(read_rows(path)) == rows_of_lines(path)


def test_a_row_behind_a_torn_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    AuditLog(path).log("whole", cost=1.0)
    path.write_bytes(b'{"time":"2026-01-01","event":"torn","reas' + path.read_bytes())
    assert [row["event"] for row in read_rows(path)] == ["whole"]


def test_a_line_too_long_to_be_a_row_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scout_adapters.audit.reader.LONGEST", 64)
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b'{"long":"' + b"x" * 500 + b'"}\n{"time":"t"}\n')
    assert list(read_rows(path)) == [{"time": "t"}]
    assert rows_of_lines(path) == [{"time": "t"}]


def test_reading_rows_checks_no_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = seeded_log.write(tmp_path / "audit.jsonl", 12, seed=1)
    expected = rows_of_lines(path)

    def refuse(line: bytes) -> None:
        raise AssertionError(line)

    monkeypatch.setattr("scout_adapters.audit.reader.link_of", refuse)
    assert list(read_rows(path)) == expected
