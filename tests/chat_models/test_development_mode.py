"""A program that uses the models in every way has no warnings in Python's development mode."""

from __future__ import annotations

import asyncio
import os
import sys

from scout_adapters.testing import Emulator
from tests.chat_models import program
from tests.chat_models.models import MODELS
from tests.support.paths import ROOT
from tests.support.waiting import HANG


async def test_nothing_is_left_open_in_development_mode(served: Emulator) -> None:
    urls = [f"{name}={served.url(name)}" for name in MODELS]
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-X", "dev", "-W", "error", "-m", program.__name__, *urls),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(ROOT)},
    )
    out, err = await asyncio.wait_for(child.communicate(), HANG)
    assert (out.decode(), err.decode()) == ("done\n", "")
    assert {exchange.provider for exchange in served.log} == set(MODELS)
