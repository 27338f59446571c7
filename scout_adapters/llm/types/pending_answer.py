"""An answer that a provider is still making, and where it will be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PendingAnswer:
    """Where to poll for an answer; paths are below the versioned root, as a wire's endpoint."""

    id: str
    path: str
    """Returns the answer, or the state of its making, to a GET."""

    cancel_path: str = ""
    """Stops the making by a POST; empty if it cannot be stopped."""
