"""Run the code of every page and every example on the emulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.warm_python import WarmPython
from tests.system.docs import pages
from tests.system.docs.pages import EXAMPLES, PAGES

PRINTED = {
    "README.md": [
        "1 call, $0.0000",
        "[('mistral', 503), ('groq', 401), ('groq', 200)]",
    ],
    "docs/emulator.md": [
        "[('mistral', 503), ('mistral', 503), ('mistral', 503), ('groq', 401)",
        "[('openai', 503), ('openai', 503), ('openai', 503), ('groq', 200)]\ngroq\n",
    ],
    "docs/agent-budgets.md": ["does not allow the next call", "'max_tokens_set': True"],
    "docs/failures.md": ["rate_limit groq"],
    "docs/limits.md": ["the limit rpm=1 of groq (per key) is reached"],
    "docs/keys.md": ["(from_hashicorp_vault)", "@east.example"],
    "docs/clouds.md": ["['eu-west-1', 'us-east-1']"],
    "docs/other-packages.md": ["chosen  openai/gpt-4o-mini"],
    "docs/responses.md": ["openai_chat\nopenai_responses\n"],
    "docs/routing.md": ["chosen  groq/openai/gpt-oss-120b"],
    "docs/telemetry.md": ["grafana_dashboard.json"],
}
"""What the program of a page prints, in part."""


def _intents(log: Path) -> int:
    return log.read_text().count("llm_intent")


@pytest.mark.parametrize("name", [name for name in PAGES if not PAGES[name].needs_litellm])
def test_the_code_of_a_page_runs_from_top_to_bottom(
    name: str, tmp_path: Path, python: WarmPython, record_property: Callable[[str, object], None]
) -> None:
    page = PAGES[name]
    pages.write_files(page, tmp_path)
    with pages.surroundings() as variables:
        finished = python.run(page.program, tmp_path, variables)
    assert finished.returncode == 0, finished.stderr
    assert name != "docs/audit-log.md" or _intents(tmp_path / "audit.jsonl") == 1
    shown = [*PRINTED.get(name, []), *page.outputs]
    assert [part for part in shown if part not in finished.stdout] == []
    record_property("blocks", len(page.blocks()))


@pytest.mark.parametrize(
    "example",
    [path for path in EXAMPLES if not pages.needs_litellm(path.read_text())],
    ids=lambda path: path.name,
)
def test_each_example_runs(example: Path, tmp_path: Path, python: WarmPython) -> None:
    with pages.surroundings() as variables:
        finished = python.run(example.read_text(), tmp_path, variables)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout


def test_the_notebook_runs_and_shows_its_results_as_html(
    tmp_path: Path, python: WarmPython
) -> None:
    with pages.surroundings() as variables:
        finished = python.run(pages.notebook_program(), tmp_path, variables)
    assert finished.returncode == 0, finished.stderr
    assert [finished.stdout.count(tag) for tag in ("<pre", "<table")] == [2, 1]


def test_the_expected_output_is_that_of_pages_that_exist() -> None:
    assert set(PRINTED) <= set(PAGES)


def test_examples_are_short() -> None:
    assert [path.name for path in EXAMPLES if len(path.read_text().splitlines()) >= 60] == []


def test_an_example_says_which_keys_it_needs() -> None:
    """An example without the emulator sends requests, unless it only looks at a route."""
    offline = ("emulator", "offline", "Redis", ", on=")
    texts = {path.name: path.read_text() for path in EXAMPLES}
    live = {name: text for name, text in texts.items() if not any(map(text.__contains__, offline))}
    assert len(live) == 5
    assert [name for name, text in live.items() if "_API_KEY" not in text.split('"""')[1]] == []
