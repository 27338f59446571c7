"""A model's context window has one source: `profiles/limits.py`."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import scout_adapters
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.candidate_state import CandidateState, exclude_smaller
from scout_adapters.llm.profiles.limits import limits_of, limits_without_card
from scout_adapters.llm.providers import registry

PACKAGE = Path(scout_adapters.__file__).parent
READS_A_WINDOW = re.compile(r"""\.get\(["']max_input_tokens["']\)|import .*\bcontext_window\b""")


def candidate(windows: dict[str, int], model: str) -> Candidate:
    endpoint = registry.get("groq").endpoint
    profiles = {name: {"max_input_tokens": window} for name, window in windows.items()}
    spec = replace(endpoint.spec, profiles=profiles)
    return Candidate(endpoint=replace(endpoint, spec=spec), model=model)


def test_only_one_module_reads_a_context_window() -> None:
    readers = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if READS_A_WINDOW.search(path.read_text())
    ]
    assert sorted(set(readers) - {"llm/pricing/price_list.py"}) == ["llm/profiles/limits.py"]


@pytest.mark.parametrize(("other", "excluded"), [(999, True), (1000, True), (1001, False)])
def test_after_an_overflow_only_larger_windows_remain(other: int, excluded: bool) -> None:
    windows = {"failed": 1000, "other": other}
    state = CandidateState(candidate(windows, "other"))
    exclude_smaller([state], candidate(windows, "failed"))
    assert state.excluded is excluded


def test_a_model_without_a_known_window_is_not_excluded() -> None:
    state = CandidateState(candidate({}, "nothing-is-published-of-this"))
    exclude_smaller([state], candidate({"failed": 1000}, "failed"))
    assert not state.excluded


def test_a_provider_without_a_card_has_the_window_of_the_catalogue() -> None:
    spec = registry.spec("openai")
    limits = limits_without_card("openai", "gpt-4o")
    assert limits.window == limits_of(spec, "gpt-4o").window
    assert limits.answer is None
