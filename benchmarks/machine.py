"""Where a run takes place: the interpreter with all peers, and what is written of the machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE / ".venv-peers"
DISTRIBUTIONS = {
    "ChatOpenAI": "langchain-openai",
    "ChatOpenAI-aiohttp": "aiohttp",
    "ChatOpenAI-responses": "langchain-openai",
    "ChatGroq": "langchain-groq",
    "ChatAnthropic": "langchain-anthropic",
    "ChatLiteLLMRouter": "langchain-litellm",
    "httpx-aiohttp": "httpx-aiohttp",
    "router-aiohttp": "aiohttp",
    "router-handed-aiohttp": "httpx-aiohttp",
}
"""What a subject needs beside ours."""

OPTIONAL = ("uvloop",)
LISTED = (
    "scout-adapters",
    "langchain-core",
    "langchain-openai",
    "langchain-groq",
    "langchain-anthropic",
    "langchain-litellm",
    "litellm",
    "openai",
    "groq",
    "anthropic",
    "httpx",
    "httpcore",
    "httpx2",
    "httpx-aiohttp",
    "aiohttp",
    "pydantic",
    "orjson",
    "uvloop",
)
VERSIONS = """
import importlib.metadata, json, platform
versions = {package.metadata["Name"].lower().replace("_", "-"): package.version
         for package in importlib.metadata.distributions()}
print(json.dumps({"python": platform.python_version(), **versions}))
"""

Report = Callable[[str], None]


def interpreter(report: Report) -> str:
    """Make the environment of ours and all peers that can be had, and return its interpreter."""
    python = HOME / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        report("making the environment of the peers, once")
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
        _install(str(python), "--editable", str(HERE.parent))
    there = versions(str(python))
    for name in dict.fromkeys((*DISTRIBUTIONS.values(), *OPTIONAL)):
        if name not in there and (error := _install(str(python), name)):
            report(f"{name} cannot be had: {error}")
    return str(python)


def _install(python: str, *what: str) -> str:
    """Install; return the last line of what went wrong, or nothing."""
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def versions(python: str) -> dict[str, str]:
    """Return what is installed, by name, and the version of Python."""
    done = subprocess.run([python, "-c", VERSIONS], capture_output=True, text=True, check=True)
    installed: dict[str, str] = json.loads(done.stdout)
    return installed


def missing(there: dict[str, str]) -> dict[str, str]:
    """Return the subjects that cannot be measured, and why."""
    return {
        subject: f"{name} is not installed"
        for subject, name in DISTRIBUTIONS.items()
        if name not in there
    }


def processor() -> str:
    """Return the processor's name as the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def section(there: dict[str, str]) -> list[str]:
    """Write what the numbers belong to."""
    listed = ", ".join(f"{name} {there[name]}" for name in LISTED if name in there)
    return [
        f"- {os.cpu_count()} cores, {processor()}, {platform.system()} {platform.machine()}",
        f"- Python {there['python']}",
        f"- {listed}",
    ]
