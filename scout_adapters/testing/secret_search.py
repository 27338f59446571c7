"""Find what looks like a key in the text of a cassette, also where it is encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scout_adapters.testing.scrubber import LOOKS_LIKE_A_KEY, known_secrets


def remaining_secrets(text: str, secrets: Sequence[str] | None = None) -> list[str]:
    """Return where a text has secrets, as places that do not contain them."""
    return list(_places(text, tuple(known_secrets()) if secrets is None else secrets))


def _places(text: str, secrets: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(text.split("\n"), 1):
        if LOOKS_LIKE_A_KEY.search(line):
            yield f"line {number}: looks like a key"
        elif any(secret in line for secret in secrets):
            yield f"line {number}: a secret of the environment"
