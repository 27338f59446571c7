"""The machine of routes, in a process of its own: its examples replay whatever ran before."""

from __future__ import annotations

import os
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.warm_process import WarmProcess

MACHINE = Path(__file__).with_name("routes.py")
OPTIONS = ("-q", "-pno:xdist", "-pno:cacheprovider", "-Wignore::pytest.PytestAssertRewriteWarning")
"""The last one: plugins are imported before pytest is."""


def test_calls_in_any_order_among_faults_follow_the_rules(bare: WarmProcess) -> None:
    code = f"import pytest; raise SystemExit(pytest.main({[*OPTIONS, str(MACHINE)]}))"
    variables = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    with bare.start(code, env=variables, folder=str(ROOT), brief=True) as child:
        printed = child.communicate().decode()
    assert child.returncode == 0, printed[-20_000:]
    assert "1 passed" in printed
