"""The sweep finds what is planted: a key in any channel, whole, in part, or otherwise spelt."""

from __future__ import annotations

import base64
import json
import logging
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from langchain_core.messages import AIMessage

from scout_adapters.audit.process_log import get_audit
from tests.system.secrets.keys import Canary, odd, realistic
from tests.system.secrets.play import Play
from tests.system.secrets.sweep import LogRecorder, leaks_in, texts_in, traceback_texts

SPELT: dict[str, Callable[[str], str]] = {
    "whole": lambda key: key,
    "eight characters": lambda key: key[9:17],
    "the last eight": lambda key: key[-8:],
    "in a URL": lambda key: quote(key, safe=""),
    "in JSON": json.dumps,
    "in base64": lambda key: base64.b64encode(key.encode()).decode(),
    "in base64, one byte on": lambda key: base64.b64encode(b"x" + key.encode()).decode(),
    "in base64, two bytes on": lambda key: base64.b64encode(f"Be{key}".encode()).decode(),
    "in base64 for URLs": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "in hex": lambda key: key.encode().hex(),
}


def in_log(play: Play, text: str) -> None:
    logging.getLogger("some.library").debug("sent %s", {"headers": [("authorization", text)]})


def in_error(play: Play, text: str) -> None:
    error = RuntimeError("innocent")
    error.__context__ = ValueError({"request": {"headers": [text]}})
    play.errors.append(error)


def in_note(play: Play, text: str) -> None:
    error = RuntimeError("innocent")
    error.add_note(f"while sending {text}")
    play.errors.append(error)


def in_callback(play: Play, text: str) -> None:
    play.listeners.handlers[0].on_custom_event("scout.attempt", {"a": [{"b": text}]}, run_id=1)


def in_trace(play: Play, text: str) -> None:
    play.listeners.client.create_run(extra={"metadata": {"header": text}})


def in_answer(play: Play, text: str) -> None:
    play.left.append(AIMessage("innocent", response_metadata={"headers": {"x": text}}))


def in_cache(play: Play, text: str) -> None:
    play.cache.update("prompt", f"llm {text}", [])


def in_audit(play: Play, text: str) -> None:
    get_audit().log("llm_attempt", reason=f"refused: {text}")


def in_model(play: Play, text: str) -> None:
    play.model.model_kwargs["seed"] = text


CHANNELS = {
    "logs": in_log,
    "errors": in_error,
    "notes": in_note,
    "callbacks": in_callback,
    "traces": in_trace,
    "answers": in_answer,
    "cache": in_cache,
    "audit": in_audit,
    "model": in_model,
}


def sweep(play: Play, log_recorder: LogRecorder, audit: Path) -> list[str]:
    text = audit.read_text("latin-1") if audit.is_file() else ""
    return leaks_in(
        play.canaries, {**play.channels(), "logs": log_recorder.texts(), "audit": [text]}
    )


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_key_in_any_channel_is_found(
    channel: str, log_recorder: LogRecorder, audit: Path
) -> None:
    play = Play("groq", realistic("groq"))
    assert sweep(play, log_recorder, audit) == []
    CHANNELS[channel](play, play.canaries[0].key)
    assert any(
        leak.startswith("errors" if channel == "notes" else channel)
        for leak in sweep(play, log_recorder, audit)
    )


@pytest.mark.parametrize("form", SPELT)
def test_a_key_in_any_form_is_found(form: str) -> None:
    for key in (realistic("anthropic"), realistic("openai"), odd("planted")):
        assert leaks_in([Canary(key)], {"log": [f"a line with {SPELT[form](key)} in it"]})


def test_a_key_in_a_pickle_is_found() -> None:
    key = realistic("groq")
    assert leaks_in([Canary(key)], {"pickles": texts_in(pickle.dumps({"headers": [key]}))})


def test_a_key_in_the_locals_of_a_frame_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    key = realistic("groq")
    code = compile("def send(header):\n    raise OSError", "/somewhere/library.py", "exec")
    there: dict[str, Any] = {}
    exec(code, there)
    with pytest.raises(OSError) as caught:
        there["send"](key)
    assert leaks_in([Canary(key)], {"tracebacks": traceback_texts(caught.value)})


def test_what_is_no_piece_of_a_key_is_not_found() -> None:
    key = realistic("groq")
    assert leaks_in([Canary(key)], {"log": [f"{key[:7]} and {key[20:27]} and gsk_"]}) == []
