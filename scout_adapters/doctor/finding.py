"""One result of the doctor's checks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem or a note about `subject`, and what to do about it. Contains no key."""

    subject: str
    what: str
    fix: str
    """What to do."""

    wrong: bool = True
    """Whether it is a problem; False for a note."""
