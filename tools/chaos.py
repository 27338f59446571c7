"""Make a hundred thousand calls, three in ten requests faulty, and check what must hold.

`--calls`, `--seed`, `--minutes-limit` and `--processes` change what is played.
"""

from __future__ import annotations

import sys

from tests.system.chaos.processes import main

if __name__ == "__main__":
    sys.exit(main())
