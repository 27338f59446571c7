"""What the doctor finds about the machine: log, versions, clock, proxies, tracing."""

from __future__ import annotations

import os
import re
import time
import tomllib
from pathlib import Path

import pytest

from scout_adapters.doctor import machine
from scout_adapters.testing import Emulator
from tests.support.paths import ROOT


def test_only_extras_that_exist_and_that_code_uses_are_named() -> None:
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = tables["project"]["optional-dependencies"]
    of_this_repository = {"peers", "docs", "dev", "release", "litellm-proxy"}
    assert extras.keys() == {*machine.EXTRAS, *of_this_repository}
    files = [*(ROOT / "scout_adapters").rglob("*.py"), *ROOT.glob("*.md")]
    texts = [file.read_text() for file in files]
    named = {name for text in texts for name in re.findall(r"scout-adapters\[(\w+)\]", text)}
    assert named <= extras.keys()
    modules = {"vcrpy": "vcr", "azure-identity": r"azure\.identity", "google-auth": r"google\.auth"}
    modules["opentelemetry-api"] = "opentelemetry"
    for extra in machine.EXTRAS:
        for requirement in extras[extra]:
            package = re.split(r"[\[<>=,]", requirement)[0]
            module = modules.get(package, package)
            used = re.compile(rf"(?:import|from) {module}\b|(?:import_module|load)\(.{module}\b")
            assert any(used.search(text) for text in texts), package


def test_a_log_that_can_be_written_is_not_blamed_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "audit.jsonl"
    assert list(machine.check_audit({"SCOUT_AUDIT_PATH": str(path)}, None)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_log_in_the_place_of_a_folder_or_below_a_file_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path, why in ((tmp_path, "it is a folder"), (tmp_path / "file/a.jsonl", "no folder")):
        (finding,) = machine.check_audit({"SCOUT_AUDIT_PATH": str(path)}, None)
        assert finding.wrong
        assert why in finding.what


def test_another_file_in_the_place_of_a_log_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    for text, wrong in (("", False), ("hello\n", True), ('{"time":"2026', False)):
        path.write_text(text)
        findings = list(machine.check_audit({"SCOUT_AUDIT_PATH": str(path)}, None))
        assert [finding.wrong for finding in findings] == [True] * wrong


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_log_in_a_folder_of_others_is_wrong(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    (finding,) = machine.check_audit({}, tmp_path / "audit.jsonl")
    assert "takes no files" in finding.what


def test_the_versions_with_which_these_tests_run_are_supported() -> None:
    assert list(machine.check_packages()) == []


def test_an_unsupported_version_is_reported_with_the_supported_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = machine.version
    monkeypatch.setattr(
        machine, "version", lambda name: "0.3.1" if name == "langchain-core" else installed(name)
    )
    (finding,) = machine.check_packages()
    assert (finding.subject, finding.wrong) == ("langchain-core", True)
    assert "0.3.1 is installed" in finding.what


def test_a_clock_behind_our_own_files_is_wrong(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_text("")
    assert list(machine.check_clock(log)) == []
    os.utime(log, (time.time() + 7200,) * 2)
    (finding,) = machine.check_clock(log)
    assert "at least" in finding.what


@pytest.mark.parametrize(("ahead", "wrong"), [(0, False), (-600, True), (600, True)])
def test_a_clock_beside_the_providers_is_wrong(ahead: int, wrong: bool, tmp_path: Path) -> None:
    emulator = Emulator(wall=lambda: time.time() - ahead)
    with emulator.serve():
        findings = list(machine.check_clock(tmp_path / "none", [emulator.url("groq")]))
    assert [finding.subject for finding in findings] == (["clock"] if wrong else [])
    assert [exchange.key for exchange in emulator.log if exchange.key] == []


def test_a_provider_that_cannot_be_reached_is_reported(tmp_path: Path) -> None:
    (finding,) = machine.check_clock(tmp_path / "none", ["http://127.0.0.1:1/v1"])
    assert (finding.subject, "127.0.0.1:1 cannot be reached" in finding.what) == ("network", True)


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("http://user:CANARY@proxy.example:3128", False),
        ("proxy.example:3128", False),
        ("ftp://proxy.example", True),
        ("http://", True),
        ("http://[CANARY", True),
        ("http://proxy.example:99999", True),
    ],
)
def test_a_proxy_is_named_without_its_password(value: str, wrong: bool) -> None:
    (finding,) = machine.check_network({"HTTPS_PROXY": value})
    assert finding.wrong is wrong
    assert "CANARY" not in repr(finding)
    assert wrong or "proxy.example" in finding.what


def test_certificates_that_are_not_there_are_wrong(tmp_path: Path) -> None:
    (finding,) = machine.check_network({"SSL_CERT_FILE": str(tmp_path / "none.pem")})
    assert finding.wrong


def test_tracing_reports_what_is_sent_and_where() -> None:
    world = {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "lsv2_x"}
    (finding,) = machine.check_tracing(world)
    assert not finding.wrong
    assert "prompts, answers" in finding.what
    assert "api.smith.langchain.com" in finding.what
    (finding,) = machine.check_tracing(world | {"LANGSMITH_HIDE_INPUTS": "true"})
    assert "prompts" not in finding.what


def test_tracing_to_an_invalid_address_is_reported() -> None:
    world = {"LANGSMITH_TRACING": "true", "LANGSMITH_ENDPOINT": "http://[CANARY"}
    *_, last = machine.check_tracing(world)
    assert "unreadable" in last.what
    assert "CANARY" not in last.what


def test_tracing_without_a_key_is_wrong() -> None:
    first, _ = machine.check_tracing({"LANGCHAIN_TRACING_V2": "true"})
    assert (first.subject, first.wrong) == ("LANGCHAIN_TRACING_V2", True)


def test_no_tracing_is_nothing_to_say() -> None:
    assert list(machine.check_tracing({"LANGSMITH_TRACING": "false"})) == []
