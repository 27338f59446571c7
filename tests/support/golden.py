"""Real error responses of providers and their expected classification: one refusal a line.

The bodies in `golden_rows/` are those of the providers' documentation, SDKs and issue trackers;
where only a condition is documented, the body is the plain form of that API. A body that is text
came as such; one that is JSON came as bytes under an error status, and as a payload inside a 200.
`wait` is in seconds from `NOW`. Recorded traffic is in `test_recorded.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.support.paths import TESTS

NOW = datetime(2026, 5, 15, 12, 0, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Golden:
    """One refusal and its classification; the error's message contains `says`."""

    name: str
    provider: str
    status: int
    body: Any
    kind: str
    wait: float | None = None
    code: str | None = None
    says: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    source: str = ""
    """The page with this refusal; the rows of the first providers have theirs in the reference."""

    @property
    def sent(self) -> Any:
        """The body as it reaches the classifier."""
        if isinstance(self.body, str):
            return self.body.encode(self.encoding)
        return self.body if self.status == 200 else json.dumps(self.body).encode()

    def __str__(self) -> str:
        return f"{self.provider} {self.status}: {self.name}"


def _rows() -> list[Golden]:
    files = sorted((TESTS / "llm/failures/golden_rows").glob("*.jsonl"))
    return [
        Golden(**{"provider": file.stem, **json.loads(line)})
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
    ]


ROWS = _rows()
