"""An observer is notified of every attempt, in order, by methods of one protocol."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import HumanMessage

import scout_adapters
from scout_adapters.callbacks import ScoutBudgetCallbackHandler, ScoutCostCallbackHandler
from scout_adapters.chat_models.run_observer import RunObserver
from scout_adapters.errors import BudgetExceeded, ScoutError
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.audit_rows import EnvironmentAudit
from scout_adapters.llm.engine.calls import acomplete, complete
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.engine.observers import AttemptEvent, Observer
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.llm.engine.retry import Attempts
from scout_adapters.llm.engine.retry_policy import RetryPolicy
from scout_adapters.llm.types import ChatRequest
from tests.support.fake_http import key_state

GROQ, MODEL = "api.groq.com", "llama-3.3-70b-versatile"
PACKAGE = Path(scout_adapters.__file__).parent
METHODS = [name for name in vars(Observer) if not name.startswith("_")]


class Recorder:
    """An observer that writes down what it receives."""

    events = True
    off_loop = False

    def __init__(self, forbidden: str = "") -> None:
        self.calls: list[tuple[str, Any]] = []
        self._forbidden = forbidden

    def on_proposal(self, attempt: Attempt) -> None:
        self.calls.append(("proposal", attempt.number))
        if attempt.about["key_id"] == self._forbidden:
            error = BudgetExceeded(
                "too little is left", budget="b", asked_usd=1, spent_usd=0, held_usd=0, limit_usd=0
            )
            error.passes = "key"
            raise error

    async def aon_proposal(self, attempt: Attempt) -> None:
        self.on_proposal(attempt)

    async def aon_start(self, attempt: Attempt) -> None:
        self.on_start(attempt)

    async def astop(self) -> None:
        self.calls.append(("stop", None))

    def on_start(self, attempt: Attempt) -> None:
        self.calls.append(("start", attempt.number))

    def on_end(self, record: AttemptRecord) -> None:
        self.calls.append(("end", record.outcome))

    def notify(self, events: Sequence[AttemptEvent]) -> None:
        self.calls += [("event", (e.record.outcome, e.retry is not None)) for e in events]

    def on_failure(self, error: ScoutError) -> None:
        self.calls.append(("failure", type(error)))

    async def anotify(self, events: Sequence[AttemptEvent]) -> None:
        self.notify(events)


async def observed(model: Any, verb: str, recorder: Recorder, clock: Any) -> list[Any]:
    candidate = Candidate(endpoint=model.client.endpoint, model=MODEL)
    request = ChatRequest(model=MODEL, messages=[HumanMessage("hi")])
    attempts = Attempts([candidate], request, RetryPolicy(), observer=recorder, clock=clock)
    await acomplete(attempts) if verb == "acomplete" else complete(attempts)
    return recorder.calls


@pytest.mark.parametrize("verb", ["complete", "acomplete"])
async def test_each_attempt_is_proposed_started_ended_and_then_an_event(
    verb: str, providers, wire, groq, time
) -> None:
    providers.on(GROQ, wire.refuse(503, "overloaded"), wire.say("hello"))
    assert await observed(groq("gsk_a"), verb, Recorder(), time.clock) == [
        ("proposal", 1),
        ("start", 1),
        ("end", "capacity"),
        ("event", ("capacity", True)),
        ("proposal", 2),
        ("start", 2),
        ("end", "ok"),
        ("event", ("ok", False)),
    ]


@pytest.mark.parametrize("verb", ["complete", "acomplete"])
async def test_an_attempt_that_is_not_admitted_never_starts(
    verb: str, providers, wire, groq, time
) -> None:
    providers.on(GROQ, wire.say("hello"))
    model = groq("gsk_a", "gsk_b")
    first = next(iter(model.client.endpoint.pool)).id
    calls = await observed(model, verb, Recorder(forbidden=first), time.clock)
    assert [call for call in calls if call[0] != "event"] == [
        ("proposal", 1),
        ("end", "skipped"),
        ("proposal", 1),
        ("start", 1),
        ("end", "ok"),
    ]


@pytest.mark.parametrize("kind", [EnvironmentAudit, RunObserver, Recorder])
def test_every_observer_has_the_methods_of_the_protocol(kind: type) -> None:
    methods = ["on_proposal", "aon_proposal", "on_start", "aon_start", "on_end"]
    assert [*methods, "notify", "anotify", "on_failure", "astop"] == METHODS
    assert all(callable(getattr(kind, name)) for name in METHODS)


def test_the_protocols_of_handlers_stand_in_one_module() -> None:
    protocol = re.compile(
        r"class \w+\((?:\w+, )?Protocol\):(?:(?!\nclass ).)*?on_scout_", re.DOTALL
    )
    modules = [path for path in PACKAGE.rglob("*.py") if protocol.search(path.read_text())]
    assert [path.relative_to(PACKAGE).as_posix() for path in modules] == ["llm/engine/observers.py"]


@pytest.mark.parametrize("verb", ["invoke", "ainvoke", "stream", "astream"])
@pytest.mark.parametrize("moment", ["start", "end"])
async def test_each_handler_receives_an_attempt_although_another_one_raises(
    moment: str, verb: str, providers, wire, groq, asks
) -> None:
    class Raising(BaseCallbackHandler):
        raise_error = True

        def on_scout_attempt_start(self, run: object, attempt: object) -> None:
            if moment == "start":
                raise OSError("start")

        def on_scout_attempt_end(self, run: object, record: object) -> None:
            if moment == "end":
                raise OSError("end")

    providers.on(GROQ, wire.say())
    budget = ScoutBudgetCallbackHandler(5)
    costs = ScoutCostCallbackHandler()
    model = groq("gsk_raising")
    with pytest.raises(OSError, match=moment):
        await asks(verb)(model, config={"callbacks": [Raising(), budget, costs]}, max_tokens=9)
    assert budget.held_usd == 0
    assert key_state("gsk_raising").in_flight == 0
    assert costs.calls == (moment == "end")
