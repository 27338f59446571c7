"""No fault brings a key to light: all that the emulator can play, in every verb, everywhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from scout_adapters.testing import Fault
from tests.support.verbs import VERBS
from tests.system.secrets.keys import odd, realistic
from tests.system.secrets.play import MODELS, echoes, faults, key_for, played
from tests.system.secrets.sweep import LogRecorder


@pytest.mark.parametrize("fault", list(faults()), ids=lambda fault: fault.name)
async def test_a_fault_brings_no_key_to_light(
    fault: Fault, audit: Path, log_recorder: LogRecorder, capfd: Any
) -> None:
    asyncio.get_running_loop().set_debug(True)
    leaks: list[str] = []
    for provider in MODELS:
        for verb in VERBS:
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
