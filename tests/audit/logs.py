"""Logs as tests make and spoil them."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

from scout_adapters.audit import AuditLog
from scout_adapters.audit.verify import VerificationReport, verify


def written(path: Path, rows: int, writers: int = 2, **options: object) -> Path:
    """Write rows by turns of several writers, as several processes would."""
    logs = [AuditLog(path, **options) for _ in range(writers)]  # type: ignore[arg-type]  # options pass on
    for number in range(rows):
        logs[number % writers].log("event", number=number, reason="because")
    for log in logs:
        log.close()
    return path


def spoiled(path: Path, spoil: Callable[[list[bytes]], object]) -> VerificationReport:
    """Change a log's lines by hand and hold it to its chains."""
    lines = path.read_bytes().splitlines(keepends=True)
    spoil(lines)
    path.write_bytes(b"".join(lines))
    return verify(path)


def findings(report: VerificationReport) -> list[tuple[int, str]]:
    return [(finding.line, finding.kind) for finding in report.findings]


def in_a_child(work: Callable[[], None]) -> int:
    """Fork and work in the child: limits that it sets end with it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def limit(size: int) -> None:
    """Let no file of this process grow beyond a size: a disk that is full."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
