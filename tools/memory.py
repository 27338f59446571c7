"""Make calls in which everything has a new name, and check that memory stays as it was.

Prints resident memory after a tenth of the calls and at the end. `--calls` sets their number.
"""

from __future__ import annotations

import sys

from tests.system.memory.growth import main

if __name__ == "__main__":
    sys.exit(main())
