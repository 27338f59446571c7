"""Faults in which no connection to the provider comes about, or the request cannot be sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scout_adapters.testing.faults.refusals import Fault
from scout_adapters.testing.http_messages import HttpReply, NetworkError

if TYPE_CHECKING:
    from scout_adapters.testing.faults.context import FaultContext


@dataclass(frozen=True, slots=True)
class Unreachable(Fault):
    """The client's HTTP library raises an error before anything arrives.

    Only in the same process: the loopback server closes the connection instead.
    """

    error: NetworkError = "ConnectError"
    message: str = "[Errno 111] Connection refused"

    def play(self, context: FaultContext) -> HttpReply:  # noqa: ARG002  # the same signature for all faults
        """Return the error."""
        return HttpReply(dropped=True, error=self.error, error_message=self.message)
