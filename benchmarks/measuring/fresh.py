"""A process that imports one subject and calls it once: `python -m measuring.fresh NAME ADDRESS`.

Prints in JSON what the import and the first construction took, in milliseconds of either clock, and
the resident memory after the import and after one call, in MiB. It imports nothing itself before
the clock runs that a bare interpreter does not have.
"""

import json
import resource
import sys
import time
from importlib import import_module

CORE = ("langchain_core.language_models.chat_models", "httpx")
IMPORTS = {
    "core + httpx": CORE,
    "router": ("scout_adapters",),
    "ChatOpenAI": ("langchain_openai",),
    "ChatGroq": ("langchain_groq",),
    "ChatAnthropic": ("langchain_anthropic",),
    "ChatLiteLLMRouter": ("langchain_litellm",),
}
CLASSES = {"core + httpx": "BaseChatModel", "router": "ScoutRouterChatModel"}
"""What is taken from the first module, where it is not called like the subject."""

MIB = 1024 * 1024


def resident() -> float:
    """Return the resident memory in MiB; the most that it ever was where that is all there is."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123  # pathlib is not imported yet
            return int(file.read().split()[1]) * resource.getpagesize() / MIB
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def imported(name: str) -> None:
    """Import a subject as its users do, up to the class that they write."""
    modules = [import_module(module) for module in IMPORTS[name]]
    getattr(modules[0], CLASSES.get(name, name))


def called(name: str, address: str) -> float:
    """Construct the subject and call it once; return the milliseconds of the construction."""
    from pathlib import Path  # noqa: PLC0415  # after the clock has run
    from tempfile import TemporaryDirectory  # noqa: PLC0415  # as above

    from subjects import HANDLERS, Setup, make_subject  # noqa: PLC0415  # as above

    took = 0.0
    with TemporaryDirectory() as folder:
        for subject_name in ("fake", "httpx") if name == "core + httpx" else (name,):
            setup = Setup(
                subject_name, address, Path(folder), handlers=HANDLERS.get(subject_name, "")
            )
            import_module(f"subjects.{setup.home}")
            began = time.perf_counter()
            subject = make_subject(setup)
            took += time.perf_counter() - began
            assert subject.invoke is not None
            subject.invoke()
    return took * 1e3


def main() -> None:
    """Measure and print."""
    name, address = sys.argv[1:]
    cpu, wall = time.process_time(), time.perf_counter()
    imported(name)
    figures = {
        "import_wall": (time.perf_counter() - wall) * 1e3,
        "import_cpu": (time.process_time() - cpu) * 1e3,
        "import_rss": resident(),
    }
    figures["construct"] = called(name, address)
    print("\n" + json.dumps({**figures, "call_rss": resident()}))


if __name__ == "__main__":
    main()
