"""The doctor's findings in the environment and the remedies it names; it never shows a key."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

import pytest

from scout_adapters import ProviderSpec, registry
from scout_adapters.doctor import Finding, examine
from scout_adapters.llm.providers import ProviderClient, ProviderRegistry, anthropic, groq, openai
from scout_adapters.llm.wires.openai_chat import WIRE

GOOD = {"GROQ_API_KEYS": "gsk_aaaa1111,gsk_bbbb2222"}


@pytest.fixture
def providers() -> ProviderRegistry:
    nebula = ProviderSpec(name="nebula", docs="", wire=WIRE, base_url="https://nebula.example/v1")
    return ProviderRegistry(groq.SPEC, anthropic.SPEC, openai.SPEC, nebula)


@pytest.fixture(autouse=True)
def empty_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in list(os.environ):
        if "API_KEY" in name or "API_URL" in name or "TRACING" in name or "PROXY" in name.upper():
            monkeypatch.delenv(name)
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(tmp_path / "audit.jsonl"))


def wrong(
    monkeypatch: pytest.MonkeyPatch, providers: ProviderRegistry, world: Mapping[str, str]
) -> dict[str, Finding]:
    return {
        finding.subject: finding
        for finding in check(monkeypatch, providers, world)
        if finding.wrong
    }


def check(
    monkeypatch: pytest.MonkeyPatch,
    providers: ProviderRegistry,
    world: Mapping[str, str],
    *names: str,
) -> list[Finding]:
    for name, value in world.items():
        monkeypatch.setenv(name, value)
    return examine(names, providers=providers)


def test_a_good_set_up_has_nothing_wrong(monkeypatch, providers) -> None:
    assert wrong(monkeypatch, providers, GOOD) == {}


def test_a_key_behind_an_address_that_cannot_be_used_is_no_missing_key(
    monkeypatch, providers
) -> None:
    monkeypatch.setenv("GROQ_API_URL", "https://user:CANARY@groq.example/v1")
    findings = check(monkeypatch, providers, GOOD, "groq")
    assert [finding.subject for finding in findings if finding.wrong] == ["GROQ_API_URL"]
    assert "CANARY" not in repr(findings)


def test_no_key_at_all_is_wrong(monkeypatch, providers) -> None:
    assert list(wrong(monkeypatch, providers, {})) == ["keys"]


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("ANTHROPIC_KEY", "ANTHROPIC_API_KEY"),
        ("ANTHROPIC_KEYS", "ANTHROPIC_API_KEYS"),
        ("ANTHROPIC_APIKEY", "ANTHROPIC_API_KEY"),
        ("ANTHROPIC_APIKEYS", "ANTHROPIC_API_KEYS"),
        ("anthropic_api_key", "ANTHROPIC_API_KEY"),
        ("ANTHROPIC_TOKEN", "ANTHROPIC_API_KEY"),
        ("ANTROPIC_API_KEY", "ANTHROPIC_API_KEY"),
        ("OPEN_AI_API_KEY", "OPENAI_API_KEY"),
        ("NEBULA_API_KEY_", "NEBULA_API_KEY"),
        ("OPENAI_APIBASE", "OPENAI_API_BASE"),
        ("OPENAI_BASEURL", "OPENAI_BASE_URL"),
    ],
)
def test_a_variable_that_is_almost_right_is_found(monkeypatch, providers, variable, meant) -> None:
    finding = wrong(monkeypatch, providers, GOOD | {variable: "sk-something-1"})[variable]
    assert finding.fix == f"did you mean {meant}?"


@pytest.mark.parametrize("variable", ["TAVILY_API_KEY", "LANGSMITH_API_KEY", "KEYBOARD", "HOME"])
def test_other_peoples_variables_are_left_alone(monkeypatch, providers, variable) -> None:
    subjects = {
        finding.subject for finding in check(monkeypatch, providers, GOOD | {variable: "/x/y"})
    }
    assert variable not in subjects


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("", "empty"),
        (" , ", "empty"),
        ("'sk-proj-abc'", "quotes"),
        ('"sk-proj-abc', "quotes"),
        ("Bearer sk-proj-abc", "Bearer"),
        ("OPENAI_API_KEY=sk-proj-abc", "own name"),
        ("sk-proj-abc def", "blank or a line break"),
        ("sk-proj-abc\ndef", "blank or a line break"),
        ("sk-proj-abc sk-proj-def", "several keys"),
        ("sk-proj-abc;sk-proj-def", "several keys"),
        ("sk–proj-abc", "character that no key has"),  # noqa: RUF001  # as word processors write it
        ("your-api-key-here", "placeholder"),
        ("<key>", "placeholder"),
        ("sk-ant-api03-abc", "one of anthropic"),
        ("gsk_abcdef", "one of groq"),
        ("lsv2_pt_abc", "one of LangSmith"),
    ],
)
def test_a_key_that_cannot_be_right_is_found_and_not_shown(
    monkeypatch, providers, value, what
) -> None:
    findings = check(monkeypatch, providers, GOOD | {"OPENAI_API_KEY": value})
    finding = next(
        finding for finding in findings if finding.subject == "OPENAI_API_KEY" and finding.wrong
    )
    assert what in finding.what
    assert not any(
        part in repr(findings) for part in ("proj-abc", "abcdef", "pt_abc", "api03", "aaaa1111")
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OPENAI_API_KEY", "sk-proj-abc"),
        ("OPENAI_API_KEY", "sk-0123456789abcdef"),
        ("ANTHROPIC_API_KEY", "sk-ant-abc"),
        ("NEBULA_API_KEY", "anything-at-all"),
        ("OPENAI_API_KEY", "  sk-proj-abc\n"),
    ],
)
def test_a_key_that_may_be_right_is_not_blamed(monkeypatch, providers, variable, value) -> None:
    assert wrong(monkeypatch, providers, {variable: value}) == {}


def test_a_single_key_beside_several_is_not_used_and_is_reported(monkeypatch, providers) -> None:
    findings = wrong(monkeypatch, providers, GOOD | {"GROQ_API_KEY": "gsk_cccc3333"})
    assert "GROQ_API_KEYS wins" in findings["GROQ_API_KEY"].what


def test_a_single_key_that_is_one_of_several_is_only_noted(monkeypatch, providers) -> None:
    assert wrong(monkeypatch, providers, GOOD | {"GROQ_API_KEY": "gsk_aaaa1111"}) == {}


def test_a_key_that_stands_twice_is_noted(monkeypatch, providers) -> None:
    world = {"GROQ_API_KEYS": "gsk_aaaa1111,gsk_aaaa1111,gsk_b"}
    messages = [finding.what for finding in check(monkeypatch, providers, world)]
    assert any("2 times" in what for what in messages)


def test_a_key_of_two_providers_is_wrong(monkeypatch, providers) -> None:
    world = {"OPENAI_API_KEY": "sk-0123456789", "NEBULA_API_KEY": "sk-0123456789"}
    assert "also set for openai" in wrong(monkeypatch, providers, world)["NEBULA_API_KEY"].what


def test_one_key_is_nothing_to_rotate_to(monkeypatch, providers) -> None:
    findings = check(monkeypatch, providers, {"GROQ_API_KEY": "gsk_aaaa1111"})
    (finding,) = [finding for finding in findings if finding.subject == "groq"]
    assert (finding.wrong, "GROQ_API_KEYS" in finding.fix) == (False, True)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("api.groq.com/v1", "not an http(s) address"),
        ("ftp://api.groq.com", "not an http(s) address"),
        ("https://api.groq.com:port/v1", "not an http(s) address"),
        ('"https://api.groq.com/v1"', "not an http(s) address"),
        ("https://api.groq.com/v1?key=CANARY", "holds a secret"),
        ("https://user:CANARY@api.groq.com/v1", "holds a secret"),
    ],
)
def test_an_address_that_cannot_work_is_found(monkeypatch, providers, url, what) -> None:
    findings = wrong(monkeypatch, providers, GOOD | {"GROQ_API_URL": url})
    assert what in findings["GROQ_API_URL"].what
    assert "CANARY" not in repr(findings)


@pytest.mark.parametrize("url", ["http://localhost:8000", "https://gateway.example/groq/v1"])
def test_a_good_address_is_not_blamed(monkeypatch, providers, url) -> None:
    assert wrong(monkeypatch, providers, GOOD | {"GROQ_API_URL": url}) == {}


@pytest.mark.parametrize(
    ("name", "do"), [("groqq", "write 'groq'"), ("Groq/llama", "write 'groq'"), ("zz", "--import")]
)
def test_a_provider_that_is_not_registered_is_found(monkeypatch, providers, name, do) -> None:
    findings = check(monkeypatch, providers, GOOD, name)
    assert do in next(
        finding.fix for finding in findings if finding.subject == name.partition("/")[0]
    )


def test_a_named_provider_without_a_key_is_reported_with_the_variables_to_set(
    monkeypatch, providers
) -> None:
    findings = check(monkeypatch, providers, GOOD, "nebula/large")
    finding = next(finding for finding in findings if finding.subject == "nebula")
    assert (finding.wrong, finding.fix) == (True, "set NEBULA_API_KEYS or NEBULA_API_KEY")


def test_an_open_circuit_is_found(monkeypatch, providers) -> None:
    monkeypatch.setenv("NEBULA_API_KEY", "n-1")
    providers.get("nebula").endpoint.circuit.open_until = float("inf")
    try:
        assert "circuit is open" in wrong(monkeypatch, providers, {})["nebula"].what
    finally:
        providers.get("nebula").endpoint.circuit.open_until = None


async def reads_for_itself(model: str, prompt: str, **options: Any) -> str:
    return os.environ["STUBBORN_API_KEY"]


async def wraps(model: str, prompt: str, api_key: str | None = None, **options: Any) -> str:
    return await reads_for_itself(model, prompt, api_key=api_key)


async def ignores(model: str, prompt: str, api_key: str | None = None, **options: Any) -> str:
    return prompt


async def has_no_place(model: str, prompt: str) -> str:
    return prompt


async def obeys(model: str, prompt: str, api_key: str | None = None, **options: Any) -> str:
    def header() -> str:
        return f"Bearer {api_key}"

    return header()


async def fails_to_import(model: str, prompt: str, api_key: str, **options: Any) -> str:
    from this_module_raises import send

    return str(send(api_key))


async def imports_beside_itself(model: str, prompt: str, api_key: str, **options: Any) -> str:
    from . import nothing_here

    return str(nothing_here.send(api_key))


@pytest.mark.parametrize("function", [fails_to_import, imports_beside_itself])
def test_what_a_function_cannot_import_is_nothing_wrong(
    monkeypatch, tmp_path, providers, function
) -> None:
    (tmp_path / "this_module_raises.py").write_text("raise RuntimeError")
    monkeypatch.syspath_prepend(tmp_path)
    providers.register("stubborn", ProviderClient("stubborn", function, "STUBBORN_API_KEYS"))
    assert "stubborn" not in wrong(monkeypatch, providers, GOOD)


def test_what_a_function_imports_beside_itself_is_followed(
    monkeypatch, tmp_path, providers
) -> None:
    package = tmp_path / "stubborn_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "sending.py").write_text("import os\ndef send(key): return os.environ['KEY']\n")
    text = "async def ask(*, api_key, **_):\n from .sending import send\n return send(api_key)\n"
    (package / "asking.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    ask = importlib.import_module("stubborn_package.asking").ask
    providers.register("stubborn", ProviderClient("stubborn", ask, "STUBBORN_API_KEYS"))
    assert "send() reads the environment" in wrong(monkeypatch, providers, GOOD)["stubborn"].what


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (reads_for_itself, "reads_for_itself() reads the environment"),
        (wraps, "reads_for_itself() reads the environment"),
        (ignores, "does not use the api_key"),
        (has_no_place, "takes no api_key="),
        (obeys, None),
    ],
)
def test_a_function_that_sends_another_key_is_found(monkeypatch, providers, function, what) -> None:
    providers.register("stubborn", ProviderClient("stubborn", function, "STUBBORN_API_KEYS"))
    finding = wrong(monkeypatch, providers, GOOD).get("stubborn")
    assert finding is None if what is None else what in finding.what


def test_numbered_variables_are_read_together(monkeypatch, providers) -> None:
    numbered = {"OPENAI_API_KEY": "sk-proj-a", "OPENAI_API_KEY_1": "sk-proj-b"}
    assert wrong(monkeypatch, providers, GOOD | numbered) == {}
    findings = wrong(monkeypatch, providers, GOOD | {"OPENAI_API_KEY_1": "your-api-key-here"})
    assert "placeholder" in findings["OPENAI_API_KEY_1"].what


def test_two_addresses_that_differ_are_found(monkeypatch, providers) -> None:
    two = {"OPENAI_BASE_URL": "https://a.example", "OPENAI_API_BASE": "https://b.example"}
    finding = wrong(monkeypatch, providers, GOOD | two)["OPENAI_API_BASE"]
    assert finding.what == "OPENAI_BASE_URL wins"


def test_a_key_without_a_part_of_its_address_is_found(monkeypatch, providers) -> None:
    spec = ProviderSpec(
        name="parted",
        docs="",
        wire=WIRE,
        base_url="https://{account}.parted.example/v1",
        placeholders={"account": ("PARTED_ACCOUNT",)},
    )
    providers.register(spec)
    finding = wrong(monkeypatch, providers, GOOD | {"PARTED_API_KEY": "k"})["parted"]
    assert (finding.what, finding.fix) == (
        "has a key and no account for its address",
        "set PARTED_ACCOUNT",
    )
    assert wrong(monkeypatch, providers, {"PARTED_ACCOUNT": "acme"}) == {}


@pytest.mark.parametrize(
    ("variable", "key"),
    [
        ("HF_TOKEN", "hf_abcdef"),
        ("PPLX_API_KEY", "pplx-abcdef"),
        ("LANGSMITH_API_KEY", "lsv2_pt_abcdef"),
        ("DATABRICKS_TOKEN", "dapi0123456789"),
    ],
)
def test_a_key_of_any_shipped_provider_is_its_own(
    monkeypatch: pytest.MonkeyPatch, variable: str, key: str
) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", "https://acme.cloud.databricks.com")
    found = wrong(monkeypatch, registry, GOOD | {variable: key})
    assert variable not in found
    notes = {finding.subject for finding in check(monkeypatch, registry, {})}
    assert not notes & {"huggingface", "langsmith", "databricks"}


def test_a_variable_with_a_general_name_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "MODEL_TOKEN" not in wrong(monkeypatch, registry, GOOD | {"MODEL_TOKEN": "x"})
