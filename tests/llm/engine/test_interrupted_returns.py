"""A signal's exception as a key or a probe's permit is returned: it is in no variable yet."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from scout_adapters.llm.health.circuit_breaker import circuit
from tests.support.fake_http import GROQ
from tests.support.held import nothing_held
from tests.support.verbs import VERBS, run_model


class AtReturn:
    """In `with`: raises KeyboardInterrupt as a function returns for the first time."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __enter__(self) -> None:
        sys.settrace(self._trace)

    def __exit__(self, *error: object) -> None:
        sys.settrace(None)

    def _trace(self, frame: FrameType, _event: str, _value: Any) -> Any:
        return self._at_return if frame.f_code.co_qualname in self._names else None  # type: ignore[attr-defined]  # since Python 3.11

    def _at_return(self, _frame: FrameType, event: str, value: Any) -> Any:
        if event == "return" and value is not None:
            sys.settrace(None)
            raise KeyboardInterrupt
        return self._at_return


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "name",
    [
        "KeyPool.lease",
        "KeyPool.lease_again",
        "CandidateState.lease",
        "CircuitBreaker.permit",
        "CircuitBreaker._probe",
        "Attempts._create_attempt",
    ],
)
def test_what_a_function_returns_is_given_back_if_the_return_is_interrupted(
    name, verb, providers, wire, groq
) -> None:
    model, breaker = groq(), circuit("groq")
    providers.on(GROQ, wire.refuse(503), wire.say())
    run_model(model, verb)  # imports, and fills caches
    providers.on(GROQ, wire.refuse(503), wire.say())
    breaker.threshold = 10**9
    if name != "KeyPool.lease_again":  # which retries: none follows a probe that fails
        breaker.open_until = 0.0
    with AtReturn(name), pytest.raises(KeyboardInterrupt):
        run_model(model, verb)
    assert nothing_held()
    assert breaker._probe_since is None
