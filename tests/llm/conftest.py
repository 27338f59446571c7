"""Models over a fake of the network, with a clock that tests move."""

from __future__ import annotations

from tests.support.fake_http import ask, asks, groq, providers, router, time, wire

__all__ = ["ask", "asks", "groq", "providers", "router", "time", "wire"]
