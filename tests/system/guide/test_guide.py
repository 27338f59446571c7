"""Someone follows the guide, step by step, on a copy of the package, and has a working provider."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import scout_adapters
from scout_adapters.testing import Emulator, Revoked
from tests.support.warm_process import BARE, WarmProcess

_spec = importlib.util.spec_from_file_location("guide_steps", Path(__file__).with_name("steps.py"))
assert _spec is not None
assert _spec.loader is not None
steps = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(steps)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Do the four steps of the guide on a copy of the package."""
    root = tmp_path_factory.mktemp("guide")
    package = root / "scout_adapters"
    source = Path(scout_adapters.__file__).parent
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "llm" / "testprovider.py").write_text(steps.BASE)
    (package / "llm" / "providers" / "testprovider.py").write_text(steps.WRAPPER)
    for place, added in (
        ("providers/__init__.py", steps.IMPORT),
        ("pricing/__init__.py", steps.PRICES),
    ):
        path = package / "llm" / place
        path.write_text(path.read_text() + "\n" + added)
    (root / "test_provider.py").write_text(steps.UNIT_TESTS)
    (root / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
        "markers =\n    integration: needs an API key\n"
    )
    return root


@pytest.fixture(scope="module")
def process() -> Iterator[WarmProcess]:
    """Start a process that has imported other packages, but not the one that is copied."""
    with WarmProcess(*BARE, "pytest", "pytest_asyncio.plugin") as process:
        yield process


@pytest.fixture
def run(process: WarmProcess, copy: Path) -> Callable[..., str]:
    """Return a function that runs a program on the copy, and returns what it printed."""

    def run_code(code: str, **variables: str) -> str:
        clean = {name: value for name, value in os.environ.items() if "_API_" not in name}
        env = {**clean, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables}
        return process.output(code, env=env, path=str(copy), folder=str(copy))

    return run_code


def pytest_program(*options: str) -> str:
    """Return the program that runs the guide's tests."""
    line = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "pytest_asyncio.plugin",
        "test_provider.py",
        *options,
    ]
    # pytest complains of modules that were imported before it could rewrite them.
    return f"import pytest; raise SystemExit(pytest.main({[*line, *IMPORTED]}))"


IMPORTED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")


def test_the_guides_own_unit_tests_pass(run: Callable[..., str]) -> None:
    assert "2 passed, 1 skipped" in run(pytest_program())


@pytest.mark.parametrize("name", ["test_provider_registers", "test_provider_call"])
def test_each_of_them_passes_alone(run: Callable[..., str], name: str) -> None:
    assert "1 passed" in run(pytest_program("-k", name))


def test_the_guides_integration_test_passes_against_a_server(run: Callable[..., str]) -> None:
    emulator = Emulator(keys={"openai": ["test-key-123"]})
    with emulator.serve():
        printed = run(
            pytest_program(),
            TESTPROVIDER_API_KEY="test-key-123",
            TESTPROVIDER_API_URL=emulator.url("openai") + "/chat/completions",
        )
    assert "3 passed" in printed
    assert [exchange.key for exchange in emulator.log] == ["test-key-123"]


def test_the_new_provider_answers_through_the_router_at_the_price_of_the_guide(
    run: Callable[..., str],
) -> None:
    emulator = Emulator(keys={"openai": ["sk-key1"]})
    with emulator.serve():
        printed = run(
            steps.ROUTE,
            TESTPROVIDER_API_KEYS="sk-key1,sk-key2,sk-key3",
            TESTPROVIDER_API_KEY="sk-key1",
            TESTPROVIDER_API_URL=emulator.url("openai") + "/chat/completions",
        )
    output = json.loads(printed)
    assert output["keys"] == 3
    assert all("test" in text for text in output["texts"])
    usage = output["usage"]
    price = usage["input_tokens"] * 0.0001 / 1000 + usage["output_tokens"] * 0.0002 / 1000
    assert output["cost"] == pytest.approx(price)
    assert (output["calls"], output["failures"]) == (4, [0, 0, 0])
    assert output["total"] == pytest.approx(4 * price)
    assert len(emulator.log) == 5


def test_a_function_that_uses_the_leased_key_is_rotated_past_a_dead_one(
    copy: Path, run: Callable[..., str]
) -> None:
    base = steps.BASE.replace(
        "temperature: Optional[float] = None,\n",
        "temperature: Optional[float] = None,\n    api_key: Optional[str] = None,\n",
    ).replace('    api_key = os.environ.get("TESTPROVIDER_API_KEY")\n', "")
    wrapper = steps.WRAPPER.replace(
        "            temperature=temperature,\n",
        "            temperature=temperature,\n            api_key=api_key,\n",
    )
    package = copy / "scout_adapters" / "llm"
    (package / "testprovider.py").write_text(base)
    (package / "providers" / "testprovider.py").write_text(wrapper)
    emulator = Emulator(keys={"openai": {"sk-key1": Revoked(), "sk-key2": None}})
    with emulator.serve():
        run(
            steps.ROUTE,
            TESTPROVIDER_API_KEYS="sk-key1,sk-key2",
            TESTPROVIDER_API_URL=emulator.url("openai") + "/chat/completions",
        )
    assert len(emulator.requests("openai", "sk-key1")) == 1
    assert len(emulator.requests("openai", "sk-key2")) == 5
