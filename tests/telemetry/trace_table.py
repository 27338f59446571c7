"""Print what each tool shows of calls, beside the emulator's bill."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, SystemMessage

from scout_adapters.testing import Emulator, Revoked, reset
from tests.support.verbs import run_model
from tests.support.weather import get_weather
from tests.system.reconciliation.plan import LORE, set_prices
from tests.telemetry.ingestion import ingesting
from tests.telemetry.routes import route
from tests.telemetry.tools import TOOLS, Shown, billed

CASES = ("one provider", "after failover", "an agent")
FORM = "{:14} {:7} {:15} {:18} {:>6} {:>6} {:>6} {:>6} {:>12} {:>12}  {}"
HEADINGS = (
    "tool",
    "verb",
    "case",
    "model",
    "input",
    "output",
    "read",
    "reason",
    "cost",
    "bill",
    "",
)


def play(tool: str, verb: str, case: str) -> tuple[list[Shown], list[Shown]]:
    """Make the calls of a case; return what the tool shows, and what the emulator billed."""
    reset()
    set_prices()
    emulator = Emulator()
    providers = ("openai",) if case == "one provider" else ("anthropic", "openai")
    if case != "one provider":
        emulator.script("anthropic", [Revoked()] * 2)  # for both keys
    model: Any = route(emulator, *providers, reasoning_effort="low")
    prompt: Any = [SystemMessage(LORE), HumanMessage("Hi")]
    if case == "an agent":
        model = create_agent(model, [get_weather])
        prompt = {"messages": [("user", "What is the weather in Paris?")]}
    traced, shown = TOOLS[tool]
    with ingesting() as ingestion:
        with traced(ingestion) as handlers:
            for _ in range(1 if case == "an agent" else 2):
                run_model(model, verb, prompt, {"callbacks": handlers})
        return shown(ingestion), billed(emulator)


def rows() -> Iterator[tuple[Shown | None, Shown | None, tuple[str, str, str]]]:
    """Yield what is shown and what was billed of each call."""
    for tool in TOOLS:
        for verb in ("invoke", "stream"):
            for case in CASES:
                for shown, bill in zip_longest(*play(tool, verb, case)):
                    yield shown, bill, (tool, verb, case)


def main() -> int:
    """Print a row for each call; return 1 if one differs from its bill."""
    logging.getLogger("scout_adapters").addHandler(logging.NullHandler())
    _write(FORM.format(*HEADINGS))
    wrong = 0
    for shown, bill, about in rows():
        wrong += shown != bill
        cells = ("-",) * 6 if shown is None else _cells(shown)
        owed = "-" if bill is None else f"{bill.cost_usd:.9f}"
        _write(FORM.format(*about, *cells, owed, "" if shown == bill else "DIFFERS"))
    _write(f"{wrong} calls differ from the emulator's bill")
    return int(bool(wrong))


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _cells(shown: Shown) -> tuple[object, ...]:
    counts = (shown.input_tokens, shown.output_tokens, shown.cache_read, shown.reasoning)
    return (shown.model, *counts, "-" if shown.cost_usd is None else f"{shown.cost_usd:.9f}")


if __name__ == "__main__":
    sys.exit(main())
