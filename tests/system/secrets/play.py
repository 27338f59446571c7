"""One fault with canaries for keys: provider, verb, and all output that it leaves."""

from __future__ import annotations

import dataclasses
import json
import pickle
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from langchain_core.caches import InMemoryCache
from langchain_core.load import dumpd, dumps

from scout_adapters import init_scout_model, testing
from scout_adapters._internal.clock import Clock
from scout_adapters.llm.providers import registry
from scout_adapters.testing import Emulator, Fault, Raw, Redirect, Said, reset
from tests.support.clock import FakeTime
from tests.system.secrets.keys import Canary, odd, random_text, realistic
from tests.system.secrets.sweep import Listeners, LogRecorder, leaks_in, texts_in, traceback_texts

MODELS = {
    "groq": "openai/gpt-oss-20b",
    "anthropic": "claude-haiku-4-5",
    "google": "gemini-2.5-flash",
    "minimax": "MiniMax-M3",
    "openrouter": "google/gemini-2.5-flash",
}
"""One of each wire, and two dialects with manners of their own."""

HEADER = Canary(random_text("a header", 30))
"""The value of a header that the user gives."""

EXAMPLES: Mapping[str, list[Fault]] = {
    "Redirect": [Redirect("https://elsewhere.example/v1")],
    "Said": [Said(b'{"choices": null}'), Said(b"[]")],
}
"""Faults whose constructors need arguments."""


def faults() -> Iterator[Fault]:
    """Yield every fault that the emulator can play; those that are new too."""
    for name in testing.__all__:
        kind = getattr(testing, name)
        if not (isinstance(kind, type) and issubclass(kind, Fault)) or kind is Fault:
            continue
        needs = [
            field.name
            for field in dataclasses.fields(kind)
            if field.init and field.default is field.default_factory is dataclasses.MISSING
        ]
        assert not needs or name in EXAMPLES, f"say in EXAMPLES how to make a {name}({needs})"
        yield from EXAMPLES[name] if needs else [kind()]


def echoes(key: str) -> Iterator[Fault]:
    """Yield answers of servers that give back what they were sent, as it is and otherwise spelt."""
    for text in spellings(key):
        everyday = text == key
        error = {"message": f"no {text} here", "code": text, "type": text, "param": text}
        details = [{"reason": text, "metadata": {"containerInfo": text}}]
        body = {"error": {**error, "details": details}, "request_id": text, "base_resp": None}
        headers = {"x-request-id": text, "x-ratelimit-note": text, "set-cookie": f"k={text}"}
        for status in (401, 429, 500, 200) if everyday else (401, 200):
            yield Raw(status, json.dumps(body).encode(), headers)
        if not everyday:
            continue
        yield Raw(502, f"<html><title>{text}</title>Authorization: Bearer {text}".encode(), headers)
        yield Raw(200, f"not JSON: {text}".encode(), {"content-type": text[:60]})
        yield Raw(200, b"{}", {"content-encoding": text.lower()[:20], "content-type": "x"})
        yield Raw(307, b"", {"location": f"https://elsewhere.example/?key={text}"})


def spellings(key: str) -> Iterator[str]:
    """Yield how a server may spell a key that it gives back."""
    canary = Canary(key)
    yield key
    yield f"Bearer {key}"
    yield f"{key[:12]}***{key[-4:]}"
    yield f"{key[:-3]}..."
    yield from sorted(form for form in canary.whole if form != key)


class Play:
    """A failing provider, and a model with canaries for keys."""

    def __init__(self, provider: str, key: str, *, is_async: bool = False, **more: Any) -> None:
        self.canaries = [Canary(key), HEADER]
        self.provider = provider
        self.time = FakeTime()
        self.listeners = Listeners(is_async=is_async)
        self.cache = InMemoryCache()
        self.emulator = Emulator(
            {provider: [key]},
            clock=lambda: self.time.now,
            sleep=self.time.sleep,
            asleep=self.time.asleep,
        )
        reached = {} if more.get("base_url") else {"transport": self.emulator.transport()}
        self.model = init_scout_model(
            f"{provider}/{MODELS.get(provider, 'm')}",
            **{
                "api_key": key,
                "default_headers": {"x-canary": HEADER.key},
                "max_retries": 1,
                "clock": self.time.clock,
                "cache": self.cache,
                "tags": ["a tag"],
                "metadata": {"a": "b"},
                **reached,
                **more,
            },
        )
        self.left: list[Any] = []
        self.errors: list[BaseException] = []

    async def ask(self, verb: str, text: str = "Hello") -> None:
        """Make a call, and keep its answer or error."""
        config: Any = {"callbacks": self.listeners.handlers, "metadata": {"c": "d"}}
        try:
            match verb:
                case "invoke":
                    self.left.append(self.model.invoke(text, config))
                case "ainvoke":
                    self.left.append(await self.model.ainvoke(text, config))
                case "stream":
                    self.left += self.model.stream(text, config)
                case "astream":
                    self.left += [chunk async for chunk in self.model.astream(text, config)]
        except Exception as error:  # noqa: BLE001  # whatever it is, it must tell nothing
            self.errors.append(error)

    def channels(self) -> dict[str, Any]:
        """Return all output by channel."""
        return {
            "errors": texts_in(self.errors),
            "tracebacks": (text for error in self.errors for text in traceback_texts(error)),
            "pickled errors": texts_in([pickle.dumps(error) for error in self.errors]),
            "copied errors": texts_in([pickle.loads(pickle.dumps(e)) for e in self.errors]),
            "answers": texts_in(self.left, [dumps(one) for one in self.left]),
            "pickled answers": texts_in(pickle.dumps(self.left)),
            "callbacks": texts_in(self.listeners.received()),
            "traces": texts_in(self.listeners.traces()),
            "cache": texts_in(self.cache._cache),
            "model": texts_of_model(self.model),
            "engine": engine_of(self.model),
        }


def texts_of_model(model: Any) -> Iterator[str]:
    """Yield every text of a model that may be logged, sent or stored."""
    yield f"{model!r} {model}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydantic, about what it cannot serialize
        yield from (dumps(model), json.dumps(dumpd(model)), repr(model.model_dump()))
        yield model.model_dump_json(fallback=repr, exclude={"cache", "callbacks"})
    yield f"{model.asdict()} {model._identifying_params} {model.lc_attributes} {model.lc_secrets}"
    yield f"{model._get_invocation_params()} {model._get_ls_params()} {model._get_llm_string()}"
    bare = model.model_copy(update={"cache": None, "transport": None, "clock": Clock()})
    yield pickle.dumps(bare).decode("latin-1")
    yield f"{pickle.loads(pickle.dumps(bare))!r} {model.get_graph().draw_mermaid()}"


def engine_of(model: Any) -> Iterator[str]:
    """Yield the reprs of the engine's parts."""
    client = model.client
    endpoint = client.endpoint
    yield f"{client!r} {client} {endpoint!r} {endpoint.pool!r} {endpoint.adapter!r}"
    yield f"{endpoint.circuit!r} {registry!r}"
    yield f"{model._route()!r} {model._route().candidates!r} {model.transport!r}"
    for state in endpoint.pool:
        yield f"{state!r} {state} {dataclasses.asdict(state)} {state.id}"


async def played(
    provider: str, verb: str, fault: Fault, key: str, audit: Path, log_recorder: LogRecorder
) -> list[str]:
    """Play a fault until the model gives up or is answered; return the leaks that are found."""
    log_recorder.records.clear()
    reset()
    play = Play(provider, key, is_async=verb.startswith("a"))
    play.emulator.script(provider, [fault] * 2)
    await play.ask(verb)
    assert play.emulator.log, "the fault was never played"
    channels = {**play.channels(), "logs": log_recorder.texts(), "audit": audited(audit)}
    return leaks_in(play.canaries, channels)


def audited(path: Path) -> list[str]:
    """Return what the audit log holds."""
    return [path.read_text("latin-1")] if path.is_file() else []


def key_for(provider: str, fault: Fault, verb: str) -> str:
    """Make a key of its own for each play, now an everyday one, now an odd one."""
    seed = f"{fault!r:.200}{verb}"
    return odd(seed) if len(seed) % 3 == 0 else realistic(provider, seed)
