"""Models over a fake of the network, with a clock that tests move."""

from __future__ import annotations

from tests.auth.vaults import answers
from tests.support.fake_http import ask, groq, providers, router, time, wire

__all__ = ["answers", "ask", "groq", "providers", "router", "time", "wire"]
