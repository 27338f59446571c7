"""The sweep: everything that a call leaves behind, as text, channel by channel."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType, TracebackType
from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.tracers import LangChainTracer
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler

from tests.support.paths import TESTS
from tests.support.sent_runs import SentRuns
from tests.system.secrets.keys import Canary

MUTE = (bool, int, float, type, ModuleType, FunctionType, MethodType, BuiltinFunctionType)


def texts_in(*values: Any) -> Iterator[str]:
    """Yield every text that hangs on some values: items, attributes, causes, contexts, notes."""
    seen: dict[int, Any] = {}
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, bytes | bytearray):
            yield value.decode("latin-1")
        elif value is not None and not isinstance(value, MUTE) and id(value) not in seen:
            seen[id(value)] = value
            waiting += inside(value)
            if not isinstance(value, dict | list | tuple | set | frozenset):
                yield f"{value!r} {value}"


def inside(value: Any) -> list[Any]:
    """List what hangs on one value."""
    if isinstance(value, Mapping):
        return [*value, *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return [*value]
    parts: list[Any] = [vars(value)] if hasattr(value, "__dict__") else []
    for cls in type(value).__mro__:
        names = cls.__dict__.get("__slots__", ())
        listed = [names] if isinstance(names, str) else names
        parts += [getattr(value, name, None) for name in listed if name != "__weakref__"]
    if isinstance(value, BaseException):
        parts += [value.__cause__, value.__context__, value.args]
        parts += getattr(value, "__notes__", [])
    return parts


def errors_in(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all behind it."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        value = waiting.pop()
        if value is not None and id(value) not in seen:
            seen.add(id(value))
            yield value
            waiting += [value.__cause__, value.__context__]


def frames_of(error: BaseException) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and locals of every frame that is not the caller's own, of all errors behind."""
    for one in errors_in(error):
        trace: TracebackType | None = one.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if not code.co_filename.startswith(str(TESTS)):
                yield f"{code.co_filename}:{code.co_qualname}", trace.tb_frame.f_locals
            trace = trace.tb_next


def traceback_texts(error: BaseException) -> Iterator[str]:
    """Format an error as reporters of crashes do, with the locals of frames; ours are left out."""
    yield "".join(traceback.format_exception(error))
    for where, local in frames_of(error):
        shown = {name: repr(value) for name, value in local.items()}
        yield f"{where} {shown}"
    for one in errors_in(error):
        summary = traceback.TracebackException.from_exception(one, capture_locals=True)
        summary.stack = traceback.StackSummary.from_list(
            [frame for frame in summary.stack if not frame.filename.startswith(str(TESTS))]
        )
        summary.__cause__ = summary.__context__ = None
        yield "".join(summary.format())


class LogRecorder(logging.Handler):
    """Keeps all log records, from the root down, at every level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def texts(self) -> Iterator[str]:
        for record in self.records:
            yield f"{record.name} {record.getMessage()}"
            yield from texts_in(record.__dict__)


HOOKS = [name for name in dir(BaseCallbackHandler) if name.startswith("on_")]
OURS = ["on_scout_attempt_start", "on_scout_attempt_end"]


def hook(name: str) -> Callable[..., None]:
    def keep(self: Any, *arguments: Any, **named: Any) -> None:
        self.received.append((name, arguments, named))

    return keep


def ahook(name: str) -> Callable[..., Any]:
    async def keep(self: Any, *arguments: Any, **named: Any) -> None:
        self.received.append((name, arguments, named))

    return keep


def recorder(*, is_async: bool = False) -> Any:
    """Make a handler that records the arguments of every callback of LangChain and of scout."""
    base, make = (AsyncCallbackHandler, ahook) if is_async else (BaseCallbackHandler, hook)
    methods: dict[str, Any] = {name: make(name) for name in HOOKS}
    methods |= {name: hook(name) for name in OURS}
    kind = type("Recorder", (base,), methods)
    handler: Any = kind()
    handler.received = []
    return handler


class Listeners:
    """All kinds of listeners to a call."""

    def __init__(self, *, is_async: bool) -> None:
        self.runs = RunCollectorCallbackHandler()
        self.client: Any = SentRuns()
        self.recorders = [recorder()] + ([recorder(is_async=True)] if is_async else [])
        tracer = LangChainTracer(client=self.client, project_name="canary")
        self.handlers: list[Any] = [*self.recorders, self.runs, tracer]

    def received(self) -> list[Any]:
        return [one.received for one in self.recorders]

    def traces(self) -> list[Any]:
        dumped = [
            run.model_dump() if hasattr(run, "model_dump") else run.dict()
            for run in self.runs.traced_runs
        ]
        return [self.client.sent, dumped]


def leaks_in(canaries: Iterable[Canary], channels: Mapping[str, Iterable[str]]) -> list[str]:
    """Name the channels in which a canary, or a piece of one, can be read, and where."""
    leaks: list[str] = []
    for name, texts in channels.items():
        buffer = io.StringIO()
        for text in texts:
            buffer.write(text)
            buffer.write("\n\0\n")
        whole = buffer.getvalue()
        for canary in canaries:
            if needle := canary.seen_in(whole):
                at = whole.index(needle)
                leaks.append(f"{name}: {whole[max(0, at - 300) : at + 60]!r}")
    return leaks
