"""Interrupt calls at every line of the package, and print what is still held after each.

`--lines` and `--seed` play a part of them.
"""

from __future__ import annotations

import logging
import sys
import warnings

from tests.system.interrupts.every_line import main

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore", RuntimeWarning)  # coroutines of core that were interrupted
    sys.exit(main())
