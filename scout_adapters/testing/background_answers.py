"""Answers that the emulator makes in the background: their states, and which key may fetch them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scout_adapters.testing.http_messages import Json

POLLS = 2
"""Polls until an answer is complete, unless the emulator has another number."""

Owner = tuple[str, str]
"""The name of a provider, and a key: each key counts as an account of its own."""


@dataclass(slots=True)
class MadeAnswer:
    """One answer, as it is in each of its states."""

    owner: Owner
    states: Mapping[str, Json]
    """Bodies by state: `queued`, `in_progress`, `completed`, `cancelled`."""

    until: float
    """The wall clock's time from which on it is gone, in seconds since 1970."""

    once: bool = False
    """Whether the complete answer can be fetched once only."""

    polls: int = 0
    is_cancelled: bool = False


class BackgroundAnswers:
    """Contains the answers by id; thread-safe."""

    def __init__(self, polls: int = POLLS) -> None:
        """Set `polls`, the number of polls until an answer is complete."""
        self.polls = polls
        self._lock = threading.Lock()
        self._answers: dict[str, MadeAnswer] = {}

    def add(self, answer_id: str, answer: MadeAnswer) -> None:
        """Add an answer that is queued."""
        with self._lock:
            self._answers[answer_id] = answer

    def fetch(
        self, answer_id: str, owner: Owner, wall: float, *, cancel: bool = False
    ) -> tuple[str, Json] | None:
        """Return the state of an answer and its body; None if this owner has no such answer.

        With `cancel`, it is stopped, unless it is complete.
        """
        with self._lock:
            answer = self._answers.get(answer_id)
            if answer is None or answer.owner != owner or wall >= answer.until:
                return None
            if cancel:
                answer.is_cancelled = answer.is_cancelled or answer.polls < self.polls
            else:
                answer.polls += 1
            state = self._state(answer)
            if answer.once and state == "completed":
                del self._answers[answer_id]
            return state, answer.states[state]

    def _state(self, answer: MadeAnswer) -> str:
        if answer.is_cancelled:
            return "cancelled"
        return "completed" if answer.polls >= self.polls else "in_progress"
