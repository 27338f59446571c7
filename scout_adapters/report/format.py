"""Numbers as a reader wants them: as many digits as say something, and never zero for unknown."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

UNKNOWN = "unknown"
NONE = "-"
DIGITS = 3
SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))
PLAIN_BELOW = 10_000
LEAST_MONEY = Decimal("0.000001")
LEAST_SHARE = 0.001
LONG = 100
"""Seconds that are told without tenths."""

BLOCKS = "▁▂▃▄▅▆▇█"


def money(usd: Decimal | None) -> str:
    """Say an amount: cents from a dollar on, below it three digits that are not zero."""
    if usd is None:
        return UNKNOWN
    sign, size = "-" if usd < 0 else "", abs(usd)
    if size == 0:
        return "$0"
    if round(size, DIGITS) >= 1:
        return f"{sign}${size:,.2f}"
    if size < LEAST_MONEY / 2:
        return f"{sign}<${LEAST_MONEY:f}"
    return f"{sign}${size:.{min(8, DIGITS - 1 - size.adjusted())}f}"


def amount(number: int) -> str:
    """Say how many: to the last one below ten thousand, in three digits above."""
    if number < PLAIN_BELOW:
        return f"{number:,}"
    scale, letter = next(known for known in SCALES if number >= known[0] * 0.9995)
    whole = len(f"{number / scale:.0f}")
    return f"{number / scale:.{max(0, DIGITS - whole)}f}{letter}"


def share(part: float | None) -> str:
    """Say a part of the whole in per cent; what is unknown is a dash."""
    if part is None:
        return NONE
    if 0 < part < LEAST_SHARE:
        return f"<{LEAST_SHARE:.1%}"
    if 1 - LEAST_SHARE < part < 1:
        return f">{1 - LEAST_SHARE:.1%}"
    whole = part in {0, 1} or 0.1 <= part < 0.99  # noqa: PLR2004  # a tenth of the rest matters
    return f"{part:.0%}" if whole else f"{part:.1%}"


def spark(values: Sequence[Decimal]) -> str:
    """Draw amounts as blocks, the largest as the highest; nothing at all is a space."""
    most = max(values, default=Decimal(0))
    if most <= 0:
        return " " * len(values)
    steps = len(BLOCKS)
    return "".join(
        BLOCKS[min(steps - 1, int(value / most * steps))] if value > 0 else " " for value in values
    )
