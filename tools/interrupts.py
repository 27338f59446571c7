"""Interrupt calls at every line of the package, and print what is still held after each.

`--lines`, `--seed` and `--only` play a part of them; `--processes`: how many cases at once.
"""

from __future__ import annotations

import sys

from tests.system.interrupts.case_processes import main

if __name__ == "__main__":
    sys.exit(main())
