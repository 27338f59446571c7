"""Format a number of US dollars, however small."""

from __future__ import annotations

import math

SMALL = 0.001
"""US dollars: below it, six digits after the point show fewer than three significant ones."""

LEAST = 1e-12
"""US dollars: much smaller amounts are shown as zero."""


def dollar_text(usd: float) -> str:
    """Return US dollars to six decimal places; small amounts with three significant digits."""
    size = abs(usd)
    if not 0 < size < SMALL:
        return f"${usd:.6f}"
    return f"${usd:.{2 - math.floor(math.log10(max(size, LEAST)))}f}"


def short_dollar_text(usd: float) -> str:
    """Return US dollars for a sentence: as `dollar_text`, without zeros at the end."""
    return dollar_text(usd).rstrip("0").rstrip(".")
