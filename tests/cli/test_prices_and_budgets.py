"""`prices` and `budgets` on the command line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import genai_prices.update_prices
import pytest
from genai_prices.data_snapshot import set_custom_snapshot
from typer.testing import CliRunner

from scout_adapters import ScoutBudgetCallbackHandler, ScoutGroqChatModel
from scout_adapters.cli import app
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import Emulator


def run_cli(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [*map(str, arguments)])
    return result.exit_code, result.output


def cells(output: str) -> list[list[str]]:
    """Read the rows of a table."""
    lines = (line.strip("│ ") for line in output.splitlines() if line.startswith("│"))
    return [[cell.strip() for cell in line.split("│")] for line in lines]


def test_prices_show_each_kind_the_length_the_tier_and_the_source() -> None:
    code, output = run_cli("prices", "openai/gpt-5.6-sol")
    assert code == 0
    assert "genai-prices 0." in output
    assert "since 2026-" in output
    for word in ("input", "cache_read", "prompts over 272,000 tokens", "batch", "priority"):
        assert word in output


def test_one_s_own_prices_come_first() -> None:
    PRICING["groq"] = {"mine": {"input": 0.0000125, "output": 0.002, "request": 0.01}}
    code, output = run_cli("prices", "groq/mine")
    assert (code, "groq/mine: PRICING" in output) == (0, True)
    assert cells(output) == [["input", "0.0125"], ["output", "2"], ["request, USD for one", "0.01"]]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("groq/nobody-s", "no price is known"),
        ("nobody/x", "nobody"),
        ("groq", "provider/model"),
    ],
)
def test_a_model_without_a_price_is_reported_in_one_line(model: str, message: str) -> None:
    code, output = run_cli("prices", model)
    assert (code, message in output, output.count("\n")) == (1, True, 1)


NEWEST = b"""[{"id": "groq", "name": "Groq", "api_pattern": "https://api.groq.com", "models": [
 {"id": "brand-new", "match": {"equals": "brand-new"},
  "prices": {"input_mtok": 7, "output_mtok": 9}}]}]"""


class Published(BaseHTTPRequestHandler):
    """Publishes prices."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(NEWEST)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Published)
    threading.Thread(target=server.serve_forever).start()
    usual = genai_prices.update_prices.UpdatePrices.__init__.__defaults__
    url = f"http://127.0.0.1:{server.server_port}/data.json"
    monkeypatch.setattr(
        genai_prices.update_prices.UpdatePrices.__init__,
        "__defaults__",
        (usual[0], url, *usual[2:]),
    )
    yield server
    set_custom_snapshot(None)
    server.shutdown()
    server.server_close()


def test_the_newest_prices_are_fetched_only_with_update(publisher: HTTPServer) -> None:
    assert run_cli("prices", "groq/brand-new")[0] == 1
    code, output = run_cli("prices", "groq/brand-new", "--update")
    assert code == 0
    assert "genai-prices 20" in output  # the time of the fetch stands for the version
    assert ["input", "7"] in cells(output)


def test_prices_that_cannot_be_fetched_are_reported_in_one_line(publisher: HTTPServer) -> None:
    publisher.shutdown()
    publisher.server_close()
    code, output = run_cli("prices", "groq/openai/gpt-oss-120b", "--update")
    assert (code, output.startswith("the newest prices could not be fetched")) == (1, True)


def test_budgets_show_what_is_spent_and_left(tmp_path: Path) -> None:
    emulator = Emulator()
    path = tmp_path / "budgets.db"
    PRICING["groq"] = {"m": {"input": 1.0, "output": 1.0}}
    model = ScoutGroqChatModel(
        model="m", api_key="k", max_tokens=100, transport=emulator.transport()
    )
    for name in ("one", "two"):
        budget = ScoutBudgetCallbackHandler(5, scope="user", name=name, path=path)
        model.invoke("hi", {"callbacks": [budget], "metadata": {"user_id": "ada"}})
    (first, second) = emulator.log
    spent = (first.input_tokens + first.output_tokens) / 1000
    code, output = run_cli("budgets", path)
    rows = cells(output)
    assert code == 0
    assert [row[:2] for row in rows] == [["one", "user=ada"], ["two", "user=ada"]]
    assert [float(cell) for cell in rows[0][3:7]] == [5.0, spent, 0.0, 5.0 - spent]
    assert second.billed
    assert len(run_cli("budgets", path, "two")[1].splitlines()) == 5
    assert run_cli("budgets", tmp_path / "none.db") == (1, f"no budgets at {tmp_path}/none.db\n")
