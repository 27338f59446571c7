"""What was done to a log by hand, and on which line it shows."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scout_adapters.audit import AuditLog, read_rows
from scout_adapters.audit.hash_chain import Chain, digest, link_of
from scout_adapters.audit.verify import verify
from tests.audit.logs import findings, spoiled, written

ROWS = 20


def edit(lines: list[bytes]) -> None:
    lines[6] = lines[6].replace(b"because", b"whatever")


def rehash(lines: list[bytes]) -> None:
    edit(lines)
    part = lines[6].partition(b',"hash"')[0]
    lines[6] = part + b',"hash":"' + digest(part) + b'"}}\n'


def swap(lines: list[bytes]) -> None:
    lines[6], lines[8] = lines[8], lines[6]


def strip(lines: list[bytes]) -> None:
    lines[6] = lines[6].partition(b',"chain"')[0] + b"}\n"


SPOILS: dict[str, tuple[Callable[[list[bytes]], Any], list[tuple[int, str]]]] = {
    "nothing": (lambda lines: None, []),
    "a row edited": (edit, [(7, "edited")]),
    "the last row edited": (
        lambda lines: lines.append(lines.pop().replace(b"because", b"no")),
        [(20, "edited")],
    ),
    "a row edited and hashed anew": (rehash, [(9, "replaced")]),
    "a row taken out": (lambda lines: lines.pop(6), [(8, "gap")]),
    "the first rows taken out": (
        lambda lines: lines.__delitem__(slice(2)),
        [(1, "gap"), (2, "gap")],
    ),
    "two rows swapped": (swap, [(9, "order")]),
    "a row written twice": (lambda lines: lines.insert(9, lines[6]), [(10, "repeated")]),
    "a row torn": (lambda lines: lines.insert(9, lines[6][:40] + b"\n"), [(10, "torn")]),
    "a block of zeros": (lambda lines: lines.insert(9, b"\0" * 512 + b"\n"), [(10, "torn")]),
    "a row that is no row": (lambda lines: lines.insert(9, b"[1]\n"), [(10, "torn")]),
    "a row without its chain": (strip, [(7, "unchained"), (9, "gap")]),
    "empty lines": (lambda lines: lines.insert(9, b"\n\n"), []),
    "no end of the last line": (
        lambda lines: lines.append(lines.pop()[:-1]),
        [(20, "torn")],
    ),
}


@pytest.mark.parametrize("what", SPOILS)
def test_what_was_done_to_a_log_shows_on_its_line(what: str, tmp_path: Path) -> None:
    spoil, expected = SPOILS[what]
    report = spoiled(written(tmp_path / "audit.jsonl", ROWS), spoil)
    assert sorted(findings(report)) == sorted(expected)


@given(data=st.data())
def test_no_changed_byte_goes_unseen(data: st.DataObject, tmp_path_factory: Any) -> None:
    path = written(tmp_path_factory.mktemp("log") / "audit.jsonl", 6)
    whole = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    whole[at] = byte
    path.write_bytes(whole)
    assert verify(path).findings != ()


def test_a_cut_end_shows_against_heads_that_were_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", ROWS)
    heads = verify(path).heads
    assert spoiled(path, lambda lines: lines.__delitem__(slice(-3, None))).findings == ()
    assert [finding.kind for finding in verify(path, heads).findings] == ["cut", "cut"]


def test_rows_of_threads_and_processes_make_whole_chains(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    children = []
    log.log("before")
    for _ in range(3):
        child = os.fork()
        if child == 0:
            try:
                with ThreadPoolExecutor(4) as threads:
                    list(threads.map(lambda n: log.log("event", number=n), range(100)))
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    log.log("after")
    report = verify(log.path)
    assert (report.rows, len(report.heads), report.findings) == (302, 4, ())


def test_a_row_that_was_interrupted_leaves_no_broken_chain(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")

    class Interrupting:
        def __str__(self) -> str:
            raise KeyboardInterrupt

    log.log("one")
    with pytest.raises(KeyboardInterrupt):
        log.log("two", what=Interrupting())
    log.log("three")
    assert [row["event"] for row in read_rows(log.path)] == ["one", "three"]
    assert verify(log.path).findings == ()


@given(st.dictionaries(st.text(), st.text() | st.integers(-9, 9), max_size=4))
def test_a_link_is_read_from_the_line_that_has_it(fields: dict[str, Any]) -> None:
    import orjson

    chain = Chain()
    line = chain.link(orjson.dumps({"time": "t", **fields}))
    link = link_of(line[:-1])
    assert link is not None
    assert (link.writer, link.seq, link.prev, link.sound) == (chain.writer, 1, "", True)
    assert orjson.loads(line)["chain"]["hash"] == link.hash
