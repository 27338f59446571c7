"""No fault brings a key to light: all that the emulator can play, in every verb, everywhere.

`make test` plays each fault at each provider and in each verb, but not in each pair of them:
another fault has that pair. `make secrets` plays all.
"""

from __future__ import annotations

import asyncio
import os
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from scout_adapters.testing import Fault
from tests.support.verbs import VERBS
from tests.system.secrets.keys import odd, realistic
from tests.system.secrets.play import MODELS, echoes, faults, key_for, played
from tests.system.secrets.sweep import LogRecorder

ALL = os.environ.get("SCOUT_SECRETS") == "all"
FAULTS = list(faults())


def pairs(fault: Fault) -> list[tuple[str, str]]:
    """Return the providers and verbs with which a fault is played."""
    if ALL:
        return list(product(MODELS, VERBS))
    first = FAULTS.index(fault)
    return [(name, VERBS[(first + at) % len(VERBS)]) for at, name in enumerate(MODELS)]


def test_every_verb_is_played_at_every_provider() -> None:
    assert {pair for fault in FAULTS for pair in pairs(fault)} == set(product(MODELS, VERBS))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_brings_no_key_to_light(
    fault: Fault, audit: Path, log_recorder: LogRecorder, capfd: Any
) -> None:
    asyncio.get_running_loop().set_debug(True)
    leaks: list[str] = []
    for provider, verb in pairs(fault):
        key = key_for(provider, fault, verb)
        leaks += await played(provider, verb, fault, key, audit, log_recorder)
    assert leaks == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("provider", MODELS)
async def test_a_server_that_gives_the_key_back_brings_none_to_light(
    provider: str, audit: Path, log_recorder: LogRecorder
) -> None:
    leaks: list[str] = []
    key = odd(provider) if provider in {"groq", "google"} else realistic(provider)
    for number, fault in enumerate(echoes(key)):
        verb = VERBS[number % len(VERBS)]
        leaks += await played(provider, verb, fault, key, audit, log_recorder)
    assert leaks == []
