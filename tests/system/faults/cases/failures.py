"""Providers that fail, each in its own numbers: rows 28 and 32 to 37."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters.errors import (
    CircuitOpenError,
    ContentRefused,
    InvalidRequest,
    OutOfCredit,
    ProviderUnavailable,
)
from scout_adapters.testing import ExtraHeaders, Overloaded, Raw, Said, ServerError
from scout_adapters.testing import RateLimited as Limited
from scout_adapters.testing.http_messages import dumps
from tests.system.faults.cases.bodies import HTML, PAGE, no_page_shown
from tests.system.faults.cases.keys import error, refused, untouched
from tests.system.faults.play import Case, Play


def base_resp(code: int, message: str) -> Said:
    refusal = {"choices": None, "base_resp": {"status_code": code, "status_msg": message}}
    return Said(dumps(refusal))


NEXT_KEY = {
    1002: "rate_limit",
    1004: "auth_invalid",
    1008: "billing",
    1028: "quota_window",
    1030: "quota_window",
    1039: "rate_limit",
    1041: "rate_limit",
    2045: "rate_limit",
    2049: "auth_invalid",
    2056: "quota_window",
    2061: "permission",
}
SAME_KEY = {1000: "server_error", 1013: "server_error", 1024: "server_error", 1033: "server_error"}
CALLERS = {
    1026: ("content_input", ContentRefused),
    1027: ("content_output", ContentRefused),
    1042: ("invalid_request", InvalidRequest),
    1043: ("invalid_request", InvalidRequest),
    1044: ("invalid_request", InvalidRequest),
    2013: ("invalid_request", InvalidRequest),
    2037: ("invalid_request", InvalidRequest),
    2039: ("invalid_request", InvalidRequest),
    2042: ("invalid_request", InvalidRequest),
    2048: ("invalid_request", InvalidRequest),
    20132: ("invalid_request", InvalidRequest),
}


def minimax(code: int, *outcomes: str, **more: Any) -> Case:
    return Case(
        id=str(code),
        route=("minimax:ab", "openai:a"),
        script={"minimax:a": (base_resp(code, "said so"),)},
        outcomes=outcomes,
        **more,
    )


def minimax_codes() -> tuple[Case, ...]:
    """Make a case of each of MiniMax's codes, by what must come next."""
    return (
        *(minimax(code, f"minimax:a {kind}", "minimax:b ok") for code, kind in NEXT_KEY.items()),
        *(
            minimax(code, f"minimax:a {kind}", "minimax:a ok", slept=(0.375,), second_tries=1)
            for code, kind in SAME_KEY.items()
        ),
        minimax(1001, "minimax:a timeout_response", "openai:a ok"),
        *(
            minimax(code, f"minimax:a {kind}", error=actor)
            for code, (kind, actor) in CALLERS.items()
        ),
    )


async def opens_and_is_probed(play: Play) -> None:
    """The sixth request waits until the circuit's rest is over, and is the only one then."""
    await play.ask()
    assert isinstance(play.error, ProviderUnavailable), play.error
    assert len(play.asked) == 5
    assert not play.circuit("groq").is_available(play.time.now)
    await play.ask()
    assert (len(play.asked), type(play.error)) == (5, CircuitOpenError)
    play.time.go_by(30)
    assert (await play.ask()).error is None
    assert (await play.ask()).error is None
    assert len(play.asked) == 7
    assert play.circuit("groq").open_until is None


async def counted(play: Play) -> None:
    name = play.case.route[0].partition(":")[0]
    assert play.circuit(name).faults == 3
    assert play.state(f"{name}:a").failures == 0


FAILURES: Mapping[int, tuple[Case, ...]] = {
    28: (
        Case(
            script={"groq:a": (Limited(5, "http-date"),)},
            outcomes=("groq:a rate_limit", "groq:a ok"),
            slept=(5.0,),
        ),
    ),
    32: (
        Case(
            route=("anthropic:a",),
            script={"anthropic": (ExtraHeaders(),)},
            outcomes=("anthropic:a ok",),
            check=untouched,
        ),
    ),
    33: minimax_codes(),
    34: (
        Case(
            route=("minimax:ab",),
            always={
                "minimax:a": refused(
                    500,
                    {
                        "type": "error",
                        "error": {"type": "api_error", "message": "insufficient balance (1008)"},
                    },
                )
            },
            outcomes=("minimax:a billing", "minimax:b ok"),
        ),
        Case(
            id="alone",
            route=("minimax:a",),
            always={"minimax:a": error(500, "insufficient balance (1008)", kind="api_error")},
            outcomes=("minimax:a billing",),
            error=OutOfCredit,
        ),
    ),
    35: tuple(
        Case(
            id=name,
            route=(f"{house}:ab", "xai:a"),
            always={house: Overloaded()},
            options=options,
            outcomes=(*(f"{house}:a capacity",) * 3, "xai:a ok"),
            slept=(0.375, 0.75),
            second_tries=2,
            check=counted,
        )
        for name, house, options in (
            ("498", "groq", {"model_kwargs": {"service_tier": "flex"}}),
            ("529", "anthropic", {}),
            ("503", "openai", {}),
        )
    ),
    36: (
        Case(
            script={"groq:a": (ServerError(),) * 5},
            options={"max_wait": 5.0},
            outcomes=("groq:a server_error",) * 3,
            error=ProviderUnavailable,
            slept=(0.375, 0.75),
            second_tries=2,
            check=opens_and_is_probed,
        ),
    ),
    37: (
        *(
            Case(
                id=str(status),
                script={"groq:a": (Raw(status, PAGE, HTML),) * 3},
                outcomes=("groq:a server_error",) * 3,
                error=ProviderUnavailable,
                slept=(0.375, 0.75),
                second_tries=2,
                check=no_page_shown,
            )
            for status in (520, 521, 522, 523, 525, 526)
        ),
        Case(
            id="524",
            route=("groq:a", "openai:a"),
            script={"groq:a": (Raw(524, PAGE, HTML),)},
            outcomes=("groq:a timeout_response", "openai:a ok"),
        ),
    ),
}
