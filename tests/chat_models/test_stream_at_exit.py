"""A stream that is left open until the interpreter ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.warm_process import WarmProcess

PROGRAM = """
from scout_adapters import ScoutCostCallbackHandler, ScoutGroqChatModel
from scout_adapters.testing import Emulator

model = ScoutGroqChatModel(api_key="k", transport=Emulator().transport())
stream = model.stream("Hello", config={"callbacks": [%s]})
cycle = [next(stream), stream]
cycle.append(cycle)
print("read")
"""


@pytest.mark.parametrize("handler", ["", "ScoutCostCallbackHandler()"])
def test_a_stream_left_open_at_the_interpreters_end_prints_no_error(
    handler: str, bare: WarmProcess
) -> None:
    with bare.start(PROGRAM % handler) as child:
        assert child.communicate() == b"read\n"
        assert (child.returncode, child.errors) == (0, "")
