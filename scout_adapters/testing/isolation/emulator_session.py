"""An emulator in the place of all providers, for the length of a test."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from scout_adapters.testing import process_state
from scout_adapters.testing.clients.emulated_clients import emulated_clients
from scout_adapters.testing.emulator.emulator import Emulator
from scout_adapters.testing.isolation.provider_environment import (
    KeysOf,
    address_variables,
    key_variables,
    listed_keys,
    own_variables,
)
from scout_adapters.testing.isolation.virtual_time import VirtualTime

if TYPE_CHECKING:
    from scout_adapters.testing.emulator.emulator import Keys
    from scout_adapters.testing.faults.refusals import Fault


@dataclass(frozen=True, kw_only=True)
class EmulatorSettings:
    """What the marker `scout_emulator` sets."""

    keys: KeysOf = field(default_factory=dict)
    """By provider: the number of keys, or the keys, each with its fault. One key by default."""

    down: Mapping[str, Fault] | Iterable[str] = ()
    served: bool = False
    """Whether the emulator listens on loopback too, for clients that use neither httpx nor
    httpx2; variables contain its addresses, and it waits in real time."""

    recorded: Path | None = None
    """A cassette that the answers come from."""

    real_time: bool = False
    """Whether waits take their time."""


@contextmanager
def emulator_session(
    settings: EmulatorSettings, time: VirtualTime, *, everywhere: bool = False
) -> Iterator[Emulator]:
    """Let an emulator answer for all providers, with keys, and reset the process at both ends."""
    keys = listed_keys(settings.keys)
    emulator = _emulator(settings, keys, time)
    before = process_state.snapshot()
    process_state.reset(before)
    with ExitStack() as stack:
        stack.callback(process_state.reset, before)
        if not settings.real_time:
            stack.enter_context(time.installed(everywhere=everywhere))
        stack.enter_context(emulated_clients(emulator))
        variables = key_variables(keys)
        if settings.served:
            stack.enter_context(emulator.serve())
            variables |= address_variables(emulator.url)
        machines = list(own_variables())
        stack.enter_context(patch.dict("os.environ"))  # put back whole at the end
        for name in machines:
            del os.environ[name]
        os.environ.update(variables)
        yield emulator


def _emulator(settings: EmulatorSettings, keys: Mapping[str, Keys], time: VirtualTime) -> Emulator:
    options: dict[str, Any] = {"keys": keys, "down": settings.down}
    if not settings.real_time:
        options |= {"clock": time.now, "wall": time.wall}
        options |= {"sleep": time.sleep, "asleep": time.asleep}
    if settings.recorded is None:
        return Emulator(**options)
    # vcrpy is an extra.
    from scout_adapters.testing.chaos.recorded_answers import RecordedEmulator  # noqa: PLC0415  # as above

    return RecordedEmulator(settings.recorded, **options)
