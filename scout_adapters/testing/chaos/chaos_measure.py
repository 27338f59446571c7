"""Judge one run of a test under a fault: its outcome, its requests, waits and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.exceptions import ModelError

from scout_adapters.errors import ScoutError
from scout_adapters.llm.pricing import estimate_cost_usd
from scout_adapters.testing.chaos.chaos_result import SCOUT, ChaosResult, Outcome, seen_of

if TYPE_CHECKING:
    from scout_adapters.testing.chaos.chaos_fault import ChaosFault
    from scout_adapters.testing.emulator.emulator import Emulator
    from scout_adapters.testing.isolation.virtual_time import VirtualTime


def outcome_of(error: BaseException | None, side: str) -> Outcome:
    """Return what an exception means; on another side, any but an assertion's is a named error."""
    if error is None:
        return "answered"
    if isinstance(error, AssertionError):
        return "wrong"
    return "error" if side != SCOUT or isinstance(error, ScoutError | ModelError) else "crash"


def measure(
    test: str,
    side: str,
    fault: ChaosFault | None,
    error: BaseException | None,
    emulator: Emulator,
    time: VirtualTime,
) -> ChaosResult:
    """Return the result of a run that has ended."""
    return ChaosResult(
        test=test,
        side=side,
        number=fault.number if fault else 0,
        fault=fault.name if fault else "no fault",
        helps=fault.helps if fault else "",
        outcome=outcome_of(error, side),
        seen=seen_of(error) if error else "",
        requests=len(emulator.log),
        waited_s=round(time.skipped, 2),
        cost_usd=_cost(emulator),
    )


def is_failure(result: ChaosResult, *, must_answer: bool) -> bool:
    """Return whether a result fails its test: those of other packages and named errors do not."""
    if result.side != SCOUT or result.outcome in {"answered", "n/a"}:
        return False
    if result.number == 0 or result.outcome in {"wrong", "crash"}:
        return True
    return must_answer and result.helps != "nothing"


def _cost(emulator: Emulator) -> float | None:
    """Return the US dollars of all billed answers."""
    total = 0.0
    for sent in emulator.log:
        counts: dict[str, Any] = {
            "input_tokens": sent.input_tokens,
            "output_tokens": sent.output_tokens,
        }
        if not any(counts.values()):
            continue
        cost = estimate_cost_usd(provider=sent.provider, model=sent.model, **counts)
        if cost is None:
            return None
        total += cost
    return total
