"""The process that runs programs of pages and examples."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.warm_python import WarmPython, warm_python


@pytest.fixture(scope="module")
def python() -> Iterator[WarmPython]:
    with warm_python() as python:
        yield python
