"""Refusals that are about a key, an account or a place: rows 10 to 31."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters.errors import (
    AccessDenied,
    ContextOverflow,
    InvalidRequest,
    KeyRejected,
    ModelNotFound,
    OutOfCredit,
)
from scout_adapters.testing import (
    BadRequest,
    ModelMissing,
    Raw,
    RegionBlocked,
    Revoked,
    Suspended,
    TooLarge,
)
from scout_adapters.testing import ContextOverflow as Overflow
from scout_adapters.testing import OutOfCredit as NoCredit
from scout_adapters.testing.http_messages import dumps
from tests.system.faults.play import Case, Play, key_named

HOUR = 3600.0
MODEL = "openai/gpt-oss-120b"


def refused(status: int, body: Any, **headers: str) -> Raw:
    """Answer with JSON, word for word."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Raw(status, dumps(body), {"content-type": "application/json", **named})


def error(status: int, message: str, *, kind: str = "", code: Any = None, **headers: str) -> Raw:
    """Refuse in OpenAI's envelope."""
    body = {"message": message, "type": kind, "param": None, "code": code}
    return refused(status, {"error": body}, **headers)


async def never_again(play: Play) -> None:
    for _ in range(5):
        assert (await play.ask()).error is None
    assert play.asked.count("groq:a") == 1
    assert play.state("groq:a").permanently_failed


async def probed_after_an_hour(play: Play) -> None:
    state = play.state("mistral:a")
    assert state.quarantined_until == play.time.now + HOUR
    play.time.go_by(HOUR - 1)
    await play.ask()
    assert play.asked.count("mistral:a") == 1
    play.state("mistral:b").cooldown_until = play.time.now + 2  # so that the probe's turn has come
    play.time.go_by(1)
    await play.ask()
    assert play.outcomes == ["mistral:a ok"]
    assert not state.permanently_failed


async def nobody_condemned(play: Play) -> None:
    assert not any(play.state(f"groq:{one}").permanently_failed for one in "abc")
    assert not play.circuit("groq").is_available(play.time.now)
    await play.ask()
    assert (play.skipped, play.outcomes) == (["groq: circuit open"], ["openai:a ok"])


async def untouched(play: Play) -> None:
    for name in play.labels:
        state = play.state(name)
        assert (state.failures, state.permanently_failed) == (0, False)
        assert state.ready_at(None) <= play.time.now
        assert play.circuit(name.partition(":")[0]).faults == 0


async def redacted(play: Play) -> None:
    assert play.error is not None
    assert "<key " in str(play.error.message)  # type: ignore[attr-defined]  # a provider's error
    assert play.state("google:a").permanently_failed


async def asked_last(play: Play) -> None:
    """The provider is tried last for an hour, and still tried where no other can answer."""
    blocked, other = (step.partition(":")[0] for step in play.case.route)
    before = len(play.asked)
    await play.ask()
    assert play.asked[before:] == [f"{other}:a"]
    play.emulator.script(other, [error(500, "broken")] * 3)
    await play.ask()
    assert play.asked[before + 1 :] == [f"{other}:a"] * 3 + [f"{blocked}:a"]
    assert play.state(f"{blocked}:a").failures == 0
    play.time.go_by(HOUR)
    before = len(play.asked)
    await play.ask()
    assert play.asked[before] == f"{blocked}:a"


async def masked_for_this_model(play: Play) -> None:
    state = play.state("groq:a")
    assert state.ready_at(MODEL) > play.time.now
    assert state.ready_at("another") <= play.time.now


ECHO = "Invalid value for 'content': '429 quota exceeded, invalid api key, billing'"
LEAKED = {
    "error": {
        "code": 403,
        "message": f"Your API key was reported as leaked. api_key:{key_named('google:a')}",
        "status": "PERMISSION_DENIED",
    }
}
IN_FLIGHT = {
    "error": {
        "code": 402,
        "message": "In-flight budget exhausted",
        "metadata": {"limit_source": "openrouter_in_flight_budget"},
    }
}
DETAIL = {
    "detail": [
        {"loc": ["body", "temperature"], "msg": "Input should be less than 1.5", "input": 9},
        {"loc": ["body", "top_p"], "msg": "Input should be a number", "input": "quota"},
    ]
}


def spoke(*parts: str) -> Any:
    """Assert that the error's message contains the provider's message, and not the input."""

    async def check(play: Play) -> None:
        assert all(part in str(play.error) for part in parts), play.error
        assert "quota" not in str(play.error)

    return check


KEYS: Mapping[int, tuple[Case, ...]] = {
    10: (
        Case(
            route=("groq:ab",),
            always={"groq:a": Revoked()},
            outcomes=("groq:a auth_invalid", "groq:b ok"),
            check=never_again,
        ),
    ),
    11: (
        Case(
            route=("mistral:ab",),
            script={"mistral:a": (Raw(401, b"", {}),)},
            outcomes=("mistral:a auth_invalid", "mistral:b ok"),
            check=probed_after_an_hour,
        ),
    ),
    12: (
        Case(
            route=("groq:abc", "openai:a"),
            always={"groq": Revoked()},
            outcomes=(
                "groq:a auth_invalid",
                "groq:b auth_invalid",
                "groq:c auth_invalid",
                "openai:a ok",
            ),
            check=nobody_condemned,
        ),
    ),
    13: tuple(
        Case(
            id=house,
            route=(f"{house}:ab",),
            always={f"{house}:a": Revoked()},
            outcomes=(f"{house}:a auth_invalid", f"{house}:b ok"),
        )
        for house in ("google", "xai")
    ),
    14: (
        Case(
            route=("groq:ab", "openai:a"),
            script={"groq": (BadRequest("no"),)},
            outcomes=("groq:a invalid_request",),
            error=InvalidRequest,
            check=untouched,
        ),
    ),
    15: tuple(
        Case(
            id=house,
            route=(f"{house}:ab",),
            script={house: (BadRequest(ECHO),)},
            outcomes=(f"{house}:a invalid_request",),
            error=InvalidRequest,
            check=untouched,
        )
        for house in ("groq", "openai", "anthropic", "google", "mistral", "openrouter")
    ),
    16: (
        Case(
            id="suspended",
            route=("google:a",),
            always={"google:a": Suspended()},
            outcomes=("google:a auth_suspended",),
            error=KeyRejected,
            check=redacted,
        ),
        Case(
            id="leaked",
            route=("google:a",),
            always={"google:a": refused(403, LEAKED)},
            outcomes=("google:a auth_suspended",),
            error=KeyRejected,
            check=redacted,
        ),
        Case(
            id="next",
            route=("google:ab",),
            always={"google:a": Suspended()},
            outcomes=("google:a auth_suspended", "google:b ok"),
        ),
    ),
    17: (
        Case(
            route=("together:ab",),
            script={"together": (Overflow(),)},
            outcomes=("together:a context_overflow",),
            error=ContextOverflow,
            check=untouched,
        ),
    ),
    18: (
        *(
            Case(
                id=house,
                route=(f"{house}:ab", "groq:a"),
                always={house: RegionBlocked()},
                outcomes=(f"{house}:a region_blocked", "groq:a ok"),
            )
            for house in ("openai", "google")
        ),
        *(
            Case(
                id=f"{house}-aside",
                route=(f"{house}:a", "groq:a"),
                script={house: (RegionBlocked(),)},
                outcomes=(f"{house}:a region_blocked", "groq:a ok"),
                check=asked_last,
            )
            for house in ("openai", "google")
        ),
        Case(
            id="alone",
            route=("openai:ab",),
            script={"openai": (RegionBlocked(),)},
            outcomes=("openai:a region_blocked",),
            error=AccessDenied,
        ),
    ),
    19: (
        Case(
            id="with",
            route=("openrouter:a",),
            script={"openrouter": (refused(402, IN_FLIGHT, retry_after="3"),)},
            outcomes=("openrouter:a rate_limit", "openrouter:a ok"),
            slept=(3.0,),
        ),
        Case(
            id="without",
            route=("openrouter:a",),
            always={"openrouter": NoCredit()},
            outcomes=("openrouter:a billing",),
            error=OutOfCredit,
        ),
    ),
    20: (
        Case(
            id="next candidate",
            route=("groq:abcd", "openai:a"),
            always={"groq": ModelMissing()},
            outcomes=("groq:a model_not_found", "groq:b model_not_found", "openai:a ok"),
            check=masked_for_this_model,
        ),
        Case(
            id="other account",
            route=("groq:ab",),
            always={"groq:a": ModelMissing()},
            outcomes=("groq:a model_not_found", "groq:b ok"),
        ),
        Case(
            id="nobody",
            route=("groq:abc",),
            always={"groq": ModelMissing()},
            outcomes=("groq:a model_not_found", "groq:b model_not_found"),
            error=ModelNotFound,
        ),
    ),
    21: tuple(
        Case(
            id=str(status),
            script={"groq:a": (error(status, "try again"),)},
            outcomes=(f"groq:a {kind}", "groq:a ok"),
            slept=(0.375,),
            second_tries=1,
        )
        for status, kind in ((408, "timeout_response"), (409, "server_error"))
    ),
    22: (
        Case(
            route=("fireworks:ab",),
            always={"fireworks:a": Suspended()},
            outcomes=("fireworks:a billing", "fireworks:b ok"),
        ),
    ),
    23: tuple(
        Case(
            id=house,
            route=(f"{house}:ab", "openai:a"),
            script={house: (TooLarge(),)},
            outcomes=(f"{house}:a request_too_large", "openai:a ok"),
            check=untouched,
        )
        for house in ("anthropic", "groq")
    ),
    24: (
        Case(
            route=("mistral:ab",),
            script={"mistral": (refused(422, DETAIL),)},
            outcomes=("mistral:a invalid_request",),
            error=InvalidRequest,
            check=spoke("body.temperature: Input should be less than 1.5", "body.top_p"),
        ),
    ),
}
