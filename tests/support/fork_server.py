"""A process that imports some modules once, and forks a child for each program it is sent.

`warm_process.py` starts it: `python -m tests.support.fork_server DESCRIPTOR MODULE ...`. A program
comes as JSON over that socket, with four descriptors: where the child's process id and its end are
reported, then its standard streams.
"""

from __future__ import annotations

import atexit
import gc
import json
import linecache
import os
import runpy
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn

PROGRAM = "program.py"
"""The name in tracebacks of a program that is code."""


def serve(requests: socket.socket) -> dict[str, Any]:
    """Fork for each program; return, in the child that will run it, what was sent."""
    while True:
        size = requests.recv(8, socket.MSG_WAITALL)
        _reap()
        if not size:
            os._exit(0)  # the tests have ended
        text, descriptors, _, _ = socket.recv_fds(requests, int(size), 4)
        while len(text) < int(size):
            text += requests.recv(int(size) - len(text))
        if os.fork() == 0:
            requests.close()
            return _child(json.loads(text), socket.socket(fileno=descriptors[0]), descriptors[1:])
        for each in descriptors:
            os.close(each)


def _reap() -> None:
    """Take notice of the children that have ended, so that their CPU time counts as ours."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _child(program: dict[str, Any], report: socket.socket, streams: Sequence[int]) -> Any:
    """Fork again: one process waits for the other, and reports how it ended."""
    pid = os.fork()
    if pid == 0:
        report.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        return program
    for stream in (0, 1, 2, *streams):
        os.close(stream)
    report.sendall(f"{pid}\n".encode())
    report.sendall(f"{os.waitpid(pid, 0)[1]}\n".encode())
    os._exit(0)


def run(program: dict[str, Any]) -> None:
    """Run a module as `python -m` would, or code as `python -c` would."""
    os.environ.clear()
    os.environ.update(program["environment"])
    sys.path[:0] = program["path"]
    sys.argv = [PROGRAM, *program["arguments"]]
    if folder := program["folder"]:
        os.chdir(folder)
    if code := program["code"]:
        _run_code(code)
    else:
        sys.modules.pop(program["module"], None)  # it is the main module here, and runs again
        runpy.run_module(program["module"], run_name="__main__", alter_sys=True)


def run_briefly(program: dict[str, Any]) -> NoReturn:
    """Run it, and end without taking all modules apart: a tenth of a second with LangChain's.

    Threads are waited for and functions of `atexit` called, as at the end of any interpreter.
    """
    try:
        run(program)
        code: Any = 0
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001  # an interpreter does so too
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    if not isinstance(code, int | None):
        sys.stderr.write(f"{code}\n")
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code or 0)


def _run_code(code: str) -> None:
    """Run code as the main module; by its lines, tracebacks and `inspect` show the source."""
    module = sys.modules["__main__"] = ModuleType("__main__")
    linecache.cache[PROGRAM] = len(code), None, code.splitlines(keepends=True), ""
    exec(compile(code, PROGRAM, "exec"), vars(module))  # a test's own


if __name__ == "__main__":
    for name in sys.argv[2:]:
        import_module(name)
    gc.freeze()  # children copy fewer pages
    program = serve(socket.socket(fileno=int(sys.argv[1])))
    run_briefly(program) if program["brief"] else run(program)
