"""Streams that stop, stall, or contain unusual events: rows 46 to 64."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from scout_adapters.errors import MalformedResponse, ProviderTimeout, StreamInterrupted
from scout_adapters.llm.timeouts import Timeouts
from scout_adapters.testing import CutGzip, CutMidStream, ErrorInBand, KeepAlive, Raw, Slow, Stall
from scout_adapters.testing.http_messages import dumps
from tests.system.faults.cases.bodies import events, tokens_estimated
from tests.system.faults.play import MODELS, Case, Play

SSE = {"content-type": "text/event-stream"}
WIRES = ("groq", "anthropic", "google", "openrouter", "minimax", "ollama")
SHOWN = {"google": 1, "anthropic": 5, "minimax": 16}
"""How many events it takes until there is text."""

Check = Callable[[Play], Awaitable[None]]


def spoken_by(house: str) -> str:
    return f"This is the emulator speaking for {house}/{MODELS[house]}. You asked: hi"


def interrupted(house: str, inner: str) -> Check:
    """Assert that the error holds what came, once, what broke it, and that it may be billed."""

    async def check(play: Play) -> None:
        assert isinstance(play.error, StreamInterrupted)
        text = play.error.partial.text
        assert text
        assert spoken_by(house).startswith(text)
        assert play.error.__cause__.kind == inner  # type: ignore[union-attr]  # it has broken
        assert not play.error.is_retryable
        (row,) = [one for one in play.heard.rows if one["event"] == "llm_attempt"]
        assert row["billed"] == "yes"

    return check


def broken(fault: Callable[[int], Any], inner: str, houses: tuple[str, ...] = WIRES) -> Any:
    """Make a case for each wire of a stream that breaks when something has been shown."""
    return tuple(
        Case(
            id=house,
            route=(f"{house}:ab", "openai:a"),
            script={house: (fault(SHOWN.get(house, 4)),)},
            outcomes=(f"{house}:a stream_interrupted",),
            error=StreamInterrupted,
            check=interrupted(house, inner),
        )
        for house in houses
    )


def passed(seconds: float) -> Check:
    async def check(play: Play) -> None:
        assert round(play.time.now - 1000, 2) == seconds

    return check


def reads(name: str, fault: Any, text: str, **more: Any) -> Case:
    """Make the case of an unusual stream with a known text."""

    async def check(play: Play) -> None:
        assert play.answer is not None
        assert play.answer.text == text

    return Case(id=name, script={"groq": (fault,)}, outcomes=("groq:a ok",), check=check, **more)


def raw(*parts: bytes) -> Raw:
    return Raw(headers=SSE, events=parts)


def delta(text: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    delta_fields = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta_fields | more, "finish_reason": finish}
    return dumps({"id": "c", "model": "m", "choices": [choice]})


END = b"data: " + delta(finish="stop") + b"\n\ndata: [DONE]\n\n"
ACCENTED = "h\u00e9llo \U0001f600 data: [DONE]\n\ndata: x"
PLAIN = b"data: " + delta(ACCENTED) + b"\n\n" + END


async def same_for_every_split(play: Play) -> None:
    """Cut the stream in two at every byte, with each line end, and with a BOM before it."""
    lines = (PLAIN, PLAIN.replace(b"\n", b"\r\n"), PLAIN.replace(b"\n", b"\r"))
    for whole in (*lines, b"\xef\xbb\xbf" + PLAIN):
        for at in range(1, len(whole)):
            play.emulator.script("groq", [raw(whole[:at], whole[at:])])
            await play.ask()
            assert play.answer is not None, (at, play.error)
            assert play.answer.text == ACCENTED, at
    play.emulator.script("groq", [raw(*(PLAIN[at : at + 1] for at in range(len(PLAIN))))])
    assert (await play.ask()).answer.text == ACCENTED  # type: ignore[union-attr]  # it answers


def call(index: int, name: str = "", args: str = "", call_id: str = "") -> dict[str, Any]:
    function = {"arguments": args} | ({"name": name} if name else {})
    return {"index": index, "function": function} | (
        {"id": call_id, "type": "function"} if call_id else {}
    )


CALLS = events(
    {"role": "", "content": ""},
    {"tool_calls": [call(1, "second", "", "call_b")]},
    {"tool_calls": [call(0, "first", '{"a"', "call_a")]},
    {"role": "", "tool_calls": [call(1, args='{"b"')]},
    {"tool_calls": [call(0, args=": 1}"), call(1, args=": 2}")]},
    finish="tool_calls",
)


async def both_calls(play: Play) -> None:
    assert play.answer is not None
    calls = {one["name"]: one["args"] for one in play.answer.tool_calls}
    assert calls == {"first": {"a": 1}, "second": {"b": 2}}
    assert play.answer.invalid_tool_calls == []


async def usage_booked(play: Play) -> None:
    await interrupted("openrouter", "server_error")(play)
    (row,) = [one for one in play.heard.rows if one["event"] == "llm_attempt"]
    (billed,) = play.emulator.log
    assert (row["input_t"], row["output_t"]) == (billed.input_tokens, billed.output_tokens)


async def what_came_is_estimated(play: Play) -> None:
    await interrupted("openai", "protocol")(play)
    (row,) = [one for one in play.heard.rows if one["event"] == "llm_attempt"]
    assert row["estimated"] is True
    assert row["output_t"] == -(-len(play.error.partial.text) // 4)
    assert row["cost"] > 0


def next_one(name: str, fault: Any, kind: str, **more: Any) -> Case:
    """Make the case of a stream that fails before its first word: another answers, unseen."""
    return Case(
        id=name,
        route=("groq:a", "openai:a"),
        script={"groq": (fault,)},
        outcomes=(f"groq:a {kind}", "openai:a ok"),
        **more,
    )


FORGED = "Say:\n\ndata: [DONE]\n\nevent: error\ndata: {}\n\n: x"

STREAMED: Mapping[int, tuple[Case, ...]] = {
    46: (
        next_one("lull", Slow(lull=3600), "timeout_response", check=passed(120)),
        next_one("no status line", Slow(first=3600), "timeout_response", check=passed(120)),
        next_one("role only", Stall(after=1), "timeout_response", check=passed(120)),
        next_one(
            "own timeout",
            Slow(lull=3600),
            "timeout_response",
            options={"timeout": Timeouts(first_token=7, idle=90)},
            check=passed(7),
        ),
        Case(
            id="deadline",
            route=("groq:a", "openai:a"),
            script={"groq": (Slow(lull=3600),)},
            options={"deadline": 30.0},
            outcomes=("groq:a timeout_response",),
            error=ProviderTimeout,
            check=passed(30),
        ),
    ),
    47: (
        next_one("10 min", KeepAlive(120, 5), "timeout_response", check=passed(120)),
        next_one("rare", KeepAlive(20, 50), "timeout_response", check=passed(120)),
        Case(
            id="between words",
            script={"groq": (KeepAlive(5, 9, after=3),)},
            outcomes=("groq:a ok",),
        ),
        Case(
            id="between words for too long",
            script={"groq": (KeepAlive(50, 7, after=3),)},
            outcomes=("groq:a stream_interrupted",),
            error=StreamInterrupted,
            check=passed(2 * 7 + 60),
        ),
        Case(
            id="silence between words",
            script={"groq": (Stall(after=3),)},
            outcomes=("groq:a stream_interrupted",),
            error=StreamInterrupted,
            check=passed(60),
        ),
        Case(
            id="deadline between words",
            script={"groq": (Slow(between=4),)},
            options={"deadline": 10.0},
            outcomes=("groq:a stream_interrupted",),
            error=StreamInterrupted,
            check=passed(10),
        ),
    ),
    48: (
        *(
            Case(
                id=house,
                route=(f"{house}:a",),
                script={house: (ErrorInBand(),)},
                outcomes=(f"{house}:a server_error", f"{house}:a ok"),
                slept=(0.375,),
                second_tries=1,
            )
            for house in WIRES
        ),
        Case(
            id="after its role",
            script={"groq": (ErrorInBand(after=1),)},
            outcomes=("groq:a server_error", "groq:a ok"),
            slept=(0.375,),
            second_tries=1,
        ),
        Case(
            id="of the key",
            route=("groq:ab",),
            script={"groq:a": (ErrorInBand(condition="revoked"),)},
            outcomes=("groq:a auth_invalid", "groq:b ok"),
        ),
    ),
    49: broken(lambda shown: ErrorInBand(after=shown), "server_error"),
    50: broken(lambda shown: CutMidStream(after=shown, how="reset"), "protocol"),
    51: broken(lambda shown: CutMidStream(after=shown, how="cut"), "protocol"),
    52: broken(lambda shown: CutMidStream(after=shown, how="clean"), "protocol"),
    53: (
        Case(
            script={"groq": (CutGzip(),)},
            outcomes=("groq:a stream_interrupted",),
            error=StreamInterrupted,
            check=interrupted("groq", "protocol"),
        ),
    ),
    54: (
        Case(
            route=("openrouter:a",),
            script={"openrouter": (ErrorInBand(after=-2, goes_on=True),)},
            outcomes=("openrouter:a stream_interrupted",),
            error=StreamInterrupted,
            check=usage_booked,
        ),
    ),
    56: tuple(
        reads(name, raw(b"data: " + delta("all") + b"\n\n", *more), "all")
        for name, more in (
            ("same piece", (END + b"data: {rubbish\n\n",)),
            ("next piece", (END, b"data: {rubbish\n\n")),
            ("text", (END, b"data: " + delta("more") + b"\n\n")),
            ("error", (END, b'data: {"error": {"message": "no"}}\n\n')),
        )
    ),
    57: (
        Case(
            script={"groq": (raw(PLAIN),)},
            outcomes=("groq:a ok",),
            check=same_for_every_split,
        ),
    ),
    58: (
        reads("lines", raw(b"data: " + delta("a").replace(b",", b",\ndata: ") + b"\n\n", END), "a"),
        reads("no space", raw(b"data:" + delta("a") + b"\n\n", END), "a"),
        reads("two spaces", raw(b"data:  " + delta("a") + b"\n\n", END), "a"),
        reads("event only", raw(b"event: ping\n\n", b"data: " + delta("a") + b"\n\n", END), "a"),
        reads("named", raw(b"event: x\nid: 7\ndata: " + delta("a") + b"\n\n", END), "a"),
        reads("retry", raw(b"retry: 999999\n\ndata: " + delta("a") + b"\n\n", END), "a"),
        reads("comments", raw(b":\n: x\ndata: " + delta("a") + b"\n: y\n\n", END), "a"),
        reads("unknown field", raw(b"dat: {\ndata: " + delta("a") + b"\n\n", END), "a"),
        reads("no last line", raw(b"data: " + delta("a", "stop") + b"\n\ndata: [DONE]"), "a"),
    ),
    59: (
        Case(
            id="line",
            script={"groq": (raw(*(b"x" * 2**20,) * 100),)},
            outcomes=("groq:a protocol",),
            error=MalformedResponse,
        ),
        Case(
            id="data line",
            script={"groq": (raw(b"data: ", *(b"x" * 2**20,) * 100),)},
            outcomes=("groq:a protocol",),
            error=MalformedResponse,
        ),
        Case(
            id="event of many lines",
            script={"groq": (raw(*(b"data: " + b"x" * 2**20 + b"\n",) * 100),)},
            outcomes=("groq:a protocol",),
            error=MalformedResponse,
        ),
        reads(
            "tiny events",
            raw(*(b":\n\n" * 1000,) * 1000, b"data: " + delta("a") + b"\n\n", END),
            "a",
        ),
        reads("tiny words", raw(*(b"data: " + delta("a") + b"\n\n",) * 5000, END), "a" * 5000),
    ),
    60: (
        reads("text", raw(b"data: " + delta(FORGED) + b"\n\n", END), FORGED),
        reads("escaped", raw(b"data: " + delta(repr(FORGED)) + b"\n\n", END), repr(FORGED)),
        reads("name", raw(b"data: " + delta("a", name="[DONE]") + b"\n\n", END), "a"),
    ),
    61: (
        Case(
            script={"groq": (CALLS,)},
            outcomes=("groq:a ok",),
            check=both_calls,
        ),
        Case(
            id="minimax",
            route=("minimax:a",),
            script={"minimax": (CALLS,)},
            outcomes=("minimax:a ok",),
            check=both_calls,
        ),
    ),
    64: (
        Case(
            id="after the finish",
            route=("openai:a",),
            script={"openai": (CutMidStream(after=-2, how="clean"),)},
            outcomes=("openai:a ok",),
            check=tokens_estimated,
        ),
        Case(
            id="before the finish",
            route=("openai:a",),
            script={"openai": (CutMidStream(after=-3, how="clean"),)},
            outcomes=("openai:a stream_interrupted",),
            error=StreamInterrupted,
            check=what_came_is_estimated,
        ),
    ),
}
