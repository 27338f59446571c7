"""A key that occurs nowhere by chance, and that nothing may show."""

from __future__ import annotations

CANARY = "gsk_CANARY7f3Zq9LmPx"
