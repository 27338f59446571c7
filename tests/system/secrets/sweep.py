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
from tests.system.secrets.keys import Canary

MUTE = (bool, int, float, type, ModuleType, FunctionType, MethodType, BuiltinFunctionType)


def texts_in(*values: Any) -> Iterator[str]:
    """Yield every text that hangs on some values: items, attributes, causes, contexts, notes."""
    seen: dict[int, Any] = {}
    waiting = list(values)
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            yield found
        elif isinstance(found, bytes | bytearray):
            yield found.decode("latin-1")
        elif found is not None and not isinstance(found, MUTE) and id(found) not in seen:
            seen[id(found)] = found
            waiting += inside(found)
            if not isinstance(found, dict | list | tuple | set | frozenset):
                yield f"{found!r} {found}"


def inside(found: Any) -> list[Any]:
    """List what hangs on one value."""
    if isinstance(found, Mapping):
        return [*found, *found.values()]
    if isinstance(found, list | tuple | set | frozenset):
        return [*found]
    held: list[Any] = [vars(found)] if hasattr(found, "__dict__") else []
    for cls in type(found).__mro__:
        names = cls.__dict__.get("__slots__", ())
        listed = [names] if isinstance(names, str) else names
        held += [getattr(found, name, None) for name in listed if name != "__weakref__"]
    if isinstance(found, BaseException):
        held += [found.__cause__, found.__context__, found.args]
        held += getattr(found, "__notes__", [])
    return held


def errors_in(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all behind it."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        found = waiting.pop()
        if found is not None and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += [found.__cause__, found.__context__]


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
        told = traceback.TracebackException.from_exception(one, capture_locals=True)
        told.stack = traceback.StackSummary.from_list(
            [frame for frame in told.stack if not frame.filename.startswith(str(TESTS))]
        )
        told.__cause__ = told.__context__ = None
        yield "".join(told.format())


class Heard(logging.Handler):
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
        self.told.append((name, arguments, named))

    return keep


def ahook(name: str) -> Callable[..., Any]:
    async def keep(self: Any, *arguments: Any, **named: Any) -> None:
        self.told.append((name, arguments, named))

    return keep


def recorder(*, is_async: bool = False) -> Any:
    """Make a handler that keeps the arguments of every callback that LangChain, or we, know."""
    base, make = (AsyncCallbackHandler, ahook) if is_async else (BaseCallbackHandler, hook)
    methods: dict[str, Any] = {name: make(name) for name in HOOKS}
    methods |= {name: hook(name) for name in OURS}
    kind = type("Recorder", (base,), methods)
    handler: Any = kind()
    handler.told = []
    return handler


class Collector:
    """Takes the place of LangSmith's client, and keeps what would be sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.tracing_queue = None

    def create_run(self, *arguments: Any, **named: Any) -> None:
        self.sent.append((arguments, named))

    def update_run(self, *arguments: Any, **named: Any) -> None:
        self.sent.append((arguments, named))


class Listeners:
    """Everybody who may listen to a call."""

    def __init__(self, *, is_async: bool) -> None:
        self.runs = RunCollectorCallbackHandler()
        self.client: Any = Collector()
        self.recorders = [recorder()] + ([recorder(is_async=True)] if is_async else [])
        tracer = LangChainTracer(client=self.client, project_name="canary")
        self.handlers: list[Any] = [*self.recorders, self.runs, tracer]

    def told(self) -> list[Any]:
        return [one.told for one in self.recorders]

    def traces(self) -> list[Any]:
        dumped = [
            run.model_dump() if hasattr(run, "model_dump") else run.dict()
            for run in self.runs.traced_runs
        ]
        return [self.client.sent, dumped]


def found_in(canaries: Iterable[Canary], channels: Mapping[str, Iterable[str]]) -> list[str]:
    """Name the channels in which a canary, or a piece of one, can be read, and where."""
    found: list[str] = []
    for name, texts in channels.items():
        buffer = io.StringIO()
        for text in texts:
            buffer.write(text)
            buffer.write("\n\0\n")
        whole = buffer.getvalue()
        for canary in canaries:
            if needle := canary.seen_in(whole):
                at = whole.index(needle)
                found.append(f"{name}: {whole[max(0, at - 300) : at + 60]!r}")
    return found
