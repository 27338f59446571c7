"""Make the report of a log of a million rows; print its time, memory and size.

`--rows`, `--seed` and `--html` change what is made.
"""

from __future__ import annotations

import sys

from tests.report.million_rows import main

if __name__ == "__main__":
    sys.exit(main())
