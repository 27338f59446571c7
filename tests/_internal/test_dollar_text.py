"""Small amounts of dollars are shown as more than zero."""

from __future__ import annotations

import pytest

from scout_adapters._internal.dollar_text import dollar_text


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (0.0, "$0.000000"),
        (12.5, "$12.500000"),
        (0.001, "$0.001000"),
        (0.0003009, "$0.000301"),
        (1.17e-05, "$0.0000117"),
        (6e-08, "$0.0000000600"),
        (1e-20, "$0.00000000000000"),
        (-6e-08, "$-0.0000000600"),
    ],
)
def test_small_amounts_have_three_digits_that_count(usd: float, text: str) -> None:
    assert dollar_text(usd) == text
