"""Make ten thousand calls and compare the cost handler, the audit log and the bill.

`--calls` and `--seed` change what is played.
"""

from __future__ import annotations

import sys

from tests.system.reconciliation.compare import main

if __name__ == "__main__":
    sys.exit(main())
