"""Publish changes of one key or circuit to the other processes that share a store."""

from __future__ import annotations

from collections.abc import Callable

from scout_adapters.store.facts import PROBE, STATE, Fact

REVIVAL_SECONDS = 24 * 3600.0
"""Seconds for which a revival is remembered: the longest quarantine."""

PROBE_SECONDS = 60.0
"""Seconds for which other processes wait for a probe that does not report, such as a killed one."""

MAX_RECHECK_SECONDS = 60.0
"""Seconds: the longest shared quarantine of a key from a source, which may return a new secret."""


class SharedSubject:
    """A key or circuit whose changes are published. No method waits."""

    __slots__ = ("address", "others", "provider", "publish", "shares_quotas", "subject")

    def __init__(
        self,
        subject: str,
        publish: Callable[[Fact], None],
        provider: str = "",
        address: str = "",
        *,
        shares_quotas: bool = False,
        others: Callable[[], int] = int,
    ) -> None:
        self.subject = subject
        self.provider = provider
        self.address = address
        self.shares_quotas = shares_quotas
        """Whether what is left of a key's rate limits is shared, too."""

        self.publish = publish
        self.others = others
        """Returns the number of other processes, as far as it is known."""

    def rest(self, model: str | None, seconds: float) -> None:
        """Publish that a key is in cooldown, for one model or (None) for all."""
        place = f"rest {model}" if model else "rest"
        self.publish(Fact(self.subject, place, "rest", seconds))

    def quarantine(
        self, seconds: float, count: int, *, is_refused: bool, is_out_of_credit: bool
    ) -> None:
        """Publish that a key is out of rotation; `count` is its quarantines in a row."""
        details = {"count": count, "refused": is_refused, "credit": is_out_of_credit}
        fact = Fact(self.subject, STATE, "quarantine", seconds, details=details)
        self.publish(fact)

    def revive(self) -> None:
        """Publish that a key is healthy."""
        self.publish(Fact(self.subject, STATE, "revival", REVIVAL_SECONDS))

    def open(self, seconds: float) -> None:
        """Publish that a circuit is open."""
        self.publish(Fact(self.subject, STATE, "open", seconds))

    def close(self) -> None:
        """Publish that a circuit is closed."""
        self.publish(Fact(self.subject, STATE, "closed", REVIVAL_SECONDS))

    def start_probe(self) -> None:
        """Publish that this process probes an open circuit."""
        self.publish(Fact(self.subject, PROBE, "probing", PROBE_SECONDS))

    def end_probe(self, good_probes: int) -> None:
        """Publish that the probe has ended; `good_probes` is how many have succeeded so far."""
        details = {"good": good_probes}
        self.publish(Fact(self.subject, PROBE, "probed", PROBE_SECONDS, details=details))
