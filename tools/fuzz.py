"""Fuzz each wire, the reader of errors and the conversations; keep what fails.

`--inputs`, `--seed` and `--target` change what is played.
"""

from __future__ import annotations

import sys

from tests.system.fuzzing.run import main

if __name__ == "__main__":
    sys.exit(main())
