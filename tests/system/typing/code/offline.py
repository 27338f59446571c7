"""Tests without a network, as users write them."""

from typing import assert_type

from scout_adapters import ScoutGroqChatModel
from scout_adapters.testing import (
    BadRequest,
    CloseBeforeAnswer,
    ContentBlocked,
    ContextOverflow,
    CutGzip,
    CutMidStream,
    DailyQuota,
    Drip,
    EmptyBody,
    Emulator,
    ErrorInBand,
    Exchange,
    ExtraHeaders,
    Fault,
    Forbidden,
    Hang,
    KeepAlive,
    ModelMissing,
    NotJson,
    OutOfCredit,
    Overloaded,
    RateLimited,
    Raw,
    Redirect,
    RegionBlocked,
    Revoked,
    Said,
    ServerError,
    Slow,
    Snapshot,
    Stall,
    Suspended,
    TooLarge,
    UpstreamLimited,
    reset,
    run,
    snapshot,
)
from scout_adapters.testing.cassettes import CassetteNotPlayed, cassette

FAULTS: list[Fault] = [
    BadRequest(),
    CloseBeforeAnswer(),
    ContextOverflow(),
    CutGzip(),
    CutMidStream(),
    DailyQuota(),
    Drip(),
    EmptyBody(),
    ErrorInBand(),
    ExtraHeaders(headers={"x-a": "b"}),
    Forbidden(),
    Hang(),
    KeepAlive(),
    ModelMissing(),
    NotJson(),
    OutOfCredit(),
    ContentBlocked(),
    Overloaded(),
    RateLimited(seconds=2),
    Redirect(to="http://elsewhere.example"),
    RegionBlocked(),
    Revoked(),
    Said(body=b"{}"),
    ServerError(),
    Slow(),
    Stall(),
    Suspended(),
    TooLarge(),
    UpstreamLimited(),
]
RAW: type[Fault] = Raw

emulator = Emulator(keys={"groq": {"k1": Revoked(), "k2": None}}, down={"mistral": Overloaded()})
emulator.script("groq", [ServerError(), None], key="k2")
with emulator.serve() as url:
    assert_type(url, str)
    ScoutGroqChatModel(base_url=emulator.url("groq"), api_keys=["k1", "k2"]).invoke("hello")
ScoutGroqChatModel(transport=emulator.transport(), api_key="k2").invoke("hello")
assert_type(emulator.log, list[Exchange])
assert_type(emulator.log[0].status, int)
assert_type(emulator.requests("groq", key="k2"), list[Exchange])

try:
    with cassette("cassettes/mine.yaml", record=False):
        ScoutGroqChatModel().invoke("hello")
except CassetteNotPlayed as error:
    raise SystemExit(str(error)) from error
serve = run

before: Snapshot = snapshot()
reset(before)
reset()
