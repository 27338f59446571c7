"""What LangChain's tracer would send to LangSmith."""

from __future__ import annotations

from typing import Any


class SentRuns:
    """Takes the place of LangSmith's client, and keeps what would be sent."""

    tracing_queue = None

    def __init__(self) -> None:
        self.created: list[dict[str, Any]] = []
        """Runs as they were when they began."""
        self.sent: list[dict[str, Any]] = []
        """All that would be sent, in its order."""

    def create_run(self, **run: Any) -> None:
        self.created.append(run)
        self.sent.append(run)

    def update_run(self, **run: Any) -> None:
        self.sent.append(run)
