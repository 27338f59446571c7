"""Format numbers for readers: with significant digits only, and "unknown" instead of zero."""

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
BLOCKS = "▁▂▃▄▅▆▇█"


def money(usd: Decimal | None) -> str:
    """Format US dollars: with cents from a dollar on, below it with three significant digits."""
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


def duration(seconds: float | None) -> str:
    """Format seconds: below one with milliseconds; unknown is a dash."""
    if seconds is None:
        return NONE
    if seconds < 1:
        return f"{seconds * 1000:.{int(0 < seconds < 0.00995)}f} ms"  # noqa: PLR2004  # one digit below 10 ms
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds:,.0f} s"  # noqa: PLR2004  # three digits


def written_time(time: str) -> str:
    """Format a time of the log: `2026-11-23 10:00:00`, in UTC."""
    return f"{time[:10]} {time[11:19]}" if time else UNKNOWN


def amount(number: int) -> str:
    """Format a count: exactly below 10,000, above with three digits and k, M, B or T."""
    if number < PLAIN_BELOW:
        return f"{number:,}"
    scale, letter = next(scale for scale in SCALES if number >= scale[0] * 0.9995)
    whole = len(f"{number / scale:.0f}")
    return f"{number / scale:.{max(0, DIGITS - whole)}f}{letter}"


def share(part: float | None) -> str:
    """Format a share in per cent; unknown is a dash."""
    if part is None:
        return NONE
    if 0 < part < LEAST_SHARE:
        return f"<{LEAST_SHARE:.1%}"
    if 1 - LEAST_SHARE < part < 1:
        return f">{1 - LEAST_SHARE:.1%}"
    whole = part in {0, 1} or 0.1 <= part < 0.99  # noqa: PLR2004  # above, tenths of a per cent matter
    return f"{part:.0%}" if whole else f"{part:.1%}"


def spark(values: Sequence[Decimal]) -> str:
    """Return amounts as blocks, the largest as the highest; zero is a space."""
    most = max(values, default=Decimal(0))
    if most <= 0:
        return " " * len(values)
    steps = len(BLOCKS)
    return "".join(
        BLOCKS[min(steps - 1, int(value / most * steps))] if value > 0 else " " for value in values
    )
