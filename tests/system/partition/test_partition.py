"""A side that is cut off from the store goes on alone; afterwards both sides have all facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.network_namespaces import reason_against
from tests.support.warm_process import WarmProcess
from tests.system.partition import partition_caller
from tests.system.partition.partition_run import check, play_partition

REASON = reason_against()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON or "namespaces can be used")

SECONDS = 1.2
"""For which the side is cut off: long enough for a second try of the store."""


def test_a_side_without_its_store_goes_on_and_merges_back(tmp_path: Path) -> None:
    with WarmProcess(partition_caller.__name__) as warm:
        partition = play_partition(warm, tmp_path, "silent", SECONDS)
    check(partition)
