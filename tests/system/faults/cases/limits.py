"""Limits and quotas, and the forms of their waits: rows 25 to 31."""

from __future__ import annotations

from collections.abc import Mapping

from scout_adapters.errors import RateLimited
from scout_adapters.testing import DailyQuota, Raw, UpstreamLimited
from scout_adapters.testing import RateLimited as Limited
from tests.system.faults.cases.keys import HOUR, MODEL, error, refused
from tests.system.faults.play import Case, Play


def limited(**headers: str) -> Raw:
    return error(429, "Rate limit reached", code="rate_limit_exceeded", **headers)


async def rests_an_hour(play: Play) -> None:
    assert play.state("groq:a").ready_at(MODEL) == play.time.now + HOUR
    assert play.error is None or play.error.retry_after == 86400  # type: ignore[attr-defined]  # a provider's error


async def rests_to_the_windows_end(play: Play) -> None:
    assert play.state("google:a").ready_at("gemini-2.5-flash") - play.time.now > 2 * HOUR


GEMINI_26 = {
    "error": {
        "code": 429,
        "message": "Please retry in 26s.",
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26s"},
        ],
    }
}
QUOTA_CODES = (
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
)


def waited(name: str, headers: Mapping[str, str], seconds: float) -> Case:
    """Make the case of one form of a wait; 0.375 s is the back-off without a wait."""
    return Case(
        id=name,
        script={"groq:a": (error(429, "Rate limit", code="rate_limit_exceeded"),)}
        if not headers
        else {"groq:a": (Raw(429, b'{"error":{"code":"rate_limit_exceeded"}}', headers),)},
        outcomes=("groq:a rate_limit", "groq:a ok"),
        slept=(seconds,),
    )


LIMITS: Mapping[int, tuple[Case, ...]] = {
    25: (
        Case(
            id="two keys",
            route=("groq:ab",),
            script={"groq:a": (Limited(2, "retry-after"),)},
            outcomes=("groq:a rate_limit", "groq:b ok"),
        ),
        Case(
            id="one key",
            script={"groq:a": (Limited(2, "retry-after"),)},
            outcomes=("groq:a rate_limit", "groq:a ok"),
            slept=(2.0,),
        ),
    ),
    26: (
        Case(
            id="next candidate",
            route=("groq:a", "openai:a"),
            script={"groq:a": (limited(retry_after="86400"),)},
            outcomes=("groq:a rate_limit", "openai:a ok"),
            check=rests_an_hour,
        ),
        Case(
            id="alone",
            script={"groq:a": (limited(retry_after="86400"),)},
            outcomes=("groq:a rate_limit",),
            error=RateLimited,
            check=rests_an_hour,
        ),
        Case(
            id="window",
            route=("google:a", "openai:a"),
            script={"google:a": (DailyQuota(),)},
            outcomes=("google:a quota_window", "openai:a ok"),
            check=rests_to_the_windows_end,
        ),
    ),
    27: (
        waited("ms", {"retry-after-ms": "250"}, 0.25),
        waited("seconds", {"retry-after": "5"}, 5.0),
        waited("past date", {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.375),
        waited("nan", {"retry-after": "nan"}, 0.375),
        waited("inf", {"retry-after": "inf"}, 0.375),
        waited("negative", {"retry-after": "-1"}, 0.375),
        waited("1e400", {"retry-after": "1e400"}, 0.375),
        waited("20s", {"retry-after": "20s"}, 0.375),
        waited("two in one", {"retry-after": "5, 6"}, 0.375),
        Case(
            id="two headers",
            script={
                "groq:a": (Raw(429, b"{}", {"retry-after": "5"}, besides=(("retry-after", "6"),)),)
            },
            outcomes=("groq:a rate_limit", "groq:a ok"),
            slept=(0.375,),
        ),
        Case(
            id="date",
            script={"groq:a": (Limited(5, "http-date"),)},
            outcomes=("groq:a rate_limit", "groq:a ok"),
            slept=(5.0,),
        ),
    ),
    29: (
        Case(
            id="26 s",
            route=("google:a",),
            script={"google:a": (Limited(26),)},
            outcomes=("google:a rate_limit", "google:a ok"),
            slept=(26.0,),
        ),
        Case(
            id="day",
            route=("google:ab",),
            script={"google:a": (DailyQuota(26),)},
            outcomes=("google:a quota_window", "google:b ok"),
            check=rests_to_the_windows_end,
        ),
        Case(
            id="in a list",
            route=("google:a",),
            script={"google:a": (refused(429, [GEMINI_26]),)},
            outcomes=("google:a rate_limit", "google:a ok"),
            slept=(26.0,),
        ),
    ),
    30: tuple(
        Case(
            id=code,
            route=("openai:ab",),
            always={"openai:a": error(429, "No credit", kind="insufficient_quota", code=code)},
            outcomes=("openai:a billing", "openai:b ok"),
        )
        for code in QUOTA_CODES
    ),
    31: (
        Case(
            route=("openrouter:ab", "groq:a"),
            always={"openrouter": UpstreamLimited()},
            outcomes=(*("openrouter:a capacity",) * 3, "groq:a ok"),
            slept=(0.375, 0.75),
            second_tries=2,
        ),
    ),
}
