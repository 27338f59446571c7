"""Models over a fake of the network, with a clock that tests move."""

from __future__ import annotations

from tests.support.fake_http import ask, groq, providers, router, time, wire

__all__ = ["ask", "groq", "providers", "router", "time", "wire"]
