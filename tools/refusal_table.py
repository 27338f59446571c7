"""Print the refusals of recorded traffic and what this library makes of each."""

from __future__ import annotations

import sys

from tests.llm.failures.recorded_table import main

if __name__ == "__main__":
    sys.exit(main())
