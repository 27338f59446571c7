"""Print how our costs agree with the providers' own, over recorded answers."""

from __future__ import annotations

import sys

from tests.llm.pricing.billing_table import main

if __name__ == "__main__":
    sys.exit(main())
