"""Tools that tests offer to a model."""

from __future__ import annotations

from langchain_core.tools import tool


@tool
def get_weather(location: str) -> str:
    """Get the weather at a location."""
    return f"Sunny in {location}."


@tool
def get_time(location: str) -> str:
    """Get the time at a location."""
    return f"Noon in {location}."
