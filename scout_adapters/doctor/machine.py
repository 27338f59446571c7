"""The machine's side of it: the log's file, versions, extras, the clock, proxies, tracing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import SplitResult, urlsplit
from urllib.request import Request, urlopen

from packaging.requirements import Requirement  # langchain-core brings it

from scout_adapters.audit.process_log import audit_path
from scout_adapters.doctor.finding import Finding

EXTRAS = ("testing", "aiohttp", "redis", "litellm", "otel")
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
SKEW_SECONDS = 30.0
NETWORK_SECONDS = 5.0


def check_audit(world: Mapping[str, str], named: Path | None) -> Iterator[Finding]:
    """Find a log that cannot be written."""
    if named is None and not world.get("SCOUT_AUDIT_PATH"):
        do = "SCOUT_AUDIT_PATH=audit.jsonl writes every attempt of every call down"
        yield Finding("audit log", "is off", do, wrong=False)
        return
    path = audit_path(named) if named else Path(world["SCOUT_AUDIT_PATH"]).expanduser()
    if why := _unwritable(path):
        yield Finding("audit log", f"{path} cannot be written: {why}", "name another file")


def _unwritable(path: Path) -> str:
    """Say why a file cannot be appended to, without making it; "" where it can."""
    if path.is_dir():
        return "it is a folder"
    if path.exists():
        return "" if os.access(path, os.W_OK) else "it may not be written by this user"
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        return f"{folder} is no folder"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"{folder} takes no files of this user"


def _needs(extra: str) -> Iterator[Requirement]:
    """Yield what an extra of ours requires; "" for what the library itself does."""
    for line in requires("scout-adapters") or ():
        need = Requirement(line)
        always = need.marker is None or need.marker.evaluate({"extra": ""})
        if always if not extra else need.marker and need.marker.evaluate({"extra": extra}):
            yield need


def check_packages() -> Iterator[Finding]:
    """Find packages in versions with which the library was not made to work."""
    for need in _needs(""):
        installed = version(need.name)
        if not need.specifier.contains(installed, prereleases=True):
            what = f"{installed} is installed, {need.specifier} is supported"
            yield Finding(need.name, what, f'pip install "{need.name}{need.specifier}"')


def check_extras() -> Iterator[Finding]:
    """Name the extras that are not installed."""
    for extra in EXTRAS:
        absent = [need.name for need in _needs(extra) if not _installed(need.name)]
        if absent:
            do = f"if you want it: pip install 'scout-adapters[{extra}]'"
            what = f"extra is not installed: {', '.join(absent)}"
            yield Finding(extra, what, do, wrong=False)


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def check_clock(audit: Path | None, addresses: Sequence[str] = ()) -> Iterator[Finding]:
    """Find a clock that is wrong: behind our own files, or beside the clocks of `addresses`."""
    do = "set the system's clock: certificates and times of waiting depend on it"
    log = audit_path(audit)
    files = [Path(__file__), *([log] if log.exists() else [])]
    newest = max(file.stat().st_mtime for file in files)
    if newest > time.time() + SKEW_SECONDS:
        behind = timedelta(seconds=round(newest - time.time()))
        yield Finding("clock", f"is at least {behind} behind: files here are newer", do)
    for address in addresses:
        match _skew(address):
            case str(why):
                yield Finding("network", why, "see proxies, DNS, and the address")
            case float(off) if abs(off) > SKEW_SECONDS:
                host = urlsplit(address).hostname
                yield Finding("clock", f"differs by {off:.0f} s from that of {host}", do)


def _skew(address: str) -> float | str | None:
    """Return by how many seconds our clock is ahead of a server's, or why that is not known."""
    host = address.split("/")[2].rpartition("@")[2]
    try:
        stated = _date(address)
        then = parsedate_to_datetime(stated) if stated else None
    except (OSError, HTTPException, ValueError) as error:
        return f"{host} cannot be reached: {type(getattr(error, 'reason', error)).__name__}"
    return None if then is None else (datetime.now(UTC) - then).total_seconds()


def _date(address: str) -> str | None:
    """Ask for the `Date` header of any answer; no key is sent."""
    request = Request(address, method="HEAD")  # noqa: S310  # the caller knows it for http(s)
    stated: str | None
    try:
        with urlopen(request, timeout=NETWORK_SECONDS) as answer:  # noqa: S310  # as above
            stated = answer.headers.get("Date")
    except HTTPError as refused:
        with refused:
            stated = refused.headers.get("Date")
    return stated


def check_network(world: Mapping[str, str]) -> Iterator[Finding]:
    """Find proxies and certificates that the environment names."""
    for name in (case for proxy in PROXIES for case in (proxy, proxy.lower())):
        if value := world.get(name):
            yield _proxy(name, value)
    for name in CERTIFICATES:
        if (path := world.get(name)) and not Path(path).exists():
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
    """Take an address apart; what is none has no parts."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return urlsplit("")
    return parts


def check_tracing(world: Mapping[str, str]) -> Iterator[Finding]:
    """Say what leaves for LangSmith."""
    on = _says(world, "TRACING_V2") or _says(world, "TRACING")
    if on is None:
        return
    if not (world.get("LANGSMITH_API_KEY") or world.get("LANGCHAIN_API_KEY")):
        yield Finding(on, "is on without LANGSMITH_API_KEY", "set the key, or turn it off")
    given = world.get("LANGSMITH_ENDPOINT") or world.get("LANGCHAIN_ENDPOINT") or ""
    host = _parts(given or "https://api.smith.langchain.com").hostname or "an unreadable address"
    hidden = [side for side in ("INPUTS", "OUTPUTS") if _says(world, f"HIDE_{side}")]
    sent = {"INPUTS": "prompts", "OUTPUTS": "answers"}
    text = [word for side, word in sent.items() if side not in hidden]
    what = f"is on: {', '.join([*text, 'models, costs, fingerprints of keys'])} go to {host}"
    do = "LANGSMITH_HIDE_INPUTS=true and LANGSMITH_HIDE_OUTPUTS=true keep the text here"
    yield Finding(on, what, do, wrong=False)


def _says(world: Mapping[str, str], name: str) -> str | None:
    """Name the variable with which LangSmith's client is told `name`; it takes "true" only."""
    variables = (f"{prefix}_{name}" for prefix in ("LANGSMITH", "LANGCHAIN"))
    return next((one for one in variables if world.get(one) == "true"), None)
