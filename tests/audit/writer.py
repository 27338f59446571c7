"""Writes to a log in a process of its own; each row that `log` took is named on stdout."""

from __future__ import annotations

import os
import sys

from scout_adapters.audit import AuditLog

LONG = 40_000
"""Characters: a row of several pages, that a kill may tear."""


def main(path: str, rotate: str) -> None:
    size = int(rotate)
    log = AuditLog(path, rotate=size or None)
    number = 0
    while True:
        number += 1
        name = f"{os.getpid()}:{number}"
        log.log("llm_intent", run_id=name, number=1, text="x" * (0 if number % 9 else LONG))
        os.write(1, f"{name}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
