"""The error of a failed call names its run, and each key that its owner must repair."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from scout_adapters import ScoutAuditCallbackHandler, ScoutRouterChatModel
from scout_adapters.audit import AuditLog, read_rows
from scout_adapters.chat_models.providers import ScoutGroqChatModel
from scout_adapters.errors import NoWorkingKey, ProviderError, ScoutError
from scout_adapters.errors import RateLimited as Limited
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.testing import Emulator, OutOfCredit, RateLimited, Revoked

RUN = UUID(int=5 << 120)


class Keys:
    """Three keys of Groq: one refused, one out of credit, one limited for a minute."""

    def __init__(self) -> None:
        self.broke, self.revoked, self.limited = (f"key-{uuid4()}" for _ in range(3))
        faults = {
            self.broke: OutOfCredit(),
            self.revoked: Revoked(),
            self.limited: RateLimited(seconds=60),
        }
        self.model = ScoutGroqChatModel(
            model="m", api_keys=[*faults], transport=Emulator(keys={"groq": faults}).transport()
        )
        self.route = ScoutRouterChatModel(models=[self.model], max_wait=0, max_retries=0)

    def error(self, **config: Any) -> ScoutError:
        with pytest.raises(ScoutError) as raised:
            self.route.invoke("hi", config)  # type: ignore[arg-type]  # a config
        return raised.value


def test_an_error_has_a_line_for_each_key_to_repair_the_refused_one_first() -> None:
    keys = Keys()
    error = keys.error()
    assert isinstance(error, Limited)
    revoked, broke = fingerprint(keys.revoked), fingerprint(keys.broke)
    first, *others = str(error).splitlines()
    assert fingerprint(keys.limited) in first
    repair, pay = (line.strip() for line in others)
    assert repair.startswith(f"groq/m with key {revoked}: auth_invalid 401 invalid_api_key (")
    assert repair.endswith("): replace the key")
    assert pay.startswith(f"groq/m with key {broke}: billing 402 billing_error (")
    assert pay.endswith("): add credit to the account or raise its limit")
    assert isinstance(error, ProviderError)
    assert error.others == (repair, pay)


def test_an_error_without_a_request_names_how_many_keys_are_refused_and_which() -> None:
    keys = Keys()
    keys.error()
    again = keys.error()
    assert isinstance(again, NoWorkingKey)
    revoked, broke, limited = map(fingerprint, (keys.revoked, keys.broke, keys.limited))
    assert (
        f"every key rests or is refused: 1 refused ({revoked}), 1 out of credit ({broke}),"
        f" 1 rests ({limited}); ready in "
    ) in str(again)


def test_a_key_refused_before_the_call_is_named_beside_the_one_that_failed_now() -> None:
    bad, limited = (f"key-{uuid4()}" for _ in range(2))
    emulator = Emulator(keys={"groq": {bad: Revoked(), limited: RateLimited(seconds=60)}})
    options = {"model": "m", "transport": emulator.transport(), "max_wait": 0, "max_retries": 0}
    with pytest.raises(ProviderError):
        ScoutGroqChatModel(api_keys=[bad], **options).invoke("hi")
    with pytest.raises(Limited) as raised:
        ScoutGroqChatModel(api_keys=[bad, limited], **options).invoke("hi")
    (line,) = raised.value.others
    assert f"1 refused ({fingerprint(bad)}), 1 rests ({fingerprint(limited)})" in line


def test_an_error_of_a_limited_key_alone_is_one_line() -> None:
    keys = Keys()
    model = keys.model.model_copy(update={"api_keys": [keys.limited]})
    with pytest.raises(ProviderError) as raised:
        ScoutRouterChatModel(models=[model], max_wait=0, max_retries=0).invoke("hi")
    assert raised.value.others == ()


def test_an_error_has_the_run_id_of_its_rows_in_the_log(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    error = Keys().error(callbacks=[ScoutAuditCallbackHandler(log)], run_id=RUN)
    assert error.run_id == str(RUN)
    assert {row["run_id"] for row in read_rows(log.path)} == {error.run_id}
    assert f"\nrun_id: {RUN}" in "".join(traceback.format_exception(error))
    assert str(RUN) not in str(error)
    assert pickle.loads(pickle.dumps(error)).run_id == error.run_id  # our own bytes


def stream(model: Any, config: Any) -> Any:
    return list(model.stream("hi", config))


def invoke(model: Any, config: Any) -> Any:
    return model.invoke("hi", config)


@pytest.mark.parametrize("play", [invoke, stream])
def test_an_error_has_its_run_id_without_a_log(play: Callable[[Any, Any], Any]) -> None:
    with pytest.raises(ScoutError) as raised:
        play(Keys().route, {"run_id": RUN})
    assert raised.value.run_id == str(RUN)
    assert raised.value.__notes__ == [f"run_id: {RUN}"]


async def ainvoke(model: Any, config: Any) -> Any:
    return await model.ainvoke("hi", config)


async def astream(model: Any, config: Any) -> Any:
    return [chunk async for chunk in model.astream("hi", config)]


@pytest.mark.parametrize("play", [ainvoke, astream])
async def test_an_error_of_an_async_call_has_its_run_id(
    play: Callable[[Any, Any], Awaitable[Any]],
) -> None:
    with pytest.raises(ScoutError) as raised:
        await play(Keys().route, {"run_id": RUN})
    assert raised.value.run_id == str(RUN)
