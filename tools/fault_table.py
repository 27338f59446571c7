"""Play every fault in every verb and print what came of it.

Further arguments go to pytest: `python -m tools.fault_table -n 2`.
"""

from __future__ import annotations

import sys

from tests.system.faults.fault_table import main

if __name__ == "__main__":
    sys.exit(main())
