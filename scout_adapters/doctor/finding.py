"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what is the matter with `subject`, and what to do about it. Holds no key."""

    subject: str
    what: str
    do: str
    wrong: bool = True
    """False for what is only worth knowing."""
