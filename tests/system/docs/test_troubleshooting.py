"""Each message of the page on troubleshooting is one that the code raises."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from importlib import import_module

import pytest

import scout_adapters
from scout_adapters import Limits, ScoutBudgetCallbackHandler, ScoutGroqChatModel
from scout_adapters.errors import CircuitOpenError, ScoutError
from scout_adapters.store import open_state_store
from scout_adapters.testing import (
    ContextOverflow,
    CutMidStream,
    Emulator,
    Fault,
    Hang,
    ModelMissing,
    OutOfCredit,
    Overloaded,
    RateLimited,
    Revoked,
)
from tests.support.paths import ROOT

PAGE = (ROOT / "docs/troubleshooting.md").read_text()
HEADINGS = re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE)
ROWS = re.findall(r"^\| (`{1,2})(.+?)\1 \|", PAGE, re.MULTILINE)
MODEL = "openai/gpt-oss-120b"


def groq(fault: Fault | None = None, **options: object) -> ScoutGroqChatModel:
    emulator = Emulator(keys={"groq": {"gsk_x": fault}})
    patience = {"max_wait": 0, "max_retries": 0, "timeout": 0.01 if fault == Hang() else None}
    settings = {"transport": emulator.transport(), "api_key": "gsk_x", **patience, **options}
    return ScoutGroqChatModel(model=MODEL, **settings)


def twice(fault: Fault) -> None:
    model = groq(fault)
    with pytest.raises(ScoutError):
        model.invoke("hi")
    model.invoke("hi")


def until_the_circuit_opens() -> None:
    model = groq(Overloaded())
    for _ in range(7):
        try:
            model.invoke("hi")
        except CircuitOpenError:
            raise
        except ScoutError:
            continue


def over_the_limit() -> None:
    model = groq(limits=Limits(rpm=1))
    for _ in range(2):
        model.invoke("hi")


def within_a_budget() -> None:
    groq().invoke("hi", {"callbacks": [ScoutBudgetCallbackHandler(limit_usd=0.0000001)]})


RAISED: dict[str, Callable[[], object]] = {
    "NoKeyError": lambda: ScoutGroqChatModel(model=MODEL).invoke("hi"),
    "KeyRejected: refused": lambda: groq(Revoked()).invoke("hi"),
    "KeyRejected: again": lambda: twice(Revoked()),
    "NoWorkingKey": lambda: twice(RateLimited(seconds=60)),
    "KeySourceError": lambda: groq(api_key="env:NOT_SET").invoke("hi"),
    "RateLimited": lambda: groq(RateLimited()).invoke("hi"),
    "OutOfCredit": lambda: groq(OutOfCredit()).invoke("hi"),
    "BudgetExceeded": within_a_budget,
    "LimitReached": over_the_limit,
    "CircuitOpenError": until_the_circuit_opens,
    "ProviderTimeout": lambda: groq(Hang()).invoke("hi"),
    "ModelNotFound": lambda: groq(ModelMissing()).invoke("hi"),
    "ContextOverflow": lambda: groq(ContextOverflow()).invoke("hi"),
    "StreamInterrupted": lambda: [*groq(CutMidStream(after=6)).stream("hi")],
    "ConfigurationError": lambda: groq(tempereture=0),
    "UnknownProvider": lambda: scout_adapters.init_scout_model("gorq/some-model"),
}
"""What raises the error of each heading, in the order of the page."""

EXTRAS: list[tuple[str, str, Callable[[], object]]] = [
    ("opentelemetry", "telemetry", lambda: import_module("scout_adapters.telemetry")),
    ("langchain", "agents", lambda: import_module("scout_adapters.agents")),
    ("rich", "cli", lambda: import_module("scout_adapters.cli")),
    ("litellm", "litellm", lambda: import_module("scout_adapters.litellm")),
    ("redis", "store.redis", lambda: open_state_store("redis://localhost")),
]
"""Packages of extras, our modules that need them, and their use; the first one is a heading."""


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("GROQ_API_KEYS", "GROQ_API_KEY", "NOT_SET"):
        monkeypatch.delenv(name, raising=False)
    yield
    scout_adapters.testing.reset()


@pytest.mark.parametrize(("case", "heading"), [*zip(RAISED, HEADINGS, strict=False)])
def test_a_heading_is_part_of_the_message_that_is_raised(case: str, heading: str) -> None:
    # How long something still rests depends on how long the call took.
    message = re.sub(r"\d+\\\.\d\\ s", r"[\\d.]+ s", re.escape(heading))
    with pytest.raises(ScoutError, match=message) as raised:
        RAISED[case]()
    name = case.partition(":")[0]
    assert type(raised.value).__name__ == name
    assert PAGE.partition(f"### `{heading}`")[2].lstrip().startswith(f"`{name}`: ")


def test_every_heading_has_an_error_that_raises_it() -> None:
    assert len(HEADINGS) == len(RAISED) + 1


@pytest.mark.parametrize(
    ("package", "module", "use", "message"),
    [
        (*extra, message)
        for extra, message in zip(EXTRAS, [HEADINGS[-1], *(row[1] for row in ROWS)], strict=True)
    ],
)
def test_the_message_of_a_missing_extra_is_as_stated(
    package: str,
    module: str,
    use: Callable[[], object],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [*sys.modules]:
        if name.startswith(f"scout_adapters.{module}"):
            monkeypatch.delitem(sys.modules, name)
        if name.partition(".")[0] == package:
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises((ScoutError, ImportError, SystemExit)) as raised:
        use()
    assert str(raised.value) == message.strip()
