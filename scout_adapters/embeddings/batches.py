"""Texts as batches that one request may contain; smaller ones after a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

BYTES_PER_TOKEN = 3
"""Bytes of text per token, for estimates: fewer than most texts have, so that batches fit."""

Positions = Sequence[int]
"""The indexes of a batch's texts in the caller's list."""


def split(texts: Sequence[str], max_inputs: int, max_tokens: int | None) -> Iterator[Positions]:
    """Yield the positions of each batch, in order; a text that is too long is alone in one."""
    batch: list[int] = []
    tokens = 0
    for position, text in enumerate(texts):
        size = estimated_tokens(text)
        is_full = len(batch) == max_inputs
        if batch and (is_full or (max_tokens is not None and tokens + size > max_tokens)):
            yield batch
            batch, tokens = [], 0
        batch.append(position)
        tokens += size
    if batch:
        yield batch


def estimated_tokens(text: str) -> int:
    """Estimate the tokens of a text, rather too many than too few."""
    return len(text.encode(errors="replace")) // BYTES_PER_TOKEN + 1


def smaller(batch: Positions, texts: Sequence[str]) -> list[Positions]:
    """Return the parts of a batch that was too large, the one to send first at the end.

    The longest text goes first, alone: if it is too long by itself, its error names it, and no
    other text is paid for.
    """
    longest = max(batch, key=lambda position: len(texts[position]))
    rest = [position for position in batch if position != longest]
    half = (len(rest) + 1) // 2
    return [part for part in (rest[half:], rest[:half], [longest]) if part]
