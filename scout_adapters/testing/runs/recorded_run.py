"""What a test's models did: calls, attempts, tokens and cost, with assertions about them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from scout_adapters._internal.redaction import key_forms
from scout_adapters.llm.engine.record import UNSENT, AttemptRecord
from scout_adapters.llm.pricing.price_list import sum_usd
from scout_adapters.testing.emulated_providers import ALIASES
from scout_adapters.testing.scrubbing.scrubber import known_secrets

if TYPE_CHECKING:
    from scout_adapters.testing.runs.request_snapshot import RequestSnapshot

_SHOWN_AROUND = 30
"""Characters around a secret in messages."""


class RunTokens(NamedTuple):
    """Tokens of all attempts that state them."""

    input: int
    output: int

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.input + self.output


@dataclass(slots=True)
class RecordedCall:
    """One call of a chat model, with its attempts in order."""

    attempts: list[AttemptRecord] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        """Whether its last attempt was answered."""
        return bool(self.attempts) and self.attempts[-1].outcome == "ok"


class RecordedRun:
    """The calls of all LangChain chat models in a test; thread-safe.

    run = scout_run
    assert run.asked("anthropic") and run.cost < Decimal("0.01")
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[UUID, RecordedCall] = {}
        self.secrets: list[str] = []
        """Keys that `assert_no_secret_in` looks for, beside those in the environment."""

        self.snapshot: RequestSnapshot | None = None
        """Where the snapshot of this test's requests is; None without the emulator."""

    def add(self, run_id: UUID, records: Iterable[AttemptRecord]) -> None:
        """Add attempts of a call; one that is reported twice counts once."""
        with self._lock:
            attempts = self._calls.setdefault(run_id, RecordedCall()).attempts
            attempts.extend(record for record in records if not _is_last(attempts, record))

    @property
    def calls(self) -> list[RecordedCall]:
        """The calls in the order of their first attempts."""
        with self._lock:
            return [call for call in self._calls.values() if call.attempts]

    @property
    def attempts(self) -> list[AttemptRecord]:
        """All attempts, skipped candidates included, call by call."""
        return [record for call in self.calls for record in call.attempts]

    @property
    def cost(self) -> Decimal:
        """US dollars of all attempts with a known cost; see `unpriced`."""
        costs = (record.cost_usd for record in self.attempts)
        return sum_usd(cost for cost in costs if cost is not None)

    @property
    def unpriced(self) -> list[AttemptRecord]:
        """Attempts that may be billed and whose cost is unknown."""
        return [
            record
            for record in self.attempts
            if record.cost_usd is None and record.outcome not in UNSENT and record.billed != "no"
        ]

    @property
    def tokens(self) -> RunTokens:
        """Tokens of all attempts."""
        records = self.attempts
        return RunTokens(
            sum(record.input_tokens or 0 for record in records),
            sum(record.output_tokens or 0 for record in records),
        )

    def asked(self, provider: str) -> list[AttemptRecord]:
        """Return the attempts whose requests were sent to a provider; empty if there are none."""
        name = ALIASES.get(provider, provider)
        return [
            record
            for record in self.attempts
            if record.provider == name and record.outcome not in UNSENT
        ]

    def assert_cost_below(self, dollars: str | Decimal) -> None:
        """Assert that all calls together cost less; a call of unknown cost fails."""
        if self.unpriced:
            lines = "".join(f"\n  {record.line()}" for record in self.unpriced)
            raise AssertionError(f"cost unknown, set a price in PRICING:{lines}")
        if self.cost >= Decimal(dollars):
            lines = "".join(f"\n  ${r.cost_usd or 0:.6f} {r.line()}" for r in self.attempts)
            raise AssertionError(f"cost is ${self.cost}, not below ${dollars}:{lines}")

    def assert_no_secret_in(self, *values: Any) -> None:
        """Assert that no key is in these values, as `str` and `repr` show them.

        Keys are those of the environment and of the emulator, also in base64 or partly encoded.
        """
        forms = [form for secret in known_secrets(self.secrets) for form in key_forms(secret)]
        for number, value in enumerate(values, 1):
            for text in (str(value), repr(value)):
                _check_text(text, forms, f"value {number}, {type(value).__name__}")

    def matches_snapshot(self) -> bool:
        """Return True if the requests are those of the last `--scout-update`.

        Raises:
            AssertionError: with the differences, if they are not, or if there is no snapshot.
            RuntimeError: without the fixture `scout_emulator`, which receives the requests.
        """
        if self.snapshot is None:
            raise RuntimeError("matches_snapshot() needs the fixture or marker scout_emulator")
        return self.snapshot.matches()


def _is_last(attempts: Sequence[AttemptRecord], record: AttemptRecord) -> bool:
    return bool(attempts) and attempts[-1] is record


def _check_text(text: str, forms: Iterable[str], where: str) -> None:
    for form in forms:
        at = text.find(form)
        if at >= 0:
            before = text[max(0, at - _SHOWN_AROUND) : at]
            raise AssertionError(f"a key is in {where}, at character {at}, after {before!r}")
