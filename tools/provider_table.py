"""Write the table of providers in README.md, which is made from the cards."""

from __future__ import annotations

import sys

from tests.system.docs.provider_table import main

if __name__ == "__main__":
    sys.exit(main())
