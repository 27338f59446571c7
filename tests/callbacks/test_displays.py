"""Costs and budgets in `print` and a notebook; users' names are one printable line."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest

from scout_adapters import (
    ScoutAuditCallbackHandler,
    ScoutBudgetCallbackHandler,
    ScoutCostCallbackHandler,
    registry,
)
from scout_adapters._internal.html_table import html_table
from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.errors import BudgetExceeded
from scout_adapters.llm.pricing.rates import service_of
from scout_adapters.testing import Emulator
from tests.callbacks.budgets import SMALL, groq

pytestmark = pytest.mark.usefixtures("prices")


def test_costs_display_their_totals(emulator: Emulator) -> None:
    costs = ScoutCostCallbackHandler()
    groq(emulator).invoke("hi", {"callbacks": [costs]})
    assert f"${costs.total_cost:.6f}, 1 call, " in repr(costs) == str(costs)
    table = costs._repr_html_()
    assert table.startswith("<table>")
    assert f"<td>groq/{SMALL}</td>" in table
    assert f"<td>{costs.total_cost:.6f}</td>" in table


def test_what_is_printed_is_no_address(emulator: Emulator, tmp_path: Path) -> None:
    audit = ScoutAuditCallbackHandler(tmp_path / "audit.jsonl")
    assert repr(audit) == f"<ScoutAuditCallbackHandler '{tmp_path / 'audit.jsonl'}'>"
    assert repr(ScoutBudgetMiddleware(5, name="team")) == "<ScoutBudgetMiddleware 'team'>"
    groq(emulator).invoke("hi")
    assert repr(emulator) == "<Emulator: 1 exchanges>"
    assert repr(registry).startswith("<ProviderRegistry: ")


def test_what_a_notebook_shows_is_never_markup(emulator: Emulator) -> None:
    assert html_table(["<i>"], [["<b>"]]) == (
        "<table><tr><th>&lt;i&gt;</th></tr><tr><td>&lt;b&gt;</td></tr></table>"
    )
    explanation = groq(emulator).explain("hi")
    assert explanation._repr_html_() == f"<pre>{escape(str(explanation))}</pre>"


@pytest.mark.parametrize("name", ["a\nERROR forged", "a\x1b[31mred", "a\u202egnp", "a" * 10_000])
def test_a_refusal_with_a_user_s_name_is_one_printable_line(emulator: Emulator, name: str) -> None:
    budget = ScoutBudgetCallbackHandler(0, scope="user")
    config = {"callbacks": [budget], "metadata": {"user_id": name}}
    with pytest.raises(BudgetExceeded) as raised:
        groq(emulator).invoke("hi", config)  # type: ignore[arg-type]  # a config
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize("tier", ["x\nERROR forged", "\x1b[31m", "t" * 1_000_000])
def test_a_tier_is_a_short_printable_line(tier: str) -> None:
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    service = service_of(usage, {"service_tier": tier})  # type: ignore[arg-type]  # a dict
    assert service.tier.isprintable()
    assert len(service.tier) <= 40
