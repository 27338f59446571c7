"""Kill two hundred processes while they call, and check what they leave.

`--kills` and `--seed` change what is played.
"""

from __future__ import annotations

import sys

from tests.system.crash.kills import main

if __name__ == "__main__":
    sys.exit(main())
