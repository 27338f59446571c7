"""The vectors that the emulator returns: the same for the same model and text, at any provider."""

from __future__ import annotations

import math
from array import array
from hashlib import shake_128

LENGTHS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
    "gemini-embedding-001": 3072,
    "gemini-embedding-2": 3072,
    "mistral-embed": 1024,
    "codestral-embed": 1536,
    "nomic-embed-text": 768,
    "bge-m3": 1024,
}
"""Numbers in a vector, by the model's name behind the provider's."""

USUAL_LENGTH = 384
"""Numbers in a vector of any other model."""


def vector_length(model: str) -> int:
    """Return how many numbers the model's own vectors have."""
    return LENGTHS.get(_own_name(model), USUAL_LENGTH)


def vector_of(model: str, text: str, length: int | None = None, task: str = "") -> list[float]:
    """Return a vector of length 1 whose numbers are exact as 32-bit floats."""
    size = length or vector_length(model)
    seed = f"{_own_name(model)}\n{task}\n{text}".encode(errors="surrogatepass")
    values = array("i", shake_128(seed).digest(4 * size))
    norm = math.sqrt(sum(value * value for value in values)) or 1.0
    return array("f", [value / norm for value in values]).tolist()


def _own_name(model: str) -> str:
    """Return a model's name without the names of providers and a tag."""
    return model.rpartition("/")[2].partition(":")[0].lower()
