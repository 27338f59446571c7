"""What is measured: one module for each subject, imported in a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

PROMPT = "Say in one line why one key is not enough."
KEY = "sk-benchmark-0123456789abcdef"

HOMES = {
    "fake": "fake",
    "httpx": "bare",
    "httpx-aiohttp": "bare",
    "single": "scout",
    "router": "scout",
    "router-bare": "scout",
    "router-aiohttp": "scout",
    "router-handed-aiohttp": "scout",
    "scout-anthropic": "scout",
    "httpx-responses": "bareresponses",
    "single-responses": "scout",
    "router-responses": "scout",
    "ChatOpenAI-responses": "chatopenai",
    "ChatOpenAI": "chatopenai",
    "ChatOpenAI-aiohttp": "chatopenai",
    "ChatGroq": "chatgroq",
    "ChatAnthropic": "chatanthropic",
    "ChatLiteLLMRouter": "chatlitellm",
}
"""The module of each subject."""

FLOORS = ("fake", "httpx", "httpx-aiohttp", "httpx-responses")
OURS = tuple(name for name, home in HOMES.items() if home == "scout")
PARTNERS = ("ChatOpenAI", "ChatGroq", "ChatAnthropic")
PEERS = tuple(name for name in HOMES if name not in FLOORS + OURS)
WITH_HANDLERS = ("router", "router-aiohttp", "router-handed-aiohttp", "router-responses")
HANDLERS = dict.fromkeys(WITH_HANDLERS, "cost+audit")
"""Handlers of the subjects whose calls have handlers."""

AIOHTTP = frozenset(name for name in HOMES if name.endswith("aiohttp"))
"""Subjects that may import `httpx_aiohttp`, and of ours `aiohttp`; for all others it seems not
installed."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How a subject is set up; all that is left out is as in everyday use."""

    name: str
    address: str
    folder: Path
    """Where the audit log goes."""

    manner: str = ""
    """How the server is to answer: segments of the path, `/delay-20/pace-1000`."""

    events: int = 1000
    keys: int = 5
    candidates: int = 3
    strategy: str = "priority"
    prompt_tokens: int = 0
    """Length of the prompt, four letters a token; 0 is one short sentence."""

    tools: int = 0
    handlers: str = ""
    """Handlers of the calls: names of `subjects.handlers`, joined by `+`."""

    @property
    def home(self) -> str:
        """The module of the subject."""
        return HOMES[self.name]

    @property
    def root(self) -> str:
        """The URL before `/v1/…`."""
        return f"{self.address}/events-{self.events}{self.manner}"

    @property
    def prompt(self) -> str:
        """The text of the one human message."""
        return "word" * self.prompt_tokens or PROMPT

    @property
    def tool_schemas(self) -> list[dict[str, Any]]:
        """The tools on offer, each of five parameters."""
        return [_tool(number) for number in range(self.tools)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What one call of each verb does, and how to read what comes of it."""

    text: Callable[[Any], str]
    """The text of an answer, or of one piece of a stream."""

    construct: Callable[[], Any]
    """Makes a new model or client."""

    invoke: Callable[[], Any] | None = None
    ainvoke: Callable[[], Awaitable[Any]] | None = None
    stream: Callable[[], Iterable[Any]] | None = None
    astream: Callable[[], AsyncIterable[Any]] | None = None
    requests: int = 1
    """HTTP requests to a call."""

    events: int = 1000
    """Events of text to a stream."""

    counts: Callable[[], list[int]] | None = None
    """Number of calls that each of its handlers has counted."""

    model: Any = None
    """The chat model itself, for what is measured inside of ours."""


def make_subject(setup: Setup) -> Subject:
    """Import a subject's module and set the subject up; raises ImportError where it cannot be."""
    subject: Subject = import_module(f"subjects.{setup.home}").make(setup)
    return subject


def of_model(setup: Setup, construct: Callable[[], Any], **more: Any) -> Subject:
    """Make the subject of a LangChain chat model."""
    own, config, prompt = construct(), more.pop("config", None), setup.prompt
    model = own.bind_tools(setup.tool_schemas) if setup.tools else own
    return Subject(
        text=lambda answer: answer.text,
        construct=construct,
        invoke=lambda: model.invoke(prompt, config),
        ainvoke=lambda: model.ainvoke(prompt, config),
        stream=lambda: model.stream(prompt, config),
        astream=lambda: model.astream(prompt, config),
        events=setup.events,
        model=own,
        **more,
    )


def _tool(number: int) -> dict[str, Any]:
    fields = {
        f"field_{place}": {"type": "string", "description": f"What to say in field {place}."}
        for place in range(5)
    }
    parameters = {"type": "object", "properties": fields, "required": ["field_0"]}
    description = f"Does thing number {number}, and nothing else."
    function = {"name": f"tool_{number}", "description": description, "parameters": parameters}
    return {"type": "function", "function": function}
