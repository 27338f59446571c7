"""A recorded conversation with a fault in it: limited first, cut, slow, garbled, refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scout_adapters.testing.chaos.fault_injection import FaultInjection
from scout_adapters.testing.chaos.fault_list import select_faults
from scout_adapters.testing.isolation.emulator_session import EmulatorSettings, emulator_session
from scout_adapters.testing.isolation.virtual_time import VirtualTime

if TYPE_CHECKING:
    from scout_adapters.testing.chaos.fault_list import Selection
    from scout_adapters.testing.emulator.emulator import Emulator


@contextmanager
def mutate(
    cassette: str | Path, fault: Selection, *, at: int = 1, time: VirtualTime | None = None
) -> Iterator[Emulator]:
    """Play a cassette with a fault that begins with the request number `at`.

        with mutate("cassettes/test_chain/test_agent.yaml", RateLimited(2)) as emulator:
            agent.invoke(...)

    `fault` is one of `scout_adapters.testing`, or a number or name of the list of 88. Waits take no
    time. The emulator's `log` has the requests.

    Raises:
        CassetteUnreadable: if the file is no cassette.
        UnexpectedRequest: at the end, if a request was not recorded.
    """
    clock = time or VirtualTime()
    (chosen, *_) = select_faults([fault])
    settings = EmulatorSettings(recorded=Path(cassette))
    with emulator_session(settings, clock, everywhere=True) as emulator:
        emulator.injection = FaultInjection(chosen, clock.now, at)
        yield emulator
        emulator.check()
