"""`pytest --scout-chaos`: marked tests under all faults, beside other routers, with a verdict."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scout_adapters.testing.plugin.emulator_fixture import EMULATOR, clock_key, emulator_key
from scout_adapters.testing.plugin.fault_marker import FAULT

if TYPE_CHECKING:
    from scout_adapters.testing.chaos.chaos_result import ChaosResult
    from scout_adapters.testing.chaos.verdict import ChaosVerdict

CHAOS, SIDE, MODEL = "scout_chaos", "scout_side", "scout_chain_model"
CHAOS_HELP = (
    "scout_chaos(which='every', at=1, must_answer=False): with --scout-chaos, run a test under all"
    " faults; a wrong answer fails, and with must_answer an error against which something helps"
)
RUN_HELP = "run the tests marked scout_chaos under all faults, and print a verdict"
REPORT_HELP = "write the verdict of --scout-chaos as an HTML page"
BESIDE_HELP = (
    "routers that tests with scout_chain_model run with too: with_fallbacks, litellm; '' for none"
)

results_key = pytest.StashKey[list["ChaosResult"]]()


def add_options(_: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add the options of a chaos run."""
    group.addoption("--scout-chaos", action="store_true", default=False, help=RUN_HELP)
    group.addoption("--scout-chaos-report", metavar="PATH", default=None, help=REPORT_HELP)
    beside = "with_fallbacks,litellm"
    group.addoption("--scout-chaos-beside", metavar="NAMES", default=beside, help=BESIDE_HELP)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and the results of a run."""
    config.addinivalue_line("markers", CHAOS_HELP)
    config.stash[results_key] = []


def is_chaos(config: pytest.Config) -> bool:
    """Return whether this is a chaos run."""
    return bool(config.getoption("--scout-chaos"))


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Give tests with the marker the emulator, before their own fixtures."""
    names = getattr(item, "fixturenames", None)
    if names is not None and EMULATOR not in names and item.get_closest_marker(CHAOS):
        names.insert(0, EMULATOR)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave only marked tests in a chaos run."""
    if not is_chaos(config):
        return
    others = [item for item in items if not item.get_closest_marker(CHAOS)]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item.get_closest_marker(CHAOS)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each side and fault, the run without a fault first."""
    marker = metafunc.definition.get_closest_marker(CHAOS)
    if marker is None or not is_chaos(metafunc.config):
        return
    from scout_adapters.testing.chaos.chaos_result import SCOUT
    from scout_adapters.testing.chaos.fault_list import select_faults

    faults = [None, *select_faults(marker.kwargs.get("which", "every"))]
    sides = [SCOUT]
    if MODEL in metafunc.fixturenames:
        sides += filter(None, metafunc.config.getoption("--scout-chaos-beside").split(","))
    metafunc.fixturenames += [name for name in (FAULT, SIDE) if name not in metafunc.fixturenames]
    ids = ["no-fault" if fault is None else fault.id for fault in faults]
    metafunc.parametrize(FAULT, faults, ids=ids, indirect=True)
    metafunc.parametrize(SIDE, sides, indirect=True, scope="session")


@pytest.fixture
def scout_side(request: pytest.FixtureRequest) -> str:
    """Return the name of the router that this run of a test uses."""
    return str(getattr(request, "param", "scout-adapters"))


@pytest.fixture
def scout_chain_model(scout_side: str) -> Callable[[Any], Any]:
    """Return a function that takes your router, and returns the router that the test uses.

    In a chaos run that may be another package's router, with the same candidates.
    """

    def chosen(model: Any) -> Any:
        from scout_adapters.testing.chaos.rivals import RIVALS, RivalMissing

        if scout_side not in RIVALS:
            return model
        candidates = getattr(model, "candidates", None)
        if candidates is None:
            pytest.skip(f"{scout_side}: {type(model).__name__} is no router")
        try:
            return RIVALS[scout_side](candidates)
        except RivalMissing as missing:
            pytest.skip(f"{scout_side}: {missing}")

    return chosen


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[Any]:
    """Measure a run under a fault; named errors do not fail it."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if not is_chaos(item.config) or SIDE not in parameters:
        return (yield)
    try:
        with ExitStack() as stack:
            if parameters[SIDE] != "scout-adapters":
                _prepare_rival(stack)
            outcome = yield
    except (Exception, pytest.skip.Exception) as error:  # what a test raises is judged
        if _fails(item, error):
            raise
        return None
    _fails(item, None)
    return outcome


def _prepare_rival(stack: ExitStack) -> None:
    """Let another package run without its warnings, and with one TLS context for its clients."""
    from scout_adapters.testing.chaos.shared_tls import shared_tls_context

    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    stack.enter_context(shared_tls_context())


def _fails(item: pytest.Item, error: BaseException | None) -> bool:
    """Record the result of a run; return whether its exception is raised again."""
    from dataclasses import replace

    from scout_adapters.testing.chaos.chaos_measure import is_failure, measure

    parameters = item.callspec.params  # type: ignore[attr-defined]  # of parametrised tests
    test = item.nodeid.partition("[")[0]
    emulator, clock = item.stash[emulator_key], item.stash[clock_key]
    result = measure(test, parameters[SIDE], parameters[FAULT], error, emulator, clock)
    skipped = isinstance(error, pytest.skip.Exception)
    if skipped:
        result = replace(result, outcome="n/a", seen=str(error))
    item.user_properties += result.properties
    marker = item.get_closest_marker(CHAOS)
    must_answer = bool(marker and marker.kwargs.get("must_answer"))
    return skipped or is_failure(result, must_answer=must_answer)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect results; pytest-xdist brings those of its workers."""
    if report.when == "call" and report.user_properties:
        from scout_adapters.testing.chaos.chaos_result import result_of

        if result := result_of(report.user_properties):
            _results.append(result)


_results: list[ChaosResult] = []
"""The results of this process's run."""


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the verdict, and write its page."""
    if not is_chaos(config) or not _results:
        return
    from scout_adapters.testing.chaos.verdict import verdicts

    found = verdicts(_results)
    _results.clear()
    terminalreporter.section("scout chaos")
    for verdict in found:
        _print_verdict(terminalreporter, verdict)
    if path := config.getoption("--scout-chaos-report"):
        from scout_adapters.testing.chaos.verdict_page import write_verdict

        write_verdict(Path(path), found)
        terminalreporter.write_line(f"page: {path}")


def _print_verdict(terminalreporter: Any, verdict: ChaosVerdict) -> None:
    """Print a table of rich on a terminal with colours, where it is installed; else plain text."""
    from importlib.util import find_spec
    from shutil import get_terminal_size

    if terminalreporter.hasmarkup and find_spec("rich"):
        from scout_adapters.testing.chaos.verdict_table import coloured_verdict

        width = get_terminal_size().columns
        terminalreporter.write(coloured_verdict(verdict, width))
        return
    from scout_adapters.testing.chaos.verdict_text import verdict_lines

    for line in verdict_lines(verdict):
        terminalreporter.write_line(line)
