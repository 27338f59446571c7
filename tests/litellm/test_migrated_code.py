"""Code that makes models of langchain-litellm gives the same answers after it is rewritten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scout_adapters.testing import Emulator
from tests.code_migration.code_runs import before_and_after, variables

pytestmark = pytest.mark.filterwarnings("ignore")  # of LiteLLM and langchain-litellm


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    emulator = Emulator()
    with emulator.serve():
        for name, value in variables(emulator).items():
            monkeypatch.setenv(name, value)
        yield emulator


def test_rewritten_code_asks_the_same_and_answers_the_same(emulator: Emulator) -> None:
    before, after = before_and_after("litellm_models", emulator)
    assert after == before
