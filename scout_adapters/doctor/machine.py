"""Checks of the machine: the log's file, versions, extras, the clock, proxies, tracing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPException
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import SplitResult, urlsplit
from urllib.request import Request, urlopen

from packaging.requirements import Requirement  # langchain-core brings it

from scout_adapters.audit.process_log import audit_path
from scout_adapters.audit.reader import has_rows
from scout_adapters.doctor.finding import Finding

EXTRAS = (
    "agents",
    "aiohttp",
    "aws",
    "azure",
    "cli",
    "google",
    "litellm",
    "otel",
    "postgres",
    "redis",
    "testing",
)
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
SKEW_SECONDS = 30.0
"""Differences between clocks that are reported."""

NETWORK_SECONDS = 5.0
"""Timeout of a request for a server's time."""


def check_audit(environ: Mapping[str, str], path: Path | None) -> Iterator[Finding]:
    """Find a log that cannot be written, or is another file."""
    if path is None and not environ.get("SCOUT_AUDIT_PATH"):
        fix = "SCOUT_AUDIT_PATH=audit.jsonl writes every attempt of every call down"
        yield Finding("audit log", "is off", fix, wrong=False)
        return
    file = audit_path(path) if path else Path(environ["SCOUT_AUDIT_PATH"]).expanduser()
    if why := _unwritable(file):
        yield Finding("audit log", f"{file} cannot be written: {why}", "name another file")
    elif file.is_file() and os.access(file, os.R_OK) and file.stat().st_size and not has_rows(file):
        yield Finding(
            "audit log", f"{file} has no row of a log: it is another file", "move it away"
        )


def _unwritable(path: Path) -> str:
    """Return why a file cannot be appended to, without creating it; "" if it can."""
    if path.is_dir():
        return "it is a folder"
    if path.exists():
        return "" if os.access(path, os.W_OK) else "it may not be written by this user"
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        return f"{folder} is no folder"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"{folder} takes no files of this user"


def _requirements(extra: str) -> Iterator[Requirement]:
    """Yield the requirements of one of our extras; "" means those of the library itself."""
    for requirement in _all_requirements():
        marker = requirement.marker
        always = marker is None or marker.evaluate({"extra": ""})
        if always if not extra else marker and marker.evaluate({"extra": extra}):
            yield requirement


@cache
def _all_requirements() -> tuple[Requirement, ...]:
    """Return the requirements of the library and of all extras; parsing them takes 30 ms."""
    return tuple(map(Requirement, requires("scout-adapters") or ()))


def check_packages() -> Iterator[Finding]:
    """Find packages in versions that the library does not support."""
    for package in _requirements(""):
        installed = version(package.name)
        if not package.specifier.contains(installed, prereleases=True):
            what = f"{installed} is installed, {package.specifier} is supported"
            yield Finding(package.name, what, f'pip install "{package.name}{package.specifier}"')


def check_extras() -> Iterator[Finding]:
    """Find extras that are not installed."""
    for extra in EXTRAS:
        names = [package.name for package in _requirements(extra)]
        if absent := [name for name in names if not _installed(name)]:
            fix = f"if you want it: pip install 'scout-adapters[{extra}]'"
            what = f"extra is not installed: {', '.join(absent)}"
            yield Finding(extra, what, fix, wrong=False)


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def check_clock(audit: Path | None, addresses: Sequence[str] = ()) -> Iterator[Finding]:
    """Find a clock that is behind our own files, or differs from the clocks of `addresses`."""
    fix = "set the system's clock: certificates and times of waiting depend on it"
    log = audit_path(audit)
    files = [Path(__file__), *([log] if log.exists() else [])]
    newest = max(file.stat().st_mtime for file in files)
    if newest > time.time() + SKEW_SECONDS:
        behind = timedelta(seconds=round(newest - time.time()))
        yield Finding("clock", f"is at least {behind} behind: files here are newer", fix)
    for address in addresses:
        match _skew(address):
            case str(why):
                yield Finding("network", why, "see proxies, DNS, and the address")
            case float(off) if abs(off) > SKEW_SECONDS:
                host = urlsplit(address).hostname
                yield Finding("clock", f"differs by {off:.0f} s from that of {host}", fix)


def _skew(address: str) -> float | str | None:
    """Return the seconds by which our clock is ahead of a server's, or why they are unknown."""
    host = address.split("/")[2].rpartition("@")[2]
    try:
        stated = _date(address)
        then = parsedate_to_datetime(stated) if stated else None
    except (OSError, HTTPException, ValueError) as error:
        return f"{host} cannot be reached: {type(getattr(error, 'reason', error)).__name__}"
    return None if then is None else (datetime.now(UTC) - then).total_seconds()


def _date(address: str) -> str | None:
    """Request the `Date` header of any answer; no key is sent."""
    request = Request(address, method="HEAD")  # noqa: S310  # checked by the caller: http(s)
    stated: str | None
    try:
        with urlopen(request, timeout=NETWORK_SECONDS) as answer:  # noqa: S310  # as above
            stated = answer.headers.get("Date")
    except HTTPError as refused:
        with refused:
            stated = refused.headers.get("Date")
    return stated


def check_network(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Find proxies and certificates that the environment names."""
    for name in (case for proxy in PROXIES for case in (proxy, proxy.lower())):
        if value := environ.get(name):
            yield _proxy(name, value)
    for name in CERTIFICATES:
        if (path := environ.get(name)) and not Path(path).exists():
            yield Finding(name, f"names {path}, which is not there", "correct it, or unset it")


def _proxy(name: str, value: str) -> Finding:
    parts = _parts(value if "://" in value else f"http://{value}")  # as httpx reads it
    scheme, host = parts.scheme, parts.hostname
    if scheme not in {"http", "https", "socks5", "socks5h"} or not host:
        return Finding(name, "is no proxy's address", "write it like http://proxy.example:3128")
    if scheme.startswith("socks") and not _installed("socksio"):
        return Finding(name, "is a SOCKS proxy, which httpx lacks", "pip install 'httpx[socks]'")
    what = f"requests go through {host}"
    return Finding(name, what, "if it should not be: unset it, or set NO_PROXY", wrong=False)


def _parts(address: str) -> SplitResult:
    """Split an address; an invalid one has no parts."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises if it is not a number
    except ValueError:
        return urlsplit("")
    return parts


def check_tracing(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Find what is sent to LangSmith."""
    on = _enabled(environ, "TRACING_V2") or _enabled(environ, "TRACING")
    if on is None:
        return
    if not (environ.get("LANGSMITH_API_KEY") or environ.get("LANGCHAIN_API_KEY")):
        yield Finding(on, "is on without LANGSMITH_API_KEY", "set the key, or turn it off")
    endpoint = environ.get("LANGSMITH_ENDPOINT") or environ.get("LANGCHAIN_ENDPOINT") or ""
    host = _parts(endpoint or "https://api.smith.langchain.com").hostname or "an unreadable address"
    hidden = [side for side in ("INPUTS", "OUTPUTS") if _enabled(environ, f"HIDE_{side}")]
    texts = {"INPUTS": "prompts", "OUTPUTS": "answers"}
    text = [word for side, word in texts.items() if side not in hidden]
    what = f"is on: {', '.join([*text, 'models, costs, fingerprints of keys'])} go to {host}"
    fix = "LANGSMITH_HIDE_INPUTS=true and LANGSMITH_HIDE_OUTPUTS=true keep the text here"
    yield Finding(on, what, fix, wrong=False)


def _enabled(environ: Mapping[str, str], name: str) -> str | None:
    """Return the variable that sets `name` for LangSmith's client, which accepts "true" only."""
    variables = (f"{prefix}_{name}" for prefix in ("LANGSMITH", "LANGCHAIN"))
    return next((name for name in variables if environ.get(name) == "true"), None)
